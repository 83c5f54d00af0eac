package trials

import (
	"cmp"
	"slices"
	"strings"
)

// Frame is a function as it was called from one place: what it took there, and what it called. cProfile keeps who called whom, not
// whole stacks, so a function that several call is dealt among them in proportion to what it took for each.
type frame struct {
	function int // in the list of the profile; -1: what is above all
	seconds  float64
	calls    []*frame // the longest first
}

// What is drawn of a profile.
const (
	leastDrawn  = 0.002 // of the time; less is no pixel
	deepestCall = 200   // frames that are looked at
)

// stacks are the calls of a profile from the top.
type stacks struct {
	functions []Function
	calls     [][]Edge // who each function calls: the other end of its callers
	least     float64  // seconds
	path      []bool   // on the way to where it stands: a function that calls itself is one frame
}

// flame is what stands above all: who is called by nobody, or by nobody for a part of its time.
func flame(functions []Function) *frame {
	s := stacks{functions: functions, calls: make([][]Edge, len(functions)), path: make([]bool, len(functions))}
	total := 0.0
	above := make([]float64, len(functions)) // seconds for which nobody called it
	for i, f := range functions {
		above[i] = f.Total
		for _, c := range f.Callers {
			if c.Function >= 0 && c.Function < len(functions) && c.Function != i {
				s.calls[c.Function] = append(s.calls[c.Function], Edge{i, c.Seconds})
				above[i] -= c.Seconds
			}
		}
		total += f.Own
	}
	for i := range s.calls {
		slices.SortStableFunc(s.calls[i], func(a, b Edge) int { return cmp.Compare(b.Seconds, a.Seconds) })
	}
	s.least = leastDrawn * total
	top := &frame{function: -1}
	for i, f := range functions {
		if above[i] < s.least {
			continue
		}
		if f.Name == execution { // of the script, which alone matters
			top.calls = append(top.calls, s.executed(i, above[i], 0)...)
		} else {
			top.calls = append(top.calls, s.frame(i, above[i], 0))
		}
	}
	for _, c := range top.calls {
		top.seconds += c.seconds
	}
	return top
}

// frame is a function where it took so many seconds. What an import calls is not looked at: all imports go through the same few
// functions, and which module was whose could not be told.
func (s *stacks) frame(i int, seconds float64, depth int) *frame {
	f := &frame{function: i, seconds: seconds}
	own := s.functions[i]
	if depth == deepestCall || own.Total <= 0 || own.importing() {
		return f
	}
	s.path[i] = true
	defer func() { s.path[i] = false }()
	if own.Name == execution {
		f.calls = s.executed(i, seconds, depth)
		return f
	}
	share := min(1, seconds/own.Total)
	for _, c := range s.calls[i] {
		took := min(c.Seconds*share, seconds)
		if took < s.least || s.path[c.Function] {
			continue
		}
		seconds -= took
		f.calls = append(f.calls, s.frame(c.Function, took, depth+1))
	}
	return f
}

// execution is what runs a script or a module. Imports call it, too, and nobody can tell which of all modules was run from where but
// that the longest one was run from the top.
const execution = "<built-in method builtins.exec>"

// executed is the longest module that a call of exec can have run.
func (s *stacks) executed(i int, seconds float64, depth int) []*frame {
	for _, c := range s.calls[i] {
		if !s.path[c.Function] {
			return []*frame{s.frame(c.Function, min(c.Seconds, seconds), depth+1)}
		}
	}
	return nil
}

// importing says that it is a part of what imports.
func (f Function) importing() bool { return strings.HasPrefix(f.File, "<frozen importlib") }

// depth is how many frames stand above each other at most.
func (f *frame) depth() int {
	most := 0
	for _, c := range f.calls {
		most = max(most, c.depth())
	}
	return most + 1
}
