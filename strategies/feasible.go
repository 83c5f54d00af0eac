package strategies

import (
	"fmt"
	"slices"
	"strings"

	"hpcsub/slurm"
)

// foreignArch: a script that starts on such a node cannot start the worker.
func foreignArch(in Input, p slurm.Partition, n slurm.Node) *Rejection {
	return &Rejection{Reason: fmt.Sprintf("node %s of partition %s is %s, and this hpcsub is built for %s; [slurm] constraint "+
		"can leave such nodes out", n.Name, p.Name, n.Arch, in.Arch)}
}

// noNode says that a partition has nothing to offer now.
func noNode(in Input, p slurm.Partition) *Rejection {
	text := "no node of partition " + p.Name + " takes jobs now"
	if in.Slurm.Constraint != "" {
		text += fmt.Sprintf(" and has the features of [slurm] constraint, %q", in.Slurm.Constraint)
	}
	if in.Slurm.Reservation != "" {
		text += fmt.Sprintf(" and is in reservation %q", in.Slurm.Reservation)
	}
	return &Rejection{Reason: text + "; hpcsub cluster shows their states"}
}

func accounts(in Input) []string {
	var names []string
	for _, a := range in.Cluster.Limits.Associations {
		if !slices.Contains(names, a.Account) {
			names = append(names, a.Account)
		}
	}
	return names
}

// unknownPartition says which partitions there are.
func unknownPartition(in Input) *Rejection {
	var names []string
	for _, p := range in.Cluster.Partitions {
		names = append(names, p.Name)
	}
	are := "are"
	if len(names) == 1 {
		are = "is"
	}
	return &Rejection{Reason: fmt.Sprintf("there is no partition %q; there %s %s", in.Slurm.Partition, are, strings.Join(names, ", "))}
}

// holds checks that one job of a demand could ever run on a node of the pool.
func (o *pool) holds(in Input, d demand) *Rejection {
	var no *Rejection
	for _, g := range o.groups {
		r := o.fit(g, d)
		if r.all == 0 {
			continue
		}
		if no = o.perJob(in, r.ask(d)); no == nil {
			return nil
		}
	}
	if no != nil {
		return no
	}
	return o.tooLarge(d, in)
}

// MostMemory is the most memory, in MiB, that one item of the job can have on a node that it may use; 0 where
// none is known.
func MostMemory(in Input) int {
	in.Each.MemoryMiB = 1
	p, no := newProblem(in)
	if no != nil {
		return 0
	}
	most := 0
	for _, o := range p.pools {
		for _, g := range o.groups {
			p.in.Each.MemoryMiB = g.MemoryMiB - workerMiB
			if p.in.Each.MemoryMiB > most && o.holds(p.in, p.demand(o, 1)) == nil {
				most = p.in.Each.MemoryMiB
			}
		}
	}
	return most
}

// tooLarge names what an item needs and the most that the partition has.
func (o *pool) tooLarge(d demand, in Input) *Rejection {
	cpus, memory, gpus := 0, 0, 0
	for _, g := range o.groups {
		all, _ := gpusOf(g.Node, d.gpuType)
		cpus, memory, gpus = max(cpus, g.CPUs), max(memory, g.MemoryMiB), max(gpus, all)
	}
	if d.gpus > gpus {
		return o.tooFewGPUs(d, in)
	}
	if positive(o.MaxCPUsPerNode) && *o.MaxCPUsPerNode < cpus {
		l := limit{name: "partition " + o.Name + "'s MaxCPUsPerNode", n: *o.MaxCPUsPerNode, raise: theAdmin}
		if d.cpus > l.n {
			return l.refuse("an item needs " + counted(d.cpus, "CPU"))
		}
	}
	if positive(o.MaxCPUsPerSocket) {
		l := limit{name: "partition " + o.Name + "'s MaxCPUsPerSocket", n: *o.MaxCPUsPerSocket, raise: theAdmin}
		if sockets := o.mostSockets(); d.cpus > l.n*sockets && d.cpus <= cpus {
			return l.refuse("an item needs " + counted(d.cpus, "CPU") + ", and no node has more than " + counted(sockets, "socket"))
		}
	}
	if positive(o.MaxMemPerNodeMiB) && d.memoryMiB > *o.MaxMemPerNodeMiB {
		l := limit{name: "partition " + o.Name + "'s MaxMemPerNode", value: mib(*o.MaxMemPerNodeMiB), raise: theAdmin}
		return l.refuse("an item and its worker need " + mib(d.memoryMiB))
	}
	needs := "an item needs " + counted(d.cpus, "CPU")
	if d.memoryMiB > 0 {
		needs += " and " + mib(d.memoryMiB) + " with its worker"
	}
	if d.gpus > 0 {
		needs += ", beside " + countGPUs(d.gpus, d.gpuType)
	}
	return &Rejection{Reason: fmt.Sprintf("%s; no node of partition %s has that (at most %s, %s)%s", needs, o.Name,
		counted(cpus, "CPU"), mib(memory), o.largerElsewhere(in, cpus, memory))}
}

func (o *pool) mostSockets() int {
	most := 1
	for _, g := range o.groups {
		most = max(most, g.Sockets)
	}
	return most
}

// largerElsewhere names other partitions whose nodes are larger, three at most.
func (o *pool) largerElsewhere(in Input, cpus, memory int) string {
	var others []string
	for _, p := range in.Cluster.Partitions {
		if p.Name == o.Name || !p.Usable || len(others) == 3 {
			continue
		}
		mostCPUs, mostMemory := 0, 0
		for n := range in.Cluster.In(p.Name) {
			if n.Up() {
				mostCPUs, mostMemory = max(mostCPUs, n.CPUs), max(mostMemory, n.MemoryMiB)
			}
		}
		if mostCPUs > cpus || mostMemory > memory {
			others = append(others, fmt.Sprintf("partition %s has at most %s, %s", p.Name, counted(mostCPUs, "CPU"), mib(mostMemory)))
		}
	}
	if len(others) == 0 {
		return ""
	}
	return "; " + strings.Join(others, "; ")
}
