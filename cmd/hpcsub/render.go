package main

import (
	"context"
	"os"

	"github.com/urfave/cli/v3"

	"hpcsub/runs"
)

func renderCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:      "render",
		Usage:     "print the script that would be submitted",
		ArgsUsage: "[JOB]",
		Description: `The script as hpcsub submit would hand it to Slurm, but for the run's id. Nothing is submitted.

   hpcsub render
   hpcsub render --cluster cluster.json job.toml`,
		Flags:        append(jobFlags(), clusterFlag(), clientFlag(), freshFlag()),
		OnUsageError: usage,
		Action: func(ctx context.Context, c *cli.Command) error {
			w, err := readWork(ctx, c, out)
			if err != nil {
				return err
			}
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
