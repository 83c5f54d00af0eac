package strategies

import (
	"fmt"
	"slices"
	"strings"
)

// preemption is the warning that a job of the chosen partition and QOS may have to make room for
// others (slurm.conf(5), PreemptType), or nil.
func (p *problem) preemption(o *pool) *Warning {
	var by, mode string
	switch p.in.Cluster.Scheduler.PreemptType {
	case "preempt/partition_prio":
		by, mode = p.higherPartitions(o), o.PreemptMode
	case "preempt/qos":
		q := qosOf(p.in, qos(p.in, association(p.in, o.Name)))
		if q == nil || len(q.PreemptedBy) == 0 {
			return nil
		}
		by, mode = "QOS "+strings.Join(q.PreemptedBy, ", "), q.PreemptMode
		if mode == "" {
			mode = p.in.Cluster.Scheduler.PreemptMode
		}
	}
	if by == "" || mode == "OFF" {
		return nil
	}
	what := "its jobs are ended"
	switch {
	case strings.Contains(mode, "REQUEUE"):
		what = "they wait anew, and go on with the items that are not done"
	case strings.Contains(mode, "SUSPEND"):
		what = "they stand still until there is room again"
	case strings.Contains(mode, "CANCEL"):
		what = "they are ended, and hpcsub retry runs what was not done"
	}
	if o.GraceTimeS > 0 {
		what += fmt.Sprintf(", after %s", InWords(float64(o.GraceTimeS)))
	}
	return &Warning{"preemption", fmt.Sprintf("jobs in partition %s may have to make room for those of %s (PreemptMode=%s): %s", o.Name, by, mode, what)}
}

// higherPartitions names those with a higher PriorityTier on nodes of the pool.
func (p *problem) higherPartitions(o *pool) string {
	var names []string
	for _, other := range p.in.Cluster.Partitions {
		if other.PriorityTier <= o.PriorityTier {
			continue
		}
		if slices.ContainsFunc(o.groups, func(g group) bool { return slices.Contains(g.Partitions, other.Name) }) {
			names = append(names, other.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "partition " + strings.Join(names, ", ")
}
