package trials

import (
	"cmp"
	"fmt"
	"slices"
)

// Facts are what is known of a job beside its measurements.
type Facts struct {
	Commit   bool // its folder is under version control
	Check    bool // [check] says how to find out whether it is right
	Outputs  bool // what two runs made can be compared: files that [each] outputs names, or returned values
	Items    int
	CPUs     int // of an item
	Parallel string
	Function bool
}

// Advice is worth having: it rests on a measurement and on a rule, whose name stays.
type Advice struct {
	Rule string  `json:"rule"`
	Text string  `json:"text"`
	Gain float64 `json:"gain"` // how many times as fast, or as many at once, at best; 0 = it is no matter of speed
}

// Beyond these there is something to say.
const (
	mostAdvice   = 5
	startupShare = 0.2
	startupMost  = 1.25 // of the elapsed time: more cannot be, and says that the two were not measured alike
	idleShare    = 0.7
	overShare    = 1.3
	manyWrites   = 20000 // calls of an item
	smallWrite   = 512   // bytes each
	longCase     = 60    // seconds
	oneBusy      = 1.1   // CPUs: no more than that is one
	mostlyOne    = 0.5   // of the time in one function
	noQuicker    = 1.1   // times as fast: no more than that is none
)

// Advise says what to do, at most five things: first what all measuring rests on, then what gains most.
func Advise(r Report, f Facts) []Advice {
	if r.Elapsed.Median == nil {
		return []Advice{}
	}
	all := []Advice{}
	for _, rule := range []func(Report, Facts) *Advice{versions, check, unsteady} {
		if a := rule(r, f); a != nil {
			all = append(all, *a)
		}
	}
	var gains []Advice
	for _, rule := range []func(Report, Facts) *Advice{unusedGPU, compiled, loops, serial, idle, crowded, startup, threads, writes, long} {
		if a := rule(r, f); a != nil {
			gains = append(gains, *a)
		}
	}
	slices.SortStableFunc(gains, func(a, b Advice) int { return cmp.Compare(b.Gain, a.Gain) })
	all = append(all, gains...)
	return all[:min(len(all), mostAdvice)]
}

func advice(rule string, gain float64, format string, args ...any) *Advice {
	return &Advice{Rule: rule, Gain: gain, Text: fmt.Sprintf(format, args...)}
}

func versions(r Report, f Facts) *Advice {
	if f.Commit {
		return nil
	}
	return advice("version-control", 0, "the program is not under version control: before anything is changed, git init and a first commit, so that each run can be told by its commit")
}

func check(r Report, f Facts) *Advice {
	switch {
	case r.SameOutput != nil && !*r.SameOutput:
		return advice("not-deterministic", 0, "repeats of the same item made different outputs: unless that is meant (a random seed?), no change can be checked by comparing them; fix the seed, or give [check] a tolerance")
	case !f.Check && !f.Outputs:
		return advice("no-check", 0, "nothing says whether the program is right: name what an item makes in [each] outputs, or a test in [check] command, and each change is held against it")
	}
	return nil
}

func unsteady(r Report, f Facts) *Advice {
	if r.Consistent == nil || *r.Consistent {
		return nil
	}
	text := fmt.Sprintf("repeats of the same item differ by %.0f %%: a change that gains less cannot be seen", 100**r.Elapsed.Within)
	if len(r.Varies) > 0 && r.Varies[0] != r.differ() {
		text += " (" + r.Varies[0] + ")"
	}
	if r.Drifts {
		text += "; find out what changes from run to run: a file or a folder that grows, a cache that fills, a processor that gets hotter, others' work"
	} else {
		text += "; try it on a quieter node, or with more repeats"
	}
	if r.Waited {
		text += ". They waited while their CPU time stayed the same, so that nothing is said of start-up, threads and idle CPUs"
	}
	return &Advice{Rule: "inconsistent", Text: text}
}

// serial is about a program that keeps one CPU busy whatever it is given, where more items at once are not to be had from it, or more
// threads were tried.
func serial(r Report, f Facts) *Advice {
	if !r.oneCPU(f) || f.Items != 1 && !r.threadsUseless() {
		return nil
	}
	tried := ""
	if r.threadsUseless() {
		last := r.Threads[len(r.Threads)-1]
		tried = fmt.Sprintf(", and %d threads were %.2g times as fast as one", last.Threads, last.Speedup)
	}
	return advice("serial", float64(f.CPUs), "the program is serial: it kept %s of its %d CPUs busy%s: cpus = 1 in [each] takes as long and leaves %d to others; more than one are of use where the work is taken apart into items ([sweep]), or its loops are made parallel",
		BusyWords(*r.CoresBusy), f.CPUs, tried, f.CPUs-1)
}

// oneCPU says that an item of several CPUs used one. Where it waited for CPUs that others use, nobody knows.
func (r Report) oneCPU(f Facts) bool {
	return f.CPUs > 1 && r.CoresBusy != nil && *r.CoresBusy <= oneBusy && f.Parallel != "mpi" && f.Parallel != "dask" && !r.Waited
}

// threadsUseless says that the most threads that were tried were no quicker than one.
func (r Report) threadsUseless() bool {
	return len(r.Threads) > 1 && r.Threads[len(r.Threads)-1].Speedup < noQuicker
}

// idle is about CPUs that are asked for and do nothing.
func idle(r Report, f Facts) *Advice {
	if serial(r, f) != nil || r.Waited {
		return nil
	}
	if f.CPUs < 2 || r.CoresBusy == nil || f.Parallel == "mpi" || *r.CoresBusy >= idleShare*float64(f.CPUs) {
		return nil
	}
	use := max(1, int(*r.CoresBusy+0.5))
	if r.Scaling != nil {
		use = max(use, r.Scaling.Recommended)
	}
	if use >= f.CPUs {
		return nil
	}
	return advice("idle-cpus", float64(f.CPUs)/float64(use), "%s of the %d CPUs of an item were busy: with cpus = %d in [each], %.2g times as many items run at once",
		BusyWords(*r.CoresBusy), f.CPUs, use, float64(f.CPUs)/float64(use))
}

// BusyWords says how many CPUs were busy.
func BusyWords(cpus float64) string {
	if cpus < 0.01 {
		return "less than 0.01"
	}
	return fmt.Sprintf("%.2g", cpus)
}

// crowded is about threads that multiply.
func crowded(r Report, f Facts) *Advice {
	if r.CoresBusy == nil || *r.CoresBusy <= overShare*float64(max(1, f.CPUs)) {
		return nil
	}
	return advice("threads-multiply", 1, "an item kept %.2g CPUs busy and has %d: items side by side get into each other's way; write cpus = %d and parallel = \"threads\", or have it start fewer threads or processes",
		*r.CoresBusy, max(1, f.CPUs), int(*r.CoresBusy+0.5))
}

// startup is about what is paid once an item and could be paid once a CPU; of a single item, about a case that is too short to tell.
func startup(r Report, f Facts) *Advice {
	if r.Startup == nil || f.Function || r.Waited {
		return nil
	}
	share := *r.Startup / *r.Elapsed.Median
	if share < startupShare || share > startupMost {
		return nil
	}
	if f.Items < 2 {
		return advice("short-case", 0, "starting and importing takes %.2g of %.2g s, %.0f %% of the time: what a change does to the rest is hard to see in so short a case; try one that takes a minute or two",
			min(*r.Startup, *r.Elapsed.Median), *r.Elapsed.Median, 100*min(1, share))
	}
	gain := atBest(share)
	return advice("startup", gain, "starting and importing takes %.2g of %.2g s, %.0f %% of an item: as a Python function (function = \"module:name\") it is paid once a CPU, and items run up to %.2g times as fast",
		min(*r.Startup, *r.Elapsed.Median), *r.Elapsed.Median, 100*min(1, share), gain)
}

// threads says how many an item should have, with time and CPU time.
func threads(r Report, f Facts) *Advice {
	s := r.Scaling
	if s == nil || s.Recommended == f.CPUs || r.Waited || serial(r, f) != nil {
		return nil
	}
	most := r.Threads[len(r.Threads)-1]
	if s.Recommended == 1 {
		return advice("threads", 1, "more than one thread is not worth its CPUs: %d threads are %.2g times as fast as one, %.0f %% of the time does not get shorter; with cpus = 1 in [each] more items run at once",
			most.Threads, most.Speedup, 100**s.Serial)
	}
	for _, t := range r.Threads {
		if t.Threads != s.Recommended {
			continue
		}
		return advice("threads", 1, "%d threads are as many as are worth their CPUs (%.2g times as fast as one, %.0f %% of the time does not get shorter): cpus = %d; where there are more items than CPUs, cpus = %d does most in all",
			t.Threads, t.Speedup, 100**s.Serial, t.Threads, s.Cheapest)
	}
	return nil
}

func writes(r Report, f Facts) *Advice {
	if r.Writes == nil || *r.Writes < manyWrites || *r.Written / *r.Writes >= smallWrite {
		return nil
	}
	bytes := "bytes"
	if *r.Written / *r.Writes == 1 {
		bytes = "byte"
	}
	return advice("small-writes", 1, "an item writes %d times, %d %s each: every write costs more than its bytes, and a shared file system suffers; gather them, for example with one write a thousand lines",
		*r.Writes, *r.Written / *r.Writes, bytes)
}

func unusedGPU(r Report, f Facts) *Advice {
	if r.GPUs == nil || *r.GPUs == 0 || r.GPUsUsed == nil || *r.GPUsUsed > 0 {
		return nil
	}
	return advice("unused-gpu", 1000, "no run used the GPU that it had: take gpus out of [each], or find out why the program does not see it")
}

// compiled is the last step: most of the time is still in one function of Python, and other ways to write it were tried and were no
// faster.
func compiled(r Report, f Facts) *Advice {
	if r.Profile == nil {
		return nil
	}
	hot, share := r.Profile.hot()
	tried, best := r.exhausted()
	if tried == 0 || share < mostlyOne {
		return nil
	}
	gain := atBest(share)
	others := "the other way to write it that was tried"
	if tried > 1 {
		others = fmt.Sprintf("the best of %d other ways to write it that were tried", tried)
	}
	return advice("compiled-language", gain, "%s (%s) takes %.0f %% of the time in Python itself, and %s is %.2g times as fast: what is left is this function in a compiled language (C, C++, Fortran, Rust), called from Python; an item gets up to %.2g times as fast",
		hot.Name, hot.Place(), 100*share, others, best, gain)
}

// exhausted is how many variants were tried that are not faster, and how many times as fast the best of them is; none where one is,
// which comes first, or where one could not be told.
func (r Report) exhausted() (tried int, best float64) {
	for _, v := range r.Variants {
		if v.Pairs < leastKnown || v.SameOutput != nil && !*v.SameOutput || *v.Low > 1 {
			return 0, 0
		}
		tried, best = tried+1, max(best, *v.Speedup)
	}
	return tried, best
}

// loops is about time in Python itself. More than its share of the time it can never give (Amdahl).
func loops(r Report, f Facts) *Advice {
	if r.Profile == nil || r.Profile.Python < 0.5 || compiled(r, f) != nil {
		return nil
	}
	hot, share := r.Profile.hot()
	if share < 0.2 {
		return nil
	}
	gain := atBest(share)
	return advice("python-loops", gain, "%s (%s) takes %.0f %% of the time in Python itself: if it goes through numbers one by one, NumPy on whole arrays first, Numba where that cannot be; an item gets up to %.2g times as fast",
		hot.Name, hot.Place(), 100*share, gain)
}

// atBest is how many times as fast something gets where a share of its time goes away (Amdahl). Of more than 95 % nobody knows:
// what is left then was never looked at.
func atBest(share float64) float64 { return 1 / (1 - min(share, 0.95)) }

func long(r Report, f Facts) *Advice {
	if *r.Elapsed.Median < longCase {
		return nil
	}
	return advice("long-case", 0, "an item takes %.0f s: for trying changes have a small case of a few seconds in a job.toml of its own, long enough that the start does not count", *r.Elapsed.Median)
}
