package main

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"hpcsub/slurm"
)

// notes are the sentences below the table, each a paragraph; a blank one parts them.
func notes(c *slurm.Cluster, rows []partitionRows, refused []string, inFull bool) []string {
	var lines []string
	if inFull {
		for _, p := range c.Partitions {
			lines = append(lines, rules(p, c.In(p.Name)))
		}
	}
	lines = append(lines, refused...)
	lines = append(lines, outOfService(c.Nodes))
	lines = append(lines, ahead(c)...)
	if !inFull {
		lines = append(lines, charge(c))
	}
	lines = append(lines, limitNotes(c)...)
	lines = slices.DeleteFunc(append(lines, legend(rows)), func(line string) bool { return line == "" })
	if len(lines) > 0 {
		lines = append([]string{""}, lines...)
	}
	return lines
}

// refusals say why partitions are not for this user, those with one reason together.
func refusals(rows []partitionRows) []string {
	names := map[string][]string{}
	var reasons []string
	for _, r := range rows {
		if r.Usable {
			continue
		}
		if names[r.WhyNot] == nil {
			reasons = append(reasons, r.WhyNot)
		}
		names[r.WhyNot] = append(names[r.WhyNot], r.Name)
	}
	var lines []string
	for _, why := range reasons {
		lines = append(lines, fmt.Sprintf("%s: not usable: %s", shortList(names[why], 8), why))
	}
	return lines
}

// shortList names the first few and counts the others.
func shortList(names []string, most int) string {
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most-1], ", "), len(names)-most+1)
	}
	return strings.Join(names, ", ")
}

// outOfService counts the nodes that take no jobs by state, with a reason that somebody gave.
func outOfService(nodes []slurm.Node) string {
	states, reason, out := map[string]int{}, map[string]string{}, 0
	for i := range nodes {
		n := &nodes[i]
		if n.Available() {
			continue
		}
		out++
		state := stateText(n)
		states[state]++
		if reason[state] == "" && n.Reason != "" {
			who, _, _ := strings.Cut(n.Reason, " [")
			reason[state] = fmt.Sprintf(" (%s: %s)", n.Name, one(who, 40))
		}
	}
	if out == 0 {
		return ""
	}
	order := slices.SortedFunc(maps.Keys(states), func(a, b string) int {
		return cmp.Or(cmp.Compare(states[b], states[a]), cmp.Compare(a, b))
	})
	var parts []string
	for _, state := range order {
		parts = append(parts, fmt.Sprintf("%s %s%s", thousands(states[state]), state, reason[state]))
	}
	take := "nodes take"
	if out == 1 {
		take = "node takes"
	}
	return fmt.Sprintf("%s %s no jobs now: %s.", thousands(out), take, shortList(parts, 6))
}

// stateText is a state as sinfo writes it: IDLE+DRAIN, and DOWN* for one that does not answer.
func stateText(n *slurm.Node) string {
	text := n.State
	var flags []string
	for _, f := range n.Flags {
		if f == "NOT_RESPONDING" {
			text += "*"
		} else {
			flags = append(flags, f)
		}
	}
	return strings.Join(append([]string{text}, flags...), "+")
}

// charge says which accounts and QOS are this user's.
func charge(c *slurm.Cluster) string {
	var parts []string
	for _, a := range c.Limits.Associations {
		text := chargeText(a.Account, a.QOS)
		if a.Partition != "" {
			text += " on " + a.Partition
		}
		if a.Default && len(c.Limits.Associations) > 1 {
			text += ", the default"
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("%s may charge %s.", cmp.Or(c.User, "You"), shortList(parts, 6))
}

func chargeText(account string, qos []string) string {
	if len(qos) == 0 {
		return account
	}
	return fmt.Sprintf("%s (QOS %s)", account, shortList(qos, 6))
}

// legend explains the signs that are in the table.
func legend(rows []partitionRows) string {
	var parts []string
	add := func(there bool, words string) {
		if there {
			parts = append(parts, words)
		}
	}
	folded, threads, byDefault, out := false, false, false, false
	for _, r := range rows {
		byDefault = byDefault || r.Default
		for _, s := range r.shapes {
			folded, threads, out = folded || s.kinds > 1, threads || s.threads.most > 1, out || s.out > 0
		}
	}
	add(byDefault, "* is the default.")
	add(threads, "×2: a core has two threads, each a CPU.")
	add(folded, "A row with a range is several shapes: hpcsub cluster PARTITION shows each.")
	add(out, "hpcsub cluster --nodes names the nodes.")
	return strings.Join(parts, " ")
}

// rules are what a partition holds jobs to.
func rules(p slurm.Partition, nodes iter.Seq[*slurm.Node]) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	limit := func(format string, n *int) {
		if n != nil {
			add(format, *n)
		}
	}
	add("%s", p.State)
	if p.DefaultTimeS != nil {
		add("%s unless a job asks for more", seconds(float64(*p.DefaultTimeS)))
	}
	if p.MinNodes > 1 {
		add("at least %d nodes a job", p.MinNodes)
	}
	limit("at most %d nodes a job", p.MaxNodes)
	limit("at most %d CPUs a node", p.MaxCPUsPerNode)
	limit("at most %d CPUs a socket", p.MaxCPUsPerSocket)
	limit("at most %dM of memory a node", p.MaxMemPerNodeMiB)
	limit("at most %dM of memory a CPU", p.MaxMemPerCPUMiB)
	limit("%dM a node unless asked", p.DefMemPerNodeMiB)
	limit("%dM a CPU unless asked", p.DefMemPerCPUMiB)
	for _, l := range []struct {
		words string
		names []string
	}{{"only accounts", p.AllowAccounts}, {"not accounts", p.DenyAccounts}, {"only QOS", p.AllowQOS}, {"not QOS", p.DenyQOS}, {"only groups", p.AllowGroups}} {
		if len(l.names) > 0 {
			add("%s %s", l.words, shortList(l.names, 8))
		}
	}
	for _, a := range p.Access {
		add("you may charge %s", chargeText(a.Account, a.QOS))
	}
	if p.QOS != "" {
		add("limits of QOS %s", p.QOS)
	}
	for _, is := range []struct {
		so    bool
		words string
	}{
		{p.OverSubscribe == "EXCLUSIVE", "whole nodes"}, {p.ExclusiveUser, "one user a node"}, {p.NeedsReservation, "only with a reservation"},
		{p.PreemptMode != "" && p.PreemptMode != "OFF", "jobs may have to make room for others (" + p.PreemptMode + ")"},
		{len(p.BillingWeights) > 0, billed(p.BillingWeights)},
	} {
		if is.so {
			add("%s", is.words)
		}
	}
	if types := gpuTypes(nodes); len(types) > 0 {
		add("GPUs %s", shortList(types, 12))
	}
	if len(parts) == 1 {
		add("no limits but its longest time")
	}
	return fmt.Sprintf("%s: %s.", p.Name, strings.Join(parts, ", "))
}

// billed says what one of each resource counts in limits on billing: "billed are 1 a CPU, 0.25 a GiB".
func billed(weights map[string]float64) string {
	var parts []string
	for _, name := range sortedKeys(weights) {
		weight, unit := weights[name], strings.TrimPrefix(name, "gres/")
		switch name {
		case "mem":
			weight, unit = 1024*weight, "GiB"
		case "cpu":
			unit = "CPU"
		case "gres/gpu":
			unit = "GPU"
		}
		parts = append(parts, fmt.Sprintf("%.4g a %s", weight, unit))
	}
	return "billed are " + strings.Join(parts, ", ")
}

// gpuTypes are the types of GPUs, as a job asks for them.
func gpuTypes(nodes iter.Seq[*slurm.Node]) []string {
	var types []string
	for n := range nodes {
		for _, g := range n.GRES {
			if g.Name == "gpu" && g.Type != "" && !slices.Contains(types, g.Type) {
				types = append(types, g.Type)
			}
		}
	}
	return types
}
