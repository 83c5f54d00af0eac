package strategies

import (
	"math"
	"slices"
	"testing"
	"time"

	"hpcsub/configs"
)

func TestDraw(t *testing.T) {
	sample := []float64{4, 1, 3, 2}
	tests := []struct {
		name string
		n    int
		want map[float64]int
	}{
		{"one item is the median", 1, map[float64]int{3: 1}},
		{"as many as the sample", 4, map[float64]int{1: 1, 2: 1, 3: 1, 4: 1}},
		{"each equally often", 4000, map[float64]int{1: 1000, 2: 1000, 3: 1000, 4: 1000}},
		{"of a million as many as tell anything", 1e6, map[float64]int{1: drawn / 4, 2: drawn / 4, 3: drawn / 4, 4: drawn / 4}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := map[float64]int{}
			for _, s := range draw(sample, tt.n) {
				got[s]++
			}
			if len(got) != len(tt.want) {
				t.Fatalf("got %v, want %v", got, tt.want)
			}
			for s, n := range tt.want {
				if got[s] != n {
					t.Errorf("length %v: got %d times, want %d", s, got[s], n)
				}
			}
		})
	}
	if !slices.Equal(draw(sample, 1000), draw(sample, 1000)) {
		t.Error("two draws differ")
	}
	if slices.IsSorted(draw(sample, 1000)) {
		t.Error("the order of a draw is the order of lengths")
	}
	if got := draw([]float64{2, 2, 2}, 1000); len(got) != 1 {
		t.Errorf("equal lengths: got %d of them, want one figure", len(got))
	}
}

func TestLengthsOf(t *testing.T) {
	tests := []struct {
		name            string
		in              Input
		basis           string
		mean, low, high float64
		safe            float64
	}{
		{"nothing known", Input{Items: 1}, Assumed, 60, 6, 600, 600},
		{"nothing known but a timeout", Input{Items: 1, Each: configs.Each{Timeout: time.Hour}}, Assumed, 60, 6, 600, 3600},
		{"a timeout below the guess", Input{Items: 1, Each: configs.Each{Timeout: 30 * time.Second}}, Assumed, 30, 6, 30, 30},
		{"declared", Input{Items: 1, Each: configs.Each{Time: 10 * time.Second}}, Declared, 10, 5, 20, 20},
		{"declared, with a timeout", Input{Items: 1, Each: configs.Each{Time: 10 * time.Second, Timeout: 15 * time.Second}}, Declared, 10, 5, 15, 15},
		{"measured and the same each time", Input{Items: 1000, Sample: []float64{10, 10, 10}}, Measured, 10, 10 / 1.05, 10.5, 10.5},
		{"one measurement says little", Input{Items: 1000, Sample: []float64{10}}, Measured, 10, 5, 20, 20},
		{"measured goes before declared", Input{Items: 9, Sample: []float64{8, 8}, Each: configs.Each{Time: time.Hour}}, Measured, 8, 8 / 1.05, 8.4, 8.4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := lengthsOf(tt.in)
			got := [4]float64{l.mean, l.of(0, l.low), l.of(0, l.high), l.of(0, l.safe)}
			for i, want := range [4]float64{tt.mean, tt.low, tt.high, tt.safe} {
				if !near(got[i], want) {
					t.Errorf("got mean, low, high, safe %v; want %v at place %d", got, want, i)
				}
			}
			if l.basis != tt.basis {
				t.Errorf("got basis %s, want %s", l.basis, tt.basis)
			}
		})
	}
}

func TestUncertainty(t *testing.T) {
	// Mean 10, standard deviation 1, five of them: t(4) = 2.78, cv = 0.1.
	sample := []float64{10 - math.Sqrt2, 10, 10, 10, 10 + math.Sqrt2}
	if got, want := uncertainty(sample, 1), 2.78*0.1*math.Sqrt(1.0/5+1); math.Abs(got-want) > 1e-9 {
		t.Errorf("of one more item: got %v, want %v", got, want)
	}
	if got, want := uncertainty(sample, 1e9), 2.78*0.1*math.Sqrt(1.0/5); math.Abs(got-want) > 1e-6 {
		t.Errorf("of very many: got %v, want %v", got, want)
	}
	if got := uncertainty([]float64{1, 100}, 10); got != 1 {
		t.Errorf("of two wild ones: got %v, want no more than a declared figure's", got)
	}
}

func TestStudentT(t *testing.T) {
	for degrees, want := range map[int]float64{1: 12.71, 4: 2.78, 10: 2.23, 15: 2.131, 30: 2.042, 120: 1.980} {
		if got := studentT(degrees); math.Abs(got-want) > 0.01 {
			t.Errorf("%d degrees: got %v, want %v", degrees, got, want)
		}
	}
}

func TestVariation(t *testing.T) {
	if got := variation([]float64{2, 4}); !near(got, math.Sqrt2/3) {
		t.Errorf("got %v, want √2/3", got)
	}
	if got := variation([]float64{0, 0}); got != 0 {
		t.Errorf("of nothing: got %v", got)
	}
}
