package strategies

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hpcsub/slurm"
)

// Who can raise a limit, in words.
const (
	theUser  = "you can raise it in job.toml"
	theAdmin = "the cluster's administrators can raise it"
	theGroup = "the account's coordinator or the administrators can raise it"
)

// limit is a bound with its name, its value in words and who can raise it.
type limit struct {
	name  string
	n     int
	value string
	raise string
}

// refuse makes a rejection: what would be needed, then the limit.
func (l limit) refuse(needs string) *Rejection {
	value := l.value
	if value == "" {
		value = strconv.Itoa(l.n)
	}
	return &Rejection{
		Reason: fmt.Sprintf("%s; %s is %s (%s)", needs, l.name, value, l.raise),
		Limit:  l.name, Value: value, Raise: l.raise, room: l.n,
	}
}

// binding is a set of Slurm's limits that binds the job, with the name of where it is set.
type binding struct {
	name  string
	raise string
	use   slurm.Use
}

// bindings are the association's and the QOS's limits. They bind only where the site enforces them.
func bindings(in Input, p slurm.Partition) []binding {
	if !in.Cluster.Scheduler.EnforceLimits {
		return nil
	}
	var all []binding
	a := association(in, p.Name)
	if a != nil {
		all = append(all, binding{"account " + a.Account, theGroup, a.Use})
	}
	for _, name := range []string{p.QOS, qos(in, a)} {
		i := slices.IndexFunc(in.Cluster.Limits.QOS, func(q slurm.QOS) bool { return q.Name == name })
		if i >= 0 {
			all = append(all, binding{"QOS " + name, theAdmin, in.Cluster.Limits.QOS[i].Use})
		}
	}
	if n := in.Cluster.Limits.MaxSubmitJobs; len(all) == 0 && n != nil {
		all = append(all, binding{"your account", theGroup, slurm.Use{MaxSubmitJobs: n}})
	}
	return all
}

// association is the one that the job is charged to: of the named or the default account, and the
// one for this very partition where there is one.
func association(in Input, partition string) *slurm.Association {
	var found *slurm.Association
	for i, a := range in.Cluster.Limits.Associations {
		mine := a.Account == in.Slurm.Account || in.Slurm.Account == "" && a.Default
		if mine && (a.Partition == partition || a.Partition == "" && found == nil) {
			found = &in.Cluster.Limits.Associations[i]
		}
	}
	return found
}

// qos is the job's QOS: the named one, the only one that the account may use, else Slurm's own default name.
func qos(in Input, a *slurm.Association) string {
	switch {
	case in.Slurm.QOS != "":
		return in.Slurm.QOS
	case a != nil && len(a.QOS) == 1:
		return a.QOS[0]
	}
	return "normal"
}

// wallLimit is the tightest bound on the time limit of one Slurm job.
func (o *pool) wallLimit(in Input) *limit {
	var least *limit
	add := func(name, raise string, seconds *int) {
		if seconds != nil && *seconds > 0 && (least == nil || *seconds < least.n) {
			least = &limit{name, *seconds, InWords(float64(*seconds)), raise}
		}
	}
	add("the time limit of partition "+o.Name, theAdmin, o.TimeLimitS)
	for _, b := range o.binding {
		add(b.name+"'s MaxWall", b.raise, b.use.MaxWallS)
	}
	if in.Limits.Time > 0 {
		s := int(in.Limits.Time / time.Second)
		add("limits.time", theUser, &s)
	}
	return least
}

// submitLeft is how many more Slurm jobs, array tasks counted one by one, may be submitted; nil = any number.
func (p *problem) submitLeft(o *pool) *limit {
	var least *limit
	add := func(name, raise string, most *int, taken int) {
		if most != nil && (least == nil || *most-taken < least.n) {
			n := max(0, *most-taken)
			value := strconv.Itoa(*most)
			if taken > 0 {
				value += fmt.Sprintf(", of which %d are taken", taken)
			}
			least = &limit{name, n, value, raise}
		}
	}
	for _, b := range o.binding {
		add(b.name+"'s MaxSubmitJobs", b.raise, b.use.MaxSubmitJobs, b.use.SubmittedJobs)
		add(b.name+"'s GrpSubmitJobs", b.raise, b.use.GroupMaxSubmit, b.use.GroupSubmitted)
	}
	if n := p.in.Cluster.Limits.MaxJobCount; positive(n) {
		// The controller holds the jobs of everybody: one run does not take more than half of it.
		half := max(1, *n/2)
		add("half of the controller's MaxJobCount", theAdmin, &half, 0)
	}
	return least
}

// perJob is the first limit that one job breaks, however long it waits.
func (o *pool) perJob(nodes, cpus, memoryMiB int) *Rejection {
	ask := map[string]int{"cpu": cpus, "mem": memoryMiB, "node": nodes}
	for _, b := range o.binding {
		for _, set := range []struct {
			name string
			most map[string]int
		}{{"MaxTRES", b.use.MaxTRESPerJob}, {"MaxTRESPerUser", b.use.MaxTRES}, {"GrpTRES", b.use.GroupMaxTRES}} {
			for _, tres := range []string{"cpu", "mem", "node"} {
				if most, ok := set.most[tres]; ok && ask[tres] > most {
					l := limit{name: b.name + "'s " + set.name + " " + tres, n: most, raise: b.raise}
					return l.refuse("one Slurm job would need " + tresWords(tres, ask[tres]))
				}
			}
		}
	}
	return nil
}

// atOnce bounds how many jobs of a size may run side by side under the limits: ever, and now beside what runs.
func (o *pool) atOnce(cpus, memoryMiB int) (ever, now int) {
	const many = 1 << 30
	ever, now = many, many
	bound := func(most, taken, each int) {
		if each > 0 {
			ever, now = min(ever, most/each), min(now, max(0, most-taken)/each)
		}
	}
	for _, b := range o.binding {
		if b.use.MaxJobs != nil {
			bound(*b.use.MaxJobs, b.use.Jobs, 1)
		}
		if b.use.GroupMaxJobs != nil {
			bound(*b.use.GroupMaxJobs, b.use.GroupJobs, 1)
		}
		for tres, each := range map[string]int{"cpu": cpus, "mem": memoryMiB, "node": 1} {
			if most, ok := b.use.MaxTRES[tres]; ok {
				bound(most, b.use.TRES[tres], each)
			}
			if most, ok := b.use.GroupMaxTRES[tres]; ok {
				bound(most, b.use.GroupTRES[tres], each)
			}
		}
	}
	return ever, now
}

func tresWords(tres string, n int) string {
	switch tres {
	case "cpu":
		return counted(n, "CPU")
	case "mem":
		return strconv.Itoa(n) + " MiB"
	}
	return counted(n, strings.TrimPrefix(tres, "gres/"))
}
