package slurm

import (
	"fmt"
	"maps"
	"slices"
)

// fillLimits joins what the controller says of limits and use with what the accounting database
// says of grants, and keeps what concerns this user.
func (a *answers) fillLimits(l *Limits, who person) {
	l.Associations, l.QOS = []Association{}, []QOS{}
	for _, r := range a.rights.associations {
		if r.user == who.name {
			l.Associations = append(l.Associations, a.association(r))
		}
	}
	if len(a.rights.associations) == 0 { // the controller did not say
		for _, g := range a.grants {
			l.Associations = append(l.Associations, Association{Account: g.account, Partition: g.partition,
				QOS: g.qos, DefaultQOS: g.defaultQOS, Default: len(a.grants) == 1})
		}
	}
	wanted := a.wantedQOS()
	account := defaultAssociation(l.Associations).Account
	for _, q := range a.knownQOS() {
		if wanted == nil || wanted[q.name] {
			rules := a.qos[q.name]
			l.QOS = append(l.QOS, QOS{Name: q.name, Priority: q.priority, Flags: orEmpty(rules.flags),
				PreemptedBy: a.preemptorsOf(q.name), PreemptMode: rules.preemptMode, Use: a.qosUse(q, who, account)})
		}
	}
	l.MaxSubmitJobs = maxSubmit(*l)
}

// knownQOS are the controller's, or the database's if the controller did not say.
func (a *answers) knownQOS() []qosRecord {
	if len(a.rights.qos) > 0 {
		return a.rights.qos
	}
	var all []qosRecord
	for _, name := range slices.Sorted(maps.Keys(a.qos)) {
		all = append(all, qosRecord{name: name, priority: a.qos[name].priority})
	}
	return all
}

// preemptorsOf are the QOS whose jobs may take the place of jobs of this one.
func (a *answers) preemptorsOf(name string) []string {
	all := []string{}
	for _, other := range slices.Sorted(maps.Keys(a.qos)) {
		if contains(a.qos[other].preempts, name) {
			all = append(all, other)
		}
	}
	return all
}

// wantedQOS are those that the user may name and those that partitions impose; nil: not known.
func (a *answers) wantedQOS() map[string]bool {
	if a.grants == nil {
		return nil
	}
	wanted := map[string]bool{}
	for _, g := range a.grants {
		for _, name := range append([]string{g.defaultQOS}, g.qos...) {
			wanted[name] = true
		}
	}
	for _, p := range a.partitions {
		wanted[p.QOS] = true
	}
	return wanted
}

// association adds the grant to a record, and folds the group limits of its account and of the
// accounts above into it: a job counts against every one of them.
func (a *answers) association(r association) Association {
	out := Association{Account: r.account, Partition: r.partition, Default: r.isDefault, QOS: []string{}, Use: r.use}
	out.Use.Jobs, out.Use.SubmittedJobs = r.jobs, r.submitted
	for _, g := range a.grants {
		if g.account == r.account && g.partition == r.partition {
			out.QOS, out.DefaultQOS = g.qos, g.defaultQOS
		}
	}
	level := a.accountOf(r)
	for depth := 0; level != nil && depth < maxDepth; depth++ {
		out.Use.fold(level.use)
		level = a.byID(level.parent)
	}
	return out
}

func (a *answers) accountOf(r association) *association {
	i := slices.IndexFunc(a.rights.associations, func(l association) bool { return l.account == r.account && l.user == "" })
	if i < 0 {
		return nil
	}
	return &a.rights.associations[i]
}

// maxDepth of accounts below accounts: garbled text must not lead round in a circle for ever.
const maxDepth = 100

// byID finds the record of a parent.
func (a *answers) byID(id string) *association { return a.rights.byID(id) }

func (r *rights) byID(id string) *association {
	i := slices.IndexFunc(r.associations, func(l association) bool { return id != "" && l.id == id })
	if i < 0 {
		return nil
	}
	return &r.associations[i]
}

// fold takes over the group limits of an account above, where less is left of them.
func (u *Use) fold(above Use) {
	foldCount(&u.GroupMaxJobs, &u.GroupJobs, above.GroupMaxJobs, above.GroupJobs)
	foldCount(&u.GroupMaxSubmit, &u.GroupSubmitted, above.GroupMaxSubmit, above.GroupSubmitted)
	foldTRES(&u.GroupMaxTRES, &u.GroupTRES, above.GroupMaxTRES, above.GroupTRES)
	foldTRES(&u.GroupMaxTRESMinutes, &u.GroupTRESMinutes, above.GroupMaxTRESMinutes, above.GroupTRESMinutes)
	foldTRES(&u.GroupMaxTRESRunMinutes, &u.GroupTRESRunMinutes, above.GroupMaxTRESRunMinutes, above.GroupTRESRunMinutes)
	foldCount(&u.GroupMaxWallS, &u.GroupWallS, above.GroupMaxWallS, above.GroupWallS)
}

func foldCount(limit **int, use *int, above *int, aboveUse int) {
	if above != nil && (*limit == nil || *above-aboveUse < **limit-*use) {
		*limit, *use = above, aboveUse
	}
}

func foldTRES(limit, use *map[string]int, above, aboveUse map[string]int) {
	for name, most := range above {
		have, ok := (*limit)[name]
		if ok && have-(*use)[name] <= most-aboveUse[name] {
			continue
		}
		if *limit == nil {
			*limit, *use = map[string]int{}, map[string]int{}
		}
		(*limit)[name], (*use)[name] = most, aboveUse[name]
	}
}

// qosUse adds to a QOS what this user, and the account that is charged, may have and has. The
// controller shows those limits only where somebody has used the QOS since it started; else they
// are the database's.
func (a *answers) qosUse(q qosRecord, who person, account string) Use {
	mine, theirs := q.of(who.name, who.uid), q.accountsLimits
	if s, ok := q.accounts[account]; ok {
		theirs = s
	}
	database, known := a.qos[q.name]
	if !q.usersKnown {
		mine = database.user
	}
	if !q.accountsKnown {
		theirs = database.accounts
	}
	if !known && (!q.usersKnown || !q.accountsKnown) {
		a.unknown = append(a.unknown, fmt.Sprintf("what one user may have under QOS %s: nobody uses it now", q.name))
	}
	use := q.use
	use.MaxJobs, use.Jobs, use.MaxSubmitJobs, use.SubmittedJobs = mine.maxJobs, mine.jobs, mine.maxSubmit, mine.submitted
	use.MaxTRES, use.TRES = mine.maxTRES, mine.used()
	use.AccountMaxJobs, use.AccountJobs = theirs.maxJobs, theirs.jobs
	use.AccountMaxSubmit, use.AccountSubmitted = theirs.maxSubmit, theirs.submitted
	use.AccountMaxTRES, use.AccountTRES = theirs.maxTRES, theirs.used()
	use.MaxTRESRunMinutes, use.TRESRunMinutes = mine.maxRunMinutes, usedOf(mine.maxRunMinutes, mine.runMinutes)
	use.AccountMaxTRESRunMinutes, use.AccountTRESRunMinutes = theirs.maxRunMinutes, usedOf(theirs.maxRunMinutes, theirs.runMinutes)
	return use
}

// used is the use of what is limited; whoever the controller does not list uses nothing.
func (s share) used() map[string]int { return usedOf(s.maxTRES, s.tres) }

func usedOf(limits, used map[string]int) map[string]int {
	if used != nil || limits == nil {
		return used
	}
	none := map[string]int{}
	for name := range limits {
		none[name] = 0
	}
	return none
}

// defaultAssociation is the one that is charged if a job names no account.
func defaultAssociation(all []Association) Association {
	for _, a := range all {
		if a.Default && a.Partition == "" {
			return a
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return Association{}
}

// maxSubmit is the lowest limit on submitted jobs for a job that names no account and no QOS. What
// the QOS limits, it limits in place of the association.
func maxSubmit(l Limits) *int {
	a := defaultAssociation(l.Associations)
	own := a.Use
	var limits []*int
	for _, q := range l.QOS {
		if q.Name == a.StandardQOS() {
			limits = append(limits, q.Use.MaxSubmitJobs, q.Use.GroupMaxSubmit, q.Use.AccountMaxSubmit)
			own = own.Under(q.Use)
		}
	}
	limits = append(limits, own.MaxSubmitJobs, own.GroupMaxSubmit)
	var lowest *int
	for _, n := range limits {
		if n != nil && (lowest == nil || *n < *lowest) {
			lowest = n
		}
	}
	return lowest
}
