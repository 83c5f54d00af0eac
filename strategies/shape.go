package strategies

import (
	"fmt"
	"math"
)

// shape is one request and layout, before anything is predicted of it.
type shape struct {
	strategy strategy
	pool     *pool
	parts    int
	slots    int     // items side by side in a part
	nodes    int     // of one Slurm job; each node runs a part
	array    bool    // a part is an array task
	shared   bool    // one queue serves the slots of all parts, where each would have its own
	turn     float64 // how long a part that shares a queue takes items, in seconds, while others have not begun; 0 = to its end
	throttle int     // array tasks at once; 0 = any number
	whole    bool    // it fills the nodes that it takes
	note     *Warning
}

// demand is what the shape asks of each node.
func (s shape) demand(p *problem) demand { return p.demand(s.pool, s.slots) }

// wide is over how many nodes a part goes.
func (s shape) wide() int {
	if s.together() {
		return 1
	}
	return max(1, s.nodes)
}

// work is what is simulated: of one queue over nodes, a single part with all slots.
func (s shape) work(p *problem, may scenario) work {
	c := may.costs
	w := work{items: p.in.Items, parts: s.parts, slots: s.slots, lengths: p.lengths.under(may), overhead: p.withSteps(s.strategy.costs(c), c)}
	if s.shared && s.together() {
		w.parts, w.slots = 1, s.slots*s.parts
	}
	return w
}

// pulls says that parts which start one by one share a queue.
func (s shape) pulls() bool { return s.shared && s.array }

// together says that all parts run in one Slurm job, over its nodes.
func (s shape) together() bool { return !s.array && s.parts > 1 }

// timeLimit is what is asked of Slurm for one job: what its longest part may take, a fifth and a minute
// more, in whole minutes (its resolution), two at least. A limit that is too short loses work,
// one that is too long only starts later, so with nothing known the high end is ten times the guess.
func (s shape) timeLimit(p *problem) (seconds int, no *Rejection, warn *Warning) {
	high := s.mayTake(p)
	wanted := limitFor(high)
	if s.pool.wall == nil || wanted <= s.pool.wall.n {
		return wanted, nil, nil
	}
	l, expected := *s.pool.wall, p.longestPart(s, p.may.middle)
	if expected+p.may.middle.costs.Stop > float64(l.n) {
		return 0, l.refuse("one Slurm job would run for " + InWords(expected)), nil
	}
	if p.lengths.basis != Assumed && high > float64(l.n) { // of a mere assumption the first hint has said enough
		left := "not started, and hpcsub retry runs them"
		if s.pulls() {
			left = "left to later tasks, and what these have no time for to hpcsub retry"
		}
		warn = &Warning{"time-limit", fmt.Sprintf("a job may need up to %s; %s is %s, so items that cannot end in time are %s",
			InWords(high), l.name, l.value, left)}
	}
	return l.n, nil, warn
}

// mayTake is the high end of the shape's longest part. With a sample it is no less than what the items take as sampled and, after
// all of them, one more of the greatest length: where no tail is seen the worst item may still be missing.
func (s shape) mayTake(p *problem) float64 {
	safe := p.may.high
	safe.scale = p.lengths.safe
	high := p.longestPart(s, safe)
	if p.lengths.basis != Measured {
		return high
	}
	seen := p.longestPart(s, safe.asSampled())
	return max(high, seen+p.lengths.clip(p.lengths.longest*p.lengths.safe*p.crowding(s)))
}

// longestPart is how long the shape's longest part takes, where all run at once.
func (p *problem) longestPart(s shape, may scenario) float64 {
	if s.pulls() {
		return p.allAtOnce(s, may).longest
	}
	return longest(p.spansOf(s, may))
}

// allAtOnce simulates parts that share a queue with a place for each.
func (p *problem) allAtOnce(s shape, may scenario) outcome {
	st := p.starts(s, places{}, may)
	st.places = s.parts
	return p.averaged(may, func(may scenario) outcome { return p.run(s, st, may) })
}

// queue is what parts that share one need to know of the items.
func (s shape) queue(p *problem, limitS int) *Queue {
	if !s.pulls() {
		return nil
	}
	safe := p.may.high.asSampled()
	safe.scale = p.lengths.safe
	return &Queue{ItemS: max(0, s.spares(p, limitS, safe, p.lengths.longestSafe()), s.spares(p, limitS, p.may.middle, p.lengths.longest))}
}

// spares is how much of its time limit a part can leave unused for want of time for the longest item. It takes items for as long as it would of an
// equal share, since the others could else not run what all leave to them.
func (s shape) spares(p *problem, limitS int, may scenario, longest float64) float64 {
	return min(math.Floor(float64(limitS)-p.allAtOnce(s, may).taking), p.lengths.clip(longest*p.crowding(s)))
}

// inTurns says how long parts that share a queue take items before they leave the rest to others.
func (s shape) inTurns(p *problem, limitS int) shape {
	if q := s.queue(p, limitS); q != nil {
		s.turn = float64(limitS) - q.ItemS
	}
	return s
}

// spansOf simulates the shape's parts, once.
func (p *problem) spansOf(s shape, may scenario) []float64 {
	w := s.work(p, may)
	scale := may.scale * p.crowding(s)
	key := spanKey{w.parts, w.slots, w.overhead, scale, may.far && p.lengths.far != nil, may.order}
	spans, ok := p.spans[key]
	if !ok {
		spans = w.spans(scale)
		p.spans[key] = spans
	}
	return spans
}

func limitFor(high float64) int {
	return 60 * max(2, int(math.Ceil((1.2*high+60)/60)))
}

func longest(spans []float64) float64 {
	out := 0.0
	for _, s := range spans {
		out = max(out, s)
	}
	return out
}

// layout is the shape in the words of the contract; an array is split where the site caps its index.
func (s shape) layout(p *problem, limitS int) Layout {
	return Layout{
		Parts: s.parts, Slots: s.slots, CPUsPerItem: p.cpus, Ranks: p.ranks(), Cluster: p.clusters(),
		ItemsPerPart: (p.in.Items + s.parts - 1) / s.parts, Queue: s.queue(p, limitS),
		Submissions: split(s.parts, s.array, p.in.Cluster.Limits.MaxArraySize),
	}
}

// split deals the parts to submissions of nearly equal length, none longer than MaxArraySize.
func split(parts int, array bool, most *int) []IndexRange {
	if !array || !positive(most) || parts <= *most {
		return []IndexRange{{0, parts}}
	}
	n := (parts + *most - 1) / *most
	all := make([]IndexRange, n)
	for k := range all {
		first, next := k*parts/n, (k+1)*parts/n
		all[k] = IndexRange{first, next - first}
	}
	return all
}

func (s shape) request(p *problem, limitS int) Request {
	r := Request{
		Partition: s.pool.Name, Account: p.in.Slurm.Account, QOS: p.in.Slurm.QOS,
		Nodes: s.nodes, Tasks: s.nodes, CPUsPerTask: s.slots * p.cpus,
		MemoryPerNodeMiB: s.demand(p).memoryMiB, GRES: s.demand(p).gres(), TimeLimitS: limitS, Exclusive: exclusive(p.in),
	}
	if ranks := p.ranks(); ranks > 0 {
		r.Tasks, r.CPUsPerTask = s.slots*ranks, p.rankCPUs()
		r.TasksPerNode = (r.Tasks + s.nodes - 1) / s.nodes
	}
	if p.clusters() {
		r.CPUsPerTask = s.demand(p).cpus
	}
	if s.array {
		r.ArrayTasks, r.ArrayThrottle = s.parts, s.throttle
	}
	return r
}
