package trials

import (
	"math"
	"slices"
	"testing"
)

// simulated is an item whose scaling is known: Amdahl's law with a serial part, and some cost for each thread.
func simulated(serial, each float64, counts ...int) (all []Measurement) {
	for _, n := range counts {
		t := serial + (1-serial)/float64(n) + each*float64(n-1)
		all = append(all, Measurement{Phase: Scale, Threads: n, State: Done, Elapsed: 10 * t, CPU: ptr(10 * (1 + each*float64(n*(n-1))))})
	}
	return all
}

func TestScaling(t *testing.T) {
	tests := []struct {
		name                  string
		serial, each          float64
		counts                []int
		fitted                float64
		recommended, cheapest int
	}{
		{"all of it parallel", 0, 0, []int{1, 2, 4, 8, 16}, 0, 16, 1},
		{"none of it", 1, 0, []int{1, 2}, 1, 1, 1},
		{"a tenth serial: 4 threads have 77 %, 8 have 59 %", 0.1, 0, []int{1, 2, 4, 8}, 0.1, 4, 1},
		{"a third serial: 2 threads have 75 %", 1.0 / 3, 0, []int{1, 2, 4}, 1.0 / 3, 2, 1},
		{"half serial: 2 threads have 67 %", 0.5, 0, []int{1, 2}, 0.5, 1, 1},
		{"threads that cost", 0, 0.2, []int{1, 2, 4}, 0.544, 2, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := Evaluate(simulated(tt.serial, tt.each, tt.counts...), "")
			s := r.Scaling
			if s == nil || math.Abs(*s.Serial-tt.fitted) > 0.3 || tt.each == 0 && math.Abs(*s.Serial-tt.fitted) > 1e-9 {
				t.Fatalf("got %+v, want a serial part of %v", s, tt.fitted)
			}
			if s.Recommended != tt.recommended || s.Cheapest != tt.cheapest {
				t.Errorf("recommended %d, cheapest %d; want %d, %d (%+v)", s.Recommended, s.Cheapest, tt.recommended, tt.cheapest, r.Threads)
			}
		})
	}
	// The lesson's own figures: on 10 cores 151 µs, on 3 a third of 798, on one 644; three are worth it, ten are not, one is the cheapest.
	lesson := []Measurement{
		{Phase: Scale, Threads: 1, State: Done, Elapsed: 644e-6}, {Phase: Scale, Threads: 3, State: Done, Elapsed: 266e-6},
		{Phase: Scale, Threads: 10, State: Done, Elapsed: 151e-6},
	}
	if s := Evaluate(lesson, "").Scaling; s.Recommended != 3 || s.Cheapest != 1 {
		t.Errorf("the lesson's figures: %+v", s)
	}
	if got := Evaluate(simulated(0, 0, 1), "").Scaling; got != nil {
		t.Errorf("one number of threads says nothing: %+v", got)
	}
}

// TestThreadsAreTriedUntilTheyAreNotWorthIt: twice each, and no further.
func TestThreadsAreTriedUntilTheyAreNotWorthIt(t *testing.T) {
	length := func(s Step, _ int) (float64, string) {
		n := float64(max(1, s.Threads))
		return 0.3 + 0.7/n, Done
	}
	rules := Rules{Available: 20, Budget: 1000, Threads: 12}
	done, _ := play(rules, length)
	var tried []int
	for _, m := range done {
		if m.Phase == Scale {
			tried = append(tried, m.Threads)
		}
	}
	if want := []int{1, 1, 2, 2, 4, 4}; !slices.Equal(tried, want) { // 4 threads have 53 %
		t.Errorf("tried %v, want %v", tried, want)
	}
	if got := threadCounts(12); !slices.Equal(got, []int{1, 2, 4, 8, 12}) {
		t.Errorf("up to 12: %v", got)
	}
	done, _ = play(Rules{Available: 20, Budget: 1000}, length)
	if count(done, Scale) != 0 {
		t.Error("threads were tried where nobody said that there are any")
	}
}
