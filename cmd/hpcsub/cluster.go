package main

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"github.com/urfave/cli/v3"

	"hpcsub/slurm"
)

func clusterCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:  "cluster",
		Usage: "show what the cluster has and what is free",
		Description: `Partitions by node shape: how many nodes, what each has, and what is free now. --json prints the
whole picture, which hpcsub plan --cluster FILE.json takes in place of a cluster.
--here shows the node that one is on, with its GPUs.

   hpcsub cluster
   hpcsub cluster --here
   hpcsub cluster --json > cluster.json`,
		Flags:        []cli.Flag{clusterFlag(), clientFlag(), freshFlag(), jsonFlag(), hereFlag()},
		OnUsageError: usage,
		Action: func(ctx context.Context, c *cli.Command) error {
			if err := noArgument(c); err != nil {
				return err
			}
			if c.Bool("here") {
				return showHere(ctx, c, out)
			}
			p, err := find(ctx, c, out, slurm.InspectOptions{Whole: true})
			if err != nil {
				return err
			}
			if c.Bool("json") {
				return out.json(p.cluster)
			}
			printCluster(out, p.cluster)
			out.hint("hpcsub plan shows the ways to run job.toml here")
			return nil
		},
	}
}

func printCluster(out *output, c *slurm.Cluster) {
	title := c.Name
	if c.Version != "" {
		title += ", Slurm " + c.Version
	}
	out.printf("%s\n\n", title)
	t := table{head: []string{"partition", "longest", "nodes", "CPUs", "memory", "GPUs", "free CPUs", "not up"}}
	for _, p := range c.Partitions {
		for i, s := range shapes(c.NodesOf(p.Name)) {
			name, longest := p.Name, limitText(p.TimeLimitS)
			if p.Default {
				name += "*"
			}
			if i > 0 {
				name, longest = "", ""
			}
			t.add(name, longest, thousands(s.nodes), fmt.Sprint(s.cpus), memory(float64(s.memory)), s.gpus, thousands(s.free), down(s.down))
		}
	}
	out.print(t.String())
	for _, p := range c.Partitions {
		if !p.Usable {
			out.printf("%s: not for you: %s\n", p.Name, p.WhyNot)
		}
	}
}

func down(n int) string {
	if n == 0 {
		return "-"
	}
	return thousands(n)
}

func limitText(s *int) string {
	if s == nil {
		return "no limit"
	}
	return seconds(float64(*s))
}

// shape is nodes that are alike.
type shape struct {
	cpus, memory      int
	gpus              string
	nodes, free, down int
}

// shapes groups nodes that are alike, the most frequent first.
func shapes(nodes []slurm.Node) []shape {
	type key struct {
		cpus, memory int
		gpus         string
	}
	at := map[key]int{}
	var all []shape
	for _, n := range nodes {
		k := key{n.CPUs, n.MemoryMiB, gpuText(n.GRES)}
		i, ok := at[k]
		if !ok {
			i = len(all)
			at[k] = i
			all = append(all, shape{cpus: k.cpus, memory: k.memory, gpus: k.gpus})
		}
		all[i].nodes++
		if n.Available() {
			all[i].free += n.FreeCPUs()
		} else {
			all[i].down++
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].nodes > all[j].nodes })
	return all
}

func gpuText(gres []slurm.GRES) string {
	var parts []string
	for _, g := range gres {
		if g.Name != "gpu" {
			continue
		}
		text := fmt.Sprint(g.Count)
		if g.Type != "" {
			text += " " + g.Type
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "-"
	}
	return strings.Join(parts, ", ")
}
