package runs

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"time"

	"hpcsub/configs"
	"hpcsub/slurm"
)

// Cancel ends a run: its workers take no more items, whatever Slurm does, and its Slurm jobs
// are cancelled. What is done stays done.
func (r *Run) Cancel(ctx context.Context, client slurm.Client) error {
	attempts, err := r.Attempts()
	if err != nil {
		return err
	}
	host, _ := os.Hostname()
	reason := fmt.Sprintf("%s%s on %s at %s", cancelledBy, whoami(), host, time.Now().Format(time.RFC3339))
	for _, a := range attempts {
		if err := a.stop(reason); err != nil {
			return err
		}
		if err := a.cancelJobs(ctx, client); err != nil {
			return err
		}
	}
	return nil
}

// whoami is the user's name, or number where the system knows no name.
func whoami() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "user " + strconv.Itoa(os.Getuid())
}

// config is the job as it was frozen.
func (r *Run) config() configs.Job {
	return configs.Job{
		Path: r.Job, Dir: r.Work.Dir, Name: r.Name, Work: r.Work, Each: r.Each,
		Limits: r.Limits, Plan: r.Plan, Slurm: r.Slurm, Environment: r.Environment,
	}
}
