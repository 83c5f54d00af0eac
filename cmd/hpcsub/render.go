package main

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v3"

	"hpcsub/runs"
	"hpcsub/strategies"
)

func renderCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:      "render",
		Usage:     "print the script that would be submitted",
		ArgsUsage: "[JOB]",
		Description: `The script as hpcsub submit would hand it to Slurm, but for the run's id.
Nothing is submitted.

   hpcsub render
   hpcsub render --cluster cluster.json job.toml
   hpcsub render --standalone

--standalone writes a script and the list of items that it reads, which need
nothing of hpcsub: for a cluster without it, or for keeping.
NAME-standalone.sh is for sbatch, and runs with bash alone, too.`,
		Flags: append(jobFlags(), clusterFlag(), clientFlag(), freshFlag(),
			&cli.BoolFlag{Name: "standalone", Usage: "write a script and its items that run without hpcsub"},
			&cli.StringFlag{Name: "out", Usage: "the `FOLDER` that --standalone writes into (job.toml's)"}),
		OnUsageError: usage,
		Action: func(ctx context.Context, c *cli.Command) error {
			w, err := readWork(ctx, c, out)
			if err != nil {
				return err
			}
			w.standalone = c.Bool("standalone")
			p, err := find(ctx, c, out, w.needs())
			if err != nil {
				return err
			}
			in, plan, err := choose(ctx, w, p)
			if err != nil {
				return err
			}
			if plan.Chosen == nil {
				return infeasible(out, plan, p.cluster.Name)
			}
			printWarnings(out, plan)
			if w.standalone {
				return standalone(ctx, c, out, w, in, plan)
			}
			program, err := os.Executable()
			if err != nil {
				return err
			}
			text, err := runs.Preview(w.job, in, plan, runs.Program{Path: program, Version: version})
			if err != nil {
				return err
			}
			out.print(text)
			return nil
		},
	}
}

// standalone writes what runs without hpcsub, and prints where.
func standalone(ctx context.Context, c *cli.Command, out *output, w *work, in strategies.Input, plan strategies.Plan) error {
	dir, err := filepath.Abs(cmp.Or(c.String("out"), w.job.Dir))
	if err != nil {
		return err
	}
	paths, err := runs.WriteStandalone(ctx, dir, w.job, w.list, in, plan, version)
	if err != nil {
		return err
	}
	out.print(strings.Join(paths, "\n") + "\n")
	out.hint("sbatch %s submits it, bash %s runs it here; neither needs hpcsub", paths[0], paths[0])
	return nil
}
