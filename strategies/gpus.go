package strategies

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"hpcsub/slurm"
)

// gpusOf is how many GPUs of a type a node has, and how many of them are free; of no type, all count.
func gpusOf(n slurm.Node, kind string) (all, free int) {
	for _, g := range n.GRES {
		if g.Name == "gpu" && (kind == "" || g.Type == kind) {
			all, free = all+g.Count, free+max(0, g.Count-g.Used)
		}
	}
	return all, free
}

func someGPUs(nodes iter.Seq[*slurm.Node], kind string) bool {
	for n := range nodes {
		if hasGPUs(*n, kind) {
			return true
		}
	}
	return false
}

func onlyGPUs(nodes iter.Seq[*slurm.Node]) bool {
	some := false
	for n := range nodes {
		if some = true; !hasGPUs(*n, "") {
			return false
		}
	}
	return some
}

func hasGPUs(n slurm.Node, kind string) bool {
	all, _ := gpusOf(n, kind)
	return all > 0
}

// gres is what Slurm is asked for on each node: "gpu:a100:2"; "" = no GPUs. A number a node, not a task or a
// job, since that alone is counted the same way from 20.11 to 26.05.
func (d demand) gres() string {
	if d.gpus == 0 {
		return ""
	}
	return gpuWords(d.gpuType) + ":" + strconv.Itoa(d.gpus)
}

func gpuWords(kind string) string { return strings.TrimSuffix("gpu:"+kind, ":") }

// countGPUs is "2 GPUs of type a100".
func countGPUs(n int, kind string) string {
	if kind == "" {
		return counted(n, "GPU")
	}
	return counted(n, "GPU") + " of type " + kind
}

// tooFewGPUs says what GPUs the partition has instead, and where there are others.
func (o *pool) tooFewGPUs(d demand, in Input) *Rejection {
	reason := fmt.Sprintf("an item needs %s; no node of partition %s has that (%s)", countGPUs(d.gpus, d.gpuType), o.Name,
		gpusThere(in.Cluster.In(o.Name)))
	var others []string
	for _, p := range in.Cluster.Partitions {
		if nodes := in.Cluster.In(p.Name); p.Name != o.Name && someGPUs(nodes, "") {
			others = append(others, p.Name+" has "+gpusThere(nodes))
		}
	}
	if len(others) > 0 {
		reason += "; partition " + strings.Join(others, ", partition ")
	}
	return &Rejection{Reason: reason}
}

// gpusThere lists the kinds of GPUs of some nodes, with the most that one node has of each.
func gpusThere(nodes iter.Seq[*slurm.Node]) string {
	most := map[string]int{}
	var kinds []string
	for n := range nodes {
		for _, g := range n.GRES {
			kind := gpuWords(g.Type)
			if g.Name != "gpu" {
				continue
			}
			if most[kind] == 0 {
				kinds = append(kinds, kind)
			}
			most[kind] = max(most[kind], g.Count)
		}
	}
	if len(kinds) == 0 {
		return "no GPUs"
	}
	slices.Sort(kinds)
	for i, kind := range kinds {
		kinds[i] = kind + ":" + strconv.Itoa(most[kind])
	}
	return "at most " + strings.Join(kinds, " and ") + " a node"
}

// tooManyGPUs holds one job's GPUs against limits.gpus.
func (p *problem) tooManyGPUs(gpus int) *Rejection {
	if p.in.Limits.GPUs == 0 || gpus <= p.in.Limits.GPUs {
		return nil
	}
	l := limit{n: p.in.Limits.GPUs}
	l.name, l.raise = ownLimit(p.in, "gpus")
	return l.refuse("one Slurm job is given " + counted(gpus, "GPU"))
}
