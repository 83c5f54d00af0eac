package runs

import (
	"strings"
	"testing"

	"hpcsub/slurm"
	"hpcsub/strategies"
)

func TestDifferences(t *testing.T) {
	limit, short := 600, 60
	want := strategies.Request{Partition: "long", CPUsPerTask: 8, MemoryPerNodeMiB: 4096, TimeLimitS: limit}
	same := slurm.Requested{Partition: "long", Account: "physics", QOS: "normal", CPUsPerTask: 8, MemoryPerNodeMiB: 4096, TimeLimitS: &limit}
	tests := []struct {
		name   string
		change func(*slurm.Requested)
		want   string // "" = nothing differs
	}{
		{"as asked; what was not asked for is the site's", func(*slurm.Requested) {}, ""},
		{"another partition", func(r *slurm.Requested) { r.Partition = "short" }, "the partition is short, long was asked for"},
		{"a shorter limit", func(r *slurm.Requested) { r.TimeLimitS = &short }, "the time limit is 1 min, 10 min was asked for"},
		{"fewer CPUs", func(r *slurm.Requested) { r.CPUsPerTask = 1 }, "the number of CPUs a task is 1, 8 was asked for"},
		{"less memory", func(r *slurm.Requested) { r.MemoryPerNodeMiB = 100 }, "the memory a node is 100 MiB, 4096 MiB was asked for"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := same
			test.change(&got)
			if text := strings.Join(differences(want, got), "; "); text != test.want {
				t.Errorf("got %q, want %q", text, test.want)
			}
		})
	}
}
