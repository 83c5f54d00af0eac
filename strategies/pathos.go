package strategies

// pathos hands out the calls of a function to interpreters that import it once: for short calls, which would
// spend their time in starting a program of their own. It is a pool on one node, and servers of Pathos over
// several once one is full.
func pathos() strategy {
	return strategy{name: "pathos", work: functions, template: "pathos", costs: pathosCosts, propose: proposePathos}
}

func pathosCosts(c Costs) overhead {
	return overhead{begin: c.WorkerStart + c.PathosStart + c.PythonStart, item: c.PathosItem, end: c.Stop}
}

// pathosNodesCosts are those of servers over nodes, to which one client hands the calls of all.
func pathosNodesCosts(c Costs) overhead {
	o := pathosCosts(c)
	o.begin += c.StepStart + c.PathosServers
	return o
}

func proposePathos(p *problem, o *pool) ([]shape, []Rejection) {
	if no := p.lacks("pathos"); no != nil {
		return nil, []Rejection{*no}
	}
	return p.callShapes(o, func(nodes int) strategy {
		s := pathos()
		if nodes > 1 {
			s.costs = pathosNodesCosts
		}
		return s
	}), nil
}

// callShapes are those of one job whose slots are served from one queue: one node, as it is when empty and as it
// is now, and more nodes where one is full.
func (p *problem) callShapes(o *pool, strategyOver func(nodes int) strategy) []shape {
	var shapes []shape
	for _, now := range []bool{false, true} {
		slots := p.slotsOfNodes(o, now) // most first
		if len(slots) == 0 {
			continue
		}
		one := shape{strategy: strategyOver(1), pool: o, parts: 1, slots: min(slots[0], p.in.Items), nodes: 1}
		shapes = append(shapes, one.levelled(p))
		if p.in.Items <= slots[0] {
			continue
		}
		for _, k := range nodeCounts(min(len(slots), p.mostNodes(o))) {
			if wide := min(slots[k-1], p.limitedSlots(k)); wide > 0 {
				over := shape{strategy: strategyOver(k), pool: o, parts: k, slots: wide, nodes: k, shared: true}
				shapes = append(shapes, over.levelled(p))
			}
		}
	}
	return shapes
}

// lacks says that a package of Python is known to be missing where the job will run.
func (p *problem) lacks(pkg string) *Rejection {
	if path, asked := p.in.Tools[pkg]; !asked || path != "" {
		return nil
	}
	return &Rejection{Reason: "the Python of this job has no package " + pkg + ": pip install " + pkg +
		", or name the environment that has it in [environment] venv or conda"}
}
