package strategies

import (
	"slices"
	"strings"

	"hpcsub/slurm"
)

// demand is what one Slurm job asks of one node.
type demand struct {
	cpus      int
	memoryMiB int // 0 = nothing is asked, Slurm's default counts
	gpus      int
	gpuType   string // "" = any
}

// room is how many jobs of one demand a node holds, and what Slurm allocates for each.
type room struct {
	all       int // were the node empty
	free      int // now
	cpus      int // allocated: whole cores, or the whole node, where the site says so
	memoryMiB int
	gpus      int // allocated: all of the node's, where jobs have nodes of their own
}

// fit is how many jobs of a demand a node of a partition holds. It is the only place that knows how Slurm's
// select plugins count: SelectType and its parameters, OverSubscribe, threads per core, default and
// maximum memory (slurm.conf(5)), and its GPUs.
func fit(s slurm.Scheduler, p slurm.Partition, n slurm.Node, d demand) room {
	r := room{cpus: roundUp(d.cpus, grain(s, n)), gpus: d.gpus}
	gpus, freeGPUs := gpusOf(n, d.gpuType)
	if wholeNodes(s, p) {
		r.cpus = n.CPUs
		r.gpus, _ = gpusOf(n, "")
	}
	tracked := tracksMemory(s)
	r.memoryMiB = memoryOf(s, p, n, d, r.cpus, tracked)
	if most := maxMemPerCPU(p); most > 0 && d.memoryMiB > most*r.cpus { // Slurm adds CPUs for their memory
		r.cpus = roundUp((d.memoryMiB+most-1)/most, grain(s, n))
	}
	usable := n.CPUs
	if p.MaxCPUsPerNode != nil && !wholeNodes(s, p) {
		usable = min(usable, *p.MaxCPUsPerNode)
	}
	if positive(p.MaxCPUsPerSocket) && !wholeNodes(s, p) {
		usable = min(usable, *p.MaxCPUsPerSocket*max(1, n.Sockets))
	}
	if d.cpus > n.CPUs || r.cpus > usable || d.memoryMiB > n.MemoryMiB || d.gpus > gpus {
		return r
	}
	if p.MaxMemPerNodeMiB != nil && *p.MaxMemPerNodeMiB > 0 && d.memoryMiB > *p.MaxMemPerNodeMiB {
		return r
	}
	r.all, r.free = usable/r.cpus, min(usable, n.FreeCPUs())/r.cpus
	if tracked && r.memoryMiB > 0 {
		r.all = min(r.all, n.MemoryMiB/r.memoryMiB)
		r.free = min(r.free, n.FreeMemoryMiB()/r.memoryMiB)
	}
	if d.gpus > 0 {
		r.all, r.free = min(r.all, gpus/d.gpus), min(r.free, freeGPUs/d.gpus)
	}
	if wholeNodes(s, p) || p.ExclusiveUser {
		if n.CPUsAllocated > 0 {
			r.free = 0
		}
	}
	return r
}

// grain is the least number of CPUs that Slurm hands out on a node: a thread, a core, or a socket.
func grain(s slurm.Scheduler, n slurm.Node) int {
	if s.SelectType == "" { // no Slurm
		return 1
	}
	cores := max(1, n.Cores())
	threads := max(1, n.CPUs/cores) // 1 where the site counts cores as CPUs
	for _, p := range s.SelectParameters {
		switch p = strings.ToUpper(p); {
		case p == "CR_CPU", p == "CR_CPU_MEMORY":
			return 1
		case p == "CR_SOCKET", p == "CR_SOCKET_MEMORY":
			return threads * max(1, n.CoresPerSocket)
		}
	}
	return threads // CR_Core, also the default of select/cons_tres
}

// wholeNodes says that every job gets nodes of its own.
func wholeNodes(s slurm.Scheduler, p slurm.Partition) bool {
	return s.SelectType == "select/linear" || strings.HasPrefix(strings.ToUpper(p.OverSubscribe), "EXCLUSIVE")
}

// tracksMemory says whether Slurm counts memory as it counts CPUs.
func tracksMemory(s slurm.Scheduler) bool {
	return s.SelectType == "" || slices.ContainsFunc(s.SelectParameters, func(p string) bool {
		return strings.HasSuffix(strings.ToUpper(p), "MEMORY")
	})
}

// memoryOf is the memory that Slurm takes from the node for a job: what it asks for, the partition's or the
// site's default, and where there is no default, all of it: then one job fills the node.
func memoryOf(s slurm.Scheduler, p slurm.Partition, n slurm.Node, d demand, cpus int, tracked bool) int {
	if d.memoryMiB > 0 || !tracked || s.SelectType == "" {
		return d.memoryMiB
	}
	switch {
	case positive(p.DefMemPerCPUMiB):
		return *p.DefMemPerCPUMiB * cpus
	case positive(p.DefMemPerNodeMiB):
		return *p.DefMemPerNodeMiB
	case s.DefMemPerCPUMiB > 0:
		return s.DefMemPerCPUMiB * cpus
	case s.DefMemPerNodeMiB > 0:
		return s.DefMemPerNodeMiB
	}
	return n.MemoryMiB
}

func maxMemPerCPU(p slurm.Partition) int {
	if positive(p.MaxMemPerCPUMiB) {
		return *p.MaxMemPerCPUMiB
	}
	return 0
}

func positive(v *int) bool { return v != nil && *v > 0 }

func roundUp(n, grain int) int { return (n + grain - 1) / grain * grain }
