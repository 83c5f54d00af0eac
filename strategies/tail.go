package strategies

import (
	"fmt"
	"math"
	"slices"
)

// The longest item of a job is rarely in a small sample of it. The middle of an estimate is none the worse for that; its high
// end and the time limit are.

const (
	// spreadOut is the coefficient of variation from which a sample counts as uneven. What is more even has no tail
	// worth counting with.
	spreadOut = 0.25
	// missed is how often an item may be longer yet than the longest that is counted with.
	missed = 0.1
	// doubted is by how many of its standard errors the index of a tail is taken as greater: its one-sided 95 % bound.
	doubted = 1.64
	// steepest is the greatest index: lengths beyond would have no mean, and there could be no plan.
	steepest = 1.0
	// furthest is how many times the longest of the sample is counted with at most. Lengths that only look like a
	// power law would else make days of minutes.
	furthest = 8.0
)

// beyond are the lengths at the high end of an estimate: the sample's, and where it has a tail, those of items that it may have
// missed. Nil where there are none: an even sample, or one of all items.
//
// The longest few of a sample are taken as a power law's: an item that is rarer than these, one in 1/p, takes
// (share/p)^index times as long as the shortest of them, where share is theirs of the sample (Weissman, Estimation of parameters and large
// quantiles based on the k largest observations, JASA 73, 1978). The longest of the items that were not measured is longer
// than the last length here with a probability of missed.
func (l lengths) beyond(sample []float64, n int) *lengths {
	k := len(sample)
	sorted := slices.Sorted(slices.Values(sample))
	from, share, index := tailOf(sorted)
	if k >= n || index == 0 {
		return nil
	}
	far := l
	far.seconds = quantiles(sorted, n)
	last := len(far.seconds) - 1
	most := furthest * sorted[k-1] / l.high // which is a factor on all lengths of the high end
	for i, s := range far.seconds {
		rarity := (float64(last-i) + 0.5) / float64(last+1)
		if i == last {
			rarity = missed / float64(n-k)
		}
		if rarity < share {
			far.seconds[i] = max(s, min(most, from*math.Pow(share/rarity, index)))
		}
	}
	shuffled(far.seconds, 1)
	far = far.summed()
	return &far
}

// tailOf is the tail of a sample: from which length on, what share of the items that is, and the index of the power law that
// they follow. The index is the mean of the logarithms of what the longest are times the next shorter one (Hill, A simple general
// approach to inference about the tail of a distribution, Annals of Statistics 3, 1975), whose standard error is the index over the
// root of their number; they are as many as the root of the sample. An index of 0 is no tail: lengths are even, or not skewed to the right.
func tailOf(sorted []float64) (from, share, index float64) {
	k := len(sorted)
	if k < 2 || variation(sorted) < spreadOut || !skewed(sorted) {
		return 0, 0, 0
	}
	m := min(k/2, int(math.Ceil(math.Sqrt(float64(k)))))
	if from = sorted[k-m-1]; from <= 0 {
		return 0, 0, 0
	}
	for _, s := range sorted[k-m:] {
		index += math.Log(s/from) / float64(m)
	}
	return from, float64(m) / float64(k), min(steepest, index*(1+doubted/math.Sqrt(float64(m))))
}

// skewed says that the mean lies beyond the median, as where few are much longer than most.
func skewed(sorted []float64) bool {
	k, mean := len(sorted), 0.0
	for _, s := range sorted {
		mean += s / float64(k)
	}
	return mean > (sorted[(k-1)/2]+sorted[k/2])/2
}

// asSampled is the scenario with no item longer than those of the sample.
func (may scenario) asSampled() scenario {
	may.far = false
	return may
}

// longestFar is the longest item at the high end.
func (l lengths) longestFar() float64 {
	if l.far != nil {
		l = *l.far
	}
	return l.clip(l.longest * l.high)
}

// longestSafe is the same for time limits.
func (l lengths) longestSafe() float64 {
	if l.far != nil {
		l = *l.far
	}
	return l.clip(l.longest * l.safe)
}

// unseen warns where items that the sample may have missed make the jobs of the run much longer.
func (p *problem) unseen(c prediction) *Warning {
	if p.lengths.far == nil {
		return nil
	}
	far, seen := p.longestPart(c.shape, p.may.high), p.longestPart(c.shape, p.may.high.asSampled())
	if far <= seen*(1+tie) {
		return nil
	}
	return &Warning{"unseen-tail", fmt.Sprintf("the longest item may not have been in the sample: of %s the longest took %s, and the high end and "+
		"the time limit count with up to %s; timeout in [each] bounds that, and items in [trial] makes a larger sample",
		counted(len(p.in.Sample), "item"), InWords(p.lengths.longest), InWords(p.lengths.longestFar()))}
}

// HighEnds says in words what the high ends of a plan count with; "" where nothing was measured.
func HighEnds(in Input) string {
	if len(in.Sample) == 0 {
		return ""
	}
	l, known := lengthsOf(in), counted(len(in.Sample), "measured item")
	switch {
	case l.far != nil:
		return fmt.Sprintf("High ends: the %s are uneven, and the longest took %s; of the other %s one may well take longer. So the high ends and the "+
			"time limits count with items of up to %s, as the long ones of the sample let expect: never more than %.0f times the longest, nor than timeout in [each].",
			known, InWords(l.longest), thousands(in.Items-len(in.Sample)), InWords(l.longestFar()), furthest)
	case len(in.Sample) >= in.Items:
		return fmt.Sprintf("High ends: as many items were measured as will run, so that all of them may take up to %.0f %% longer, "+
			"and none much longer than the longest, %s.", 100*(l.high-1), InWords(l.longest))
	}
	return fmt.Sprintf("High ends: the %s show no tail, so that all may take up to %.0f %% longer, and none much longer than the longest, %s.",
		known, 100*(l.high-1), InWords(l.longest))
}
