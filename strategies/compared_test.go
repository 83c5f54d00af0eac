package strategies

import (
	"strings"
	"testing"
	"time"
)

// On the lab, 300 items of a second are packed first, and an array comes later.
func TestComparisonChangesThePlan(t *testing.T) {
	tests := []struct {
		name   string
		packed Compared // and an array that took 20 s, as predicted
		cost   bool
		want   string
	}{
		{"as predicted", Compared{Predicted: 10, Actual: 10}, false, "packed"},
		{"a little slower than the other", Compared{Predicted: 10, Actual: 21}, false, "packed"},
		{"far slower than the other", Compared{Predicted: 10, Actual: 200}, false, "array"},
		{"its items failed", Compared{Predicted: 10, Actual: 10, Failed: 2}, false, "array"},
		{"a time says nothing of cost", Compared{Predicted: 10, Actual: 200}, true, "packed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := job(300, time.Second)
			tt.packed.Strategy, tt.packed.Items = "packed", 40
			in.Compared = []Compared{tt.packed, {Strategy: "array", Items: 40, Predicted: 20, Actual: 20}}
			if tt.cost {
				in.Plan.Minimize = "cost"
			}
			plan := Choose(in)
			if plan.Chosen == nil || plan.Chosen.Strategy != tt.want {
				t.Fatalf("chosen: got %v, want %s\n%s", plan.Chosen, tt.want, plan.Why)
			}
			changed := strings.Contains(plan.Why, "Tried on the same 40 items, array took 20 s (predicted 20 s) and packed ")
			if want := tt.want == "array"; changed != want {
				t.Errorf("the comparison is named: got %v, want %v, in %q", changed, want, plan.Why)
			}
		})
	}
}

// What was off by 10 s on a sample of 20 s may be off by 10 s or by half in the whole work; a plan changes only where both speak for it.
func TestContradiction(t *testing.T) {
	tests := []struct {
		name          string
		first, second Compared
		a, b          float64 // predicted of the whole work
		want          bool
	}{
		{"a start that is paid once does not matter in the long run", Compared{Predicted: 20, Actual: 30}, Compared{Predicted: 25, Actual: 25}, 1000, 1250, false},
		{"it was off by a factor, and by enough", Compared{Predicted: 20, Actual: 400}, Compared{Predicted: 25, Actual: 25}, 100, 110, true},
		{"the other one was off as much", Compared{Predicted: 20, Actual: 40}, Compared{Predicted: 25, Actual: 50}, 100, 125, false},
		{"within what two identical runs differ by", Compared{Predicted: 20, Actual: 26}, Compared{Predicted: 25, Actual: 25}, 20, 25, false},
		{"less than a second, which nobody can tell", Compared{Predicted: 0.5, Actual: 1.9}, Compared{Predicted: 1, Actual: 1}, 10, 11, false},
		{"both failed alike, and the times decide", Compared{Predicted: 20, Actual: 40, Failed: 1}, Compared{Predicted: 25, Actual: 25, Failed: 1}, 20, 25, true},
		{"the other failed", Compared{Predicted: 20, Actual: 40}, Compared{Predicted: 25, Actual: 5, Failed: 1}, 20, 25, false},
	}
	for _, tt := range tests {
		if got := contradicts(tt.first, tt.second, Estimate{Elapsed: tt.a}, Estimate{Elapsed: tt.b}); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}
