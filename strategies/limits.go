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

// binding is a set of Slurm's limits that binds the job, with where it is set.
type binding struct {
	name    string // "QOS short", "account physics"
	account bool   // an association's
	modify  string // the words of sacctmgr that change it
	use     slurm.Use
}

// bindings are the limits that bind the job, in the order in which Slurm asks for them: of the
// partition's QOS, the job's own QOS and the association, each without what one before it sets.
// They bind only where the site enforces them.
func bindings(in Input, p slurm.Partition) []binding {
	if !in.Cluster.Scheduler.EnforceLimits {
		return nil
	}
	var all []binding
	add := func(b binding) {
		for _, before := range all {
			b.use = b.use.Under(before.use)
		}
		all = append(all, b)
	}
	a := association(in, p.Name)
	own := qos(in, a)
	order := []string{p.QOS, own}
	if q := qosOf(in, own); q != nil && slices.Contains(q.Flags, "OverPartQOS") {
		order = []string{own, p.QOS}
	}
	for _, name := range slices.Compact(order) {
		if q := qosOf(in, name); q != nil {
			add(binding{name: "QOS " + q.Name, modify: "qos " + q.Name, use: q.Use})
		}
	}
	if a != nil {
		add(binding{name: "account " + a.Account, account: true, modify: "account " + a.Account, use: a.Use})
	}
	if n := in.Cluster.Limits.MaxSubmitJobs; len(all) == 0 && n != nil {
		add(binding{name: "your account", account: true, use: slurm.Use{MaxSubmitJobs: n}})
	}
	return all
}

func qosOf(in Input, name string) *slurm.QOS {
	i := slices.IndexFunc(in.Cluster.Limits.QOS, func(q slurm.QOS) bool { return name != "" && strings.EqualFold(q.Name, name) })
	if i < 0 {
		return nil
	}
	return &in.Cluster.Limits.QOS[i]
}

// limit names one of the limits as Slurm does, with its value and who can raise it. An association's is
// the user's own unless it is of the whole group.
func (b binding) limit(in Input, key, value string) limit {
	modify, who := b.modify, "an administrator of the cluster can raise it: sacctmgr modify "
	if b.account {
		who = "a coordinator of the account or an administrator can raise it: sacctmgr modify "
		if !strings.HasPrefix(key, "Grp") && in.Cluster.User != "" && modify != "" {
			modify = "user " + in.Cluster.User + " where " + strings.Replace(modify, "account ", "account=", 1)
		}
	}
	l := limit{name: b.name + "'s " + key, value: value, raise: theAdmin}
	if modify != "" {
		l.raise = who + modify + " set " + key + "=…"
	}
	return l
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

// qos is the job's QOS: the named one, or the association's.
func qos(in Input, a *slurm.Association) string {
	switch {
	case in.Slurm.QOS != "":
		return in.Slurm.QOS
	case a != nil:
		return a.StandardQOS()
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
	if !o.overrides("PartitionTimeLimit") {
		add("the time limit of partition "+o.Name, theAdmin, o.TimeLimitS)
	}
	for _, b := range o.binding {
		if b.use.MaxWallS != nil {
			l := b.limit(in, "MaxWall", "")
			add(l.name, l.raise, b.use.MaxWallS)
		}
	}
	if o.reserved != nil {
		name, left := o.reservationLimit()
		add(name, theAdmin+": scontrol update reservation; jobs that are not over by then are ended", &left)
	}
	if in.Limits.Time > 0 {
		s := int(in.Limits.Time / time.Second)
		name, raise := ownLimit(in, "time")
		add(name, raise, &s)
	}
	return least
}

// overrides says whether the job's QOS lifts a limit of the partition.
func (o *pool) overrides(flag string) bool { return slices.Contains(o.qosFlags, flag) }

// submitLeft is how many more Slurm jobs, array tasks counted one by one, may be submitted; nil = any number.
func (p *problem) submitLeft(o *pool) *limit {
	var least *limit
	add := func(l limit, most *int, taken int) {
		if most == nil || least != nil && *most-taken >= least.n {
			return
		}
		if l.n, l.value = max(0, *most-taken), strconv.Itoa(*most); taken > 0 {
			l.value += fmt.Sprintf(", of which %d are taken", taken)
		}
		least = &l
	}
	for _, b := range o.binding {
		for _, x := range []struct {
			key, qosKey string
			most        *int
			taken       int
		}{
			{"MaxSubmitJobs", "MaxSubmitJobsPerUser", b.use.MaxSubmitJobs, b.use.SubmittedJobs},
			{"", "MaxSubmitJobsPerAccount", b.use.AccountMaxSubmit, b.use.AccountSubmitted},
			{"GrpSubmitJobs", "GrpSubmitJobs", b.use.GroupMaxSubmit, b.use.GroupSubmitted},
		} {
			key := x.qosKey
			if b.account {
				key = x.key
			}
			add(b.limit(p.in, key, ""), x.most, x.taken)
		}
	}
	if n := p.in.Site.Policy.UserJobs; n > 0 {
		add(siteLimit(p.in, "user_jobs", n), &n, p.inQueue())
	}
	if n := p.in.Cluster.Limits.MaxJobCount; positive(n) {
		if jobs := p.in.Cluster.Limits.JobCount; jobs != nil {
			add(limit{name: "the controller's MaxJobCount, for everybody's jobs,", raise: theAdmin}, n, *jobs)
		}
		// The controller holds the jobs of everybody: one run does not take more than half of it.
		half := max(1, *n/2)
		add(limit{name: "half of the controller's MaxJobCount", raise: theAdmin}, &half, 0)
	}
	return least
}

// atOnce bounds how many jobs of a size may run side by side under the limits: ever, and now beside what runs.
func (o *pool) atOnce(a ask) (ever, now int) {
	a = o.whole(a)
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
		if b.use.AccountMaxJobs != nil {
			bound(*b.use.AccountMaxJobs, b.use.AccountJobs, 1)
		}
		minutes := a.minutes()
		for tres, each := range a.tres() {
			for _, x := range []struct{ most, taken map[string]int }{
				{b.use.GroupMaxTRESRunMinutes, b.use.GroupTRESRunMinutes}, {b.use.MaxTRESRunMinutes, b.use.TRESRunMinutes},
				{b.use.AccountMaxTRESRunMinutes, b.use.AccountTRESRunMinutes},
			} {
				if most, ok := x.most[tres]; ok {
					bound(max(most, minutes[tres]), x.taken[tres], minutes[tres]) // one alone that is too much: perJob
				}
			}
			for _, x := range []struct{ most, taken map[string]int }{
				{b.use.MaxTRES, b.use.TRES}, {b.use.GroupMaxTRES, b.use.GroupTRES}, {b.use.AccountMaxTRES, b.use.AccountTRES},
			} {
				if most, ok := x.most[tres]; ok {
					bound(most, x.taken[tres], each)
				}
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
	if kind, ok := strings.CutPrefix(tres, "gres/gpu"); ok {
		return countGPUs(n, strings.TrimPrefix(kind, ":"))
	}
	if name, ok := strings.CutPrefix(tres, "license/"); ok {
		return counted(n, "licence") + " " + name
	}
	return strconv.Itoa(n) + " " + tres // "4 billing", "2 gres/shard"
}
