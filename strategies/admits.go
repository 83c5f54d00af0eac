package strategies

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hpcsub/slurm"
)

// admits checks the rules for this job as a whole in a partition: whatever Slurm would refuse, or
// take and never start, is refused here first.
func admits(in Input, p slurm.Partition) *Rejection {
	for _, check := range []func(Input, slurm.Partition) *Rejection{
		admitsPartition, admitsReservation, admitsAccount, admitsQOS, admitsLicenses, admitsAnyJob,
	} {
		if no := check(in, p); no != nil {
			return no
		}
	}
	return nil
}

func admitsPartition(in Input, p slurm.Partition) *Rejection {
	name := "partition " + p.Name
	switch {
	case !p.Usable && p.WhyNot != "":
		return &Rejection{Reason: name + " cannot be used: " + p.WhyNot}
	case !p.Usable:
		return &Rejection{Reason: name + " cannot be used: its state is " + p.State}
	case p.MinNodes > 1 && !slices.Contains(qosFlags(in, p), "PartitionMinNodes"):
		l := limit{name: name + "'s MinNodes", n: p.MinNodes, raise: theAdmin}
		return l.refuse("items run on one node each")
	}
	return nil
}

// account is the one that is charged; "" where it is not known.
func account(in Input, p slurm.Partition) string {
	if a := association(in, p.Name); in.Slurm.Account == "" && a != nil {
		return a.Account
	}
	return in.Slurm.Account
}

// admitsAccount goes by the account that is charged: the named one or the user's default.
func admitsAccount(in Input, p slurm.Partition) *Rejection {
	a, account := association(in, p.Name), account(in, p)
	if in.Slurm.Account != "" && a == nil && len(in.Cluster.Limits.Associations) > 0 {
		return &Rejection{Reason: fmt.Sprintf("account %q is not one of yours in partition %s: %s", in.Slurm.Account,
			p.Name, strings.Join(accounts(in), ", "))}
	}
	if account == "" || p.Access != nil && accessOf(p, account) != nil {
		return nil
	}
	var l limit
	switch {
	case len(p.AllowAccounts) > 0 && !holdsName(p.AllowAccounts, account):
		l = limit{name: "partition " + p.Name + "'s AllowAccounts", value: strings.Join(p.AllowAccounts, ",")}
	case len(p.AllowAccounts) == 0 && (holdsName(p.DenyAccounts, account) || keptOut(p)):
		l = limit{name: "partition " + p.Name + "'s DenyAccounts", value: strings.Join(p.DenyAccounts, ",")}
	default:
		return nil
	}
	if l.raise = theAdmin; in.Slurm.Account == "" && len(p.Access) > 0 {
		l.raise = fmt.Sprintf("you may write [slurm] account = %q", p.Access[0].Account)
	}
	return l.refuse("account " + account + " is not let in")
}

// keptOut says of an account that has no access to a partition that it is below one of those that are
// kept out: its QOS is not the reason.
func keptOut(p slurm.Partition) bool {
	return p.Access != nil && len(p.DenyAccounts) > 0 && len(p.AllowQOS)+len(p.DenyQOS) == 0
}

// admitsQOS goes by the QOS that the job will have: the named one or the account's default.
func admitsQOS(in Input, p slurm.Partition) *Rejection {
	a := association(in, p.Name)
	own := qos(in, a)
	if in.Slurm.QOS != "" && a != nil && len(a.QOS) > 0 && !holdsName(a.QOS, own) {
		return &Rejection{Reason: fmt.Sprintf("QOS %q is not one that account %s may use: %s", in.Slurm.QOS, a.Account,
			strings.Join(a.QOS, ", "))}
	}
	if q := qosOf(in, own); q != nil && slices.Contains(q.Flags, "RequiresReservation") && in.Slurm.Reservation == "" {
		return &Rejection{Reason: fmt.Sprintf("QOS %s takes only jobs that name a reservation: write [slurm] reservation", own)}
	}
	if in.Slurm.QOS == "" && (a == nil || len(a.QOS) == 0) {
		return nil // which one the job gets is a guess
	}
	var l limit
	switch {
	case len(p.AllowQOS) > 0 && !holdsName(p.AllowQOS, own):
		l = limit{name: "partition " + p.Name + "'s AllowQos", value: strings.Join(p.AllowQOS, ",")}
	case len(p.AllowQOS) == 0 && holdsName(p.DenyQOS, own):
		l = limit{name: "partition " + p.Name + "'s DenyQos", value: strings.Join(p.DenyQOS, ",")}
	default:
		return nil
	}
	if l.raise = theAdmin; in.Slurm.QOS == "" {
		if x := accessOf(p, a.Account); x != nil && len(x.QOS) > 0 {
			l.raise = fmt.Sprintf("you may write [slurm] qos = %q", x.QOS[0])
		}
	}
	return l.refuse("QOS " + own + " is not let in")
}

// admitsAnyJob checks for limits that let no job at all run.
func admitsAnyJob(in Input, p slurm.Partition) *Rejection {
	for _, b := range bindings(in, p) {
		if no := b.wallSpent(in); no != nil {
			return no
		}
		for _, x := range []struct {
			key, qosKey string
			most        *int
		}{
			{"MaxJobs", "MaxJobsPerUser", b.use.MaxJobs}, {"GrpJobs", "GrpJobs", b.use.GroupMaxJobs},
			{"", "MaxJobsPerAccount", b.use.AccountMaxJobs},
		} {
			if x.most != nil && *x.most == 0 {
				key := x.qosKey
				if b.account {
					key = x.key
				}
				return b.limit(in, key, strconv.Itoa(0)).refuse("a job would be taken and never started")
			}
		}
	}
	return nil
}

// wallSpent: what everybody under a limit may run, one job after the other, is used up.
func (b binding) wallSpent(in Input) *Rejection {
	most, used := b.use.GroupMaxWallS, b.use.GroupWallS
	if most == nil || used < *most {
		return nil
	}
	value := fmt.Sprintf("%s, of which %s are used", InWords(float64(*most)), InWords(float64(used)))
	return b.limit(in, "GrpWall", value).refuse("a job would be taken and not started")
}

// accessOf is what the user may do with an account in a partition; nil: nothing, or it is not known.
func accessOf(p slurm.Partition, account string) *slurm.Access {
	i := slices.IndexFunc(p.Access, func(x slurm.Access) bool { return strings.EqualFold(x.Account, account) })
	if i < 0 {
		return nil
	}
	return &p.Access[i]
}

// qosFlags are the flags of the QOS that a job in a partition is under, some of which lift its limits.
func qosFlags(in Input, p slurm.Partition) []string {
	var flags []string
	for _, name := range []string{qos(in, association(in, p.Name)), p.QOS} {
		if q := qosOf(in, name); q != nil {
			flags = append(flags, q.Flags...)
		}
	}
	return flags
}

// holdsName compares names of accounts and QOS as Slurm does, in either case.
func holdsName(list []string, name string) bool {
	return slices.ContainsFunc(list, func(l string) bool { return strings.EqualFold(l, name) })
}
