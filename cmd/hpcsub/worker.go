package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"hpcsub/worker"
)

// runWorker is what the scripts start: `worker run` takes a part of a run, `worker item N` is
// what GNU Parallel starts for each item.
func runWorker(ctx context.Context, args []string, out *output) int {
	if len(args) == 0 {
		out.error(usageErrorf("worker: want run or item; the scripts that hpcsub writes start it"))
		return exitUsage
	}
	var code int
	var err error
	switch args[0] {
	case "run":
		var opt worker.Options
		if opt, err = workerOptions(args[1:], out.stderr); err != nil {
			out.error(err)
			return exitUsage
		}
		code, err = worker.Run(ctx, opt)
	case "item":
		if len(args) != 2 {
			out.error(usageErrorf("worker item: want the item's place in the part"))
			return exitUsage
		}
		code, err = worker.RunItem(ctx, args[1])
	default:
		err = usageErrorf("worker %q: want run or item", args[0])
		code = exitUsage
	}
	if err != nil {
		out.error(err)
	}
	return code
}

func workerOptions(args []string, stderr io.Writer) (worker.Options, error) {
	opt := worker.Options{Stderr: stderr}
	flags := flag.NewFlagSet("worker run", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&opt.Attempt, "attempt", "", "")
	flags.IntVar(&opt.Part, "part", 0, "")
	flags.IntVar(&opt.Slots, "slots", 1, "")
	flags.StringVar(&opt.Token, "token", "", "")
	first := flags.Int("first-part", 0, "")
	rank := flags.String("rank-env", "", "")
	limit := flags.Int("time-limit-s", 0, "")
	if err := flags.Parse(args); err != nil {
		return opt, fmt.Errorf("worker run: %w", err)
	}
	opt.TimeLimit = time.Duration(*limit) * time.Second
	opt.Dispatcher = flags.Args()
	if *rank != "" {
		n, err := strconv.Atoi(os.Getenv(*rank))
		if err != nil {
			return opt, fmt.Errorf("worker run: $%s: want a number, got %q", *rank, os.Getenv(*rank))
		}
		opt.Part = *first + n
	}
	return opt, nil
}
