package main

import (
	"context"

	"github.com/urfave/cli/v3"
)

func cancelCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:      "cancel",
		Usage:     "end a run",
		ArgsUsage: "[RUN]",
		Description: `Cancels the run's Slurm jobs and keeps its workers from taking another item.
What is done stays done, and hpcsub retry would run the rest. Of a run that
has ended it cancels what Slurm still holds as running.

   hpcsub cancel fourier-k3x9ab`,
		OnUsageError: usage,
		Action: func(ctx context.Context, c *cli.Command) error {
			r, client, err := findRun(c)
			if err != nil {
				return err
			}
			defer slow(out, "waiting for Slurm")()
			s, err := r.Status(ctx, client)
			if err != nil {
				return err
			}
			if s.Settled {
				if s.LeftOver, err = r.LeftOver(ctx, client); err != nil {
					return err
				}
				if len(s.LeftOver) > 0 {
					err := client.Cancel(ctx, s.LeftOver)
					if err == nil {
						out.say("run %s has ended already (%s); %s, which Slurm still held, cancelled", r.ID, s.State, heldJobs(s.LeftOver))
					}
					return err
				}
				out.say("run %s has ended already (%s): nothing to cancel", r.ID, s.State)
				next(out, r, s)
				return nil
			}
			if err := r.Cancel(ctx, client); err != nil {
				return err
			}
			if r.Aside() {
				out.say("trial %s is cancelled; what it measured is kept", r.ID)
				return nil
			}
			out.say("run %s is cancelled", r.ID)
			out.hint("hpcsub results %s shows what is done; hpcsub retry %s runs the rest", r.ID, r.ID)
			return nil
		},
	}
}
