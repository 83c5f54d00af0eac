package main

import (
	"context"
	"errors"
	"strings"

	"github.com/urfave/cli/v3"

	"hpcsub/configs"
	"hpcsub/sites"
	"hpcsub/slurm"
)

func siteDiffCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:      "diff",
		Usage:     "show what a new site.toml would change, and how",
		ArgsUsage: "OLD NEW",
		Description: `Plans and renders small jobs of every kind, and your newest runs with the
cluster of their plans, under both files. Nothing is submitted.

   hpcsub site diff /etc/hpcsub/site.toml new/site.toml
   hpcsub site diff old/site.toml new/site.toml --cluster cluster.json --json`,
		Flags: []cli.Flag{clusterFlag(), clientFlag(), jsonFlag(),
			&cli.IntFlag{Name: "runs", Value: 20, Usage: "try `N` of your newest runs"}},
		OnUsageError: usage,
		Action:       func(ctx context.Context, c *cli.Command) error { return diffSites(ctx, c, out) },
	}
}

func diffSites(ctx context.Context, c *cli.Command, out *output) error {
	if c.Args().Len() != 2 {
		return usageErrorf("site diff: want two files, the old site.toml and the new one, got %d", c.Args().Len())
	}
	var both [2]*configs.Site
	for i, path := range c.Args().Slice() {
		site, err := configs.ReadSite(path)
		if err != nil {
			return asUsage(quoted(err))
		}
		if err := checkTemplates(site); err != nil {
			return err
		}
		both[i] = site
	}
	cluster := sites.Imagined(both[1])
	p, err := find(ctx, c, out, slurm.InspectOptions{Whole: true})
	var known *coded
	switch {
	case err == nil:
		cluster = p.cluster
	case errors.As(err, &known) && known.code == exitUsage || ctx.Err() != nil:
		return err
	default:
		out.hint("Slurm was not asked (%v): the examples are planned on an imagined cluster; --cluster FILE.json names a saved one", err)
	}
	examples, err := sites.Examples(ctx)
	if err != nil {
		return err
	}
	changes := []sites.Change{}
	for _, e := range append(examples, sites.Past(c.Int("runs"))...) {
		changes = append(changes, sites.Diff(both[0], both[1], e, cluster))
	}
	if c.Bool("json") {
		return out.json(changes)
	}
	return printChanges(out, changes)
}

func printChanges(out *output, changes []sites.Change) error {
	same := []string{}
	for _, ch := range changes {
		if ch.Same() {
			same = append(same, ch.Case)
			continue
		}
		out.printf("%s\n", ch.Case)
		if ch.Old != ch.New {
			out.printf("  was: %s\n  now: %s\n", ch.Old, ch.New)
		} else {
			out.printf("  %s\n", ch.Old)
		}
		for _, line := range append(ch.Reasons, ch.Script...) {
			out.printf("    %s\n", line)
		}
	}
	if len(same) > 0 {
		out.printf("the same: %s\n", strings.Join(same, ", "))
	}
	return nil
}
