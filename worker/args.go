package worker

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// ExitUsage is the exit code for a command line that makes no sense.
const ExitUsage = 2

// Main runs the command `hpcsub worker …`, which scripts start and people do not: "run" and its
// flags, "keys" and its flags, "item" and a place, or "rank" and a folder. It prints nothing itself but Run's remarks,
// on stderr.
func Main(ctx context.Context, args []string) (exit int, err error) {
	switch {
	case len(args) > 0 && args[0] == "probe":
		if err := probeMain(ctx, args[1:]); err != nil {
			return ExitFailed, err
		}
		return ExitDone, nil
	case len(args) == 2 && args[0] == "item":
		return RunItem(ctx, args[1])
	case len(args) > 0 && args[0] == "keys":
		if err := makeKeys(args[1:], os.LookupEnv); err != nil {
			return ExitFailed, fmt.Errorf("worker keys: %w", err)
		}
		return ExitDone, nil
	case len(args) == 2 && args[0] == "rank":
		return RunRank(args[1])
	case len(args) > 0 && args[0] == "run":
		opt, err := parseArgs(args[1:], os.LookupEnv)
		if err != nil {
			return ExitUsage, fmt.Errorf("worker run: %w", err)
		}
		opt.Stderr = os.Stderr
		return Run(ctx, opt)
	}
	return ExitUsage, fmt.Errorf("worker: want run --attempt DIR --part N --slots S, item N or rank DIR; got %q", args)
}

// parseArgs reads the flags of `worker run`. What follows "--" is the dispatcher, or with --ranks what starts the
// ranks of an item.
func parseArgs(args []string, env lookup) (opt Options, err error) {
	var rank string
	var seconds float64
	first := 0
	f := flag.NewFlagSet("worker run", flag.ContinueOnError)
	f.SetOutput(io.Discard) // the error says it
	f.StringVar(&opt.Attempt, "attempt", "", "the attempt's folder")
	f.IntVar(&opt.Part, "part", -1, "the part to run")
	f.IntVar(&first, "first-part", 0, "the part of rank 0")
	f.StringVar(&rank, "rank-env", "", "the variable that holds the rank: SLURM_PROCID or SLURM_ARRAY_TASK_ID")
	f.StringVar(&rank, "part-from", "", "the same as --rank-env")
	f.IntVar(&opt.Slots, "slots", 1, "items side by side")
	f.BoolVar(&opt.Together, "together", false, "the workers of the step share one queue, that of rank 0")
	f.BoolVar(&opt.Around, "around", false, "what follows -- is started for each item, with the item's command behind it")
	f.IntVar(&opt.Ranks, "ranks", 0, "ranks of an item: what follows -- starts them")
	f.StringVar(&opt.Token, "token", "", "the attempt's token")
	f.Float64Var(&seconds, "time-limit-s", 0, "the Slurm job's time limit in seconds")
	if err := f.Parse(args); err != nil {
		return opt, err
	}
	opt.Dispatcher = f.Args()
	opt.TimeLimit = time.Duration(seconds * float64(time.Second))
	switch {
	case opt.Attempt == "":
		return opt, errors.New("--attempt DIR is missing")
	case opt.Ranks < 0 || opt.Ranks > 0 && len(opt.Dispatcher) == 0:
		return opt, fmt.Errorf("--ranks %d: want a number from 1, and after -- the command that starts so many", opt.Ranks)
	case opt.Around && (opt.Ranks > 0 || len(opt.Dispatcher) == 0):
		return opt, errors.New("--around: want after -- what is started for each item, and no --ranks")
	case opt.Slots < 1:
		return opt, fmt.Errorf("--slots: want 1 or more, got %d", opt.Slots)
	case opt.Part >= 0 && rank != "":
		return opt, fmt.Errorf("--part %d and --rank-env %s: want one of them", opt.Part, rank)
	case rank != "":
		opt.Part, err = rankedPart(first, rank, env)
	case opt.Part < 0:
		return opt, errors.New("--part N or --rank-env NAME is missing")
	}
	opt.Rank = opt.Part - first
	return opt, err
}

// rankedPart is the part of the process that has a rank among those which one script started.
func rankedPart(first int, name string, env lookup) (int, error) {
	text, ok := env(name)
	if !ok {
		return 0, fmt.Errorf("--rank-env %s: the variable is not set", name)
	}
	rank, err := strconv.Atoi(text)
	if err != nil || rank < 0 {
		return 0, fmt.Errorf("--rank-env %s: want a number from 0, got %q", name, text)
	}
	return first + rank, nil
}
