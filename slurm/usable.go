package slurm

import (
	"fmt"
	"slices"
	"strings"
)

// whyNot says in one sentence why this user cannot have a job run in a partition now; "" if
// nothing speaks against it. What could not be asked never speaks against it.
func (a *answers) whyNot(p rawPartition, nodes []*Node, mine []Association, who person) string {
	root := who.uid == "0"
	switch {
	case p.State != "UP":
		return closed(p)
	case p.RootOnly && !root:
		return "only root may submit to it"
	case p.noRoot && root:
		return "it takes no jobs of root"
	case len(p.AllocNodes) > 0 && !allowsHost(p.AllocNodes, who.host):
		return fmt.Sprintf("jobs may be submitted to it only from %s (AllocNodes), and this is %s", CompressHosts(p.AllocNodes), who.host)
	case !root && len(p.AllowGroups) > 0 && who.groups != nil && !overlap(p.AllowGroups, who.groups):
		return fmt.Sprintf("it is open only to the groups %s (AllowGroups), and yours are %s", join(p.AllowGroups), join(who.groups))
	}
	if why := a.whyNotAccount(p, mine); why != "" && !root {
		return why
	}
	// Nodes that a reservation keeps now are a matter of waiting.
	if mine := func(r Reservation) bool { return r.Usable }; p.NeedsReservation && a.reservations != nil && !slices.ContainsFunc(a.reservations, mine) {
		return "it takes only jobs that name a reservation, and there is none that you may use"
	}
	if len(nodes) > 0 && !slices.ContainsFunc(nodes, func(n *Node) bool { return n.Up() }) {
		return noneOf(nodes)
	}
	if p.Nodes == 0 {
		return "it has no nodes"
	}
	return ""
}

func closed(p rawPartition) string {
	switch p.State {
	case "DOWN":
		return "it is DOWN: jobs may be queued there, but none is started"
	case "DRAIN":
		return "it is DRAIN: it takes no new jobs"
	}
	return fmt.Sprintf("it is %s: it neither takes nor starts jobs", p.State)
}

// whyNotAccount goes by the user's associations, where Slurm insists on them and told them.
func (a *answers) whyNotAccount(p rawPartition, mine []Association) string {
	if a.rights.associations == nil && a.grants == nil || len(a.access(p, mine)) > 0 {
		return ""
	}
	var accounts, qos []string
	for _, m := range mine {
		if m.in(p) {
			accounts, qos = append(accounts, m.Account), append(qos, m.QOS...)
		}
	}
	admitted := slices.ContainsFunc(accounts, func(account string) bool { return a.admitsAccount(p, account) })
	switch {
	case len(accounts) == 0 && a.settings.enforced:
		return "you have no account for it: an administrator adds one (sacctmgr add user)"
	case len(accounts) == 0:
		return ""
	case !admitted && len(p.AllowAccounts) > 0:
		return fmt.Sprintf("it is open only to the accounts %s (AllowAccounts), and yours are %s", join(p.AllowAccounts), join(accounts))
	case !admitted:
		return fmt.Sprintf("it is closed to the accounts %s (DenyAccounts), which are yours", join(accounts))
	case len(p.AllowQOS) > 0:
		return fmt.Sprintf("it is open only to the QOS %s (AllowQos), and yours are %s", join(p.AllowQOS), join(qos))
	}
	return fmt.Sprintf("it is closed to the QOS %s (DenyQos), which are yours", join(qos))
}

// access lists with which of the user's accounts and QOS a partition may be used; nil where that is not known.
func (a *answers) access(p rawPartition, mine []Association) []Access {
	if a.rights.associations == nil && a.grants == nil {
		return nil
	}
	all := []Access{}
	for _, m := range mine {
		if !m.in(p) || !a.admitsAccount(p, m.Account) || m.Partition == "" && m.isFor(p, mine) {
			continue
		}
		qos := []string{}
		for _, q := range m.QOS {
			if admits(p.AllowQOS, p.DenyQOS, q) {
				qos = append(qos, q)
			}
		}
		if len(m.QOS) > 0 && len(qos) == 0 {
			continue
		}
		all = append(all, Access{Account: m.Account, Default: m.Default, QOS: qos, DefaultQOS: m.DefaultQOS})
	}
	return all
}

// in says whether an association holds in a partition.
func (m Association) in(p rawPartition) bool { return m.Partition == "" || m.Partition == p.Name }

// isFor says whether the account has an association for this very partition, which goes before the general one.
func (m Association) isFor(p rawPartition, mine []Association) bool {
	return slices.ContainsFunc(mine, func(o Association) bool { return o.Account == m.Account && o.Partition == p.Name })
}

// admitsAccount says whether a partition lets an account in. Newer releases go by the accounts above it too.
func (a *answers) admitsAccount(p rawPartition, account string) bool {
	v, _ := ParseVersion(a.settings.version)
	if len(p.AllowAccounts) > 0 {
		return contains(p.AllowAccounts, account) || v.AllowsAccountsBelow() && overlap(p.AllowAccounts, a.above(account))
	}
	return !contains(p.DenyAccounts, account) && !(v.DeniesAccountsBelow() && overlap(p.DenyAccounts, a.above(account)))
}

// above are the accounts above one, as far as they are known.
func (a *answers) above(account string) (names []string) {
	level := a.accountOf(association{account: account})
	for depth := 0; level != nil && depth < maxDepth; depth++ {
		if level = a.byID(level.parent); level != nil {
			names = append(names, level.account)
		}
	}
	return names
}

// admits reads a list of who may and one of who may not: where there is the first, the second
// does not count (slurm.conf(5), DenyAccounts).
func admits(allow, deny []string, name string) bool {
	if len(allow) > 0 {
		return contains(allow, name)
	}
	return !contains(deny, name)
}

// noneOf counts the states that keep nodes from taking jobs, with one of the reasons given.
func noneOf(nodes []*Node) string {
	counts, reason := map[string]int{}, ""
	for _, n := range nodes {
		counts[strings.Join(append([]string{n.State}, n.Flags...), "+")]++
		if reason == "" && n.Reason != "" {
			reason = fmt.Sprintf(" (%s: %s)", n.Name, n.Reason)
		}
	}
	var states []string
	for state, n := range counts {
		states = append(states, fmt.Sprintf("%d %s", n, state))
	}
	slices.Sort(states)
	return fmt.Sprintf("none of its %d nodes takes jobs now: %s%s", len(nodes), strings.Join(states, ", "), reason)
}

// allowsHost: AllocNodes names the hosts that may submit, by their short names.
func allowsHost(hosts []string, host string) bool {
	short, _, _ := strings.Cut(host, ".")
	return slices.Contains(hosts, host) || slices.Contains(hosts, short)
}

// contains compares as Slurm does: names of accounts and QOS are the same in either case.
func contains(list []string, name string) bool {
	return slices.ContainsFunc(list, func(l string) bool { return strings.EqualFold(l, name) })
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(name string) bool { return contains(b, name) })
}

// join lists a few names, each once.
func join(names []string) string {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	if len(names) > 6 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:6], ", "), len(names)-6)
	}
	return strings.Join(names, ", ")
}
