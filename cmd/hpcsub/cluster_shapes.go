package main

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"hpcsub/slurm"
)

// shape is what nodes that share a row have, one by one and together.
type shape struct {
	kinds          int  // how many different ones are in it
	cores, threads span // of a node; threads of a core
	memory, gpus   span // of a node
	gpu            string
	nodes, idle    int
	out            int // nodes that take no jobs
	freeCPUs       int
	allCores       int
	allMemory      int
	allGPUs        int
	freeGPUs       int
}

// span is the least and the most of a number.
type span struct{ least, most int }

func (s span) or(t span) span { return span{min(s.least, t.least), max(s.most, t.most)} }

func (s span) text(word func(int) string) string {
	if s.least == s.most {
		return word(s.least)
	}
	return strings.TrimRight(word(s.least), "G") + "–" + word(s.most)
}

// add counts a node that has what the row says.
func (s *shape) add(n *slurm.Node, memoryCounts bool) {
	have, used := gpuCount(n)
	s.nodes++
	s.allCores += n.Cores()
	s.allMemory += n.MemoryMiB
	s.allGPUs += have
	switch {
	case !n.Available():
		s.out++
		return
	case n.CPUsAllocated == 0 && n.State != "COMPLETING":
		s.idle++
	}
	if memoryCounts && n.MemoryMiB > 0 && n.FreeMemoryMiB() == 0 {
		return // no job fits beside those that hold all of its memory
	}
	s.freeCPUs += n.FreeCPUs()
	s.freeGPUs += max(0, have-used)
}

// countsMemory says whether Slurm hands out memory, so that a node without any is full.
func countsMemory(c *slurm.Cluster) bool {
	return slices.ContainsFunc(c.Scheduler.SelectParameters, func(p string) bool { return strings.HasSuffix(strings.ToUpper(p), "MEMORY") })
}

// shapes groups nodes that are alike, the most frequent first.
func shapes(nodes iter.Seq[*slurm.Node], memoryCounts bool) []shape {
	type key struct {
		cores, threads, memory int
		gpu                    string
	}
	at := map[key]int{}
	var all []shape
	for n := range nodes {
		k := key{n.Cores(), n.ThreadsPerCore, n.MemoryMiB, gpuText(n.GRES)}
		i, ok := at[k]
		if !ok {
			i = len(all)
			at[k] = i
			have, _ := gpuCount(n)
			all = append(all, shape{kinds: 1, cores: span{k.cores, k.cores}, threads: span{k.threads, k.threads},
				memory: span{k.memory, k.memory}, gpus: span{have, have}, gpu: k.gpu})
		}
		all[i].add(n, memoryCounts)
	}
	slices.SortStableFunc(all, func(a, b shape) int { return cmp.Compare(b.nodes, a.nodes) })
	return all
}

// fold leaves at most so many rows, the last of them the sum of what is left.
func fold(all []shape, most int) []shape {
	if len(all) <= most {
		return all
	}
	rest := all[most-1]
	for _, s := range all[most:] {
		rest = rest.plus(s)
	}
	return append(slices.Clone(all[:most-1]), rest)
}

func (s shape) plus(t shape) shape {
	if s.gpu != t.gpu {
		s.gpu = ""
	}
	return shape{s.kinds + t.kinds, s.cores.or(t.cores), s.threads.or(t.threads), s.memory.or(t.memory), s.gpus.or(t.gpus), s.gpu,
		s.nodes + t.nodes, s.idle + t.idle, s.out + t.out, s.freeCPUs + t.freeCPUs,
		s.allCores + t.allCores, s.allMemory + t.allMemory, s.allGPUs + t.allGPUs, s.freeGPUs + t.freeGPUs}
}

// coresText is "64", or "64×2" where a core has two threads, each of them a CPU.
func (s shape) coresText() string {
	text := s.cores.text(strconv.Itoa)
	if s.threads.least == s.threads.most && s.threads.most > 1 {
		text += fmt.Sprintf("×%d", s.threads.most)
	}
	return text
}

func (s shape) memoryText() string { return s.memory.text(askable) }

func (s shape) gpuText() string {
	if s.gpu != "" {
		return s.gpu
	}
	return s.gpus.text(strconv.Itoa)
}

func (s shape) freeGPUText() string {
	if s.allGPUs == 0 {
		return "-"
	}
	return thousands(s.freeGPUs)
}

// askable words MiB as Slurm reads it, rounded down: a job that asks for it fits.
func askable(mib int) string {
	if mib < 10*1024 && mib > 0 {
		return fmt.Sprintf("%dM", mib)
	}
	return fmt.Sprintf("%dG", mib/1024)
}

// gpuCount is how many GPUs a node has, and how many of them are in use.
func gpuCount(n *slurm.Node) (have, used int) {
	for _, g := range n.GRES {
		if g.Name == "gpu" {
			have, used = have+g.Count, used+g.Used
		}
	}
	return have, used
}

func gpuText(gres []slurm.GRES) string {
	var parts []string
	for _, g := range gres {
		if g.Name != "gpu" || g.Count == 0 {
			continue
		}
		parts = append(parts, strings.TrimRight(fmt.Sprintf("%d %s", g.Count, g.Type), " "))
	}
	if len(parts) == 0 {
		return "-"
	}
	return strings.Join(parts, " + ")
}
