package regret

import (
	"math"
	"strings"
	"testing"

	"hpcsub/configs"
)

// TestWorkloads: the set is as broad as docs/benchmarks.md says.
func TestWorkloads(t *testing.T) {
	all := Workloads()
	count := func(holds func(Workload) bool) (n int) {
		for _, w := range all {
			if holds(w) {
				n++
			}
		}
		return n
	}
	for _, tt := range []struct {
		what  string
		least int
		holds func(Workload) bool
	}{
		{"that need nothing else", 24, func(w Workload) bool { return w.Needs == "" }},
		{"that burn", 6, Workload.Burns},
		{"with a heavy tail", 6, func(w Workload) bool { return w.Tail }},
		{"of functions", 4, Workload.Function},
		{"on a busy cluster", 6, func(w Workload) bool { return len(w.State.Held) > 0 }},
		{"of at most 12 items", 4, func(w Workload) bool { return w.Items <= 12 }},
		{"of 2,000 items or more", 2, func(w Workload) bool { return w.Items >= 2000 }},
		{"of items of 10 s or more", 4, func(w Workload) bool { return w.Seconds >= 10 }},
		{"of items of 0.1 s or less", 4, func(w Workload) bool { return w.Seconds <= 0.1 }},
		{"with GPUs", 2, func(w Workload) bool { return strings.Contains(w.TOML, "gpus") }},
		{"in the quick set", 3, func(w Workload) bool { return w.Quick }},
	} {
		if got := count(tt.holds); got < tt.least {
			t.Errorf("%d workloads %s, want %d", got, tt.what, tt.least)
		}
	}
	names := map[string]bool{}
	for _, w := range all {
		if names[w.Name] {
			t.Errorf("there are two workloads %s", w.Name)
		}
		names[w.Name] = true
	}
}

// TestJobs: each job.toml says what is meant, with a strategy and without.
func TestJobs(t *testing.T) {
	for _, w := range Workloads() {
		for _, strategy := range []string{"", "packed"} {
			job, err := configs.ParseJob("job.toml", []byte(w.Job(strategy)))
			if err != nil && w.Needs != "" {
				continue // says itself that it is not built yet
			}
			if err != nil {
				t.Errorf("%s: %v\n%s", w.Name, err, w.Job(strategy))
				continue
			}
			if job.Plan.Strategy != strategy || (job.Each.Time > 0) == (w.Tried > 0) {
				t.Errorf("%s: got %+v, %+v", w.Name, job.Plan, job.Each)
			}
		}
	}
}

// TestUndeclared: nothing is declared that a trial can find out, and the trial sees a hundredth of the items, and five at least.
func TestUndeclared(t *testing.T) {
	for _, w := range Workloads() {
		u := w.Undeclared()
		job, err := configs.ParseJob("job.toml", []byte(u.Job("")))
		if err != nil {
			t.Errorf("%s: %v\n%s", w.Name, err, u.Job(""))
			continue
		}
		reserves := w.Name == "memory" || w.Name == "memory-tail"
		if job.Each.Time != 0 || (job.Each.MemoryMiB > 0) != reserves || job.Trial.Items != u.Sample || job.Trial.Repeats != 1 {
			t.Errorf("%s: got %+v, %+v", w.Name, job.Each, job.Trial)
		}
		if u.Sample > w.Items || u.Sample < min(w.Items, 5) || u.Sample > 5 && u.Sample*100 > w.Items {
			t.Errorf("%s: a sample of %d of %d items", w.Name, u.Sample, w.Items)
		}
	}
}

func TestLengths(t *testing.T) {
	for _, w := range Workloads() {
		total, longest := 0.0, 0.0
		for _, s := range w.Lengths() {
			total += s
			longest = max(longest, s)
		}
		if mean := total / float64(w.Items); math.Abs(mean/w.Seconds-1) > 1e-9 {
			t.Errorf("%s: a mean of %v s, want %v", w.Name, mean, w.Seconds)
		}
		if w.Tail && longest < 3*w.Seconds || !w.Tail && longest > w.Seconds*1.001 {
			t.Errorf("%s: the longest item takes %v s", w.Name, longest)
		}
		if got := strings.Count(w.List(0), "\n"); got != w.Items+1 {
			t.Errorf("%s: %d lines, want %d", w.Name, got, w.Items+1)
		}
		if got := strings.Count(w.List(w.Tried), "\n"); w.Tried > 0 && got != w.Tried+1 {
			t.Errorf("%s: %d lines to try, want %d", w.Name, got, w.Tried+1)
		}
	}
}
