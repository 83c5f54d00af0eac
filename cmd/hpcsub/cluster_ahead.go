package main

import (
	"fmt"
	"strings"

	"hpcsub/slurm"
)

// ahead are the reservations that hold nodes, now or later, the licences and the network, a line each.
func ahead(c *slurm.Cluster) []string {
	var lines []string
	const most = 5
	for i, r := range c.Reservations {
		if i == most {
			lines = append(lines, fmt.Sprintf("… and %d more reservations: --json has them.", len(c.Reservations)-most))
			break
		}
		lines = append(lines, reservationText(r))
	}
	if text := licenseText(c.Licenses); text != "" {
		lines = append(lines, text)
	}
	if text := networkText(c.Switches); text != "" {
		lines = append(lines, text)
	}
	return lines
}

// reservationText says when it is, of what, and what it means for a job of this user.
func reservationText(r slurm.Reservation) string {
	const day = "Mon 2 Jan 15:04"
	when := fmt.Sprintf("%s to %s", r.Start.Format(day), r.End.Format(day))
	if r.Active {
		when = "now, until " + r.End.Format(day)
	}
	what := "no nodes"
	if r.Nodes != "" {
		what = fmt.Sprintf("%s (%s)", count(r.NodeCount, "node"), one(r.Nodes, 24))
	}
	if r.Licenses != "" {
		what += ", licences " + r.Licenses
	}
	use := "not for you: " + r.WhyNot
	switch {
	case r.Has("MAINT"):
		use = "maintenance: jobs there end before it, or start after it"
	case r.Attracts():
		use = "your jobs go there unasked"
	case r.Usable:
		use = fmt.Sprintf("yours: reservation = %q in [slurm]", r.Name)
	}
	return fmt.Sprintf("Reservation %s: %s, %s; %s.", r.Name, when, what, strings.TrimSuffix(use, "."))
}

func licenseText(all []slurm.License) string {
	var parts []string
	for _, l := range all {
		if l.Used == nil {
			parts = append(parts, fmt.Sprintf("%s %s", l.Name, thousands(l.Total)))
			continue
		}
		free := l.Total - *l.Used
		if l.Reserved != nil {
			free -= *l.Reserved
		}
		parts = append(parts, fmt.Sprintf("%s %s of %s free", l.Name, thousands(max(0, free)), thousands(l.Total)))
	}
	if len(parts) == 0 {
		return ""
	}
	return "Licences: " + shortList(parts, 8) + "."
}

// networkText counts the leaves of the tree: MPI over one of them is faster than over several.
func networkText(all []slurm.Switch) string {
	leaves, size := 0, span{}
	for _, s := range all {
		nodes, err := slurm.ExpandHosts(s.Nodes)
		if s.Level != 0 || err != nil {
			continue
		}
		if its := (span{len(nodes), len(nodes)}); leaves == 0 {
			size = its
		} else {
			size = size.or(its)
		}
		leaves++
	}
	switch {
	case leaves == 0:
		return ""
	case leaves == 1:
		return "Network: all nodes hang on one switch."
	}
	return fmt.Sprintf("Network: %d leaf switches of %s nodes each.", leaves, size.text(thousands))
}
