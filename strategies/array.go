package strategies

import "fmt"

// array is one array task an item: for long items, few of them, on CPUs that are free here and there. Each
// gives its CPU back when its item ends; but each is a job for the controller, and a freed place waits for
// the scheduler's next tick.
func array() strategy {
	return strategy{name: "array", work: commands, template: "worker", costs: workerCosts, propose: proposeArray}
}

func proposeArray(p *problem, o *pool) ([]shape, []Rejection) {
	s := shape{strategy: array(), pool: o, parts: p.in.Items, slots: 1, nodes: o.span, array: true}
	s = s.asSiteWants(p)
	throttle, no := p.throttle(o, 1)
	if no != nil {
		return nil, []Rejection{*no}
	}
	if left := p.submitLeft(o); left != nil && s.parts > left.n {
		s = s.fewerTasks(p, left.n, *left)
	}
	if throttle < s.parts {
		s.throttle = throttle
		// A throttle binds one array. Of several, each would start as many.
		if most := p.in.Cluster.Limits.MaxArraySize; positive(most) && s.parts > *most {
			s = s.fewerTasks(p, *most, limit{name: "MaxArraySize, since the throttle that [limits] asks for holds in one array only,", n: *most, raise: theAdmin})
		}
	}
	return []shape{s}, nil
}

// asSiteWants gives each task several items where the site wants fewer tasks, or longer ones.
func (s shape) asSiteWants(p *problem) shape {
	at := s.pool.places(s.demand(p), s.nodes, 0)
	if l := p.mostTasks(1, max(1, at.ever)); l != nil && s.parts > l.n {
		return s.fewerTasks(p, l.n, *l)
	}
	return s
}

// fewerTasks gives each task several items, one after another, and says so.
func (s shape) fewerTasks(p *problem, most int, l limit) shape {
	each := (p.in.Items + most - 1) / most
	s.parts = (p.in.Items + each - 1) / each
	value := l.value
	if value == "" {
		value = thousands(l.n)
	}
	s.note = &Warning{"items-per-task", fmt.Sprintf("each array task runs up to %s one after another: %s is %s (%s)",
		counted(each, "item"), l.name, value, l.raise)}
	return s
}
