package strategies

import (
	"fmt"
	"strings"
)

// why explains the first of the ranked in two or three sentences that a newcomer understands: what it does
// and what comes of it, how the next best compares, and the rule that the choice follows.
func (p *problem) why(ranked []prediction) string {
	sentences := []string{p.outcomeSentence(ranked[0])}
	if len(ranked) > 1 {
		sentences = append(sentences, p.nextSentence(ranked[0], ranked[1]))
	}
	if later := quickerLater(ranked); later != nil {
		sentences = append(sentences, fmt.Sprintf("%s would take %s once it starts, but needs what is busy now.",
			later.Strategy, roughly(later.Estimate.Elapsed)))
	}
	return strings.Join(append(sentences, p.ruleSentence(ranked)), " ")
}

func (p *problem) outcomeSentence(c prediction) string {
	e := c.Estimate
	basis := map[string]string{Measured: "measured", Declared: "as each.time says", Assumed: "a guess"}[e.Basis]
	if p.in.SampleOf != "" {
		basis = "measured in " + p.in.SampleOf
	}
	what := counted(p.in.Items, "item")
	if p.in.Program != "" {
		what = p.in.Program + c.insideWords() + " for " + what
	}
	gpus := ""
	if p.in.Each.GPUs > 0 {
		gpus = fmt.Sprintf(" and %s GPU-hours", figure(e.GPUHours))
	}
	return fmt.Sprintf("%s runs %s of %s (%s), %s in partition %s, and should take about %s (%s to %s) and %s CPU-hours, "+
		"%.0f %% of them at work%s; %s.",
		c.Strategy, what, InWords(p.lengths.mean), basis, c.sideBySide(), c.Request.Partition,
		roughly(c.afterWait(e.Makespan)), roughly(c.afterWait(e.MakespanLow)), roughly(c.afterWait(e.MakespanHigh)),
		figure(e.CPUHours), 100*e.Efficiency, gpus, c.startWords())
}

// insideWords says of an MPI program how many ranks an item has, and where, and of one for Dask what is around it.
func (c prediction) insideWords() string {
	switch {
	case c.Layout.Cluster && c.Request.Nodes > 1:
		return fmt.Sprintf(" in a cluster of Dask on %s over %d nodes, since none has so much,", counted(c.Layout.CPUsPerItem, "CPU"), c.Request.Nodes)
	case c.Layout.Cluster:
		return " in a cluster of Dask on " + counted(c.Layout.CPUsPerItem, "CPU")
	case c.Layout.Ranks == 0:
		return ""
	case c.Request.Nodes > 1:
		return fmt.Sprintf(" in %s over %d nodes, since none has so many CPUs,", counted(c.Layout.Ranks, "rank"), c.Request.Nodes)
	}
	return " in " + counted(c.Layout.Ranks, "rank")
}

// afterWait takes a known wait off again.
func (c prediction) afterWait(makespan float64) float64 {
	return makespan - seconds(c.Estimate.QueueWait)
}

// sideBySide is the layout in words.
func (c prediction) sideBySide() string {
	l := c.Layout
	switch {
	case l.Parts == 1 && l.Slots == 1:
		return "one after another in one job"
	case l.Parts == 1:
		return fmt.Sprintf("%d at a time in one job", l.Slots)
	case c.Request.ArrayTasks == 0:
		return fmt.Sprintf("%d at a time on each of %d nodes", l.Slots, l.Parts)
	case l.Slots == 1 && l.ItemsPerPart == 1:
		return "as an array with a task for each"
	case l.Slots == 1:
		return fmt.Sprintf("one after another in each of %s", counted(l.Parts, "array task"))
	}
	return fmt.Sprintf("%d at a time in each of %s", l.Slots, counted(l.Parts, "array task"))
}

func (c prediction) startWords() string {
	switch w := c.Estimate.QueueWait; {
	case w == nil:
		return "when it starts is not known"
	case *w > 0:
		return "it does not start before " + roughly(*w) + " from now, when a waiting job is planned on these nodes"
	case c.Request.ArrayTasks > 0 && c.places.now < c.Layout.Parts:
		return fmt.Sprintf("what is free now holds %s of its %s jobs, the others follow", thousands(c.places.now), thousands(c.Layout.Parts))
	}
	return "it fits what is free now"
}

func (p *problem) nextSentence(a, b prediction) string {
	text := fmt.Sprintf("Next best is %s with %s and %s CPU-hours", b.Strategy, roughly(b.Estimate.Makespan), figure(b.Estimate.CPUHours))
	if b.jobs() > 2*a.jobs() {
		text += fmt.Sprintf(", and %s for the controller instead of %s", counted(b.jobs(), "Slurm job"), thousands(a.jobs()))
	}
	if b.gathers() && !a.gathers() {
		text += fmt.Sprintf(", but needs %d nodes free at the same time", b.Request.Nodes)
	}
	if b.places.wait == nil && a.places.wait != nil {
		text += ", once it starts, which nobody can tell"
	}
	return text + "."
}

// quickerLater is the quickest of those behind the second that would take half as long as the chosen one or less, and
// cannot start now; nil where there is none. A newcomer sees its figure in the table and wonders.
func quickerLater(ranked []prediction) *prediction {
	var quickest *prediction
	for i := 2; i < len(ranked); i++ {
		c := &ranked[i]
		if c.places.wait == nil && ranked[0].places.wait != nil && c.Estimate.Elapsed <= ranked[0].Estimate.Elapsed/2 &&
			(quickest == nil || c.Estimate.Elapsed < quickest.Estimate.Elapsed) {
			quickest = c
		}
	}
	return quickest
}

// ruleSentence names the rule of the craft that the choice follows.
func (p *problem) ruleSentence(ranked []prediction) string {
	c := ranked[0]
	uneven := !p.lengths.even() && variation(p.in.Sample) > 0.3
	switch {
	case p.in.Plan.Strategy != "":
		return "[plan] strategy asks for it."
	case p.overturned != "":
		return p.overturned
	case c.Layout.Cluster && c.Request.ArrayTasks > 0:
		return "Each program has a cluster of its own in a job of its own, so that as many run at once as there is room for."
	case c.Layout.Cluster && p.in.Items == 1:
		return "One program needs one allocation, and its cluster stands inside."
	case c.Layout.Cluster:
		return "The programs run one after another, each with a cluster of its own: more jobs would not end sooner."
	case p.in.Items == 1:
		return "One item needs one allocation and nothing around it."
	case c.Strategy == "single" && p.crowdedOut(ranked) != "":
		return p.crowdedOut(ranked)
	case c.Strategy == "single":
		return "There is so little work that starting more would cost more than it saves."
	case c.Strategy == "array" && p.fewLong(ranked):
		return "As few long items as there are CPUs run best as independent jobs: each gives its CPU back when its item " +
			"ends, where one shared allocation would keep idle ones."
	case c.Strategy == "array":
		return "Independent jobs use CPUs that are free here and there, and items of this length pay little for a job each."
	case c.Strategy == "gnu-parallel" && c.Layout.Parts > 1:
		return "One node would be full, so there is work for several; one step a node that runs a share of the items costs " +
			"far less than a step an item."
	case c.Strategy == "gnu-parallel":
		return "Items of a minute or more hardly notice a start of their own, and they fill a node: GNU Parallel keeps it " +
			"full from one allocation."
	case (c.Strategy == "pathos" || c.Strategy == "dask") && c.Layout.Parts > 1:
		return "One node would be full, so there is work for several: all of them take their calls from one queue."
	case c.Strategy == "pathos" || c.Strategy == "dask":
		return "Calls of a few seconds or less would spend their time in starting an interpreter and its imports; a pool " +
			"pays for them once a CPU."
	case p.in.Local:
		return "One worker keeps a queue of items over the CPUs of this machine."
	case c.busy() && c.Layout.Parts > c.places.now && c.places.now > 0:
		return "There are more tasks than fit what is free now, so that CPUs that become free meanwhile are taken, too: all take their items " +
			"from one queue, and a task that finds it empty ends at once."
	case uneven:
		return "Items of uneven length go through one queue over as many CPUs as can be had; fixed shares would leave CPUs " +
			"waiting for the longest."
	case p.lengths.mean < longItem:
		return "Arrays of many short tasks load the controller for everybody, and each freed place waits for the " +
			"scheduler's next tick, so the items are packed: few jobs keep all CPUs busy from one queue."
	}
	if c.Layout.Parts == 1 {
		return "One Slurm job keeps its CPUs busy from a queue of items."
	}
	return "Few Slurm jobs keep all CPUs busy: they take their items from one queue, so that none is idle while others have some left."
}

// warnings are what is doubtful about the chosen one.
func (p *problem) warnings(c prediction) []Warning {
	var all []Warning
	if p.lengths.basis == Assumed {
		all = append(all, Warning{"measure", "hpcsub trial (2 minutes) measures this"})
	}
	all = append(all, c.warnings...)
	for _, w := range []*Warning{p.unseen(c), p.heldNote(c), p.preemption(c.shape.pool), p.apart(c)} {
		if w != nil {
			all = append(all, *w)
		}
	}
	if c.wholeMemory(p) {
		all = append(all, Warning{"default-memory", "no memory is asked for and this cluster has no default, so each Slurm job " +
			"takes a node's whole memory and the node with it; say each.memory"})
	}
	if asked := float64(c.shape.demand(p).cpus); c.places.cpus > asked*(1+tie) {
		all = append(all, Warning{"allocated", fmt.Sprintf("Slurm allocates %.3g CPUs to a job that asks for %.0f here: "+
			"whole cores or whole nodes, which count as used", c.places.cpus, asked)})
	}
	if path, asked := p.in.Tools["parallel"]; c.Strategy == "gnu-parallel" && asked && path == "" {
		all = append(all, Warning{"no-parallel", "GNU Parallel was not found here; if the nodes lack it too, name its module in [environment] modules"})
	}
	return all
}

// wholeMemory says that a job takes all memory of its node because nobody says how much it needs.
func (c prediction) wholeMemory(p *problem) bool {
	d := c.shape.demand(p)
	if d.memoryMiB > 0 || p.in.Local {
		return false
	}
	o := c.shape.pool
	for _, g := range o.groups {
		if r := o.fit(g, d); r.all == 1 && r.memoryMiB == g.MemoryMiB && r.cpus < g.CPUs {
			return true
		}
	}
	return false
}
