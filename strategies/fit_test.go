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
	tests := []struct {
		name      string
		scheduler slurm.Scheduler
		partition slurm.Partition
		node      slurm.Node
		d         demand
		want      room
	}{
		{"one CPU", core, perCPU, c1, demand{1, 0}, room{8, 8, 1, 1000}},
		{"one CPU where a core has two threads", core, perCPU, c3, demand{1, 0}, room{16, 16, 2, 2000}},
		{"three CPUs are two cores", core, perCPU, c3, demand{3, 0}, room{8, 8, 4, 4000}},
		{"CR_CPU hands out threads", cpu, slurm.Partition{}, c3, demand{1, 0}, room{32, 32, 1, 0}},
		{"CR_Socket hands out sockets", socket, slurm.Partition{}, c3, demand{1, 0}, room{2, 2, 16, 0}},
		{"cores counted as CPUs", core, perCPU, coresAsCPUs, demand{1, 0}, room{16, 16, 1, 1000}},
		{"select/linear hands out nodes", linear, perCPU, c3, demand{1, 0}, room{1, 1, 32, 32000}},
		{"select/linear on a busy node", linear, perCPU, busy, demand{1, 100}, room{1, 0, 32, 100}},
		{"an exclusive partition", core, slurm.Partition{OverSubscribe: "EXCLUSIVE"}, c1, demand{1, 100}, room{1, 1, 8, 100}},
		{"a busy node", core, perCPU, busy, demand{1, 0}, room{16, 6, 2, 2000}},
		{"memory binds", core, perCPU, c1, demand{1, 3000}, room{5, 5, 1, 3000}},
		{"free memory binds", core, perCPU, busy, demand{2, 30000}, room{2, 1, 2, 30000}},
		{"memory that is not tracked does not", cpu, slurm.Partition{}, c1, demand{1, 3000}, room{8, 8, 1, 3000}},
		{"the site's default memory", slurm.Scheduler{SelectType: "select/cons_tres", SelectParameters: core.SelectParameters, DefMemPerNodeMiB: 5000},
			slurm.Partition{}, c1, demand{1, 0}, room{3, 3, 1, 5000}},
		{"no default memory: one job takes all", core, slurm.Partition{}, c1, demand{1, 0}, room{1, 1, 1, 16000}},
		{"MaxCPUsPerNode", core, slurm.Partition{DefMemPerCPUMiB: intp(1000), MaxCPUsPerNode: intp(6)}, c3, demand{2, 0}, room{3, 3, 2, 2000}},
		{"MaxMemPerCPU adds CPUs", core, slurm.Partition{MaxMemPerCPUMiB: intp(2000)}, c1, demand{1, 5000}, room{2, 2, 3, 5000}},
		{"MaxMemPerNode", core, slurm.Partition{MaxMemPerNodeMiB: intp(4000)}, c1, demand{1, 5000}, room{0, 0, 1, 5000}},
		{"too many CPUs", core, perCPU, c1, demand{9, 0}, room{0, 0, 9, 9000}},
		{"too much memory", core, perCPU, c1, demand{1, 16001}, room{0, 0, 1, 16001}},
		{"a node for one user", core, slurm.Partition{ExclusiveUser: true, DefMemPerCPUMiB: intp(1000)}, busy, demand{1, 0}, room{16, 0, 2, 2000}},
		{"no Slurm, no default memory", slurm.Scheduler{}, slurm.Partition{}, c3, demand{1, 0}, room{32, 32, 1, 0}},
		{"no Slurm, memory asked for", slurm.Scheduler{}, slurm.Partition{}, c1, demand{1, 5000}, room{3, 3, 1, 5000}},
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
					r := fit(s, slurm.Partition{DefMemPerCPUMiB: intp(50)}, n, demand{cpus, memory})
					if r.free > r.all || r.all*r.cpus > n.CPUs || r.all*r.memoryMiB > n.MemoryMiB || r.free*r.cpus > n.FreeCPUs() || r.cpus < cpus {
						t.Fatalf("%d CPUs, %d MiB on a node with %d CPUs allocated: %+v", cpus, memory, n.CPUsAllocated, r)
					}
				}
			}
		}
	}
}
