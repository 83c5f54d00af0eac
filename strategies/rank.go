package strategies

import "slices"

// tie is how much two candidates must differ to count as different.
const tie = 0.05

// sparing is by how much more a plan may cost that ends sooner, where cost is to be least. What starts cost is the least certain part of an
// estimate, and all of a tie given away for time would be more than a tie once they take twice as long.
const sparing = tie / 4

// A minute: from here on a start of its own costs an item nothing that matters.
const longItem = 60

// jobWorth is how many CPU-seconds a Slurm job more must save: an accounting record, and two dozen milliseconds of a controller that all
// wait for. It only decides where runs are short.
const jobWorth = 5

// rule is one criterion: less is better, and what lies within the slack of the least stays in.
type rule struct {
	value func(prediction) float64
	slack float64
}

// rank orders predictions, the best first: by what is to be minimized, and what ties there by the rules
// that follow. What starts now goes before what waits for nobody knows how long.
func (p *problem) rank(all []prediction) []prediction {
	if len(all) == 0 {
		return nil
	}
	rules := p.rules(all)
	ranked := make([]prediction, 0, len(all))
	for len(all) > 0 {
		i := best(all, rules)
		ranked = append(ranked, all[i])
		rest := make([]prediction, 0, len(all)-1)
		all = append(append(rest, all[:i]...), all[i+1:]...)
	}
	return ranked
}

// best is the index of the prediction that is left when each rule in turn has kept those near its least.
func best(all []prediction, rules []rule) int {
	left := make([]int, len(all))
	for i := range left {
		left[i] = i
	}
	for _, r := range rules {
		least := r.value(all[left[0]])
		for _, i := range left {
			least = min(least, r.value(all[i]))
		}
		var near []int
		for _, i := range left {
			if r.value(all[i]) <= least*(1+r.slack) {
				near = append(near, i)
			}
		}
		if left = near; len(left) == 1 {
			break
		}
	}
	return left[0]
}

func (p *problem) rules(all []prediction) []rule {
	quickest := all[0].Estimate.Elapsed
	for _, c := range all {
		quickest = min(quickest, c.Estimate.Elapsed)
	}
	starts := rule{value: func(c prediction) float64 { return yes(!c.worthStarting(quickest)) }}
	makespan := rule{func(c prediction) float64 { return c.rankedMakespan() * c.disliked(p.in.Site) }, tie}
	gpus := rule{func(c prediction) float64 { return c.freeGPUHours() * c.disliked(p.in.Site) }, tie}
	cost := rule{func(c prediction) float64 { return c.dear() * c.disliked(p.in.Site) }, sparing}
	first := []rule{starts, makespan}
	if p.in.Plan.Minimize == "cost" {
		first = []rule{gpus, cost, starts, makespan}
	}
	return append(append(first, p.tieRules(all)...), cost.exactly(), makespan.exactly())
}

// worthStarting says that it starts now and had better do so. What takes up more room as that becomes free
// always had; what keeps to the little that is free now had not, where it would take hours longer than the
// quickest does once that starts.
func (c prediction) worthStarting(quickest float64) bool {
	if c.places.wait == nil || *c.places.wait > 0 {
		return false
	}
	grows := c.shape.array && c.Layout.Parts > c.places.now
	return grows || c.Estimate.Makespan <= max(4*quickest, quickest+3600)
}

// busy says that others hold places that this could run on, too.
func (c prediction) busy() bool { return c.places.now < c.places.ever }

// gathering is how much longer a job that needs several nodes at once counts than one that takes them as they
// become free, where nobody knows when that is.
const gathering = 1.25

// gathers says that it waits until several nodes are free at the same time.
func (c prediction) gathers() bool {
	return c.places.wait == nil && c.Request.Nodes > 1
}

func (c prediction) rankedMakespan() float64 {
	if c.gathers() {
		return c.Estimate.Makespan * gathering
	}
	return c.Estimate.Makespan
}

func (r rule) exactly() rule { return rule{value: r.value} }

// tieRules are the rules of the craft, each once in words in why.go.
func (p *problem) tieRules(all []prediction) []rule {
	order := map[string]int{}
	for i, s := range known() {
		order[s.name] = i
	}
	// Of what is not known it is not known to be long, and short items suffer most from a slow dispatch.
	short := p.lengths.mean < longItem || p.lengths.basis == Assumed
	busy := slices.ContainsFunc(all, prediction.busy)
	return []rule{
		// A second node only where one is full: what ranks say to each other there is slower.
		{value: func(c prediction) float64 { return yes(p.pieces() > 0) * float64(c.Request.Nodes) }},
		// One item needs one allocation and nothing around it.
		{value: func(c prediction) float64 { return yes(p.in.Items == 1 && c.Strategy != "single") }},
		// The default partition is where the site wants work that has no reason to be elsewhere.
		{value: func(c prediction) float64 { return yes(!c.shape.pool.Default) }},
		// So are the nodes with GPUs for work that uses them, where they have a partition of their own.
		{value: func(c prediction) float64 { return yes(p.in.Each.GPUs > 0 && !c.shape.pool.onlyGPUs) }},
		// What the site prefers.
		{value: func(c prediction) float64 { return c.disliked(p.in.Site) }},
		// As few long items as there are CPUs: independent jobs, so that no CPU waits for another's item.
		{value: func(c prediction) float64 { return yes(p.fewLong(all) && c.Strategy != "array") }},
		// What is busy now may become free while the run lasts.
		{func(c prediction) float64 { return c.Estimate.MakespanLow * yes(busy) }, 0.25},
		{func(c prediction) float64 { return c.Estimate.CPUHours + float64(c.jobs())*jobWorth/3600 }, tie},
		// Long items on whole nodes: the tool that users know, where it is known to be there.
		{value: func(c prediction) float64 { return yes(short || !c.shape.whole || p.in.Tools["parallel"] == "") }},
		// Where it is not known to be there, a way that needs nothing on the nodes is safer.
		{value: func(c prediction) float64 { return yes(c.Strategy == "gnu-parallel" && p.in.Tools["parallel"] == "") }},
		// Every Slurm job is work for the controller, which is everybody's.
		{value: func(c prediction) float64 { return float64(c.jobs()) }},
		{value: func(c prediction) float64 { return float64(order[c.Strategy]) }},
	}
}

// fewLong says that there are several items of a minute or more, and a CPU for each.
func (p *problem) fewLong(all []prediction) bool {
	if p.in.Items < 2 || p.lengths.mean < longItem {
		return false
	}
	for _, c := range all {
		if c.Strategy == "array" && c.Layout.ItemsPerPart == 1 && c.places.first >= p.in.Items &&
			(c.shape.throttle == 0 || c.shape.throttle >= p.in.Items) {
			return true
		}
	}
	return false
}

// jobs is how many jobs the controller is given, an array's tasks one by one.
func (c prediction) jobs() int { return max(1, c.Request.ArrayTasks) }

func yes(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
