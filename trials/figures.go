package trials

import (
	"maps"
	"math"
	"slices"
)

// figuresOf are the figures that stand for the sample: the median of each item, since items count alike however often each
// ran. Where there are too few items to tell a median, all runs of them.
func figuresOf(byPlace map[int][]float64) []float64 {
	var all, medians []float64
	for _, place := range slices.Sorted(maps.Keys(byPlace)) {
		all = append(all, byPlace[place]...)
		medians = append(medians, Median(byPlace[place]))
	}
	if len(medians) < leastKnown {
		return all
	}
	return medians
}

// means are the mean length of each item of the sample: what many of them take together.
func means(byPlace map[int][]float64) []float64 {
	var all []float64
	for _, place := range slices.Sorted(maps.Keys(byPlace)) {
		all = append(all, Mean(byPlace[place]))
	}
	return all
}

// within is how far runs of the same item lie apart: the root of the mean square of each item's variation; ok is false where
// no item ran twice.
func within(byPlace map[int][]float64) (cv float64, ok bool) {
	squares, n := 0.0, 0
	for _, all := range byPlace {
		if len(all) > 1 {
			v := Variation(all)
			squares += v * v * float64(len(all)-1)
			n += len(all) - 1
		}
	}
	if n == 0 {
		return 0, false
	}
	return math.Sqrt(squares / float64(n)), true
}

// lower is the median, of an even number the lower of the two: one long run of two is then seen as such.
func lower(all []float64) float64 {
	return slices.Sorted(slices.Values(all))[(len(all)-1)/2]
}
