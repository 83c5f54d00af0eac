package trials

import (
	"cmp"
	"math"
	"slices"
)

// Rules are how a trial goes on and when it ends.
type Rules struct {
	Available int     `json:"available"` // items that the sample can be taken from
	Items     int     `json:"items"`     // how many are; 0 = five, and more until the median is known
	Repeats   int     `json:"repeats"`   // how often each runs; 0 = three times, and more where there are few items
	Budget    float64 `json:"budget_s"`
	Startup   bool    `json:"startup"`  // there is an interpreter that can tell what its start takes
	Variants  int     `json:"variants"` // so many other ways to write the program are timed beside it
	Profile   bool    `json:"profile"`  // an item is run once under Python's profiler
	Beside    int     `json:"beside"`   // so many items are run side by side, once; fewer than two = none
	RoomMiB   int     `json:"room_mib"` // memory that those may take together; 0 = nobody knows
	Check     bool    `json:"check"`    // there is a command that says whether it is right
	Threads   int     `json:"threads"`  // an item is timed with 1, 2, 4 and so on up to so many; 0 = it is not
}

// What a trial does where nobody says otherwise, and what counts as known.
const (
	defaultItems   = 5
	defaultRepeats = 3
	mostRounds     = 12
	precision      = 0.10 // of the median, to each side
	leastKnown     = 5    // fewer figures say nothing of a median
	mostFailures   = 3
	startupMatters = 30 // seconds: of longer items it is nothing
	startupRuns    = 3  // of one that takes less than
	startupLong    = 1  // second, by an item that takes less than
	startupRepeats = 5  // seconds; else once
)

// Step is what runs next.
type Step struct {
	Phase string
	Place int // in the order of the sample
	Round int

	Threads int // 0 = as the script has it
	Variant int // 0 = the program itself

	Beside []int // the places of all items that run side by side with it, itself among them
}

// The reasons for which a trial ends.
const (
	EndKnown   = "the median is known to 10 %"
	EndAll     = "all items and repeats that were asked for have run"
	EndBudget  = "the budget is used up"
	EndFailing = "nothing that was tried ended well"
	EndStopped = "it was stopped"
)

// Next says what runs next, after these measurements and so many seconds; or why nothing does.
func (r Rules) Next(done []Measurement, spent float64) (step Step, end string) {
	if len(done) == 0 {
		return Step{Phase: WarmUp}, ""
	}
	t := tallied(done)
	switch {
	case t.cut || spent >= r.Budget:
		return Step{}, EndBudget
	case t.failed >= mostFailures && t.typical() == 0:
		return Step{}, EndFailing
	}
	sample := r
	sample.Budget = r.share() * (r.Budget - r.kept(t))
	step, end = sample.nextSample(t)
	if end == "" && spent+t.expected(step.Place) > sample.Budget {
		end = EndBudget
	}
	further := step.Round > 2 || step.Place >= cmp.Or(r.Items, defaultItems) // more of the same may take what is left
	if (end != "" || further) && r.Startup && t.startupLacks() && t.typical() > 0 && t.typical() < startupMatters {
		step, end = Step{Phase: Startup, Place: t.good}, ""
	} else if beside := r.crowd(done, t); (end != "" || further) && len(beside) > 1 && spent+t.longest() <= r.Budget {
		step, end = Step{Phase: Crowd, Place: beside[0], Beside: beside}, ""
	}
	if end != "" && t.typical() > 0 {
		if next, some := r.nextExtra(done, t, spent); some {
			step, end = next, ""
		}
	}
	if end == "" && spent+t.expected(step.Place) > r.Budget {
		return Step{}, EndBudget
	}
	return step, end
}

// kept is what is kept of the budget for what runs once beside the sample: a profiler makes Python about
// three times slower, and a check is taken to last as long as an item.
func (r Rules) kept(t tally) float64 {
	runs := 0.0
	if r.Profile {
		runs += 3
	}
	if r.Check {
		runs++
	}
	return min(runs*t.typical(), r.Budget/2)
}

// share is the part of the budget that the sample itself may take.
func (r Rules) share() float64 {
	parts := 1.0
	if r.Threads > 1 {
		parts++
	}
	if r.Variants > 0 {
		parts++
	}
	return 1 / parts
}

// nextExtra is what is measured beside the sample: is it right, how many threads, and is another way better?
func (r Rules) nextExtra(done []Measurement, t tally, spent float64) (step Step, some bool) {
	if r.Check && !slices.ContainsFunc(done, func(m Measurement) bool { return m.Phase == Check }) {
		return Step{Phase: Check}, true
	}
	if r.Profile && !slices.ContainsFunc(done, func(m Measurement) bool { return m.Phase == Profiling }) {
		return Step{Phase: Profiling, Place: t.middle()}, true
	}
	if r.Variants == 0 || spent < 2*r.share()*r.Budget {
		if step, some = r.nextThreads(done, t); some {
			return step, true
		}
	}
	return r.nextVariant(done, t)
}

// nextVariant takes the program and its variants by turns on each of the first items, so that a drift meets all alike. Before
// that each variant runs once, which does not count.
func (r Rules) nextVariant(done []Measurement, t tally) (Step, bool) {
	type run struct{ place, round, variant int }
	ran, failed := map[run]bool{}, map[int]bool{}
	for _, m := range done {
		if m.Phase == Compare {
			ran[run{m.Place, m.Round, m.Variant}] = true
			if !m.ended() {
				failed[m.Variant] = true
			}
		}
	}
	for v := 1; v <= r.Variants; v++ {
		if !ran[run{t.good, 0, v}] && !failed[v] {
			return Step{Phase: Compare, Place: t.good, Variant: v}, true
		}
	}
	for round := 1; round <= cmp.Or(r.Repeats, defaultRepeats) && r.Variants > len(failed); round++ {
		for place := range min(r.Available, cmp.Or(r.Items, defaultItems)) {
			for v := 0; v <= r.Variants; v++ {
				if !ran[run{place, round, v}] && !failed[v] && !t.bad[place] {
					return Step{Phase: Compare, Place: place, Round: round, Variant: v}, true
				}
			}
		}
	}
	return Step{}, false
}

// nextThreads goes through the numbers of threads, twice each, until more are not worth their CPUs.
func (r Rules) nextThreads(done []Measurement, t tally) (Step, bool) {
	if r.Threads < 2 {
		return Step{}, false
	}
	tried := map[int]int{}
	for _, m := range done {
		if m.Phase == Scale {
			if !m.ended() {
				return Step{}, false
			}
			tried[m.Threads]++
		}
	}
	so := threadsOf(done)
	for _, n := range threadCounts(r.Threads) {
		if tried[n] < 2 {
			return Step{Phase: Scale, Place: t.middle(), Round: tried[n] + 1, Threads: n}, true
		}
		for _, o := range so {
			if o.Threads == n && o.Speedup < efficient*float64(n) {
				return Step{}, false
			}
		}
	}
	return Step{}, false
}

// nextSample is the next run of the sample, round by round, so that an early end leaves all items measured. Where nobody
// says how many, it goes on with more items while the median is not known, and with more rounds of a short list.
func (r Rules) nextSample(t tally) (Step, string) {
	items, repeats := min(r.Available, cmp.Or(r.Items, defaultItems)), cmp.Or(r.Repeats, defaultRepeats)
	for round := 1; round <= repeats; round++ {
		if round > 2 && t.known() {
			return Step{}, EndKnown
		}
		if place, some := t.lacking(0, items, round); some {
			return Step{Phase: Sample, Place: place, Round: round}, ""
		}
	}
	if t.known() {
		return Step{}, EndKnown
	}
	if r.Items == 0 {
		if place, some := t.lacking(items, r.Available, 1); some {
			return Step{Phase: Sample, Place: place, Round: 1}, ""
		}
	}
	for round := repeats + 1; round <= mostRounds && r.Repeats == 0 && items < leastKnown; round++ {
		if place, some := t.lacking(0, items, round); some {
			return Step{Phase: Sample, Place: place, Round: round}, ""
		}
	}
	return Step{}, EndAll
}

// tally is what the measurements say, as far as it matters for what comes next.
type tally struct {
	byPlace map[int][]float64 // of the sample, those that ended
	warmUp  map[int]float64
	bad     map[int]bool // places that failed: they are not tried again
	good    int          // a place that ended well
	failed  int
	cut     bool
	startup []*float64

	outlasting float64 // for so long an item of the sample, of which nothing else is known, ran until the budget ended it; 0 = there is none
}

func tallied(done []Measurement) tally {
	t := tally{byPlace: map[int][]float64{}, warmUp: map[int]float64{}, bad: map[int]bool{}}
	for _, m := range done {
		t.cut = t.cut || m.State == Cut
		if m.Phase == Startup {
			t.startup = append(t.startup, m.Startup)
		}
		switch {
		case m.State == Cut && m.Phase == Sample && len(t.byPlace[m.Place]) == 0:
			t.outlasting = m.Elapsed
		case m.State == Cut || m.Phase != WarmUp && m.Phase != Sample:
		case !m.ended():
			t.failed++
			t.bad[m.Place] = true
		case m.Phase == WarmUp:
			t.warmUp[m.Place] = m.Elapsed
			t.good = m.Place
		default:
			t.byPlace[m.Place] = append(t.byPlace[m.Place], m.Elapsed)
			t.good = m.Place
		}
	}
	return t
}

// startupLacks says that the start is not known well enough: what takes a tenth of a second differs from run to run. A program that did
// not tell the first time will not.
func (t tally) startupLacks() bool {
	if len(t.startup) == 0 {
		return true
	}
	first := t.startup[0]
	return len(t.startup) < startupRuns && first != nil && *first < startupLong && t.typical() < startupRepeats
}

// middle is the place of an item of typical length.
func (t tally) middle() int {
	best := t.good
	typical := t.typical()
	for place, all := range t.byPlace {
		off, least := math.Abs(Median(all)-typical), math.Abs(t.expected(best)-typical)
		if off < least || off == least && place < best {
			best = place
		}
	}
	return best
}

// lacking is the first place from..to-1 that has run fewer times than that and did not fail.
func (t tally) lacking(from, to, rounds int) (place int, some bool) {
	for place := from; place < to; place++ {
		if len(t.byPlace[place]) < rounds && !t.bad[place] {
			return place, true
		}
	}
	return 0, false
}

// known says whether the median is known to the precision that is wanted.
func (t tally) known() bool {
	figures := figuresOf(t.byPlace)
	low, high := MedianInterval(figures)
	middle := Median(figures)
	return len(figures) >= leastKnown && middle-low <= precision*middle && high-middle <= precision*middle
}

// typical is how long an item takes, as far as is known; 0 where nothing is.
func (t tally) typical() float64 {
	switch {
	case len(t.byPlace) > 0:
		return Median(figuresOf(t.byPlace))
	case len(t.warmUp) > 0:
		return t.warmUp[t.good]
	}
	return 0
}

// longest is how long an item took at most.
func (t tally) longest() float64 {
	most := 0.0
	for _, all := range t.byPlace {
		most = max(most, slices.Max(all))
	}
	return most
}

// expected is how long the item at a place will take, as far as is known.
func (t tally) expected(place int) float64 {
	if all := t.byPlace[place]; len(all) > 0 {
		return Median(all)
	}
	return t.typical()
}
