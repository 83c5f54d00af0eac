package strategies

import (
	"cmp"
	"slices"
)

// slotsOfNodes is how many items a job that takes as much as it can of each node runs there side by
// side, the most first; of the empty node, or of what is free now.
func (p *problem) slotsOfNodes(o *pool, now bool) []int {
	most := min(p.in.Items, p.limitedSlots(1))
	var all []int
	for _, g := range o.groups {
		slots := largest(most, func(s int) bool {
			if _, no := p.throttle(o, s); no != nil { // a node that gives more than limits.cpus cannot be ruled out
				return false
			}
			r := o.fit(g, p.demand(o, s))
			return (r.all > 0 && !now || r.free > 0) && o.perJob(p.in, r.ask(p.demand(o, s))) == nil
		})
		if slots > 0 {
			all = append(all, slices.Repeat([]int{slots}, g.count)...)
		}
	}
	slices.SortFunc(all, func(a, b int) int { return b - a })
	return all
}

// largest is the greatest n up to most for which ok holds, where it holds for all below; 0 for none.
func largest(most int, ok func(int) bool) int {
	low, high := 0, most
	for low < high {
		mid := low + (high-low+1)/2
		if ok(mid) {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return low
}

// packSizes are the numbers of slots worth trying in one pack: what nodes of each kind hold, empty and now,
// and powers of two between, which fill nodes of several kinds and what is free here and there.
func (p *problem) packSizes(o *pool) []int {
	sizes := slices.Concat(p.slotsOfNodes(o, false), p.slotsOfNodes(o, true))
	slices.Sort(sizes)
	sizes = slices.Compact(sizes)
	if len(sizes) == 0 {
		return nil
	}
	top := sizes[len(sizes)-1]
	for n := 1; n < top; n *= 2 {
		sizes = append(sizes, n)
	}
	slices.Sort(sizes)
	return thin(slices.Compact(sizes), 16)
}

// thin keeps at most n of a sorted list, evenly, and always its ends.
func thin(sizes []int, n int) []int {
	if len(sizes) <= n {
		return sizes
	}
	out := make([]int, n)
	for i := range out {
		out[i] = sizes[i*(len(sizes)-1)/(n-1)]
	}
	return out
}

// throttle is how many jobs of some slots may run at once under [limits]. Jobs may land on a node each,
// so limits.nodes bounds their number, too.
func (p *problem) throttle(o *pool, slots int) (int, *Rejection) {
	most := 1 << 30
	if n := p.in.Site.Policy.MaxThrottle; n > 0 {
		most = n
	}
	if p.in.Limits.Nodes > 0 && p.in.Limits.Nodes < o.size {
		most = min(most, p.in.Limits.Nodes/max(1, o.span))
	}
	if p.in.Limits.CPUs == 0 && p.in.Limits.GPUs == 0 {
		return most, nil
	}
	cpus, gpus := 0, 0
	for _, g := range o.groups {
		if r := o.fit(g, p.demand(o, slots)); r.all > 0 {
			cpus, gpus = max(cpus, r.cpus*max(1, o.span)), max(gpus, r.gpus*max(1, o.span))
		}
	}
	if no := cmp.Or(p.tooManyCPUs(cpus), p.tooManyGPUs(gpus)); no != nil {
		return 0, no
	}
	if p.in.Limits.CPUs > 0 {
		most = min(most, p.in.Limits.CPUs/max(1, cpus))
	}
	if p.in.Limits.GPUs > 0 && gpus > 0 {
		most = min(most, p.in.Limits.GPUs/gpus)
	}
	return most, nil
}

// tooManyCPUs holds one job's CPUs against limits.cpus.
func (p *problem) tooManyCPUs(cpus int) *Rejection {
	cpus = max(cpus, p.cpus)
	if p.in.Limits.CPUs == 0 || cpus <= p.in.Limits.CPUs {
		return nil
	}
	l := limit{n: p.in.Limits.CPUs}
	l.name, l.raise = ownLimit(p.in, "cpus")
	return l.refuse("one Slurm job is given " + counted(cpus, "CPU"))
}
