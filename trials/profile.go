package trials

import (
	"cmp"
	"slices"
	"strings"
)

// Profile is where the time of one run of a Python program went (cProfile). Times are seconds, under the profiler.
type Profile struct {
	Total     float64    `json:"total_s"`
	Python    float64    `json:"python"`  // share of the time in functions written in Python
	Native    float64    `json:"native"`  // share in built-in functions and those of compiled modules, called by name
	Imports   float64    `json:"imports"` // share in importing
	Functions []Function `json:"functions"`
}

// Function is one function of a profile, the one with the most own time first.
type Function struct {
	Name  string  `json:"name"`
	File  string  `json:"file"` // "~": built in
	Line  int     `json:"line"`
	Calls int     `json:"calls"`
	Own   float64 `json:"own_s"`   // without what it calls
	Total float64 `json:"total_s"` // with it
}

// Place is where it stands: file and line, or that it is built in.
func (f Function) Place() string {
	if f.File == "~" {
		return "built in"
	}
	name := f.File[strings.LastIndexByte(f.File, '/')+1:]
	return name + ":" + itoa(f.Line)
}

// ProfileOf sums up the functions of a profile.
func ProfileOf(functions []Function) *Profile {
	p := &Profile{}
	for _, f := range functions {
		p.Total += f.Own
	}
	if p.Total <= 0 {
		return nil
	}
	for _, f := range functions {
		share := f.Own / p.Total
		switch {
		case strings.HasPrefix(f.File, "<frozen importlib"):
			p.Imports = max(p.Imports, f.Total/p.Total)
			p.Python += share
		case f.File == "~":
			p.Native += share
		default:
			p.Python += share
		}
	}
	p.Imports = min(1, p.Imports)
	p.Functions = slices.Clone(functions)
	slices.SortStableFunc(p.Functions, func(a, b Function) int {
		return cmp.Or(cmp.Compare(b.Own, a.Own), cmp.Compare(a.File, b.File), a.Line-b.Line)
	})
	return p
}

// hot is the function of the user's own code with the most own time, where it is worth naming.
func (p *Profile) hot() (f Function, share float64) {
	for _, f := range p.Functions {
		if f.File != "~" && !strings.HasPrefix(f.File, "<frozen") && !strings.Contains(f.File, "/lib/python") && !strings.Contains(f.File, "site-packages") {
			return f, f.Own / p.Total
		}
	}
	return Function{}, 0
}
