//go:build integration

package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// gpuItem writes down where it ran, with which GPUs, from when to when.
const gpuItem = `#!/bin/bash
start=$(date +%s.%N)
sleep "0.$((3 + $1 % 4))"
echo "$SLURMD_NODENAME $CUDA_VISIBLE_DEVICES $start $(date +%s.%N)" >> seen.txt
`

// onGPU is one line of what gpuItem wrote.
type onGPU struct {
	node       string
	gpus       []string
	start, end float64
}

func (j *job) onGPUs(t *testing.T) []onGPU {
	t.Helper()
	var all []onGPU
	for line := range strings.Lines(j.shell(t, "cat seen.txt")) {
		var u onGPU
		var gpus string
		if _, err := fmt.Sscan(line, &u.node, &gpus, &u.start, &u.end); err != nil {
			t.Fatalf("an item saw no GPU: %q: %v", line, err)
		}
		u.gpus = strings.Split(gpus, ",")
		all = append(all, u)
	}
	return all
}

// noneShared checks that no two items that ran at once on a node had the same GPU, and returns the most that ran
// at once and the nodes.
func noneShared(t *testing.T, all []onGPU, each int) (most int, nodes []string) {
	t.Helper()
	for i, a := range all {
		if len(a.gpus) != each {
			t.Errorf("an item had the GPUs %q of %s, want %d", a.gpus, a.node, each)
		}
		if !slices.Contains(nodes, a.node) {
			nodes = append(nodes, a.node)
		}
		together := 0
		for k, b := range all {
			if b.start <= a.start && a.start < b.end {
				together++
				if i != k && a.node == b.node && slices.ContainsFunc(a.gpus, func(g string) bool { return slices.Contains(b.gpus, g) }) {
					t.Errorf("two items had a GPU of %s at once: %+v and %+v", a.node, a, b)
				}
			}
		}
		most = max(most, together)
	}
	slices.Sort(nodes)
	return most, nodes
}

// TestGPUs: each item has GPUs of its own in every strategy, on one node and over two.
func TestGPUs(t *testing.T) {
	tests := []struct {
		strategy, each, slurm string
		gpus, most            int
		nodes                 string
	}{
		{"single", "gpus = 1", "gpu", 1, 1, "c4"},
		{"single", "gpus = \"a100:2\"", "long", 2, 1, "c4"},
		{"array", "gpus = 1", "gpu", 1, 4, "c4"},
		{"packed", "gpus = 1", "gpu", 1, 4, "c4"},
		{"gnu-parallel", "gpus = 1", "gpu", 1, 4, "c4"},
		{"packed", "gpus = \"v100:2\"", "long", 2, 1, "c3"},
		// so many CPUs each that the items of one node do not fill its GPUs, and two nodes are used
		{"array", "gpus = 1\ncpus = 16", "long", 1, 4, "c3 c4"},
		{"packed", "gpus = 1\ncpus = 16", "long", 1, 4, "c3 c4"},
		{"gnu-parallel", "gpus = 1\ncpus = 16", "long", 1, 4, "c3 c4"},
	}
	for _, tt := range tests {
		name := tt.strategy + " with " + strings.NewReplacer("\n", ", ", `"`, "").Replace(tt.each)
		t.Run(name, func(t *testing.T) {
			j := newJob(t, Default, fmt.Sprintf("command = \"bash item.sh {n}\"\n[sweep]\nn = { from = 1, to = 12 }\n[each]\ntime = \"1s\"\nmemory = \"50MiB\"\n%s\n"+
				"[plan]\nstrategy = %q\n[slurm]\npartition = %q\n", tt.each, tt.strategy, tt.slurm), map[string]string{"item.sh": gpuItem})
			j.expect(t, 0, "submit --wait")
			all := j.onGPUs(t)
			if len(all) != 12 {
				t.Errorf("%d items ran, want 12", len(all))
			}
			most, nodes := noneShared(t, all, tt.gpus)
			if got := strings.Join(nodes, " "); got != tt.nodes {
				t.Errorf("ran on %s, want %s", got, tt.nodes)
			}
			if most > tt.most || most < min(2, tt.most) {
				t.Errorf("%d items ran at once, want up to %d", most, tt.most)
			}
		})
	}
}

// TestGPULimits: what no partition has, and what a QOS caps.
func TestGPULimits(t *testing.T) {
	const toml = "command = \"bash item.sh {n}\"\n[sweep]\nn = { from = 1, to = 6 }\n[each]\ntime = \"1s\"\nmemory = \"50MiB\"\n"
	j := newJob(t, Default, toml+"gpus = \"h100:1\"\n", map[string]string{"item.sh": gpuItem})
	plan := func() string { return strings.Join(strings.Fields(j.expect(t, 3, "plan").Stdout), " ") }
	if got := plan(); !strings.Contains(got, "no node of partition short has that (no GPUs); partition long has at most gpu:a100:4 and gpu:v100:2 a node") {
		t.Errorf("plan says %s", got)
	}
	j.lab.Put(t, File{Path: j.folder + "/job.toml", Content: toml + "gpus = \"a100:3\"\n[slurm]\nqos = \"gpuq\"\n"})
	if got := plan(); !strings.Contains(got, "one Slurm job would ask for 3 GPUs; QOS gpuq's MaxTRESPerUser is gres/gpu=2") {
		t.Errorf("plan says %s", got)
	}
	j.lab.Put(t, File{Path: j.folder + "/job.toml", Content: toml + "gpus = 1\n[slurm]\nqos = \"gpuq\"\n"})
	j.expect(t, 0, "submit --wait")
	if most, _ := noneShared(t, j.onGPUs(t), 1); most > 2 {
		t.Errorf("%d items ran at once, and the QOS allows 2 GPUs", most)
	}
}
