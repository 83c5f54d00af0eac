package main

import (
	"fmt"
	"slices"
	"strings"

	"hpcsub/runs"
	"hpcsub/slurm"
	"hpcsub/strategies"
	"hpcsub/trials"
	"hpcsub/worker"
)

// A trial tells how fast items are on the node that it ran on. Where the work goes to other nodes, that is said.

// otherKind says in words how the nodes of a partition differ from the node of a trial; "" where most are alike, or where nobody
// knows. The empty partition is all of them.
func otherKind(m trials.Machine, cluster *slurm.Cluster, partition string) string {
	if m.Node == "" {
		return ""
	}
	if cluster.Client == "local" {
		return otherMachine(m, worker.Machine())
	}
	i := slices.IndexFunc(cluster.Nodes, func(n slurm.Node) bool { return n.Name == m.Node })
	if i < 0 {
		return fmt.Sprintf("%s, which %s no longer has", m, cluster.Name)
	}
	own := cluster.Nodes[i]
	var others []string
	all := 0
	for _, n := range cluster.Nodes {
		if partition != "" && !slices.Contains(n.Partitions, partition) {
			continue
		}
		if all++; !own.SameKind(n) {
			others = append(others, n.Name)
		}
	}
	if 2*len(others) <= all {
		return ""
	}
	return fmt.Sprintf("%s, and most nodes of partition %s are of another kind (%s)", m, partition, few(others, 3))
}

// otherMachine does the same without Slurm, where a folder may be seen from several machines.
func otherMachine(then, now trials.Machine) string {
	alike := then.Model == now.Model && (then.CPUs == now.CPUs && 10*max(then.MemoryMiB, now.MemoryMiB) <= 11*min(then.MemoryMiB, now.MemoryMiB))
	if alike || then.Node == now.Node && then.Model == now.Model {
		return ""
	}
	return fmt.Sprintf("%s, and this is %s", then, now)
}

// few names the first of many.
func few(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// kindDoubt warns where the chosen way runs on nodes of another kind than those that its trial measured.
func kindDoubt(trial *runs.TrialUse, cluster *slurm.Cluster, plan strategies.Plan) []strategies.Warning {
	if trial == nil || plan.Chosen == nil {
		return nil
	}
	where := otherKind(trial.Machine, cluster, plan.Chosen.Request.Partition)
	if where == "" {
		return nil
	}
	remedy := "hpcsub trial measures it here"
	if cluster.Client != "local" {
		remedy = fmt.Sprintf("with partition = %q in [slurm], hpcsub trial measures it there", plan.Chosen.Request.Partition)
	}
	return []strategies.Warning{{Rule: "trial-elsewhere", Text: fmt.Sprintf(
		"trial %s was measured on %s: items may take longer or shorter; %s", trial.Run, where, remedy)}}
}
