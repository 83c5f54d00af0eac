package main

import (
	"fmt"
	"slices"
	"strings"

	"hpcsub/slurm"
)

// mostLimitNotes keep a cluster with many QOS readable.
const mostLimitNotes = 5

// limitNotes say what the user's QOS and accounts allow, and what of it is in use, a paragraph each. A QOS
// is asked before the account, and what it limits, the account does not.
func limitNotes(c *slurm.Cluster) []string {
	if !c.Scheduler.EnforceLimits {
		return nil
	}
	told := !slices.ContainsFunc(c.Unknown, func(what string) bool { return strings.Contains(what, "limits") })
	var lines []string
	add := func(of string, u slurm.Use) {
		if parts := limitParts(u, told); len(parts) > 0 {
			lines = append(lines, fmt.Sprintf("Limits of %s: %s.", of, strings.Join(parts, ", ")))
		}
	}
	for _, q := range c.Limits.QOS {
		if mayBeUnder(c, q.Name) {
			add("QOS "+q.Name, q.Use)
		}
	}
	for _, a := range c.Limits.Associations {
		add("account "+a.Account, a.Use)
	}
	if more := len(lines) - mostLimitNotes; more > 0 {
		lines = append(lines[:mostLimitNotes], fmt.Sprintf("%d more QOS or accounts have limits: hpcsub cluster --json lists them.", more))
	}
	return lines
}

// mayBeUnder says whether a job of this user in one of the partitions shown may be under a QOS.
func mayBeUnder(c *slurm.Cluster, qos string) bool {
	return slices.ContainsFunc(c.Partitions, func(p slurm.Partition) bool {
		return p.Usable && (strings.EqualFold(p.QOS, qos) || p.Access == nil || slices.ContainsFunc(p.Access, func(a slurm.Access) bool {
			return len(a.QOS) == 0 || slices.ContainsFunc(a.QOS, func(name string) bool { return strings.EqualFold(name, qos) })
		}))
	})
}

// limitParts are the limits in words, those of all jobs together with their use where that was told.
func limitParts(u slurm.Use, told bool) []string {
	var parts []string
	add := func(have, most, whose string) {
		if told {
			parts = append(parts, fmt.Sprintf("%s of %s %s", have, most, whose))
		} else {
			parts = append(parts, fmt.Sprintf("at most %s %s", most, whose))
		}
	}
	for _, x := range []struct {
		most  *int
		have  int
		whose string
	}{
		{u.MaxSubmitJobs, u.SubmittedJobs, "of yours in the queue"}, {u.AccountMaxSubmit, u.AccountSubmitted, "of your account in the queue"},
		{u.GroupMaxSubmit, u.GroupSubmitted, "of everybody in the queue"},
		{u.MaxJobs, u.Jobs, "of yours running"}, {u.AccountMaxJobs, u.AccountJobs, "of your account running"}, {u.GroupMaxJobs, u.GroupJobs, "of everybody running"},
	} {
		if x.most != nil {
			add(thousands(x.have), count(*x.most, "job"), x.whose)
		}
	}
	for _, x := range []struct {
		most, have map[string]int
		unit       string
		whose      string
	}{
		{u.MaxTRES, u.TRES, "", "in use by you"}, {u.AccountMaxTRES, u.AccountTRES, "", "in use by your account"}, {u.GroupMaxTRES, u.GroupTRES, "", "in use by everybody"},
		{u.GroupMaxTRESMinutes, u.GroupTRESMinutes, "-minutes", "spent"}, {u.GroupMaxTRESRunMinutes, u.GroupTRESRunMinutes, "-minutes", "ahead of what runs"},
		{u.MaxTRESRunMinutes, u.TRESRunMinutes, "-minutes", "ahead of what you run"}, {u.AccountMaxTRESRunMinutes, u.AccountTRESRunMinutes, "-minutes", "ahead of what your account runs"},
	} {
		for _, name := range sortedKeys(x.most) {
			have := thousands(x.have[name])
			if name == "mem" && x.unit == "" {
				have = memory(float64(x.have[name]))
			}
			add(have, tresText(name, x.most[name], x.unit), x.whose)
		}
	}
	if u.GroupMaxWallS != nil {
		add(thousands(u.GroupWallS/60), count(*u.GroupMaxWallS/60, "minute"), "spent")
	}
	return append(parts, jobParts(u)...)
}

// jobParts are the limits of one job.
func jobParts(u slurm.Use) []string {
	var parts []string
	for _, x := range []struct {
		words, unit, of string
		limits          map[string]int
	}{
		{"at most", "", "a job", u.MaxTRESPerJob}, {"at most", "", "a node of a job", u.MaxTRESPerNode},
		{"at most", "-minutes", "a job", u.MaxTRESMinutesPerJob}, {"at least", "", "a job", u.MinTRESPerJob},
	} {
		for _, name := range sortedKeys(x.limits) {
			parts = append(parts, fmt.Sprintf("%s %s %s", x.words, tresText(name, x.limits[name], x.unit), x.of))
		}
	}
	if u.MaxWallS != nil {
		parts = append(parts, fmt.Sprintf("at most %s a job", seconds(float64(*u.MaxWallS))))
	}
	return parts
}

// tresText is a number of a counted resource: "16 CPUs", "2 GPUs a100", "600 CPU-minutes". Memory is in MiB.
func tresText(name string, n int, unit string) string {
	kind, isGPU := strings.CutPrefix(name, "gres/gpu")
	switch {
	case isGPU && (kind == "" || kind[0] == ':'):
		return strings.TrimSpace(count(n, "GPU"+strings.TrimSuffix(unit, "s")) + " " + strings.TrimPrefix(kind, ":"))
	case name == "cpu":
		return count(n, "CPU"+strings.TrimSuffix(unit, "s"))
	case name == "node":
		return count(n, "node"+strings.TrimSuffix(unit, "s"))
	case name == "mem" && unit == "":
		return memory(float64(n))
	case name == "mem":
		return thousands(n) + " MiB" + unit
	}
	return thousands(n) + " " + name + unit
}
