package strategies

import (
	"math"
	"slices"
)

// What an estimate rests on.
const (
	Measured = "measured" // a sample of items was timed
	Declared = "declared" // each.time says it
	Assumed  = "assumed"  // nothing is known
)

// Nothing known: a minute is assumed, and shown as a tenth to ten times of it.
const assumedSeconds = 60

// drawn is how many different item lengths a simulation works with. Longer lists repeat them: the
// spread of 65,536 lengths and of a million differ by less than any measurement can tell.
const drawn = 1 << 16

// lengths are how long the items take, in the order of dispatch.
type lengths struct {
	basis   string
	seconds []float64 // item i takes seconds[i%len]; a single figure where the spread is not known
	mean    float64
	longest float64
	ceiling float64 // each.timeout ends an item here; 0 = nothing does
	low     float64 // factor on every length at the low end of the estimate
	high    float64 // the same at the high end
	safe    float64 // the same for time limits, where too short is worse than too long
	// orders are further orders of dispatch in which the same items may come: where lengths are uneven it decides how well parts
	// fill, and one order tells as little of that as one throw of a die. Nil where items are even, or so many that it evens out.
	orders [][]float64
	// far are the same items with some that are longer than any of the sample, for the high end; nil = none is counted with.
	far *lengths
}

func lengthsOf(in Input) lengths {
	l := lengths{ceiling: in.Each.Timeout.Seconds()}
	switch {
	case len(in.Sample) > 0:
		l.basis = Measured
		l.seconds = draw(in.Sample, in.Items)
		spread := uncertainty(in.Sample, in.Items)
		l.low, l.high = 1/(1+spread), 1+spread
	case in.Each.Time > 0:
		// Somebody's typical figure, with an unknown spread. Half to twice is what such figures are
		// wrong by between machines and inputs; a trial replaces it.
		l.basis, l.seconds, l.low, l.high = Declared, []float64{in.Each.Time.Seconds()}, 0.5, 2
	default:
		l.basis, l.seconds, l.low, l.high = Assumed, []float64{assumedSeconds}, 0.1, 10
	}
	l.safe = l.high
	if l.basis == Assumed && l.ceiling > 0 {
		l.safe = max(1, l.ceiling/assumedSeconds) // the only thing that is known of an item
	}
	l.far = l.beyond(in.Sample, in.Items)
	return l.summed()
}

// mostOrders is how many orders of uneven items are averaged over at most, and ordered how many lengths all of them hold at most.
const (
	mostOrders = 8
	ordered    = 8192
)

// summed has the mean and the longest of its lengths, and its further orders.
func (l lengths) summed() lengths {
	l.orders = nil
	for n := len(l.seconds); !l.even() && len(l.orders) < min(mostOrders, ordered/n)-1; {
		l.orders = append(l.orders, shuffled(slices.Clone(l.seconds), uint64(len(l.orders)+2)))
	}
	l.mean, l.longest = 0, 0
	for _, s := range l.seconds {
		l.mean += l.clip(s) / float64(len(l.seconds))
		l.longest = max(l.longest, l.clip(s))
	}
	return l
}

// under are the lengths that a scenario counts with, before they are scaled.
func (l lengths) under(may scenario) lengths {
	if may.far && l.far != nil {
		l = *l.far
	}
	if may.order > 0 {
		l.seconds = l.orders[may.order-1]
	}
	return l
}

// of is how long item i takes, all lengths multiplied by scale.
func (l lengths) of(i int, scale float64) float64 {
	return l.clip(l.seconds[i%len(l.seconds)] * scale)
}

func (l lengths) clip(s float64) float64 {
	if l.ceiling > 0 {
		return min(s, l.ceiling)
	}
	return s
}

// even says that all items count as equally long.
func (l lengths) even() bool { return len(l.seconds) == 1 }

// draw lays the sample out over n items: each measured length as often as any other (quantiles, so that
// one item is the median), in an order that is as good as random and always the same. Stratifying each
// part would hide the imbalance between parts that a heavy tail makes, so the order is shuffled as a whole.
func draw(sample []float64, n int) []float64 {
	sorted := slices.Sorted(slices.Values(sample))
	if sorted[0] == sorted[len(sorted)-1] {
		return sorted[:1]
	}
	return shuffled(quantiles(sorted, n), 1)
}

// quantiles are n lengths of a sample in order, or as many as a simulation works with.
func quantiles(sorted []float64, n int) []float64 {
	out := make([]float64, min(max(n, 1), drawn))
	for i := range out {
		out[i] = sorted[int((float64(i)+0.5)/float64(len(out))*float64(len(sorted)))]
	}
	return out
}

// shuffled puts a list into an order that depends on its length and a seed alone.
func shuffled(out []float64, state uint64) []float64 {
	for i := len(out) - 1; i > 0; i-- {
		j := int(splitMix(&state) % uint64(i+1))
		out[i], out[j] = out[j], out[i]
	}
	return out
}

// splitMix is the SplitMix64 generator (Steele, Lea, Flood 2014): a fixed sequence, no random source.
func splitMix(state *uint64) uint64 {
	*state += 0x9e3779b97f4a7c15
	z := *state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// uncertainty is how far the mean of the n items to come may lie from the sample's, as a fraction: the 95 %
// prediction interval, t·cv·√(1/k+1/n). Two identical runs differ by some 4 %, so it is never below
// 5 %; a sample of two says little, so it is never above what a declared figure is given.
func uncertainty(sample []float64, n int) float64 {
	k := len(sample)
	if k < 2 {
		return 1
	}
	spread := studentT(k-1) * variation(sample) * math.Sqrt(1/float64(k)+1/float64(max(n, 1)))
	return min(1, max(0.05, spread))
}

// variation is the coefficient of variation: standard deviation over mean.
func variation(sample []float64) float64 {
	mean, squares := 0.0, 0.0
	for _, s := range sample {
		mean += s / float64(len(sample))
	}
	for _, s := range sample {
		squares += (s - mean) * (s - mean)
	}
	if mean <= 0 || len(sample) < 2 {
		return 0
	}
	return math.Sqrt(squares/float64(len(sample)-1)) / mean
}

// studentT is the two-sided 95 % quantile of Student's t distribution.
func studentT(degrees int) float64 {
	table := []float64{12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23}
	if degrees <= len(table) {
		return table[degrees-1]
	}
	return 1.96 + 2.6/float64(degrees) // within 0.01 of the table from 11 degrees on
}
