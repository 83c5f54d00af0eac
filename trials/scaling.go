package trials

import (
	"math"
	"slices"
)

// efficient is the least efficiency, speedup over threads, at which more threads are worth their CPUs.
const efficient = 0.70

// Scaling is how an item goes with threads: Amdahl's law fitted to it, and how many it should have.
type Scaling struct {
	Serial      *float64 `json:"serial_fraction"` // of the time with one thread, what more threads do not shorten
	Recommended int      `json:"recommended"`     // the most that were tried with an efficiency of 70 % or more
	Cheapest    int      `json:"cheapest"`        // with the least CPUs times time: where many items run side by side
}

// threadCounts are 1, 2, 4 and so on, and the most.
func threadCounts(most int) (all []int) {
	for n := 1; n < most; n *= 2 {
		all = append(all, n)
	}
	return append(all, most)
}

// threadsOf sums up the runs of a scaling: of each number of threads the shortest, since nothing but a disturbance makes one longer.
func threadsOf(done []Measurement) []Threads {
	best := map[int]Threads{}
	for _, m := range done {
		if m.Phase != Scale || !m.ended() || m.Threads < 1 {
			continue
		}
		if b, some := best[m.Threads]; !some || m.Elapsed < b.Elapsed {
			t := Threads{Threads: m.Threads, Elapsed: m.Elapsed}
			if m.CPU != nil {
				t.CPU = *m.CPU
			}
			best[m.Threads] = t
		}
	}
	all := []Threads{}
	for _, t := range best {
		if one, some := best[1]; some && t.Elapsed > 0 {
			t.Speedup = one.Elapsed / t.Elapsed
		}
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b Threads) int { return a.Threads - b.Threads })
	return all
}

// scalingOf recommends a number of threads; nil where fewer than two were tried.
func scalingOf(all []Threads) *Scaling {
	if len(all) < 2 || all[0].Threads != 1 {
		return nil
	}
	s := Scaling{Serial: ptr(amdahl(all)), Recommended: 1, Cheapest: 1}
	least := all[0].Elapsed
	for _, t := range all {
		if t.Speedup >= efficient*float64(t.Threads) {
			s.Recommended = t.Threads
		}
		if cost := t.Elapsed * float64(t.Threads); cost < 0.95*least { // a twentieth is within the noise
			s.Cheapest, least = t.Threads, cost
		}
	}
	return &s
}

// amdahl fits T(n) = T(1)·(s + (1-s)/n) to the relative times by least squares, and returns s, from 0 to 1.
func amdahl(all []Threads) float64 {
	// With x = 1 - 1/n the law is T(n)/T(1) - 1/n = s·x, a line through the origin.
	top, bottom := 0.0, 0.0
	for _, t := range all {
		x := 1 - 1/float64(t.Threads)
		top += x * (t.Elapsed/all[0].Elapsed - 1/float64(t.Threads))
		bottom += x * x
	}
	return math.Min(1, math.Max(0, top/bottom))
}
