package strategies

import (
	"testing"

	"hpcsub/slurm"
)

func TestFit(t *testing.T) {
	core := slurm.Scheduler{SelectType: "select/cons_tres", SelectParameters: []string{"CR_CORE_MEMORY"}}
	cpu := slurm.Scheduler{SelectType: "select/cons_tres", SelectParameters: []string{"CR_CPU"}}
	socket := slurm.Scheduler{SelectType: "select/cons_res", SelectParameters: []string{"CR_Socket"}}
	linear := slurm.Scheduler{SelectType: "select/linear", SelectParameters: []string{"CR_MEMORY"}}
	perCPU := slurm.Partition{DefMemPerCPUMiB: intp(1000)}
	c1, c3 := node("c1", 2, 4, 1, 16000), node("c3", 2, 8, 2, 64000)
	busy := c3
	busy.CPUsAllocated, busy.MemoryAllocatedMiB = 20, 20000
	coresAsCPUs := c3 // the site counts cores: CPUs=16 on a node with two threads a core
	coresAsCPUs.CPUs = 16
	c4 := node("c4", 2, 16, 1, 128000)
	c4.GRES = []slurm.GRES{{Name: "gpu", Type: "a100", Count: 4, Used: 1}, {Name: "gpu", Type: "v100", Count: 2}, {Name: "shard", Count: 8}}
	tests := []struct {
		name      string
		scheduler slurm.Scheduler
		partition slurm.Partition
		node      slurm.Node
		d         demand
		want      room
	}{
		{"one CPU", core, perCPU, c1, demand{cpus: 1}, room{all: 8, free: 8, cpus: 1, memoryMiB: 1000}},
		{"one CPU where a core has two threads", core, perCPU, c3, demand{cpus: 1}, room{all: 16, free: 16, cpus: 2, memoryMiB: 2000}},
		{"three CPUs are two cores", core, perCPU, c3, demand{cpus: 3}, room{all: 8, free: 8, cpus: 4, memoryMiB: 4000}},
		{"CR_CPU hands out threads", cpu, slurm.Partition{}, c3, demand{cpus: 1}, room{all: 32, free: 32, cpus: 1}},
		{"CR_Socket hands out sockets", socket, slurm.Partition{}, c3, demand{cpus: 1}, room{all: 2, free: 2, cpus: 16}},
		{"cores counted as CPUs", core, perCPU, coresAsCPUs, demand{cpus: 1}, room{all: 16, free: 16, cpus: 1, memoryMiB: 1000}},
		{"select/linear hands out nodes", linear, perCPU, c3, demand{cpus: 1}, room{all: 1, free: 1, cpus: 32, memoryMiB: 32000}},
		{"select/linear on a busy node", linear, perCPU, busy, demand{cpus: 1, memoryMiB: 100}, room{all: 1, free: 0, cpus: 32, memoryMiB: 100}},
		{"an exclusive partition", core, slurm.Partition{OverSubscribe: "EXCLUSIVE"}, c1, demand{cpus: 1, memoryMiB: 100}, room{all: 1, free: 1, cpus: 8, memoryMiB: 100}},
		{"a busy node", core, perCPU, busy, demand{cpus: 1}, room{all: 16, free: 6, cpus: 2, memoryMiB: 2000}},
		{"memory binds", core, perCPU, c1, demand{cpus: 1, memoryMiB: 3000}, room{all: 5, free: 5, cpus: 1, memoryMiB: 3000}},
		{"free memory binds", core, perCPU, busy, demand{cpus: 2, memoryMiB: 30000}, room{all: 2, free: 1, cpus: 2, memoryMiB: 30000}},
		{"memory that is not tracked does not", cpu, slurm.Partition{}, c1, demand{cpus: 1, memoryMiB: 3000}, room{all: 8, free: 8, cpus: 1, memoryMiB: 3000}},
		{"the site's default memory", slurm.Scheduler{SelectType: "select/cons_tres", SelectParameters: core.SelectParameters, DefMemPerNodeMiB: 5000},
			slurm.Partition{}, c1, demand{cpus: 1}, room{all: 3, free: 3, cpus: 1, memoryMiB: 5000}},
		{"no default memory: one job takes all", core, slurm.Partition{}, c1, demand{cpus: 1}, room{all: 1, free: 1, cpus: 1, memoryMiB: 16000}},
		{"MaxCPUsPerNode", core, slurm.Partition{DefMemPerCPUMiB: intp(1000), MaxCPUsPerNode: intp(6)}, c3, demand{cpus: 2}, room{all: 3, free: 3, cpus: 2, memoryMiB: 2000}},
		{"MaxCPUsPerSocket", core, slurm.Partition{DefMemPerCPUMiB: intp(1000), MaxCPUsPerSocket: intp(4)}, c3, demand{cpus: 2}, room{all: 4, free: 4, cpus: 2, memoryMiB: 2000}},
		{"MaxMemPerCPU adds CPUs", core, slurm.Partition{MaxMemPerCPUMiB: intp(2000)}, c1, demand{cpus: 1, memoryMiB: 5000}, room{all: 2, free: 2, cpus: 3, memoryMiB: 5000}},
		{"MaxMemPerNode", core, slurm.Partition{MaxMemPerNodeMiB: intp(4000)}, c1, demand{cpus: 1, memoryMiB: 5000}, room{all: 0, free: 0, cpus: 1, memoryMiB: 5000}},
		{"too many CPUs", core, perCPU, c1, demand{cpus: 9}, room{all: 0, free: 0, cpus: 9, memoryMiB: 9000}},
		{"too much memory", core, perCPU, c1, demand{cpus: 1, memoryMiB: 16001}, room{all: 0, free: 0, cpus: 1, memoryMiB: 16001}},
		{"a node for one user", core, slurm.Partition{ExclusiveUser: true, DefMemPerCPUMiB: intp(1000)}, busy, demand{cpus: 1}, room{all: 16, free: 0, cpus: 2, memoryMiB: 2000}},
		{"GPUs bind", core, perCPU, c4, demand{cpus: 2, gpus: 1, gpuType: "a100"}, room{all: 4, free: 3, cpus: 2, memoryMiB: 2000, gpus: 1}},
		{"two GPUs each", core, perCPU, c4, demand{cpus: 2, gpus: 2, gpuType: "a100"}, room{all: 2, free: 1, cpus: 2, memoryMiB: 2000, gpus: 2}},
		{"GPUs of any type", core, perCPU, c4, demand{cpus: 1, gpus: 1}, room{all: 6, free: 5, cpus: 1, memoryMiB: 1000, gpus: 1}},
		{"CPUs bind before GPUs", core, perCPU, c4, demand{cpus: 16, gpus: 1}, room{all: 2, free: 2, cpus: 16, memoryMiB: 16000, gpus: 1}},
		{"more GPUs than there are", core, perCPU, c4, demand{cpus: 1, gpus: 3, gpuType: "v100"}, room{cpus: 1, memoryMiB: 1000, gpus: 3}},
		{"GPUs of a type that is not there", core, perCPU, c4, demand{cpus: 1, gpus: 1, gpuType: "h100"}, room{cpus: 1, memoryMiB: 1000, gpus: 1}},
		{"no GPUs at all", core, perCPU, c1, demand{cpus: 1, gpus: 1}, room{cpus: 1, memoryMiB: 1000, gpus: 1}},
		{"a node of one's own comes with all of its GPUs", core, slurm.Partition{OverSubscribe: "EXCLUSIVE"}, c4, demand{cpus: 1, memoryMiB: 100, gpus: 1},
			room{all: 1, free: 1, cpus: 32, memoryMiB: 100, gpus: 6}},
		{"no Slurm, no default memory", slurm.Scheduler{}, slurm.Partition{}, c3, demand{cpus: 1}, room{all: 32, free: 32, cpus: 1}},
		{"no Slurm, memory asked for", slurm.Scheduler{}, slurm.Partition{}, c1, demand{cpus: 1, memoryMiB: 5000}, room{all: 3, free: 3, cpus: 1, memoryMiB: 5000}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fit(tt.scheduler, tt.partition, tt.node, tt.d); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// TestFitNeverOverfills: what fits at once is never more than the node has, and never more free than in all.
func TestFitNeverOverfills(t *testing.T) {
	s := slurm.Scheduler{SelectType: "select/cons_tres", SelectParameters: []string{"CR_CORE_MEMORY"}}
	for threads := 1; threads <= 4; threads *= 2 {
		n := node("n", 2, 6, threads, 10000)
		for n.CPUsAllocated = 0; n.CPUsAllocated <= n.CPUs; n.CPUsAllocated += threads {
			n.MemoryAllocatedMiB = 100 * n.CPUsAllocated
			for cpus := 1; cpus <= n.CPUs; cpus++ {
				for _, memory := range []int{0, 1, 777, 9999} {
					r := fit(s, slurm.Partition{DefMemPerCPUMiB: intp(50)}, n, demand{cpus: cpus, memoryMiB: memory})
					if r.free > r.all || r.all*r.cpus > n.CPUs || r.all*r.memoryMiB > n.MemoryMiB || r.free*r.cpus > n.FreeCPUs() || r.cpus < cpus {
						t.Fatalf("%d CPUs, %d MiB on a node with %d CPUs allocated: %+v", cpus, memory, n.CPUsAllocated, r)
					}
				}
			}
		}
	}
}
