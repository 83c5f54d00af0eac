package strategies

import (
	"math"
	"slices"
	"testing"
)

// TestShareOfMany: more items than are simulated one by one end as if all were, also where parts begin so slowly that the first do most, and
// where the longest item is among the first.
func TestShareOfMany(t *testing.T) {
	tail := draw([]float64{0.5, 0.6, 0.7, 1, 1, 1.2, 9}, 50_000)
	early := slices.Clone(tail)
	early[40_000] = 700
	for name, l := range map[string]lengths{"a tail": unevenly(tail...), "one that is much longer": unevenly(early...)} {
		for _, tt := range []struct {
			items, parts, slots int
			rate                float64
		}{{50_000, 4, 32, 80}, {50_000, 100, 8, 80}, {50_000, 300, 16, 10}, {300_000, 3000, 8, 80}} {
			w := work{items: tt.items, parts: tt.parts, slots: tt.slots, lengths: l, overhead: overhead{item: 0.001}}
			s := starting{period: 1, rate: tt.rate, places: tt.parts}
			var begins []float64
			for at := (tick{}); len(begins) < tt.parts; {
				begin, _ := at.start(s, 0)
				begins = append(begins, begin)
			}
			want := oneByOne(w, begins)
			if got := s.share(w, 1).end; math.Abs(got-want) > 0.05*want+1 {
				t.Errorf("%s, %+v: got %v s, one by one it is %v s", name, tt, got, want)
			}
		}
	}
}

// oneByOne gives every item to the slot that is free first.
func oneByOne(w work, begins []float64) (end float64) {
	var free heap
	for p, begin := range begins {
		free = append(free, slices.Repeat([]station{{begin, p}}, w.slots)...)
	}
	dispatched := slices.Clone(begins)
	for k := range w.items {
		p := free[0].part
		dispatched[p] = max(dispatched[p], free[0].free) + w.overhead.item
		done := dispatched[p] + w.lengths.of(k, 1)
		end = max(end, done)
		free.replaceFirst(done)
	}
	return end
}
