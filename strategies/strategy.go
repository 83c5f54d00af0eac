package strategies

import "strings"

// strategy is one way to run items: data and one function, in a file of its own name.
type strategy struct {
	name     string
	work     kind                                         // what it can run
	clusters bool                                         // it can start a cluster of Dask around a command
	template string                                       // the templates' name for its launch block
	costs    func(Costs) overhead                         // what a part of it adds to its items' own time
	propose  func(*problem, *pool) ([]shape, []Rejection) // the shapes worth predicting in one partition
}

// kind is what a strategy can run.
type kind string

const (
	anything  kind = ""
	commands  kind = "a command"
	functions kind = "a function"
)

// known are the strategies that can be chosen, simplest first: ties go to the earlier one.
func known() []strategy {
	return []strategy{single(), packed(), gnuParallel(), array(), pathos(), dask()}
}

// Names are the strategies that [plan] strategy may force, in the order of the documentation.
func Names() []string {
	return []string{"single", "array", "packed", "gnu-parallel", "pathos", "dask"}
}

// Template is the name of the template that writes a strategy's script.
func Template(name string) string {
	for _, s := range known() {
		if s.name == name {
			return s.template
		}
	}
	return ""
}

// unfit says that a strategy cannot run this kind of work; nil where it can.
func (s strategy) unfit(in Input) *Rejection {
	switch {
	case clusters(in) && s.clusters:
		return nil
	case clusters(in):
		return &Rejection{Strategy: s.name, Reason: `each item is a program with a cluster of Dask around it (each.parallel = "dask"), which strategy dask starts`}
	case s.work == functions && !in.Function:
		return &Rejection{Strategy: s.name, Reason: `the work is a command; set function = "module:name"`}
	case s.work == commands && in.Function:
		return &Rejection{Strategy: s.name, Reason: `the work is a function; write a program that calls it and set command = "python f.py {n}"`}
	}
	return nil
}

// forced narrows the strategies to those that can run the work, and to the one that [plan] strategy names.
// Every other one is rejected for that, and an unknown name is a rejection that lists what is known.
func forced(in Input) ([]strategy, []Rejection) {
	name, found := in.Plan.Strategy, in.Plan.Strategy == ""
	var chosen []strategy
	var refused []Rejection
	for _, s := range known() {
		found = found || s.name == name
		if no := s.unfit(in); no != nil {
			refused = append(refused, *no)
		} else if no := forbidden(in, s.name); no != nil {
			refused = append(refused, *no)
		} else if name != "" && s.name != name {
			refused = append(refused, Rejection{Strategy: s.name, Reason: "[plan] strategy asks for " + name})
		} else {
			chosen = append(chosen, s)
		}
	}
	if !found {
		refused = []Rejection{{Strategy: name, Reason: "there is no strategy of that name; [plan] strategy may be " +
			strings.Join(Names(), ", ") + ", or left out"}}
	}
	return chosen, refused
}
