package trials

import (
	"math"
	"strings"
	"testing"
)

// turns is a trial of a program and one variant, each run with a length, a state and the hash of what it made.
func turns(rounds int, own, other func(place, round int) Measurement) (done []Measurement) {
	for round := 1; round <= rounds; round++ {
		for place := range 5 {
			for v, run := range []func(int, int) Measurement{own, other} {
				m := run(place, round)
				m.Phase, m.Place, m.Round, m.Variant = Compare, place, round, v
				done = append(done, m)
			}
		}
	}
	return done
}

func runs(length float64, made ...Output) func(int, int) Measurement {
	return func(place, round int) Measurement {
		return Measurement{State: Done, Elapsed: length * (1 + 0.1*float64(place)) * (1 + 0.02*float64(round)), Outputs: made}
	}
}

func TestVerdicts(t *testing.T) {
	a, b, near := Output{Name: "x", Hash: "a"}, Output{Name: "x", Hash: "b"}, Output{Name: "x", Hash: "b", Close: true}
	printed := Output{Name: Printed, Hash: "a"}
	fails := func(int, int) Measurement { return Measurement{State: "failed"} }
	noisy := func(place, round int) Measurement {
		return Measurement{State: Done, Elapsed: 2 + math.Mod(float64(7*place+3*round), 5)/2, Outputs: []Output{a}}
	}
	tests := []struct {
		name       string
		rounds     int
		own, other func(int, int) Measurement
		speedup    float64
		keep       bool
		verdict    string
	}{
		{"three times as fast, the same files", 3, runs(3, a), runs(1, a), 3, true, "faster and still right"},
		{"the same but for numbers within the tolerance", 3, runs(3, a), runs(1, near), 3, true, "still right"},
		{"faster and wrong", 3, runs(3, a), runs(1, b), 3, false, "not right, do not keep it"},
		{"faster, what it prints is the same", 3, runs(3, printed), runs(1, printed), 3, true, "still right"},
		{"faster, and nothing to compare", 3, runs(3), runs(1), 3, false, "nothing says that it is right"},
		{"slower", 3, runs(1, a), runs(2, a), 0.5, false, "slower"},
		{"as fast", 3, runs(1, a), runs(1, a), 1, false, "not known to be faster"},
		{"within the noise", 3, runs(3, a), noisy, 0, false, "not known to be faster"},
		{"it fails", 3, runs(1, a), fails, 0, false, "it fails"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all := Evaluate(turns(tt.rounds, tt.own, tt.other), "").Variants
			if len(all) != 1 {
				t.Fatalf("got %+v", all)
			}
			v := all[0]
			if tt.speedup > 0 && math.Abs(*v.Speedup-tt.speedup) > 1e-9 || v.Keep != tt.keep || !strings.Contains(v.Verdict, tt.verdict) {
				t.Errorf("got %+v (%v)", v, v.Speedup)
			}
		})
	}
}

// TestPrintedTimesAreNotCompared: a program that prints the time does not print the same twice, and nothing follows from that.
func TestPrintedTimesAreNotCompared(t *testing.T) {
	n := 0
	clock := func(place, round int) Measurement {
		n++
		return Measurement{State: Done, Elapsed: 1, Outputs: []Output{{Name: Printed, Hash: string(rune('a' + n))}}}
	}
	r := Evaluate(turns(2, clock, clock), "")
	if r.SameOutput != nil || r.Variants[0].SameOutput != nil {
		t.Errorf("got %v, %v", r.SameOutput, r.Variants[0].SameOutput)
	}
}

// TestTurns: each variant has a run that does not count, then all take turns on each item, and one that fails is left out.
func TestTurns(t *testing.T) {
	done, end := play(Rules{Available: 3, Items: 3, Repeats: 1, Budget: 1e6, Variants: 2, Check: true}, func(s Step, _ int) (float64, string) {
		if s.Variant == 2 {
			return 1, "failed"
		}
		return 1, Done
	})
	var order []string
	for _, m := range done[4:] {
		order = append(order, m.Phase+string(rune('0'+m.Variant))+string(rune('a'+m.Place)))
	}
	want := "check0a variant1c variant2c variant0a variant1a variant0b variant1b variant0c variant1c"
	if got := strings.Join(order, " "); got != want || end != EndAll {
		t.Errorf("got  %s (%s)\nwant %s", got, end, want)
	}
	if r := Evaluate(done, end); r.Right == nil || !*r.Right || r.Samples != 3 {
		t.Errorf("got %+v", r)
	}
}

func TestSameText(t *testing.T) {
	tests := []struct {
		a, b      string
		tolerance float64
		want      bool
	}{
		{"x 1.0", "x 1.0", 0, true},
		{"x 1.0", "x 1.0000001", 1e-6, true},
		{"x 1.0", "x 1.0000001", 1e-9, false},
		{`{"a":[1,2.5]}`, `{"a": [1, 2.50]}`, 1e-12, true},
		{"sum=3,4", "sum=3,5", 1e-3, false},
		{"1 2", "1 2 3", 1, false},
		{"abc 1", "abd 1", 1, false},
		{"-0", "0", 1e-9, true},
		{"nan", "nan", 0, true},
		{"", "", 0, true},
		{"1e300", "1.0000000001e300", 1e-9, true},
	}
	for _, tt := range tests {
		if got := SameText([]byte(tt.a), []byte(tt.b), tt.tolerance); got != tt.want {
			t.Errorf("%q and %q within %v: got %v", tt.a, tt.b, tt.tolerance, got)
		}
	}
}
