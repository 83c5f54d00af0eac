package strategies

// dask hands out the calls of a function with a scheduler of Dask and a worker of it on each node of one job: for
// very many calls, or uneven ones, over nodes.
func dask() strategy {
	return strategy{name: "dask", work: functions, template: "dask", costs: daskCosts, propose: proposeDask}
}

func daskCosts(c Costs) overhead {
	return overhead{begin: c.WorkerStart + c.DaskStart + c.PythonStart, item: c.DaskItem, end: c.Stop + c.DaskStop}
}

func proposeDask(p *problem, o *pool) ([]shape, []Rejection) {
	if no := p.lacks("distributed"); no != nil {
		return nil, []Rejection{*no}
	}
	return p.callShapes(o, func(nodes int) strategy {
		s := dask()
		if nodes > 1 {
			s.costs = func(c Costs) overhead {
				o := daskCosts(c)
				o.begin += c.StepStart
				return o
			}
		}
		return s
	}), nil
}
