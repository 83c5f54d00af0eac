package strategies

import "strings"

// strategy is one way to run items: data and one function, in a file of its own name.
type strategy struct {
	name     string
	template string                                       // the templates' name for its launch block
	costs    func(Costs) overhead                         // what a part of it adds to its items' own time
	propose  func(*problem, *pool) ([]shape, []Rejection) // the shapes worth predicting in one partition
}

// known are the strategies that can be chosen, simplest first: ties go to the earlier one.
func known() []strategy {
	return []strategy{single(), packed(), gnuParallel(), array()}
}

// Names are the strategies that [plan] strategy may force, in the order of the documentation.
func Names() []string { return []string{"single", "array", "packed", "gnu-parallel"} }

// Template is the name of the template that writes a strategy's script.
func Template(name string) string {
	for _, s := range known() {
		if s.name == name {
			return s.template
		}
	}
	return ""
}

// functionsOnly are the strategies that need a Python function as their work.
func functionsOnly() []Rejection {
	const reason = `the work is a command; set function = "module:name"`
	return []Rejection{{Strategy: "pathos", Reason: reason}, {Strategy: "dask", Reason: reason}}
}

// forced narrows the strategies to the one that [plan] strategy names. Every other one is rejected by that
// choice, and an unknown name is a rejection that lists what is known.
func forced(name string) ([]strategy, []Rejection) {
	if name == "" {
		return known(), functionsOnly()
	}
	var chosen []strategy
	var refused []Rejection
	for _, s := range known() {
		if s.name == name {
			chosen = append(chosen, s)
			continue
		}
		refused = append(refused, Rejection{Strategy: s.name, Reason: "[plan] strategy asks for " + name})
	}
	if chosen == nil && name != "pathos" && name != "dask" {
		refused = []Rejection{{Strategy: name, Reason: "there is no strategy of that name; [plan] strategy may be " +
			strings.Join(Names(), ", ") + ", or left out"}}
	}
	return chosen, append(refused, functionsOnly()...)
}
