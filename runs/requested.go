package runs

import (
	"context"
	"fmt"

	"hpcsub/slurm"
	"hpcsub/strategies"
)

// requester is a client that can say what Slurm made of a request.
type requester interface {
	Requested(ctx context.Context, jobID string) (slurm.Requested, error)
}

// Altered says, a phrase each, in what Slurm's first job of an attempt differs from the plan: a
// plugin of the site may have rewritten it. A client that cannot tell says nothing.
func (a *Attempt) Altered(ctx context.Context, client slurm.Client) []string {
	c, can := client.(requester)
	ids, err := a.JobIDs()
	if !can || err != nil || len(ids) == 0 {
		return nil
	}
	got, err := c.Requested(ctx, ids[0])
	if err != nil {
		return nil // it may have ended already; nothing depends on this
	}
	return differences(a.Request, got)
}

func differences(want strategies.Request, got slurm.Requested) []string {
	var all []string
	differ := func(what string, want, got any) {
		all = append(all, fmt.Sprintf("%s is %v, %v was asked for", what, got, want))
	}
	if want.Partition != "" && got.Partition != want.Partition {
		differ("the partition", want.Partition, got.Partition)
	}
	if want.Account != "" && got.Account != want.Account {
		differ("the account", want.Account, got.Account)
	}
	if want.QOS != "" && got.QOS != want.QOS {
		differ("the QOS", want.QOS, got.QOS)
	}
	if got.TimeLimitS == nil || *got.TimeLimitS < want.TimeLimitS {
		differ("the time limit", seconds(&want.TimeLimitS), seconds(got.TimeLimitS))
	}
	if got.CPUsPerTask > 0 && got.CPUsPerTask != want.CPUsPerTask {
		differ("the number of CPUs a task", want.CPUsPerTask, got.CPUsPerTask)
	}
	if got.MemoryPerNodeMiB > 0 && want.MemoryPerNodeMiB > 0 && got.MemoryPerNodeMiB != want.MemoryPerNodeMiB {
		differ("the memory a node", fmt.Sprintf("%d MiB", want.MemoryPerNodeMiB), fmt.Sprintf("%d MiB", got.MemoryPerNodeMiB))
	}
	return all
}

func seconds(s *int) string {
	if s == nil {
		return "none"
	}
	return strategies.InWords(float64(*s))
}
