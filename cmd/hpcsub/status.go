package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"hpcsub/runs"
)

func statusCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:      "status",
		Usage:     "say how far a run is, and why it waits",
		ArgsUsage: "[RUN]",
		Description: `RUN is a run's id, a beginning of one, or a job.toml (its newest run);
without it, the newest run here. The exit code is 0 whatever it shows.

   hpcsub status
   hpcsub status fourier-k3x9ab --json`,
		Flags:        []cli.Flag{jsonFlag()},
		OnUsageError: usage,
		Action: func(ctx context.Context, c *cli.Command) error {
			r, client, err := findRun(c)
			if err != nil {
				return err
			}
			s, err := r.Status(ctx, client)
			if err != nil {
				return err
			}
			if s.Settled {
				if s.LeftOver, err = r.LeftOver(ctx, client); err != nil {
					s.Silent = err.Error()
				}
			}
			if c.Bool("json") {
				return out.json(s)
			}
			printStatus(out, r, s)
			return nil
		},
	}
}

func printStatusJSON(ctx context.Context, out *output, r *runs.Run) error {
	s, err := r.Status(ctx, nil)
	if err != nil {
		return err
	}
	return out.json(s)
}

func printStatus(out *output, r *runs.Run, s runs.Status) {
	out.printf("%s: %s, submitted %s\n", s.Run, s.State, clock(r.Created, time.Now()))
	out.printf("items: %s, %s done, %s failed, %s running, %s pending\n", thousands(s.Items.Total), thousands(s.Items.Done),
		thousands(s.Items.Failed), thousands(s.Items.Running), thousands(s.Items.Pending))
	for _, a := range s.Attempts {
		state := a.State
		if state == "" {
			state = "ended"
			if !s.Settled && !a.Over {
				state = "not known to Slurm"
			} else if holds(s.LeftOver, a.JobID) {
				state = "work done, still held by Slurm"
			}
		}
		if a.Reason != "" && a.Reason != "None" && a.State != "CANCELLED" {
			state += " (" + a.Reason + ")"
		}
		out.printf("attempt %d: %s: %s\n", a.Attempt, jobWords(r, a.JobID), state)
	}
	if s.Stopped != "" {
		out.printf("stopped: %s\n", s.Stopped)
	}
	for _, node := range s.BadNodes {
		out.printf("bad node %s\n", node)
	}
	warnSilent(out, s.Silent)
	warnLeftOver(out, s.LeftOver)
	next(out, r, s)
}

// warnLeftOver names jobs whose CPUs nobody else gets until their time limit.
func warnLeftOver(out *output, ids []string) {
	if len(ids) > 0 {
		out.warning("Slurm still holds %s as running, though the work was done more than 10 minutes ago; `scancel %s` frees the CPUs", heldJobs(ids), strings.Join(ids, " "))
	}
}

// holds says whether a job, or a task of an array, is among those that are left over.
func holds(leftOver []string, id string) bool {
	return slices.ContainsFunc(leftOver, func(held string) bool {
		array, _, _ := strings.Cut(held, "_")
		return array == id
	})
}

// heldJobs is "job 12" or "jobs 12_3, 12_4".
func heldJobs(ids []string) string {
	if len(ids) == 1 {
		return "job " + ids[0]
	}
	return "jobs " + strings.Join(ids, ", ")
}

// warnSilent says that Slurm was asked and did not answer.
func warnSilent(out *output, why string) {
	if why != "" {
		out.warning("Slurm does not answer, so this is from the records alone: %s", fieldLists.ReplaceAllString(why, "…"))
	}
}

// afterwards is what one can do about a run that has ended and is not done.
func afterwards(id string, s runs.Status) string {
	text := "hpcsub retry " + id + " runs what is not done"
	if s.Items.Failed > 0 {
		text += "; hpcsub logs " + id + " --failed shows what it printed"
	}
	return text
}

// next names the likely next command.
func next(out *output, r *runs.Run, s runs.Status) {
	switch {
	case s.State == runs.Done:
		out.hint("hpcsub results %s", r.ID)
	case s.State == runs.Submitting:
		out.hint("hpcsub submit completes it, hpcsub cancel %s ends it", r.ID)
	case s.Settled:
		out.hint("%s", afterwards(r.ID, s))
	default:
		out.hint("hpcsub watch %s", r.ID)
	}
}
