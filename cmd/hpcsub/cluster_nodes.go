package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hpcsub/slurm"
)

// mostNodeRows is how many lines of nodes are shown exactly; beyond it, what is free is a range.
const mostNodeRows = 100

// nodesText has a line a node, those that are alike in one.
func nodesText(c *slurm.Cluster, width int) string {
	groups := alike(c.Nodes, true)
	if len(groups) > mostNodeRows {
		groups = alike(c.Nodes, false)
	}
	t := table{head: []string{"node", "nodes", "state", "CPUs", "memory", "GPUs", "partitions"}, left: []int{0, 2, 6},
		groups: map[int]string{3: "free, of all", 6: " "}}
	for _, g := range groups {
		t.add(slurm.CompressHosts(g.names), thousands(len(g.names)), stateText(g.first), g.cpuText(), g.memoryText(), g.gpuText(), strings.Join(g.first.Partitions, ","))
	}
	partitions := 6
	if !slices.ContainsFunc(groups, func(g nodeGroup) bool { return len(g.names) > 1 }) {
		t.drop(1)
		partitions--
	}
	// what is not seen in full here is in --json
	if t.over(width) > 0 {
		t.cut(partitions-1, "nvidia_")
	}
	t.narrow(width, partitions, 12)
	t.narrow(width, 0, 14)
	t.narrow(width, partitions-4, 10)
	t.narrow(width, partitions-1, 10)
	t.narrow(width, 0, 8)
	text := t.String()
	cut := ""
	if strings.Contains(text, "…") {
		cut = "What ends in … stands in full in hpcsub cluster --json."
	}
	for _, note := range []string{outOfService(c.Nodes), cut} {
		if note != "" {
			text += "\n" + wrap(note, "", width)
		}
	}
	return text
}

// nodeGroup is nodes that are alike, and how much of them is free.
type nodeGroup struct {
	first              *slurm.Node
	names              []string
	cpus, memory, gpus span
}

// of is what is free of what there is: "5/8"; of a node that takes no jobs, nothing.
func (g nodeGroup) of(free span, word func(int) string, all string) string {
	if !g.first.Available() {
		return "-/" + all
	}
	return free.text(word) + "/" + all
}

func (g nodeGroup) cpuText() string {
	return g.of(g.cpus, strconv.Itoa, strconv.Itoa(g.first.CPUs))
}

// memoryText is in the unit of what there is, rounded down.
func (g nodeGroup) memoryText() string {
	unit := 1
	if g.first.MemoryMiB >= 10*1024 {
		unit = 1024
	}
	return g.of(g.memory, func(mib int) string { return strconv.Itoa(mib / unit) }, askable(g.first.MemoryMiB))
}

func (g nodeGroup) gpuText() string {
	have, _ := gpuCount(g.first)
	if have == 0 {
		return "-"
	}
	return g.of(g.gpus, strconv.Itoa, strings.TrimRight(fmt.Sprintf("%d %s", have, strings.Join(gpuTypes(slices.Values([]*slurm.Node{g.first})), "+")), " "))
}

// alike groups nodes with one state, shape and place; exactly also with as many free CPUs, as
// much free memory and as many free GPUs.
func alike(nodes []slurm.Node, exactly bool) []nodeGroup {
	type key struct {
		state, gpu, partitions string
		cpus, memory           int
		free                   [3]int
	}
	at := map[key]int{}
	var all []nodeGroup
	for i := range nodes {
		n := &nodes[i]
		have, used := gpuCount(n)
		free := [3]int{n.FreeCPUs(), n.FreeMemoryMiB(), max(0, have-used)}
		k := key{stateText(n), gpuText(n.GRES), strings.Join(n.Partitions, ","), n.CPUs, n.MemoryMiB, free}
		if !exactly {
			k.free = [3]int{}
		}
		where, ok := at[k]
		if !ok {
			where = len(all)
			at[k] = where
			all = append(all, nodeGroup{first: n, cpus: span{free[0], free[0]}, memory: span{free[1], free[1]}, gpus: span{free[2], free[2]}})
		}
		g := &all[where]
		g.names = append(g.names, n.Name)
		g.cpus, g.memory, g.gpus = g.cpus.or(span{free[0], free[0]}), g.memory.or(span{free[1], free[1]}), g.gpus.or(span{free[2], free[2]})
	}
	slices.SortStableFunc(all, func(a, b nodeGroup) int { return cmp.Compare(a.first.Name, b.first.Name) })
	return all
}
