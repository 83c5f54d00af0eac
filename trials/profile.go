package trials

import (
	"cmp"
	"slices"
	"strings"
)

// Profile is where the time of one run of a Python program went (cProfile). Times are seconds, under the profiler.
type Profile struct {
	Total     float64    `json:"total_s"`
	Python    float64    `json:"python"`    // share of the time in functions written in Python
	Libraries float64    `json:"libraries"` // share of that in those of Python itself and of packages: NumPy's native code is often called from there unseen
	Native    float64    `json:"native"`    // share in built-in functions and those of compiled modules, called by name
	Imports   float64    `json:"imports"`   // share in importing
	Functions []Function `json:"functions"`
	Drawn     string     `json:"picture"` // the file that draws it

	all   []Function // as the profiler has them
	flame *frame     // who called what
}

// Function is one function of a profile, the one with the most own time first.
type Function struct {
	Name  string  `json:"name"`
	File  string  `json:"file"` // "~": built in
	Line  int     `json:"line"`
	Calls int     `json:"calls"`
	Own   float64 `json:"own_s"`   // without what it calls
	Total float64 `json:"total_s"` // with it

	Callers []Edge `json:"callers,omitempty"` // in what the profiler kept; a Profile has no more of them
}

// Edge is a function that calls, by its place in the list, and how long what it called took for it in all.
type Edge struct {
	Function int     `json:"function"`
	Seconds  float64 `json:"seconds"`
}

// Place is where it stands: file and line, or that it is built in.
func (f Function) Place() string {
	if f.File == "~" {
		return "built in"
	}
	parts := strings.Split(strings.Trim(strings.TrimPrefix(f.File, "<frozen "), "<>"), "/")
	last := len(parts) - 1
	if last > 0 && parts[last] == "__init__.py" { // of which there are many
		parts[last] = parts[last-1] + "/" + parts[last]
	}
	return parts[last] + ":" + itoa(f.Line)
}

// library says that it is of Python itself or of a package, and not the user's own.
func (f Function) library() bool {
	return strings.HasPrefix(f.File, "<frozen") || strings.Contains(f.File, "/lib/python") || strings.Contains(f.File, "-packages/")
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
		case f.importing():
			p.Imports = max(p.Imports, f.Total/p.Total)
			p.Python += share
			p.Libraries += share
		case f.File == "~":
			p.Native += share
		case f.library():
			p.Python += share
			p.Libraries += share
		default:
			p.Python += share
		}
	}
	p.Imports = min(1, p.Imports)
	p.all, p.flame = functions, flame(functions)
	p.Functions = slices.Clone(functions)
	for i := range p.Functions {
		p.Functions[i].Callers = nil
	}
	slices.SortStableFunc(p.Functions, func(a, b Function) int {
		return cmp.Or(cmp.Compare(b.Own, a.Own), cmp.Compare(a.File, b.File), a.Line-b.Line)
	})
	return p
}

// hot is the function of the user's own code with the most own time, where it is worth naming.
func (p *Profile) hot() (f Function, share float64) {
	for _, f := range p.Functions {
		if f.File != "~" && !f.library() {
			return f, f.Own / p.Total
		}
	}
	return Function{}, 0
}
