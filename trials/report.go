package trials

import (
	"fmt"
	"math"
	"slices"
)

// Report is what a trial found out (the contract of `hpcsub trial --json`). Times are seconds, memory MiB; nil is unknown.
type Report struct {
	Run        string            `json:"run"`     // the trial's id
	Samples    int               `json:"samples"` // runs that count: without the warm-up
	Items      int               `json:"items"`   // different ones among them
	Elapsed    Elapsed           `json:"elapsed"`
	Startup    *float64          `json:"startup_s"`
	MaxRSS     *float64          `json:"max_rss_mib"`
	MaxRSSTree *float64          `json:"max_rss_tree_mib"`
	Consistent *bool             `json:"consistent"` // nil: nothing ran twice
	Waited     bool              `json:"waited"`     // repeats differ, and their CPU time does not: for files, or for CPUs that others use
	Drifts     bool              `json:"drifts"`     // runs of the same item took longer and longer, or less and less
	Varies     []string          `json:"varies"`     // what makes it vary, in words
	WarmUp     *float64          `json:"warm_up_s"`
	CPU        *float64          `json:"cpu_s"`      // of a typical item
	CoresBusy  *float64          `json:"cores_busy"` // CPU time over elapsed time
	Read       *int64            `json:"read_bytes"` // of a typical item
	Written    *int64            `json:"written_bytes"`
	Writes     *int64            `json:"writes"`
	GPUs       *int              `json:"gpus"`
	GPUsUsed   *int              `json:"gpus_used"`      // the most of a run
	GPUMean    *float64          `json:"gpu_util_mean"`  // of a typical run, percent
	GPUMemory  *float64          `json:"gpu_memory_mib"` // the most of a run
	SameOutput *bool             `json:"same_output"`    // repeats made the same files, byte for byte; nil: none was made twice
	Failed     int               `json:"failed"`
	Longer     bool              `json:"longer"`       // an item takes longer than the budget: low_s is all that is known
	Outlasting *float64          `json:"outlasting_s"` // for so long an item ran, more than a typical one, when the budget ended it
	End        string            `json:"end"`          // why it ended
	Node       string            `json:"node"`
	Threads    []Threads         `json:"threads"`
	Scaling    *Scaling          `json:"scaling"`  // nil: threads were not tried
	Crowding   *Crowding         `json:"crowding"` // nil: no items ran side by side
	Tools      map[string]string `json:"tools"`    // versions; "" is not there
	Right      *bool             `json:"right"`    // [check] says so; nil: there is none, or it did not run
	Variants   []Variant         `json:"variants"`
	Advice     []Advice          `json:"advice"`
	Profile    *Profile          `json:"profile,omitempty"`    // with --profile
	Comparison *Comparison       `json:"comparison,omitempty"` // with --compare

	Lengths []float64 `json:"-"` // of each item of the sample, for a plan; of one that the budget ended, as long as it ran
}

// Elapsed is how long an item takes: the median, where it lies with a confidence of 95 %, and the variation of items.
type Elapsed struct {
	Median *float64 `json:"median_s"`
	Low    *float64 `json:"low_s"`
	High   *float64 `json:"high_s"`
	CV     *float64 `json:"cv"`
	Mean   *float64 `json:"mean_s"`
	Within *float64 `json:"cv_repeats"` // of runs of the same item
	Known  bool     `json:"known"`      // to 10 %, and it does not drift: it can carry a decision
}

// Threads is what one number of threads made of an item.
type Threads struct {
	Threads int     `json:"threads"`
	Elapsed float64 `json:"elapsed_s"`
	Speedup float64 `json:"speedup"`
	CPU     float64 `json:"cpu_s"`
}

// consistentTo is how far runs of the same item may lie apart (their variation) and count as alike.
const consistentTo = 0.10

// Evaluate says what the measurements mean. end is why the trial ended.
func Evaluate(done []Measurement, end string) Report {
	t := tallied(done)
	r := Report{Failed: t.failed, End: end, Varies: []string{}, Threads: []Threads{}, Variants: []Variant{}, Advice: []Advice{}, Tools: map[string]string{}}
	counted := sampleOf(done)
	r.Samples, r.Items = len(counted), len(t.byPlace)
	r.elapsed(t)
	for _, m := range done {
		r.Node = m.Node
		if m.State == Cut && r.Samples == 0 && len(t.warmUp) == 0 {
			r.Longer, r.Elapsed.Low = true, &m.Elapsed
		}
		if m.Phase == WarmUp && m.ended() {
			r.WarmUp = &m.Elapsed
		}
		if m.Phase == Check {
			r.Right = ptr(m.State == Done)
		}
	}
	if known := slices.DeleteFunc(t.startup, func(s *float64) bool { return s == nil }); len(known) > 0 {
		var all []float64
		for _, s := range known {
			all = append(all, *s)
		}
		r.Startup = ptr(Median(all))
	}
	r.Threads = threadsOf(done)
	r.Scaling = scalingOf(r.Threads)
	r.Variants = variantsOf(done)
	r.Crowding = crowdingOf(done, t.byPlace)
	r.usage(counted)
	r.judge(t, counted)
	r.SameOutput = sameOutputs(done)
	return r
}

// sampleOf are the runs that count; the warm-up where nothing else ended.
func sampleOf(done []Measurement) (all []Measurement) {
	for _, phase := range []string{Sample, WarmUp} {
		for _, m := range done {
			if m.Phase == phase && m.ended() {
				all = append(all, m)
			}
		}
		if len(all) > 0 {
			return all
		}
	}
	return nil
}

func (r *Report) elapsed(t tally) {
	byPlace := t.byPlace
	if len(byPlace) == 0 { // the warm-up is all that there is
		byPlace = map[int][]float64{}
		for place, length := range t.warmUp {
			byPlace[place] = []float64{length}
		}
	}
	figures := figuresOf(byPlace)
	if len(figures) == 0 {
		return
	}
	low, high := MedianInterval(figures)
	r.Elapsed = Elapsed{Median: ptr(Median(figures)), Low: &low, High: &high, Known: t.known()}
	r.Lengths = means(byPlace)
	r.Elapsed.Mean = ptr(Mean(r.Lengths))
	if t.outlasting > Median(figures) { // left out, it would make all items look short
		r.Outlasting, r.Lengths = &t.outlasting, append(r.Lengths, t.outlasting)
	}
	if len(figures) > 1 {
		r.Elapsed.CV = ptr(Variation(figures))
	} else { // one figure has no interval
		r.Elapsed.Low, r.Elapsed.High = nil, nil
	}
	if cv, ok := within(byPlace); ok {
		r.Elapsed.Within = &cv
	}
}

// usage sums up what the runs took beside time. Peaks are the greatest, the rest the median.
func (r *Report) usage(counted []Measurement) {
	var cpu, busy, read, written, writes, gpuMean []float64
	for _, m := range counted {
		r.GPUMemory = larger(r.GPUMemory, m.GPUMemory)
		if m.GPUMean != nil {
			gpuMean = append(gpuMean, *m.GPUMean)
		}
		r.MaxRSS, r.MaxRSSTree = larger(r.MaxRSS, m.MaxRSS), larger(r.MaxRSSTree, m.MaxRSSTree)
		if m.GPUs != nil && m.GPUsUsed != nil && (r.GPUsUsed == nil || *m.GPUsUsed > *r.GPUsUsed) {
			r.GPUs, r.GPUsUsed = m.GPUs, m.GPUsUsed
		}
		if m.CPU != nil {
			cpu = append(cpu, *m.CPU)
			busy = append(busy, *m.CPU/max(m.Elapsed, 1e-6))
		}
		if m.Read != nil && m.Written != nil && m.Writes != nil {
			read, written, writes = append(read, float64(*m.Read)), append(written, float64(*m.Written)), append(writes, float64(*m.Writes))
		}
	}
	if len(cpu) > 0 {
		r.CPU, r.CoresBusy = ptr(Median(cpu)), ptr(Median(busy))
	}
	if len(gpuMean) > 0 {
		r.GPUMean = ptr(Median(gpuMean))
	}
	if len(read) > 0 {
		r.Read, r.Written, r.Writes = ptr(int64(Median(read))), ptr(int64(Median(written))), ptr(int64(Median(writes)))
	}
}

func larger(a, b *float64) *float64 {
	if a == nil || b != nil && *b > *a {
		return b
	}
	return a
}

func ptr[T any](v T) *T { return &v }

// judge says whether the same item takes the same time, and what makes it vary.
func (r *Report) judge(t tally, counted []Measurement) {
	var times, ratios, over []float64 // of each run to its item's median, and to the shorter one where there are two
	for _, m := range counted {
		if all := t.byPlace[m.Place]; len(all) > 1 {
			times, ratios = append(times, m.Start), append(ratios, m.Elapsed/Median(all))
			over = append(over, m.Elapsed/lower(all))
		}
	}
	say := func(format string, args ...any) { r.Varies = append(r.Varies, fmt.Sprintf(format, args...)) }
	steady := true
	if d := Drift(times, ratios); math.Abs(d) > consistentTo {
		steady, r.Drifts, r.Elapsed.Known = false, true, false
		say("it drifts: runs of the same item took %.0f %% %s at the end than at the beginning", 100*math.Abs(d), word(d > 0, "longer", "less time"))
	}
	if n := Outliers(over); n > 0 && slices.Max(over) > 1+consistentTo {
		say("%d of %d runs took %slonger than others of the same item, up to %.1f times as long", n, len(over), word(slices.Max(over) >= 1.5, "much ", ""), slices.Max(over))
	}
	if r.Outlasting != nil {
		say("an item had run for %.1f s, %.1f times as long as the median, when the budget ended it: how long it takes is not known", *r.Outlasting, *r.Outlasting / *r.Elapsed.Median)
	}
	if first, ok := t.slowFirst(); ok {
		say("the first run took %.1f times as long as later ones of the same item; it does not count", first)
	}
	if cv := r.Elapsed.Within; cv != nil {
		consistent := steady && *cv <= consistentTo
		r.Consistent = &consistent
		if *cv > consistentTo && len(r.Varies) == 0 {
			say("%s", r.differ())
		}
		if cpu, ok := within(cpuByPlace(counted)); ok && *cv > consistentTo && cpu < *cv/2 {
			r.Waited = true
			say("their CPU time differs by %.0f %% only: they waited, for files or for CPUs that others use", 100*cpu)
		}
	}
	var items []float64
	for _, all := range t.byPlace {
		items = append(items, lower(all))
	}
	noise := 0.0
	if cv := r.Elapsed.Within; cv != nil {
		noise = 1.5 * *cv // as much may be chance
	}
	if len(items) > 1 && Variation(items) > max(consistentTo, noise) {
		least, most := slices.Min(items), slices.Max(items)
		say("items differ: the longest takes %.1f times as long as the shortest", most/max(least, 1e-9))
	}
}

// differ says how much repeats do.
func (r *Report) differ() string {
	return fmt.Sprintf("runs of the same item differ by %.0f %%", 100**r.Elapsed.Within)
}

func cpuByPlace(counted []Measurement) map[int][]float64 {
	all := map[int][]float64{}
	for _, m := range counted {
		if m.CPU != nil && *m.CPU > 0 {
			all[m.Place] = append(all[m.Place], *m.CPU)
		}
	}
	return all
}

// slowFirst is how many times as long the first run of an item took as the later ones, where that is more than their spread.
func (t tally) slowFirst() (ratio float64, slow bool) {
	for place, first := range t.warmUp {
		all := t.byPlace[place]
		if len(all) == 0 {
			continue
		}
		ratio = first / Median(all)
		return ratio, ratio > 1.2 && first > 1.1*slices.Max(all)
	}
	return 0, false
}

func word(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// sameOutputs says whether every run of an item made the same files; nil where no file was made twice. What it printed does
// not count: it may well tell the time.
func sameOutputs(done []Measurement) *bool {
	first := map[thing]string{}
	var same *bool
	for _, m := range done {
		if m.State != Done || m.Variant > 0 {
			continue
		}
		for _, o := range m.Outputs {
			t := thing{m.Place, o.Name}
			before, again := first[t]
			switch {
			case o.Name == Printed:
			case !again:
				first[t] = o.Hash
			default:
				same = ptr((same == nil || *same) && (before == o.Hash || o.Close))
			}
		}
	}
	return same
}
