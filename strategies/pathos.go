package strategies

// pathos is a pool of Pathos on one node that hands out the calls of a function to interpreters which
// import it once: for short calls, which would spend their time in starting a program of their own.
func pathos() strategy {
	return strategy{name: "pathos", work: functions, template: "pathos", costs: pathosCosts, propose: proposePathos}
}

func pathosCosts(c Costs) overhead {
	return overhead{begin: c.WorkerStart + c.PathosStart + c.PythonStart, item: c.PathosItem, end: c.Stop}
}

func proposePathos(p *problem, o *pool) ([]shape, []Rejection) {
	if no := p.lacks("pathos"); no != nil {
		return nil, []Rejection{*no}
	}
	var shapes []shape
	for _, now := range []bool{false, true} {
		if slots := p.slotsOfNodes(o, now); len(slots) > 0 { // most first
			s := shape{strategy: pathos(), pool: o, parts: 1, slots: min(slots[0], p.in.Items), nodes: 1}
			shapes = append(shapes, s.levelled(p))
		}
	}
	return shapes, nil
}

// lacks says that a package of Python is known to be missing where the job will run.
func (p *problem) lacks(pkg string) *Rejection {
	if path, asked := p.in.Tools[pkg]; !asked || path != "" {
		return nil
	}
	return &Rejection{Reason: "the Python of this job has no package " + pkg + ": pip install " + pkg +
		", or name the environment that has it in [environment] venv or conda"}
}
