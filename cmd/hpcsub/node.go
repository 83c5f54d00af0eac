package main

import (
	"context"
	"time"

	"hpcsub/local"
	"hpcsub/worker"
)

// nodeCommands are what hpcsub runs as on a node: not for people, and started so often that
// they do without the command tree.
func nodeCommands() map[string]func(context.Context, []string, *output) int {
	return map[string]func(context.Context, []string, *output) int{
		"worker":                runWorker,
		local.SupervisorCommand: runSupervisor,
	}
}

func runWorker(ctx context.Context, args []string, out *output) int {
	code, err := worker.Main(ctx, args)
	if err != nil {
		out.error(err)
	}
	return code
}

func runSupervisor(ctx context.Context, args []string, out *output) int {
	if len(args) != 1 {
		out.error(usageErrorf("local-supervisor: want one folder"))
		return exitUsage
	}
	if err := local.Supervise(ctx, args[0], out.stderr); err != nil {
		out.error(err)
		return exitInternal
	}
	return exitDone
}

// freezeNote is how often progress is reported where there is no bar.
const freezeNote = 2 * time.Second

// every returns a function that passes on at most one call in each interval, and none in the first.
func every(interval time.Duration, f func(int)) func(int) {
	last := time.Now()
	return func(n int) {
		if now := time.Now(); now.Sub(last) >= interval {
			last = now
			f(n)
		}
	}
}
