package strategies

// single is one allocation in which the items run one after another: for one item, or for so little work
// that starting more costs more than it saves.
func single() strategy {
	return strategy{name: "single", template: "worker", costs: workerCosts, propose: proposeSingle}
}

// workerCosts are those of every part whose items hpcsub's own worker hands out.
func workerCosts(c Costs) overhead {
	return overhead{begin: c.WorkerStart, item: c.WorkerItem, end: c.Stop}
}

// callCosts are the same where the worker has calls made by processes of Python.
func callCosts(c Costs) overhead {
	return overhead{begin: c.WorkerStart + c.PythonStart, item: c.CallItem, end: c.Stop}
}

func proposeSingle(p *problem, o *pool) ([]shape, []Rejection) {
	s := shape{strategy: single(), pool: o, parts: 1, slots: 1, nodes: o.span}
	if p.in.Function {
		s.strategy.costs = callCosts
	}
	return []shape{s}, nil
}
