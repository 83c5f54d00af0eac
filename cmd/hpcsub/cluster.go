package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"hpcsub/slurm"
)

func clusterCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:      "cluster",
		Usage:     "show what the cluster has, what is free, what you may use",
		ArgsUsage: "[PARTITION …]",
		Description: `Partitions by node shape: how many nodes, what each has, and what is free
now; what you may not use stands below, with the reason. Shapes are folded
where there are many: name a partition to see all of its shapes and its
rules, or --nodes for the nodes, those that are alike in one line. --json
prints the whole picture, which hpcsub plan --cluster FILE.json takes in
place of a cluster. --here shows the node that one is on, with its GPUs.

   hpcsub cluster
   hpcsub cluster gpu --nodes
   hpcsub cluster --here
   hpcsub cluster --json > cluster.json`,
		Flags: []cli.Flag{clusterFlag(), clientFlag(), freshFlag(), jsonFlag(), hereFlag(),
			&cli.BoolFlag{Name: "nodes", Usage: "the nodes and their states, those alike in one line"}},
		OnUsageError: usage,
		Action: func(ctx context.Context, c *cli.Command) error {
			if c.Bool("here") {
				return showHere(ctx, c, out)
			}
			defer slow(out, "asking the cluster")()
			p, err := find(ctx, c, out, slurm.InspectOptions{Whole: true})
			if err != nil {
				return err
			}
			cluster, err := only(p.cluster, c.Args().Slice())
			switch {
			case err != nil:
				return err
			case c.Bool("json"):
				return out.json(cluster)
			}
			width, _ := terminal(out.stdout)
			if c.Bool("nodes") {
				out.print(nodesText(cluster, width))
				return nil
			}
			out.print(clusterText(cluster, width, c.Args().Present()))
			if err := printPurposes(c, out, cluster); err != nil {
				return err
			}
			out.hint("hpcsub plan shows the ways to run job.toml here")
			return nil
		},
	}
}

// only is the cluster as far as it is in these partitions; all of it if none is named.
func only(c *slurm.Cluster, names []string) (*slurm.Cluster, error) {
	if len(names) == 0 {
		return c, nil
	}
	part := *c
	part.Partitions, part.Nodes = nil, nil
	for _, name := range names {
		p := c.Partition(name)
		if p == nil {
			var all []string
			for _, p := range c.Partitions {
				all = append(all, p.Name)
			}
			return nil, &coded{exitInfeasible, fmt.Errorf("%s has no partition %q", c.Name, name),
				[]string{"it has " + strings.Join(all, ", ")}}
		}
		part.Partitions = append(part.Partitions, *p)
	}
	for _, n := range c.Nodes {
		if slices.ContainsFunc(names, func(name string) bool { return slices.Contains(n.Partitions, name) }) {
			part.Nodes = append(part.Nodes, n)
		}
	}
	return &part, nil
}

// printPurposes says what the site has its partitions for.
func printPurposes(c *cli.Command, out *output, cluster *slurm.Cluster) error {
	site, err := siteFor(c)
	if err != nil {
		return err
	}
	for _, p := range cluster.Partitions {
		rule := site.Partitions[p.Name]
		text := rule.Purpose
		if rule.NamedOnly {
			text = strings.TrimPrefix(text+"; only for jobs that name it", "; ")
		}
		if text != "" {
			out.printf("%s: %s\n", p.Name, text)
		}
	}
	return nil
}

// mostShapeRows is how many lines of a table one still takes in; beyond it shapes are folded.
const mostShapeRows = 40

// clusterText is the whole answer: the sum, the table, and what one has to know to read it. A
// partition that was asked for is shown in full, with its rules.
func clusterText(c *slurm.Cluster, width int, inFull bool) string {
	memoryCounts := countsMemory(c)
	var rows []partitionRows
	for _, p := range c.Partitions {
		rows = append(rows, partitionRows{p, shapes(c.In(p.Name), memoryCounts)})
	}
	// what one may use comes first
	slices.SortStableFunc(rows, func(a, b partitionRows) int { return rank(a) - rank(b) })
	refused := refusals(rows)
	if !inFull {
		rows = foldRows(rows)
	}
	var all shape
	for i := range c.Nodes {
		all.add(&c.Nodes[i], memoryCounts)
	}
	text := wrap(what(c, all, inFull), "", width) + free(all) + "\n" + shapeTable(rows, width)
	for _, line := range notes(c, rows, refused, inFull) {
		text += wrap(line, "", width)
	}
	return text
}

// partitionRows is a partition with the rows that show its nodes.
type partitionRows struct {
	slurm.Partition
	shapes []shape
}

func rank(r partitionRows) int {
	if r.Usable {
		return 0
	}
	return 1
}

// foldRows lets each partition have as many rows as fit all of them into mostShapeRows, one at least. Where
// not even that fits, partitions that are not usable are named below the table alone.
func foldRows(all []partitionRows) []partitionRows {
	most := mostShapeRows
	for ; most > 1; most-- {
		if rowsOf(all, most) <= mostShapeRows {
			break
		}
	}
	for i := range all {
		all[i].shapes = fold(all[i].shapes, most)
	}
	if rowsOf(all, most) > mostShapeRows {
		all = slices.DeleteFunc(all, func(r partitionRows) bool { return !r.Usable })
	}
	return all
}

func rowsOf(all []partitionRows, most int) (rows int) {
	for _, r := range all {
		rows += max(1, min(len(r.shapes), most))
	}
	return rows
}

// clusterName is a cluster with its Slurm, where it has one.
func clusterName(c *slurm.Cluster) string {
	if c.Version == "" {
		return c.Name
	}
	return c.Name + ", Slurm " + c.Version
}

// what says what there is.
func what(c *slurm.Cluster, all shape, inFull bool) string {
	text := clusterName(c)
	if inFull {
		var names []string
		for _, p := range c.Partitions {
			names = append(names, p.Name)
		}
		text = strings.Join(names, ", ") + " of " + text
	}
	text += fmt.Sprintf(": %s, %s, %s of memory", count(all.nodes, "node"), count(all.allCores, "core"), memory(float64(all.allMemory)))
	if all.allGPUs > 0 {
		text += ", " + count(all.allGPUs, "GPU")
	}
	return text
}

// free says what of it is free.
func free(all shape) string {
	text := fmt.Sprintf("free now: %s, %s", count(all.idle, "whole node"), count(all.freeCPUs, "CPU"))
	if all.allGPUs > 0 {
		text += ", " + count(all.freeGPUs, "GPU")
	}
	return text + "\n"
}

// shapeTable has a row for each shape of a partition; below a line those partitions that this
// user cannot use.
func shapeTable(rows []partitionRows, width int) string {
	t := table{head: []string{"partition", "longest", "nodes", "cores", "memory", "GPUs", "nodes", "CPUs", "GPUs"}, left: []int{1},
		groups: map[int]string{3: "a node has", 6: "free now"}}
	gpus := false
	for _, r := range rows {
		gpus = gpus || slices.ContainsFunc(r.shapes, func(s shape) bool { return s.allGPUs > 0 })
	}
	for i, r := range rows {
		if !r.Usable && (i == 0 || rows[i-1].Usable) {
			t.line("not usable:")
		}
		name, longest := r.Name, limitText(r.TimeLimitS)
		if r.Default {
			name += "*"
		}
		for _, s := range r.shapes {
			t.add(name, longest, thousands(s.nodes), s.coresText(), s.memoryText(), s.gpuText(),
				thousands(s.idle), thousands(s.freeCPUs), s.freeGPUText())
			name, longest = "", ""
		}
		if len(r.shapes) == 0 {
			t.add(name, longest, "0", "-", "-", "-", "0", "0", "-")
		}
	}
	if !gpus {
		t.drop(8)
		t.drop(5)
	} else {
		if t.over(width) > 0 {
			t.cut(5, "nvidia_")
		}
		t.narrow(width, 5, 10)
	}
	t.hang(width, 0)
	return t.String()
}

func limitText(s *int) string {
	if s == nil {
		return "no limit"
	}
	return seconds(float64(*s))
}
