package trials

import "testing"

func TestComparisonSize(t *testing.T) {
	second := func(n int) float64 { return float64(n) }
	tests := []struct {
		name   string
		count  int
		budget float64
		took   func(int) float64
		want   int
	}{
		{"all of a short list", 24, 60, second, 24},
		{"no more than are worth it", 100_000, 1000, second, mostCompared},
		{"halved until it fits", 100_000, 60, second, 50},
		{"the fewest", 100, 5.5, second, leastCompared},
		{"too long for the fewest", 100, 4, second, 0},
		{"fewer than the fewest", 3, 60, second, 3},
		{"and those are too long", 3, 2, second, 0},
	}
	for _, tt := range tests {
		if got := ComparisonSize(tt.count, tt.budget, tt.took); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestAsPredicted: a second more or less is how exactly Slurm tells when a job began and ended.
func TestAsPredicted(t *testing.T) {
	for _, tt := range []struct {
		actual float64
		failed int
		want   bool
	}{{4, 0, true}, {3.1, 0, true}, {2.9, 0, false}, {7, 0, true}, {7.1, 0, false}, {5, 1, false}} {
		if got := (Way{Low: 4, High: 6, Actual: tt.actual, Failed: tt.failed}).AsPredicted(); got != tt.want {
			t.Errorf("%v s, %d failed: got %v", tt.actual, tt.failed, got)
		}
	}
}
