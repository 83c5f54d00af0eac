package slurm

import (
	"fmt"
	"slices"
	"strings"
)

// whyNot says in one sentence why this user cannot have a job run in a partition now; "" if
// nothing speaks against it. What could not be asked never speaks against it.
func (a *answers) whyNot(p rawPartition, nodes []Node, mine []Association, who person) string {
	root := who.uid == "0"
	switch {
	case p.State != "UP":
		return closed(p)
	case p.rootOnly && !root:
		return "only root may submit to it"
	case p.noRoot && root:
		return "it takes no jobs of root"
	case !allowsHost(p.allocNodes, who.host):
		return fmt.Sprintf("jobs may be submitted to it only from %s, and this is %s", p.allocNodes, who.host)
	case !root && len(p.AllowGroups) > 0 && who.groups != nil && !overlap(p.AllowGroups, who.groups):
		return "it is open only to the groups " + join(p.AllowGroups)
	}
	if why := a.whyNotAccount(p, mine); why != "" && !root {
		return why
	}
	if p.NeedsReservation {
		return "it takes only jobs that name a reservation (slurm.reservation)"
	}
	if len(nodes) > 0 && !slices.ContainsFunc(nodes, Node.Available) {
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
	if a.rights.associations == nil && a.grants == nil {
		return ""
	}
	var accounts, allowed, qos []string
	for _, m := range mine {
		if m.Partition != "" && m.Partition != p.Name {
			continue
		}
		accounts = append(accounts, m.Account)
		if (len(p.AllowAccounts) == 0 || contains(p.AllowAccounts, m.Account)) && !contains(p.DenyAccounts, m.Account) {
			allowed, qos = append(allowed, m.Account), append(qos, m.QOS...)
		}
	}
	switch {
	case len(accounts) == 0 && a.settings.enforced:
		return "you have no account for it: an administrator adds one (sacctmgr add user)"
	case len(accounts) > 0 && len(allowed) == 0 && len(p.AllowAccounts) > 0:
		return fmt.Sprintf("it is open only to the accounts %s, and yours are %s", join(p.AllowAccounts), join(accounts))
	case len(accounts) > 0 && len(allowed) == 0:
		return fmt.Sprintf("it is closed to the accounts %s, which are yours", join(accounts))
	case len(qos) > 0 && len(p.AllowQOS) > 0 && !overlap(p.AllowQOS, qos):
		return fmt.Sprintf("it is open only to the QOS %s, and yours are %s", join(p.AllowQOS), join(qos))
	case len(qos) > 0 && !slices.ContainsFunc(qos, func(q string) bool { return !contains(p.DenyQOS, q) }):
		return fmt.Sprintf("it is closed to the QOS %s, which are yours", join(qos))
	}
	return ""
}

// noneOf counts the states that keep nodes from taking jobs, with one of the reasons given.
func noneOf(nodes []Node) string {
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
func allowsHost(allocNodes, host string) bool {
	if allocNodes == "" || allocNodes == "ALL" {
		return true
	}
	hosts, err := ExpandHosts(allocNodes)
	short, _, _ := strings.Cut(host, ".")
	return err != nil || slices.Contains(hosts, host) || slices.Contains(hosts, short)
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
