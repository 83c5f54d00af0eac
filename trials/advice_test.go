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
		{"idle-cpus", func(_ *Report, f *Facts) { f.CPUs = 8 }, "0.98 of the 8 CPUs of an item were busy: with cpus = 1 in [each], 8 times as many"},
		{"", func(r *Report, f *Facts) { f.CPUs, r.CoresBusy = 8, ptr(7.5) }, ""},
		{"", func(_ *Report, f *Facts) { f.CPUs, f.Parallel = 8, "mpi" }, ""},
		{"threads-multiply", func(r *Report, _ *Facts) { r.CoresBusy = ptr(3.9) }, "kept 3.9 CPUs busy and has 1"},
		{"startup", func(r *Report, _ *Facts) { r.Startup = ptr(7.5) }, "75 % of an item: as a Python function"},
		{"", func(r *Report, f *Facts) { r.Startup, f.Function = ptr(7.5), true }, ""},
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

// TestAdviceIsFive at most: what all measuring rests on first, then what gains most.
func TestAdviceIsFive(t *testing.T) {
	r := Report{Elapsed: Elapsed{Median: ptr(100.0), Within: ptr(0.5)}, Consistent: ptr(false), CoresBusy: ptr(0.9), Startup: ptr(50.0),
		Writes: ptr(int64(1e6)), Written: ptr(int64(1e6))}
	got := Advise(r, Facts{CPUs: 8})
	var rules []string
	for _, a := range got {
		rules = append(rules, a.Rule)
	}
	if want := "version-control no-check inconsistent idle-cpus startup"; strings.Join(rules, " ") != want {
		t.Errorf("got %v, want %s", rules, want)
	}
}
