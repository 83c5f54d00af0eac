package strategies

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"hpcsub/slurm"
)

// withGPUs is an input whose items use GPUs, on a cluster where two nodes have some.
func withGPUs(items, gpus int, kind string) Input {
	in := job(items, 10*time.Minute)
	in.Each.GPUs, in.Each.GPUType = gpus, kind
	in.Cluster.Nodes[2].GRES = []slurm.GRES{{Name: "gpu", Type: "v100", Count: 2}}
	return in
}

// TestNoMoreItemsThanGPUs: whatever runs side by side on a node or under a limit, there is a GPU for each.
func TestNoMoreItemsThanGPUs(t *testing.T) {
	tests := []struct {
		name   string
		kind   string
		gpus   int
		change func(*Input)
		most   int // items at once, over all nodes
		gres   string
	}{
		{"of any type, over two nodes", "", 1, func(*Input) {}, 6, "gpu:"},
		{"of one type", "a100", 1, func(*Input) {}, 4, "gpu:a100:"},
		{"two each", "a100", 2, func(*Input) {}, 2, "gpu:a100:"},
		{"two each, of any type", "", 2, func(*Input) {}, 3, "gpu:"},
		{"limits.gpus", "", 1, func(in *Input) { in.Limits.GPUs = 3 }, 3, "gpu:"},
		{"a QOS that caps GPUs", "", 1, func(in *Input) {
			in.Cluster.Limits.QOS[0].Use = slurm.Use{MaxTRES: map[string]int{"gres/gpu": 2}}
		}, 2, "gpu:"},
		{"a QOS that caps a type", "a100", 1, func(in *Input) {
			in.Cluster.Limits.QOS[0].Use = slurm.Use{MaxTRESPerJob: map[string]int{"gres/gpu:a100": 1}, MaxTRES: map[string]int{"gres/gpu:a100": 3}}
		}, 3, "gpu:a100:"},
		{"GPUs in use", "", 1, func(in *Input) {
			in.Cluster.Nodes[2].GRES[0].Used, in.Cluster.Nodes[3].GRES[0].Used = 2, 1
		}, 6, "gpu:"},
	}
	for _, tt := range tests {
		for _, strategy := range Names() {
			in := withGPUs(100, tt.gpus, tt.kind)
			tt.change(&in)
			in.Plan.Strategy, in.Function = strategy, ofFunctions(strategy)
			plan := Choose(in)
			if plan.Chosen == nil {
				t.Errorf("%s: %s: rejected: %v", tt.name, strategy, plan.Rejections)
				continue
			}
			c := plan.Chosen
			jobs := 1
			if c.Request.ArrayTasks > 0 {
				jobs = c.Request.ArrayTasks
				if c.Request.ArrayThrottle > 0 {
					jobs = c.Request.ArrayThrottle
				}
			}
			if strategy == "gnu-parallel" {
				jobs = c.Layout.Parts
			}
			// An array that nothing throttles is held by what Slurm finds free.
			if got := jobs * c.Layout.Slots; strategy != "array" && strategy != "packed" && got > tt.most {
				t.Errorf("%s: %s runs %d items at once, want at most %d", tt.name, strategy, got, tt.most)
			}
			if want := tt.gres + strconv.Itoa(c.Layout.Slots*tt.gpus); c.Request.GRES != want {
				t.Errorf("%s: %s asks for %q, want %q for %d slots", tt.name, strategy, c.Request.GRES, want, c.Layout.Slots)
			}
			if c.Estimate.GPUHours < 100*float64(tt.gpus)/6*0.99 {
				t.Errorf("%s: %s: got %v GPU-hours for 100 items of 10 min with %d each", tt.name, strategy, c.Estimate.GPUHours, tt.gpus)
			}
		}
	}
}

func TestGPURejections(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Input)
		want   string
	}{
		{"a partition without GPUs", func(in *Input) { in.Slurm.Partition = "short" },
			"an item needs 1 GPU; no node of partition short has that (no GPUs); partition long has at most gpu:a100:4 and gpu:v100:2 a node, partition gpu has at most gpu:a100:4 a node"},
		{"a type that is nowhere", func(in *Input) { in.Each.GPUType = "h100" }, "an item needs 1 GPU of type h100; no node of partition short has that"},
		{"more than a node has", func(in *Input) { in.Each.GPUs = 8; in.Slurm.Partition = "gpu" },
			"an item needs 8 GPUs; no node of partition gpu has that (at most gpu:a100:4 a node)"},
		{"limits.gpus", func(in *Input) { in.Each.GPUs, in.Limits.GPUs = 2, 1 }, "one Slurm job is given 2 GPUs; limits.gpus is 1 (you can raise it in job.toml)"},
		{"limits.gpu_hours", func(in *Input) { in.Limits.GPUHours = 1 }, "GPU-hours; limits.gpu_hours is 1.0 (you can raise it in job.toml)"},
		{"a QOS", func(in *Input) {
			in.Each.GPUs = 3
			in.Cluster.Limits.QOS[0].Use = slurm.Use{MaxTRESPerJob: map[string]int{"gres/gpu": 2}}
		}, "one Slurm job would ask for 3 GPUs; QOS normal's MaxTRESPerJob is gres/gpu=2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := withGPUs(100, 1, "")
			tt.change(&in)
			plan := Choose(in)
			if plan.Chosen != nil {
				t.Fatalf("%s was chosen on %s", plan.Chosen.Strategy, plan.Chosen.Request.Partition)
			}
			if got := plan.Rejections[0].Reason; !strings.Contains(got, tt.want) {
				t.Errorf("got  %q\nwant %q in it", got, tt.want)
			}
		})
	}
}
