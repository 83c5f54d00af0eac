package trials

import (
	"math"
	"strings"
	"testing"
)

func profiled() []Function {
	return []Function{
		{Name: "main", File: "/job/fit.py", Line: 20, Calls: 1, Own: 0.5, Total: 10},
		{Name: "step <&>", File: "/job/fit.py", Line: 7, Calls: 1000, Own: 6, Total: 9},
		{Name: "<built-in method math.sin>", File: "~", Calls: 100000, Own: 3, Total: 3},
		{Name: "_find_and_load", File: "<frozen importlib._bootstrap>", Line: 1165, Calls: 9, Own: 0.1, Total: 0.4},
		{Name: "loads", File: "/usr/lib/python3.11/json/__init__.py", Line: 299, Calls: 2, Own: 0.4, Total: 0.4},
	}
}

func TestProfile(t *testing.T) {
	p := ProfileOf(profiled())
	if math.Abs(p.Total-10) > 1e-9 || math.Abs(p.Python-0.7) > 1e-9 || math.Abs(p.Native-0.3) > 1e-9 || math.Abs(p.Libraries-0.05) > 1e-9 || math.Abs(p.Imports-0.04) > 1e-9 {
		t.Errorf("got %+v", p)
	}
	if f, share := p.hot(); f.Place() != "fit.py:7" || math.Abs(share-0.6) > 1e-9 || p.Functions[0].Line != 7 {
		t.Errorf("hot: %+v, %v", f, share)
	}
	if ProfileOf(nil) != nil {
		t.Error("of nothing there is a profile")
	}
	r, f := good()
	r.Profile = p
	got := Advise(r, f)
	if len(got) != 1 || got[0].Rule != "python-loops" || !strings.Contains(got[0].Text, "fit.py:7") || math.Abs(got[0].Gain-2.5) > 1e-9 {
		t.Errorf("advice: %+v", got) // 60 % can give 1/(1-0.6) = 2.5 times at most
	}
	r.Profile = ProfileOf([]Function{{Name: "a", File: "/job/a.py", Own: 1, Total: 10}, {Name: "dot", File: "~", Own: 9, Total: 9}})
	if got := Advise(r, f); len(got) != 0 {
		t.Errorf("of a program that computes in native code: %+v", got)
	}
}
