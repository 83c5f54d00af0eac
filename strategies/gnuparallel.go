package strategies

import "slices"

// gnuParallel is GNU Parallel in one allocation, and over nodes one step a node, each with a share of
// the items: for items of a minute or more on whole nodes, with the tool that users and sites know.
func gnuParallel() strategy {
	return strategy{name: "gnu-parallel", work: commands, template: "gnu-parallel", costs: parallelCosts, propose: proposeParallel}
}

func parallelCosts(c Costs) overhead {
	return overhead{begin: c.WorkerStart + c.ParallelStart, item: c.ParallelItem, end: c.Stop}
}

func proposeParallel(p *problem, o *pool) ([]shape, []Rejection) {
	path, asked := p.in.Tools["parallel"]
	switch {
	case !asked || path != "":
	case p.in.Local:
		return nil, []Rejection{{Reason: "GNU Parallel is not on this machine; install the package parallel"}}
	case p.in.ToolsOf != "":
		return nil, []Rejection{{Reason: "GNU Parallel is not on node " + p.in.ToolsOf + ", as a trial found; name its module: modules = [\"parallel\"] in [environment]"}}
	}
	if p.ranks() > 0 {
		return nil, []Rejection{{Reason: "GNU Parallel starts programs of one process; single, array and packed start the ranks of an MPI program"}}
	}
	var shapes []shape
	for _, now := range []bool{false, true} {
		slots := p.slotsOfNodes(o, now) // most first
		if len(slots) == 0 {
			continue
		}
		one := p.parallelShape(o, slots[0], 1)
		one.whole = !now && p.in.Items >= slots[0]
		shapes = append(shapes, one)
		if p.in.Items <= slots[0] {
			continue // one node is not full yet, so a second would be idle
		}
		for _, k := range nodeCounts(min(len(slots), p.mostNodes(o))) {
			if wide := min(slots[k-1], p.limitedSlots(k)); wide > 0 {
				over := p.parallelShape(o, wide, k)
				over.whole = !now && wide == slots[0]
				shapes = append(shapes, over)
			}
		}
	}
	return shapes, nil
}

func (p *problem) parallelShape(o *pool, slots, nodes int) shape {
	s := shape{strategy: gnuParallel(), pool: o, parts: nodes, slots: slots, nodes: nodes}
	if nodes > 1 {
		costs := s.strategy.costs
		s.strategy.costs = func(c Costs) overhead {
			o := costs(c)
			o.begin += c.StepStart
			return o
		}
	}
	return s.levelled(p)
}

// mostNodes is how many nodes one Slurm job may have.
func (p *problem) mostNodes(o *pool) int {
	most := min(o.size, p.in.Items)
	if positive(o.MaxNodes) && !o.overrides("PartitionMaxNodes") {
		most = min(most, *o.MaxNodes)
	}
	if p.in.Limits.Nodes > 0 {
		most = min(most, p.in.Limits.Nodes)
	}
	return most
}

// limitedSlots is how many slots each of some nodes may have under limits.cpus and limits.gpus.
func (p *problem) limitedSlots(nodes int) int {
	most := 1 << 30
	if p.in.Limits.CPUs > 0 {
		most = p.in.Limits.CPUs / (nodes * p.cpus)
	}
	if p.in.Limits.GPUs > 0 && p.in.Each.GPUs > 0 {
		most = min(most, p.in.Limits.GPUs/(nodes*p.in.Each.GPUs))
	}
	return most
}

// nodeCounts are the numbers of nodes worth trying: all from 2 to 4, then by halves and doubles, and the most.
func nodeCounts(most int) []int {
	var counts []int
	for n := 2; n < most; n += max(1, n/2) {
		counts = append(counts, n)
	}
	if most >= 2 {
		counts = append(counts, most)
	}
	return slices.Compact(counts)
}
