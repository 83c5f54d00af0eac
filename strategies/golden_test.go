package strategies

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hpcsub/slurm"
)

var update = flag.Bool("update", false, "rewrite the golden plans in testdata")

// goldenInputs are jobs and clusters whose plans are kept and reviewed.
func goldenInputs() map[string]Input {
	all := map[string]Input{
		"one-item":         job(1, 42*time.Second),
		"few-long":         job(7, 10*time.Minute),
		"short-300":        job(300, time.Second),
		"long-1000":        job(1000, time.Minute),
		"million":          job(1000000, 2*time.Second),
		"nothing-known":    job(1000, 0),
		"tiny-20000":       job(20000, 10*time.Millisecond),
		"too-long-for-all": job(10, 100*time.Hour),
	}
	add := func(name string, in Input, change func(*Input)) {
		change(&in)
		all[name] = in
	}
	add("heavy-tail", job(640, 0), func(in *Input) { in.Sample = heavy })
	add("cost", job(100, time.Minute), func(in *Input) { in.Plan.Minimize = "cost" })
	add("memory-bound", job(200, 30*time.Second), func(in *Input) { in.Each.MemoryMiB = 6000 })
	add("threads", job(50, 2*time.Minute), func(in *Input) { in.Each.CPUs, in.Each.Parallel = 4, "threads" })
	add("limits", job(500, time.Minute), func(in *Input) { in.Limits.CPUs, in.Limits.Nodes = 20, 2 })
	add("busy", job(100, 5*time.Minute), func(in *Input) { occupy(in.Cluster, 8, 5, 30, 29) })
	add("full", job(100, 5*time.Minute), func(in *Input) { occupy(in.Cluster, 8, 8, 32, 32) })
	add("backfill-hole", job(200, time.Minute), func(in *Input) {
		in.Cluster.Queue = []slurm.Queued{{Start: labTime.Add(10 * time.Minute), Nodes: []string{"c1", "c2", "c3", "c4"}}}
	})
	add("qos-cap", job(300, 20*time.Second), func(in *Input) {
		in.Cluster.Limits.QOS[0].Use = slurm.Use{MaxTRES: map[string]int{"cpu": 12}, MaxSubmitJobs: intp(50)}
	})
	add("array-split", job(25000, 5*time.Minute), func(in *Input) { in.Plan.Strategy = "array"; in.Cluster.Limits.MaxJobCount = nil })
	add("whole-node-site", job(500, 10*time.Second), func(in *Input) { in.Cluster.Scheduler.SelectType = "select/linear" })
	add("forced-short", job(5000, 20*time.Second), func(in *Input) { in.Slurm.Partition = "short" })
	add("calls", job(300, time.Second), func(in *Input) { in.Function, in.Program = true, "primes.is_prime" })
	add("dask-programs", job(10, 10*time.Minute), func(in *Input) {
		in.Each.CPUs, in.Each.MemoryMiB, in.Each.Parallel, in.RankCPUs = 16, 8192, "dask", 4
	})
	add("dask-over-nodes", job(1, 10*time.Minute), func(in *Input) { in.Each.CPUs, in.Each.Parallel, in.Slurm.Partition = 12, "dask", "short" })
	add("gpus", job(40, 10*time.Minute), func(in *Input) { in.Each.GPUs = 1 })
	add("gpus-of-a-type", job(7, time.Hour), func(in *Input) { in.Each.CPUs, in.Each.GPUs, in.Each.GPUType = 8, 2, "a100" })
	add("gpus-not-there", job(7, time.Hour), func(in *Input) { in.Each.GPUs, in.Each.GPUType = 1, "h100" })
	return all
}

func TestGoldenPlans(t *testing.T) {
	for name, in := range goldenInputs() {
		got, err := json.MarshalIndent(Choose(in), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, '\n')
		path := filepath.Join("testdata", name+".json")
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s changed (make golden rewrites it)", path)
		}
	}
	kept, _ := filepath.Glob("testdata/*.json")
	if len(kept) != len(goldenInputs()) {
		t.Errorf("%d golden plans are kept, %d are made", len(kept), len(goldenInputs()))
	}
}
