package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"hpcsub/runs"
	"hpcsub/slurm"
)

func watchCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:      "watch",
		Usage:     "follow a run until it has ended",
		ArgsUsage: "[RUN]",
		Description: `RUN is a run's id, a beginning of one, or a job.toml (its newest run);
without it, the newest run here. Ctrl-C stops watching; the jobs go on. Exit
code 5: some items are not done.

   hpcsub watch
   hpcsub watch fourier-k3x9ab`,
		Flags:        []cli.Flag{jsonFlag()},
		OnUsageError: usage,
		Action: func(ctx context.Context, c *cli.Command) error {
			r, client, err := findRun(c)
			if err != nil {
				return err
			}
			err = follow(ctx, out, r, client)
			if c.Bool("json") && (err == nil || errors.Is(err, errNotDone)) {
				if e := printStatusJSON(ctx, out, r); e != nil {
					return e
				}
			}
			return err
		},
	}
}

// errNotDone ends a run, trial or check with anything not done.
var errNotDone = errors.New("not everything is done")

// notDoneError is errNotDone in the words of one run.
type notDoneError struct{ text string }

func (e *notDoneError) Error() string { return e.text }
func (e *notDoneError) Unwrap() error { return errNotDone }

// follow shows a run's progress until it has ended, and then what failed.
func follow(ctx context.Context, out *output, r *runs.Run, client slurm.Client) error {
	bar := newProgress(out.stderr)
	s, err := r.Follow(ctx, client, func(s runs.Status) { bar.show(tallyOf(r, s), time.Now()) })
	bar.end()
	if ctx.Err() != nil {
		out.hint("the jobs go on; hpcsub watch %s follows them again, hpcsub cancel %s ends them", r.ID, r.ID)
		return context.Canceled
	}
	if err != nil {
		return err
	}
	return conclude(ctx, out, r, client, s)
}

func tallyOf(r *runs.Run, s runs.Status) tally {
	return tally{Total: s.Items.Total, Done: s.Items.Done, Failed: s.Items.Failed, Running: s.Items.Running, Note: waiting(r, s)}
}

// waiting words why nothing runs yet.
func waiting(r *runs.Run, s runs.Status) string {
	if s.Silent != "" {
		return "Slurm does not answer: " + fieldLists.ReplaceAllString(s.Silent, "…")
	}
	if len(s.LeftOver) > 0 {
		return fmt.Sprintf("Slurm still holds %s, whose work is done: scancel %s", heldJobs(s.LeftOver), strings.Join(s.LeftOver, " "))
	}
	if s.State != runs.Pending {
		return ""
	}
	for _, a := range s.Attempts {
		if a.State == "PENDING" && a.Reason != "" && a.Reason != "None" {
			return fmt.Sprintf("%s waits: %s", jobWords(r, a.JobID), a.Reason)
		}
	}
	return "waiting to start"
}

// conclude says how a run ended, and what to do about what is not done.
func conclude(ctx context.Context, out *output, r *runs.Run, client slurm.Client, s runs.Status) error {
	warnGPUs(out, s.GPUs)
	if s.State == runs.Done {
		out.say("run %s: all %s done", r.ID, count(s.Items.Total, "item"))
		out.hint("hpcsub results %s shows them", r.ID)
		return nil
	}
	if s.Stopped != "" {
		out.say("run %s was stopped: %s", r.ID, s.Stopped)
	}
	for _, node := range s.BadNodes {
		out.warning("node %s; hpcsub retry stays away from it", node)
	}
	results, err := r.Results(ctx, client)
	if err != nil {
		return err
	}
	groups, err := r.Failures(results)
	if err != nil {
		return err
	}
	printFailures(out, groups)
	if r.DiskFull() {
		out.warning("the disk of %s is full: no space left for the records of the items", r.Dir())
	}
	missing := s.Items.Pending
	if missing > 0 && len(groups) == 0 && s.State != runs.Cancelled {
		explainMissing(out, r, s)
	}
	return &coded{exitNotDone, &notDoneError{ended(r, s)}, []string{afterwards(r.ID, s)}}
}

// ended says in a line how a run ended.
func ended(r *runs.Run, s runs.Status) string {
	how := map[string]string{runs.Failed: "failed", runs.Cancelled: "was cancelled"}[s.State]
	if how == "" {
		how = "ended incomplete"
	}
	text := fmt.Sprintf("run %s %s: %s of %s done", r.ID, how, thousands(s.Items.Done), count(s.Items.Total, "item"))
	if s.Items.Failed > 0 {
		text += fmt.Sprintf(", %s failed", thousands(s.Items.Failed))
	}
	if s.Items.Pending > 0 {
		text += fmt.Sprintf(", %s never ran", thousands(s.Items.Pending))
	}
	return text
}

// explainMissing says what Slurm made of jobs whose items never ran. Of jobs that ended well
// the worker said why it started nothing.
func explainMissing(out *output, r *runs.Run, s runs.Status) {
	for _, a := range s.Attempts {
		if a.State != "" && a.State != "COMPLETED" {
			out.warning("%s ended as %s before it ran its items: %s", jobWords(r, a.JobID), a.State, whyNever(r, a))
			for _, line := range r.SlurmTail() {
				out.say("    %s", line)
			}
			return
		}
	}
	if s.Stopped == "" {
		out.hint("hpcsub logs %s --slurm shows why the jobs did not start them", r.ID)
	}
}

func whyNever(r *runs.Run, a runs.JobStatus) string {
	switch {
	case a.Reason == "", a.Reason == "None":
	case strings.HasPrefix(a.Reason, "RaisedSignal:53"), a.Reason == "JobLaunchFailure": // the log could not be opened
		return "a node could not write its log there: do the nodes see " + string(r.Dir()) + "?"
	case a.Reason == "NonZeroExitCode":
		return "hpcsub logs " + r.ID + " --slurm shows what the script said"
	default:
		return "the reason given is " + a.Reason
	}
	return "do the nodes see the run's folder? hpcsub logs " + r.ID + " --slurm shows what the script said"
}

func printFailures(out *output, groups []runs.Failure) {
	for i, g := range groups {
		if i == mostErrors {
			out.say("… and %d more kinds of failure", len(groups)-mostErrors)
			return
		}
		detail := ""
		if g.Detail != "" {
			detail = ": " + one(g.Detail, 200)
		}
		out.say("%s %s, first item %d (%s)%s", count(g.Count, "item"), g.What, g.First, one(g.Command, 100), detail)
		for _, line := range g.Tail {
			out.say("    %s", line)
		}
	}
}

// jobWords names jobs of a run: Slurm's, or those of this machine.
func jobWords(r *runs.Run, ids ...string) string {
	kind := "Slurm job"
	if r.Client == "local" {
		kind = "job"
	}
	if len(ids) > 1 {
		kind += "s"
	}
	return kind + " " + strings.Join(ids, ", ")
}
