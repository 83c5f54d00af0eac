package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v3"

	"hpcsub/configs"
	"hpcsub/runs"
	"hpcsub/slurm"
	"hpcsub/strategies"
)

func retryCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:      "retry",
		Usage:     "run what failed or never ran, and nothing else",
		ArgsUsage: "[RUN]",
		Description: `Uses the items as they were frozen when the run was submitted, whatever has
become of the list since. Items that ran out of memory get twice as much, or
what the largest node has, in an attempt of their own; nodes that failed many
items at once are left out.

   hpcsub retry
   hpcsub retry fourier-k3x9ab --wait
   hpcsub retry --memory 8GiB --time 2h`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "wait", Usage: "follow the run until it has ended"},
			&cli.StringFlag{Name: "memory", Usage: "memory that one item gets now, a `SIZE` such as 8GiB"},
			&cli.StringFlag{Name: "time", Usage: "time that one item typically takes, a `DURATION` such as 2h30m"},
			jsonFlag(),
		},
		OnUsageError: usage,
		Action: func(ctx context.Context, c *cli.Command) error {
			r, client, err := findRun(c)
			if err != nil {
				return err
			}
			if r.Aside() {
				return asUsage(fmt.Errorf("%s is a trial: nothing of it counts as done, so there is nothing to retry", r.ID),
					"hpcsub trial runs another; hpcsub submit runs all items")
			}
			opt, err := retryOptions(c)
			if err != nil {
				return err
			}
			if err := settleInterrupted(ctx, out, r.Job, ""); err != nil {
				return err
			}
			made, err := retry(ctx, out, r, client, opt)
			var none *runs.NothingToRetryError
			if errors.As(err, &none) {
				out.say("%v", err)
				return nil
			}
			if err != nil {
				return err
			}
			return announceRetry(ctx, c, out, r, made)
		},
	}
}

func retryOptions(c *cli.Command) (opt runs.RetryOptions, err error) {
	if text := c.String("memory"); text != "" {
		if opt.MemoryMiB, err = configs.ParseMiB(text); err != nil {
			return opt, usageErrorf("--memory: %w", err)
		}
	}
	if text := c.String("time"); text != "" {
		var d time.Duration
		if d, err = configs.ParseDuration(text); err != nil {
			return opt, usageErrorf("--time: %w", err)
		}
		opt.Time = d
	}
	return opt, nil
}

func retry(ctx context.Context, out *output, r *runs.Run, client slurm.Client, opt runs.RetryOptions) ([]*runs.Attempt, error) {
	cluster, err := client.Inspect(ctx, slurm.InspectOptions{CacheDir: cacheDir()})
	if err != nil {
		return nil, err
	}
	if cluster.Client != "local" {
		site, err := readSite()
		if err != nil {
			return nil, err
		}
		opt.Site, opt.Costs, opt.Interface = site.Rules, site.Costs, site.Interface
	}
	made, err := r.Retry(ctx, client, cluster, opt, func(text string) { out.say("%s", text) })
	var unfinished *runs.UnfinishedError
	if errors.As(err, &unfinished) {
		return nil, &coded{exitUsage, err, []string{"hpcsub watch " + r.ID + " follows it to its end"}}
	}
	var cannot *runs.InfeasibleError
	if errors.As(err, &cannot) {
		printPlan(out, strategies.Input{}, cannot.Plan, false)
		return nil, &coded{code: exitInfeasible, err: err}
	}
	return made, err
}

func announceRetry(ctx context.Context, c *cli.Command, out *output, r *runs.Run, made []*runs.Attempt) error {
	if c.Bool("wait") {
		return finish(ctx, c, out, r, nil)
	}
	ids, err := jobIDs(made)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		return out.json(submitted{r.ID, ids, made[0].ScriptPath()})
	}
	out.say("run %s: %s", r.ID, jobWords(r, ids...))
	out.hint("hpcsub watch %s follows it", r.ID)
	return nil
}
