package main

import (
	"context"
	"errors"
	"fmt"

	"hpcsub/runs"
	"hpcsub/slurm"
	"hpcsub/templates"
)

// The exit codes (docs/scripting.md).
const (
	exitDone       = 0
	exitInternal   = 1   // hpcsub or its disk failed
	exitUsage      = 2   // usage, job.toml, items
	exitInfeasible = 3   // cannot run here
	exitSlurm      = 4   // Slurm refused, absent or silent
	exitNotDone    = 5   // a run, trial or check ended with anything not done
	exitInterrupt  = 130 // Ctrl-C; Slurm jobs go on. 129 and 143 are the same for SIGHUP and SIGTERM
)

// coded is an error with the exit code and the hints that go with it.
type coded struct {
	code  int
	err   error
	hints []string
}

func (e *coded) Error() string { return e.err.Error() }
func (e *coded) Unwrap() error { return e.err }

func usageErrorf(format string, a ...any) error {
	return &coded{code: exitUsage, err: fmt.Errorf(format, a...)}
}

// asUsage marks an error of what the user wrote.
func asUsage(err error, hints ...string) error {
	if err == nil {
		return nil
	}
	return &coded{exitUsage, err, hints}
}

// exitCode prints err and returns the exit code that it means: the one place that decides.
func (o *output) exitCode(ctx context.Context, err error) int {
	if err == nil {
		return exitDone
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return interrupted(ctx)
	}
	code, hints := classify(err)
	o.error(err)
	for _, h := range hints {
		o.hint("%s", h)
	}
	return code
}

// classify knows the errors of the packages below.
func classify(err error) (int, []string) {
	var (
		marked  *coded
		refused *slurm.RefusedError
		absent  *slurm.AbsentError
		unclear *runs.UnclearError
		silent  *slurm.UnknownError
		missing *runs.NotFoundError
		locked  *runs.LockedError
		passed  *runs.OvertakenError
		written *templates.SiteError
	)
	switch {
	case errors.As(err, &marked):
		return marked.code, marked.hints
	case errors.As(err, &unclear):
		return exitSlurm, []string{fmt.Sprintf("hpcsub submit, or hpcsub status %s, looks it up when Slurm answers again; nothing is submitted twice", unclear.Run)}
	case errors.As(err, &passed) && passed.Trial:
		return exitUsage, []string{fmt.Sprintf("its items write the files that these would; hpcsub cancel %s ends it", passed.Run.Dir())}
	case errors.As(err, &passed):
		return exitUsage, []string{fmt.Sprintf("hpcsub watch %s follows it; --again does not wait", passed.Run.ID)}
	case errors.As(err, &refused), errors.As(err, &silent), errors.As(err, &absent):
		return exitSlurm, nil
	case errors.As(err, &written) && written.Ask != "":
		return exitUsage, []string{"hpcsub site check tries all of the site's templates; where they are not yours to change, " + written.Ask}
	case errors.As(err, &missing), errors.As(err, &locked), errors.As(err, &written):
		return exitUsage, nil
	}
	if mend := mendUnreadable(err); mend != "" {
		return exitInternal, []string{mend}
	}
	return exitInternal, nil
}

// mendUnreadable says what to do about an answer of Slurm's that is not understood; "" where err is another one.
func mendUnreadable(err error) string {
	var unreadable *slurm.UnreadableError
	if !errors.As(err, &unreadable) {
		return ""
	}
	return "run it yourself: what a wrapper of the command prints beside Slurm's own words (type -a scontrol shows it) belongs on standard error"
}
