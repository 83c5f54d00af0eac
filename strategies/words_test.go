package strategies

import (
	"testing"
	"time"

	"hpcsub/slurm"
)

func TestInWords(t *testing.T) {
	for seconds, want := range map[float64]string{
		0: "0 ms", 0.01: "10 ms", 1: "1 s", 1.5: "1.5 s", 9.97: "10 s", 42.4: "42 s", 59.6: "1 min", 60: "1 min", 560: "9 min 20 s",
		3600: "1 h", 7500: "2 h 5 min", 86400: "1 d", 273600: "3 d 4 h",
	} {
		if got := InWords(seconds); got != want {
			t.Errorf("%v: got %q, want %q", seconds, got, want)
		}
	}
	for seconds, want := range map[float64]string{599: "9 min 59 s", 781: "13 min", 7510: "2 h 5 min", 90000: "1 d 1 h", 88000: "1 d"} {
		if got := roughly(seconds); got != want {
			t.Errorf("roughly %v: got %q, want %q", seconds, got, want)
		}
	}
}

func TestFigures(t *testing.T) {
	for v, want := range map[float64]string{0.001: "less than 0.01", 0.014: "0.01", 0.5: "0.50", 1.25: "1.2", 99.9: "99.9", 1234.4: "1,234"} {
		if got := figure(v); got != want {
			t.Errorf("%v: got %q, want %q", v, got, want)
		}
	}
	if got := counted(1, "item") + ", " + counted(1234567, "item"); got != "1 item, 1,234,567 items" {
		t.Errorf("got %q", got)
	}
}

func TestCosts(t *testing.T) {
	tests := []struct {
		name       string
		parameters map[string]string
		costs      Costs
		local      bool
		want       float64
	}{
		{"Slurm's default", map[string]string{}, Costs{}, false, 3},
		{"no delay: a second all the same", map[string]string{"batch_sched_delay": "0"}, Costs{}, false, 1},
		{"a longer delay", map[string]string{"batch_sched_delay": "5", "defer": ""}, Costs{}, false, 5},
		{"the least interval, in microseconds", map[string]string{"batch_sched_delay": "0", "sched_min_interval": "2000000"}, Costs{}, false, 2},
		{"measured", map[string]string{"batch_sched_delay": "5"}, Costs{ArrayPeriod: 4.2}, false, 4.2},
		{"unreadable", map[string]string{"batch_sched_delay": "soon"}, Costs{}, false, 3},
		{"no scheduler", nil, Costs{}, true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := Input{Cluster: &slurm.Cluster{Scheduler: slurm.Scheduler{Parameters: tt.parameters}}, Costs: tt.costs, Local: tt.local}
			c := filledIn(in, in.Costs, 1)
			if c.ArrayPeriod != tt.want {
				t.Errorf("got a period of %v s, want %v s", c.ArrayPeriod, tt.want)
			}
			if c.WorkerItem != builtIn().WorkerItem {
				t.Errorf("got %v s a dispatch, want the built-in figure", c.WorkerItem)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	rules := func(in Input) map[string]bool {
		all := map[string]bool{}
		for _, w := range Choose(in).Warnings {
			all[w.Rule] = true
		}
		return all
	}
	in := job(10, 0)
	if plan := Choose(in); len(plan.Warnings) == 0 || plan.Warnings[0] != (Warning{"measure", "hpcsub trial (2 minutes) measures this"}) {
		t.Errorf("nothing known: got %+v, want the trial first", plan.Warnings)
	}
	if rules(job(10, time.Minute))["measure"] {
		t.Error("a declared length is taken for a guess")
	}
	in = job(300, time.Second)
	in.Cluster.Partitions[0].DefMemPerCPUMiB, in.Cluster.Partitions[1].DefMemPerCPUMiB = nil, nil
	in.Plan.Strategy = "array"
	if !rules(in)["default-memory"] {
		t.Error("no word on a default that takes all memory")
	}
	in.Each.MemoryMiB = 100
	if rules(in)["default-memory"] {
		t.Error("memory is asked for, and the default is warned of")
	}
	in = job(100, time.Minute)
	in.Plan.Strategy, in.Slurm.Partition = "array", "long"
	if !rules(in)["allocated"] {
		t.Error("no word on whole cores for jobs of one CPU")
	}
	in.Plan.Strategy, in.Tools = "gnu-parallel", map[string]string{"parallel": ""}
	if !rules(in)["no-parallel"] {
		t.Error("no word on GNU Parallel, which was not found")
	}
}
