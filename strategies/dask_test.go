package strategies

import (
	"strings"
	"testing"
	"time"
)

// TestDaskPrograms: only strategy dask starts a cluster around a program, over as few nodes as hold it, and says what
// stands in its way.
func TestDaskPrograms(t *testing.T) {
	tests := []struct {
		name   string
		items  int
		change func(*Input)
		nodes  int
		cpus   int    // of each task
		array  int    // tasks
		gres   string // of each node
		reason string // of the rejection, where there is no choice
	}{
		{name: "one on a node", items: 1, change: func(in *Input) { in.Each.CPUs = 8 }, nodes: 1, cpus: 8},
		{name: "one over nodes", items: 1, change: func(in *Input) { in.Each.CPUs = 12; in.Slurm.Partition = "short" }, nodes: 2, cpus: 6},
		{name: "more memory than a node has", items: 1, change: func(in *Input) { in.Each.CPUs, in.Each.MemoryMiB, in.Slurm.Partition = 8, 20000, "short" }, nodes: 2, cpus: 4},
		{name: "a sweep", items: 4, change: func(in *Input) { in.Each.CPUs = 8 }, nodes: 1, cpus: 8, array: 4},
		{name: "without Dask", items: 1, change: func(in *Input) { in.Tools = map[string]string{"distributed": ""} }, reason: "pip install distributed"},
		{name: "with GPUs", items: 1, change: func(in *Input) { in.Each.CPUs, in.Each.GPUs = 4, 2 }, nodes: 1, cpus: 4, gres: "gpu:2"},
		{name: "with GPUs over nodes", items: 1, change: func(in *Input) {
			*in = withGPUs(1, 4, "")
			in.Each.CPUs, in.Each.Parallel, in.Slurm.Partition = 40, "dask", "long"
		}, nodes: 2, cpus: 20, gres: "gpu:2"},
		{name: "with more GPUs than CPUs", items: 1, change: func(in *Input) { in.Each.CPUs, in.Each.GPUs = 1, 2 }, reason: "write cpus = 2 in [each]"},
		{name: "larger than the cluster", items: 1, change: func(in *Input) { in.Each.CPUs = 4000 }, reason: "an item needs 4000 CPUs"},
	}
	for _, tt := range tests {
		in := job(tt.items, 10*time.Minute)
		in.Each.Parallel = "dask"
		tt.change(&in)
		plan := Choose(in)
		if tt.reason != "" {
			said := ""
			for _, r := range plan.Rejections {
				if r.Strategy == "dask" {
					said = r.Reason
				}
			}
			if plan.Chosen != nil || !strings.Contains(strings.ReplaceAll(said, ",", ""), tt.reason) {
				t.Errorf("%s: chosen %+v, rejection %q, want %q", tt.name, plan.Chosen, said, tt.reason)
			}
			continue
		}
		if plan.Chosen == nil {
			t.Errorf("%s: nothing is chosen: %+v", tt.name, plan.Rejections)
			continue
		}
		r := plan.Chosen.Request
		if plan.Chosen.Strategy != "dask" || !plan.Chosen.Layout.Cluster || r.Nodes != tt.nodes || r.CPUsPerTask != tt.cpus || r.ArrayTasks != tt.array || r.GRES != tt.gres {
			t.Errorf("%s: %s, %+v, want %d nodes of %d CPUs and %q, %d array tasks", tt.name, plan.Chosen.Strategy, r, tt.nodes, tt.cpus, tt.gres, tt.array)
		}
		if len(plan.Candidates) != 1 || len(plan.Rejections) != len(Names())-1 {
			t.Errorf("%s: %d candidates and %d rejections", tt.name, len(plan.Candidates), len(plan.Rejections))
		}
	}
}
