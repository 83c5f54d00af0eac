package strategies

import "fmt"

// rankMiB is what stands above each rank of an MPI program.
const rankMiB = 16

// clusterMiB is what Dask needs on a node beside what its workers may hold: a scheduler, and a nanny.
const clusterMiB = 512

// ranks is how many processes an MPI item starts; 0 = it is no MPI program.
func (p *problem) ranks() int {
	if p.in.Each.Parallel != "mpi" {
		return 0
	}
	return p.cpus / p.rankCPUs()
}

func (p *problem) rankCPUs() int {
	if p.clusters() {
		return 1
	}
	return max(1, p.in.RankCPUs)
}

// pieces is into how many equal pieces one item can be taken apart over nodes: the ranks of an MPI program, the CPUs of
// one with a cluster of Dask; 0 = it stays on one node.
func (p *problem) pieces() int {
	if p.clusters() {
		return p.cpus
	}
	return p.ranks()
}

// share is what one item asks of each of some nodes: its pieces are dealt out evenly, and so are memory and GPUs.
func (p *problem) share(nodes int) demand {
	pieces := p.pieces()
	here := (pieces + nodes - 1) / nodes
	d := demand{cpus: here * p.rankCPUs(), gpus: p.in.Each.GPUs / nodes, gpuType: p.in.Each.GPUType}
	if p.in.Each.MemoryMiB > 0 {
		d.memoryMiB = (p.in.Each.MemoryMiB*here+pieces-1)/pieces + p.above(here) + workerMiB
	}
	return d
}

// above is the memory of what stands above so many pieces on a node.
func (p *problem) above(pieces int) int {
	if p.clusters() {
		return clusterMiB
	}
	return pieces * rankMiB
}

// spread decides over how many nodes of the pool one item goes: one, unless it can be taken apart and no node can
// hold it, and then as few as can. A second node is dearer than a full first one.
func (p *problem) spread(o *pool) *Rejection {
	o.span = 1
	no := o.holds(p.in, p.demand(o, 1))
	pieces := p.pieces()
	if no == nil || pieces < 2 {
		return no
	}
	most := min(o.size, pieces)
	if positive(o.MaxNodes) && !o.overrides("PartitionMaxNodes") {
		most = min(most, *o.MaxNodes)
	}
	for n := 2; n <= most; n++ {
		if (pieces+n-1)/n*(n-1) >= pieces { // the last node would be empty
			continue
		}
		if d := p.share(n); p.in.Each.GPUs%n == 0 && o.nodesFor(d) >= n {
			if p.in.Limits.Nodes > 0 && n > p.in.Limits.Nodes {
				l := limit{n: p.in.Limits.Nodes}
				l.name, l.raise = ownLimit(p.in, "nodes")
				return l.refuse("an item needs " + counted(n, "node"))
			}
			o.span = n
			return o.perJob(p.in, o.topRoom(d).ask(d).times(n))
		}
	}
	return &Rejection{Reason: fmt.Sprintf("an item needs %s, and partition %s has not that many on nodes that can share it evenly: %s",
		counted(p.cpus, "CPU"), o.Name, no.Reason)}
}

// nodesFor is how many nodes could take a share.
func (o *pool) nodesFor(d demand) int {
	n := 0
	for _, g := range o.groups {
		if o.fit(g, d).all > 0 {
			n += g.count
		}
	}
	return n
}

// topRoom is the most that is allocated for a share on any node.
func (o *pool) topRoom(d demand) room {
	var top room
	for _, g := range o.groups {
		if r := o.fit(g, d); r.all > 0 {
			top.cpus, top.memoryMiB, top.gpus = max(top.cpus, r.cpus), max(top.memoryMiB, r.memoryMiB), max(top.gpus, r.gpus)
		}
	}
	return top
}

// withSteps adds what the ranks of MPI items cost: a step an item, and one before the first that looks whether ranks
// find each other.
func (p *problem) withSteps(o overhead, c Costs) overhead {
	if p.ranks() > 0 {
		o.begin += c.MPIStart
		o.item += c.MPIStart
	}
	return o
}

// aloneBecause says why items of the job cannot run side by side in one allocation; "" = they can. Each MPI item is a step of
// its own, and a step that names neither its memory nor its GPUs takes all of the job's.
func (p *problem) aloneBecause(o *pool) string {
	switch {
	case p.ranks() == 0:
		return ""
	case o.span > 1:
		return "an item goes over " + counted(o.span, "node")
	case p.in.Each.MemoryMiB == 0:
		return "steps side by side must say what memory each takes; write each.memory"
	case p.in.Each.GPUs > 0:
		return "MPI programs with GPUs run alone in their allocation"
	}
	return ""
}
