package strategies

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"hpcsub/configs"
)

// A site's rules are part of what is feasible: what breaks one is rejected with the rule's name, and what can be brought
// under one is.

// preference is how much longer, or dearer, a way counts that the site does not prefer, where it prefers others.
const preference = 1.25

// siteLimit is one of the site's figures as a limit.
func siteLimit(in Input, key string, n int) limit {
	return limit{name: in.Site.Of() + "'s policy." + key, n: n, raise: in.Site.Ask()}
}

// forbidden says that the site does not want a strategy; nil where it does.
func forbidden(in Input, name string) *Rejection {
	if !slices.Contains(in.Site.Policy.Forbid, name) {
		return nil
	}
	return &Rejection{Strategy: name, Reason: fmt.Sprintf("%s forbids it (policy.forbid; %s)", in.Site.Of(), in.Site.Ask()),
		Limit: in.Site.Of() + "'s policy.forbid", Value: name, Raise: in.Site.Ask()}
}

// missing says which required key the job has not; nil where it has all.
func missing(in Input) *Rejection {
	if len(in.Site.Missing) == 0 {
		return nil
	}
	return &Rejection{
		Reason: fmt.Sprintf("%s requires %s of every job: write it into job.toml (policy.require; %s)", in.Site.Of(), strings.Join(in.Site.Missing, " and "), in.Site.Ask()),
		Limit:  in.Site.Of() + "'s policy.require", Value: strings.Join(in.Site.Missing, ", "), Raise: "you can write it into job.toml",
	}
}

// withPolicy puts the most that the site allows a run into the job's own limits, where these are wider.
func withPolicy(in Input) Input {
	p, l := in.Site.Policy, &in.Limits
	tighten(&l.Nodes, p.Nodes)
	tighten(&l.CPUs, p.CPUs)
	tighten(&l.GPUs, p.GPUs)
	tighten(&l.Time, p.Time)
	tighten(&l.CPUHours, p.CPUHours)
	tighten(&l.GPUHours, p.GPUHours)
	return in
}

func tighten[T int | float64 | time.Duration](own *T, most T) {
	if most > 0 && (*own == 0 || most < *own) {
		*own = most
	}
}

// ownLimit names one of the run's limits and who can raise it: the site where its rule is what binds, else the user.
func ownLimit(in Input, key string) (name, raise string) {
	p, l := in.Site.Policy, in.Limits
	ofSite := map[string]bool{
		"nodes": p.Nodes > 0 && l.Nodes == p.Nodes, "cpus": p.CPUs > 0 && l.CPUs == p.CPUs, "gpus": p.GPUs > 0 && l.GPUs == p.GPUs,
		"time": p.Time > 0 && l.Time == p.Time, "cpu_hours": p.CPUHours > 0 && l.CPUHours == p.CPUHours,
		"gpu_hours": p.GPUHours > 0 && l.GPUHours == p.GPUHours,
	}
	if ofSite[key] {
		return in.Site.Of() + "'s policy." + key, in.Site.Ask()
	}
	return "limits." + key, theUser
}

// mostTasks is how many array tasks a run may have that takes this many slots at a time in each: no more than the site
// allows, none shorter than it wants, and not more started a minute than it wants. nil = any number.
func (p *problem) mostTasks(slots, atOnce int) *limit {
	policy := p.in.Site.Policy
	var least *limit
	add := func(key string, most int, value string) {
		if l := siteLimit(p.in, key, max(1, most)); least == nil || l.n < least.n {
			l.value = value
			least = &l
		}
	}
	work := p.lengths.mean * float64(p.in.Items)
	if policy.MaxArrayTasks > 0 {
		add("max_array_tasks", policy.MaxArrayTasks, "")
	}
	if shortest := policy.ShortestTask.Seconds(); shortest > 0 {
		add("shortest_task", int(work/(shortest*float64(slots))), InWords(shortest))
	}
	if rate := policy.StartsPerMinute; rate > 0 {
		add("job_starts_per_minute", p.calmTasks(slots, atOnce, rate), strconv.Itoa(rate))
	}
	return least
}

// inQueue is how many jobs the user has submitted that have not ended, as far as Slurm tells.
func (p *problem) inQueue() int {
	n := 0
	for _, a := range p.in.Cluster.Limits.Associations {
		n += a.Use.SubmittedJobs
	}
	return n
}

// calmTasks is the most tasks of which no more than rate start a minute, over the run's length. So many at a time
// run for a share of the work each; a run of less than a minute counts as one.
func (p *problem) calmTasks(slots, atOnce, rate int) int {
	work := p.lengths.mean * float64(p.in.Items) / float64(slots)
	return largest(p.in.Items, func(n int) bool {
		minutes := work / float64(min(n, max(1, atOnce))) / 60
		return float64(n) <= float64(rate)*math.Max(1, minutes)
	})
}

// tooManySteps: each item of an MPI program is a step of its job, and one more looks whether ranks find each other.
func (s shape) tooManySteps(p *problem) *Rejection {
	steps := 0
	if p.ranks() > 0 {
		steps = (p.in.Items+s.parts-1)/s.parts + 1
	}
	if most := p.in.Site.Policy.MaxSteps; most > 0 && steps > most {
		return siteLimit(p.in, "max_steps", most).refuse("one Slurm job would have " + counted(steps, "step"))
	}
	return nil
}

// disliked is how much a way counts beyond its own figures because the site prefers others.
func (c prediction) disliked(site configs.Rules) float64 {
	if len(site.Policy.Prefer) == 0 || slices.Contains(site.Policy.Prefer, c.Strategy) {
		return 1
	}
	return preference
}

// charge is what an estimate costs by the site's charges; nil where there are none.
func charge(in Input, e Estimate) *float64 {
	c := in.Site.Charges
	if c.CPUHour == 0 && c.GPUHour == 0 {
		return nil
	}
	sum := c.CPUHour*e.CPUHours + c.GPUHour*e.GPUHours
	return &sum
}

// freeGPUHours are those for which nothing is charged: a GPU that waits is dearer than any CPU, and nobody has said by how
// much, so they count before CPU-hours.
func (c prediction) freeGPUHours() float64 {
	if c.Estimate.Cost != nil {
		return 0
	}
	return c.Estimate.GPUHours
}

// dear is what minimize = "cost" ranks by: the charge, or, where nothing is charged, CPU-hours after GPU-hours.
func (c prediction) dear() float64 {
	if c.Estimate.Cost != nil {
		return *c.Estimate.Cost
	}
	return c.Estimate.CPUHours
}
