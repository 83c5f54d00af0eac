package trials

import (
	"strings"
	"testing"
)

// good is a report of which there is nothing to say.
func good() (Report, Facts) {
	r := Report{Elapsed: Elapsed{Median: ptr(10.0), Within: ptr(0.02)}, Consistent: ptr(true), CoresBusy: ptr(0.98), Startup: ptr(0.1),
		Writes: ptr(int64(10)), Written: ptr(int64(10))}
	return r, Facts{Commit: true, Check: true, Outputs: true, Items: 100, CPUs: 1}
}

func TestAdvise(t *testing.T) {
	tests := []struct {
		rule string // "" = none
		set  func(*Report, *Facts)
		text string
	}{
		{"", func(*Report, *Facts) {}, ""},
		{"version-control", func(_ *Report, f *Facts) { f.Commit = false }, "git init"},
		{"no-check", func(_ *Report, f *Facts) { f.Check, f.Outputs = false, false }, "[check] command"},
		{"", func(_ *Report, f *Facts) { f.Check = false }, ""},
		{"not-deterministic", func(r *Report, _ *Facts) { r.SameOutput = ptr(false) }, "fix the seed"},
		{"inconsistent", func(r *Report, _ *Facts) {
			r.Consistent, r.Elapsed.Within = ptr(false), ptr(0.4)
		}, "differ by 40 %"},
		{"inconsistent", func(r *Report, _ *Facts) {
			r.Consistent, r.Elapsed.Within, r.Varies = ptr(false), ptr(0.4), []string{"it drifts: 48 % shorter"}
		}, "cannot be seen (it drifts: 48 % shorter); try"},
		{"idle-cpus", func(_ *Report, f *Facts) { f.CPUs = 8 }, "0.98 of the 8 CPUs of an item were busy: with cpus = 1 in [each], 8 times as many"},
		{"", func(r *Report, f *Facts) { f.CPUs, r.CoresBusy = 8, ptr(7.5) }, ""},
		{"idle-cpus", func(r *Report, f *Facts) { f.CPUs, r.CoresBusy = 2, ptr(1.8e-5) }, "less than 0.01 of the 2 CPUs"}, // one that sleeps
		{"", func(_ *Report, f *Facts) { f.CPUs, f.Parallel = 8, "mpi" }, ""},
		{"serial", func(_ *Report, f *Facts) { f.CPUs, f.Items = 8, 1 }, "it kept 0.98 of its 8 CPUs busy: cpus = 1 in [each] takes as long and leaves 7 to others"},
		{"serial", func(r *Report, f *Facts) {
			f.CPUs = 4
			r.Threads = threadsOf(simulated(1, 0, 1, 2, 4))
			r.Scaling = scalingOf(r.Threads)
		}, "and 4 threads were 1 times as fast as one"},
		{"", func(r *Report, f *Facts) { f.CPUs, f.Items, f.Parallel = 8, 1, "mpi" }, ""},
		// It waited for CPUs that others use: what was busy says nothing of it.
		{"", func(r *Report, f *Facts) { f.CPUs, f.Items, r.Waited = 8, 1, true }, ""},
		{"", func(r *Report, f *Facts) { f.CPUs, r.CoresBusy, r.Waited = 8, ptr(3.0), true }, ""},
		{"", func(r *Report, _ *Facts) { r.Startup, r.Waited = ptr(7.5), true }, ""},
		{"inconsistent", func(r *Report, f *Facts) {
			f.CPUs, r.Waited, r.Consistent, r.Elapsed.Within = 8, true, ptr(false), ptr(0.4)
		}, "nothing is said of start-up, threads and idle CPUs"},
		{"python-loops", func(r *Report, _ *Facts) { r.Profile = looping(0.9) }, "walk (fit.py:12) takes 90 %"},
		{"compiled-language", func(r *Report, _ *Facts) {
			r.Profile, r.Variants = looping(0.9), []Variant{slow(0.9), slow(1.02)}
		}, "walk (fit.py:12) takes 90 % of the time in Python itself, and the best of 2 other ways to write it that were tried is 1 times as fast: what is left is this function in a compiled language"},
		{"python-loops", func(r *Report, _ *Facts) { // one of them is faster: that one first
			quick := slow(3)
			quick.Low, quick.High, quick.Keep = ptr(2.5), ptr(3.5), true
			r.Profile, r.Variants = looping(0.9), []Variant{slow(0.9), quick}
		}, "NumPy"},
		{"python-loops", func(r *Report, _ *Facts) { // its only variant is wrong, which says nothing of its speed
			wrong := slow(0.5)
			wrong.SameOutput = ptr(false)
			r.Profile, r.Variants = looping(0.9), []Variant{wrong}
		}, "NumPy"},
		{"", func(r *Report, _ *Facts) { r.Variants = []Variant{slow(0.9)} }, ""}, // without a profile nobody knows where the time goes
		{"threads-multiply", func(r *Report, _ *Facts) { r.CoresBusy = ptr(3.9) }, "kept 3.9 CPUs busy and has 1"},
		{"startup", func(r *Report, _ *Facts) { r.Startup = ptr(7.5) }, "75 % of an item: as a Python function"},
		{"", func(r *Report, f *Facts) { r.Startup, f.Function = ptr(7.5), true }, ""},
		{"short-case", func(r *Report, f *Facts) { r.Startup, f.Items = ptr(7.5), 1 }, "75 % of the time: what a change does"}, // there are no CPUs to share it
		{"inconsistent", func(r *Report, _ *Facts) { // said once
			r.Consistent, r.Elapsed.Within, r.Varies = ptr(false), ptr(0.4), []string{"runs of the same item differ by 40 %"}
		}, "cannot be seen; try"},
		{"compiled-language", func(r *Report, _ *Facts) {
			r.Profile, r.Variants = looping(0.9), []Variant{slow(0.9)}
		}, "and the other way to write it that was tried is 0.9 times as fast"},
		{"", func(r *Report, _ *Facts) { r.Startup = ptr(17.0) }, ""}, // of an item that takes 10 s: what was measured contradicts itself
		{"small-writes", func(r *Report, _ *Facts) { r.Writes, r.Written = ptr(int64(1e6)), ptr(int64(20e6)) }, "1000000 times, 20 bytes each"},
		{"", func(r *Report, _ *Facts) { r.Writes, r.Written = ptr(int64(1e6)), ptr(int64(4e9)) }, ""},
		{"unused-gpu", func(r *Report, _ *Facts) { r.GPUs, r.GPUsUsed = ptr(1), ptr(0) }, "take gpus out"},
		{"", func(r *Report, _ *Facts) { r.GPUs, r.GPUsUsed = ptr(1), ptr(1) }, ""},
		{"long-case", func(r *Report, _ *Facts) { r.Elapsed.Median = ptr(90.0) }, "small case"},
		{"threads", func(r *Report, f *Facts) {
			f.CPUs, r.CoresBusy = 4, ptr(3.5)
			r.Threads = threadsOf(simulated(0.4, 0, 1, 2, 4))
			r.Scaling = scalingOf(r.Threads)
		}, "2 threads are as many as are worth their CPUs (1.4 times as fast as one, 40 %"},
		{"threads", func(r *Report, f *Facts) {
			f.CPUs, r.CoresBusy = 2, ptr(1.9)
			r.Threads = threadsOf(simulated(0.7, 0, 1, 2))
			r.Scaling = scalingOf(r.Threads)
		}, "more than one thread is not worth its CPUs: 2 threads are 1.2 times as fast as one, 70 %"},
		{"inconsistent", func(r *Report, _ *Facts) {
			r.Consistent, r.Elapsed.Within, r.Drifts = ptr(false), ptr(0.4), true
		}, "a file or a folder that grows"},
		{"", func(r *Report, _ *Facts) { r.Elapsed.Median = nil }, ""}, // no measurement, no advice
	}
	for _, tt := range tests {
		r, f := good()
		tt.set(&r, &f)
		got := Advise(r, f)
		if tt.rule == "" && len(got) > 0 || tt.rule != "" && (len(got) != 1 || got[0].Rule != tt.rule || !strings.Contains(got[0].Text, tt.text)) {
			t.Errorf("want %q with %q, got %+v", tt.rule, tt.text, got)
		}
	}
}

// looping is a profile with a share of the time in one function of Python.
func looping(share float64) *Profile {
	return ProfileOf([]Function{{Name: "walk", File: "/home/a/fit.py", Line: 12, Calls: 1, Own: share, Total: share}, {Name: "sum", File: "~", Own: 1 - share, Total: 1 - share}})
}

// slow is a variant that is not known to be faster.
func slow(speedup float64) Variant {
	return Variant{Speedup: ptr(speedup), Low: ptr(speedup - 0.1), High: ptr(speedup + 0.1), Pairs: 9, SameOutput: ptr(true)}
}

// TestAdviceIsFive at most: what all measuring rests on first, then what gains most.
func TestAdviceIsFive(t *testing.T) {
	r := Report{Elapsed: Elapsed{Median: ptr(100.0), Within: ptr(0.5)}, Consistent: ptr(false), CoresBusy: ptr(0.9), Startup: ptr(50.0),
		Writes: ptr(int64(1e6)), Written: ptr(int64(1e6))}
	got := Advise(r, Facts{CPUs: 8, Items: 100})
	var rules []string
	for _, a := range got {
		rules = append(rules, a.Rule)
	}
	if want := "version-control no-check inconsistent idle-cpus startup"; strings.Join(rules, " ") != want {
		t.Errorf("got %v, want %s", rules, want)
	}
}

// TestWaited: times that differ while the CPU time stays the same are waiting; where both differ, it is the program.
func TestWaited(t *testing.T) {
	for _, tt := range []struct {
		name string
		cpu  []float64
		want bool
	}{
		{"its CPU time stays the same", []float64{0.5, 0.5, 0.5, 0.5}, true},
		{"its CPU time differs as much", []float64{0.5, 1, 0.5, 1}, false},
	} {
		done := []Measurement{{Phase: WarmUp, State: Done, Elapsed: 1}}
		for i, cpu := range tt.cpu {
			done = append(done, Measurement{Phase: Sample, State: Done, Round: i + 1, Elapsed: float64(1 + i%2), CPU: &cpu})
		}
		if r := Evaluate(done, EndAll); r.Waited != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, r.Waited, tt.want)
		}
	}
}
