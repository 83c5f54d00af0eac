package strategies

import "fmt"

// rankMiB is what stands above each rank of an MPI program.
const rankMiB = 16

// ranks is how many processes an MPI item starts; 0 = it is no MPI program.
func (p *problem) ranks() int {
	if p.in.Each.Parallel != "mpi" {
		return 0
	}
	return p.cpus / p.rankCPUs()
}

func (p *problem) rankCPUs() int { return max(1, p.in.RankCPUs) }

// share is what one item asks of each of some nodes: the ranks are dealt out evenly, and so are memory and GPUs.
func (p *problem) share(nodes int) demand {
	ranks := p.ranks()
	here := (ranks + nodes - 1) / nodes
	d := demand{cpus: here * p.rankCPUs(), gpus: p.in.Each.GPUs / nodes, gpuType: p.in.Each.GPUType}
	if p.in.Each.MemoryMiB > 0 {
		d.memoryMiB = (p.in.Each.MemoryMiB*here+ranks-1)/ranks + here*rankMiB + workerMiB
	}
	return d
}

// spread decides over how many nodes of the pool one item goes: one, unless it is an MPI program that no node can
// hold, and then as few as can. A second node is dearer than a full first one.
func (p *problem) spread(o *pool) *Rejection {
	o.span = 1
	no := o.holds(p.in, p.demand(o, 1))
	ranks := p.ranks()
	if no == nil || ranks < 2 {
		return no
	}
	most := min(o.size, ranks)
	if positive(o.MaxNodes) && !o.overrides("PartitionMaxNodes") {
		most = min(most, *o.MaxNodes)
	}
	for n := 2; n <= most; n++ {
		if (ranks+n-1)/n*(n-1) >= ranks { // the last node would be empty
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
