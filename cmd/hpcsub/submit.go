package main

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/urfave/cli/v3"

	"hpcsub/runs"
	"hpcsub/strategies"
)

func submitCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:      "submit",
		Usage:     "run the job, in the way that hpcsub plan shows first",
		ArgsUsage: "[JOB]",
		Description: `Submits each part exactly once, whatever happens to this program or to
Slurm's answers. With --wait it follows the run to its end; Ctrl-C leaves the
jobs running, and hpcsub watch (or the same command again) takes up again.
Exit code 5: some items are not done.

   hpcsub submit
   hpcsub submit --wait
   hpcsub submit --dry-run fit/job.toml
   hpcsub submit --wait --cluster local`,
		Flags: append(jobFlags(),
			clusterFlag(), clientFlag(), freshFlag(), jsonFlag(),
			&cli.BoolFlag{Name: "wait", Usage: "follow the run until it has ended"},
			&cli.BoolFlag{Name: "dry-run", Usage: "plan, validate and show; submit nothing"},
			&cli.BoolFlag{Name: "again", Usage: "submit although a run of this job.toml is unfinished"},
		),
		OnUsageError: usage,
		Action: func(ctx context.Context, c *cli.Command) error {
			w, err := readWork(ctx, c, out)
			if err != nil {
				return err
			}
			if err := savedCluster(c); err != nil {
				return err
			}
			after := ""
			if !c.Bool("again") && !c.Bool("dry-run") {
				r, taken, err := takeUp(ctx, c, out, w)
				if taken || err != nil {
					return finish(ctx, c, out, r, err)
				}
				if r != nil {
					after = r.Latest()
				}
				if err := settleInterrupted(ctx, out, w.job.Path, notWaiting); err != nil {
					return err
				}
			}
			r, err := startRun(ctx, c, out, w, after)
			if r == nil || err != nil {
				return err
			}
			return finish(ctx, c, out, r, nil)
		},
	}
}

func savedCluster(c *cli.Command) error {
	if name := c.String("cluster"); name != "" && name != "local" {
		return usageErrorf("--cluster %q: a run goes to Slurm or to --cluster local; a saved cluster is for check, plan and render", name)
	}
	return nil
}

// takeUp deals with a run of this job.toml that has not ended: one whose submission was
// interrupted is completed, one that runs is followed with --wait and refused without. What it
// returns is the newest run, and whether it was dealt with.
func takeUp(ctx context.Context, c *cli.Command, out *output, w *work) (*runs.Run, bool, error) {
	r := runs.Newest(w.job.Path)
	if r == nil {
		return nil, false, nil
	}
	client, err := clientFor(r.Client)
	if err != nil {
		return nil, false, err
	}
	s, err := r.Status(ctx, client)
	if err != nil {
		return r, false, err
	}
	switch {
	case s.Settled && s.State == runs.Done:
		return r, false, nil
	case s.Settled:
		out.hint("%s; hpcsub retry %s runs the others, submit runs all anew", ended(r, s), r.ID)
		return r, false, nil
	case s.State == runs.Submitting && s.Silent == "":
		out.say("run %s was not submitted completely; completing it", r.ID)
		return r, true, r.Complete(ctx, client)
	case c.Bool("wait") && s.Silent == "":
		out.say("run %s of this job.toml is %s; following it", r.ID, s.State)
		return r, true, nil
	}
	return r, true, &coded{exitUsage, &runs.UnfinishedError{Status: s}, []string{
		"hpcsub watch " + r.ID + " follows it; hpcsub cancel " + r.ID + " ends it; --again submits another beside it"}}
}

// startRun plans and submits; with --dry-run it shows what it would do and returns no run.
// after is the newest attempt of the job, which has ended.
func startRun(ctx context.Context, c *cli.Command, out *output, w *work, after string) (*runs.Run, error) {
	p, err := find(ctx, c, out, w.needs())
	if err != nil {
		return nil, err
	}
	if err := visible(w.job.Dir, p); err != nil {
		return nil, err
	}
	in, plan, err := choose(ctx, w, p)
	if err != nil {
		return nil, err
	}
	if plan.Chosen == nil || c.Bool("dry-run") {
		return nil, showPlan(c, out, in, plan)
	}
	plan.Warnings = slices.DeleteFunc(plan.Warnings, func(w strategies.Warning) bool { return w.Rule == "measure" }) // check and plan say so
	warnItems(out, w)
	printWarnings(out, plan)
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	order := runs.Order{
		Job: w.job, List: w.list, Items: w.survey.Count, Input: in, Plan: plan, Cluster: p.cluster,
		Program: runs.Program{Path: program, Version: version}, After: after, Again: c.Bool("again"), RunsDir: w.site.RunsDir,
	}
	r, a, err := runs.Start(ctx, p.client, order, freezing(out, w.survey.Count))
	if err != nil {
		return nil, err
	}
	for _, change := range a.Altered(ctx, p.client) {
		out.warning("Slurm, or a plugin of this site, changed the request: %s", change)
	}
	return r, announce(c, out, r, a, plan.Chosen.Estimate)
}

// freezing says from time to time how many items are written down.
func freezing(out *output, total int) func(int) {
	return every(freezeNote, func(n int) { out.say("writing the item list: %s of %s", thousands(n), thousands(total)) })
}

func announce(c *cli.Command, out *output, r *runs.Run, a *runs.Attempt, e strategies.Estimate) error {
	ids, err := a.JobIDs()
	if err != nil {
		return err
	}
	if c.Bool("json") && !c.Bool("wait") {
		return out.json(submitted{r.ID, ids, a.ScriptPath()})
	}
	out.say("run %s: %s by %s as %s", r.ID, count(r.Items, "item"), a.Strategy, jobWords(r, ids...))
	out.say("expected: %s (%s to %s), %s CPU-hours; hpcsub plan says why", seconds(e.Makespan), seconds(e.MakespanLow), seconds(e.MakespanHigh), hours(e.CPUHours))
	if !c.Bool("wait") {
		if c.Bool("json") {
			return nil
		}
		out.print(r.ID + "\n")
		out.hint("hpcsub watch %s follows it; hpcsub results %s shows what is done", r.ID, r.ID)
	}
	return nil
}

// submitted is the contract of `hpcsub submit --json`.
type submitted struct {
	Run    string   `json:"run"`
	JobIDs []string `json:"job_ids"`
	Script string   `json:"script"`
}

// finish follows the run where --wait asks for it.
func finish(ctx context.Context, c *cli.Command, out *output, r *runs.Run, err error) error {
	if err != nil || !c.Bool("wait") {
		return err
	}
	client, err := clientFor(r.Client)
	if err != nil {
		return err
	}
	err = follow(ctx, out, r, client)
	if c.Bool("json") && (err == nil || errors.Is(err, errNotDone)) {
		if e := printSubmitted(ctx, out, r); e != nil {
			return e
		}
	}
	return err
}

func printSubmitted(ctx context.Context, out *output, r *runs.Run) error {
	attempts, err := r.Attempts()
	if err != nil {
		return err
	}
	ids, err := jobIDs(attempts)
	if err != nil {
		return err
	}
	return out.json(submitted{r.ID, ids, attempts[len(attempts)-1].ScriptPath()})
}

// jobIDs are all that Slurm gave to these attempts.
func jobIDs(attempts []*runs.Attempt) (all []string, err error) {
	for _, a := range attempts {
		ids, err := a.JobIDs()
		if err != nil {
			return nil, err
		}
		all = append(all, ids...)
	}
	return all, nil
}
