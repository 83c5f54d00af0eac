package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// signalled is the cause of a context that a signal has ended.
type signalled struct{ syscall.Signal }

func (s signalled) Error() string      { return s.String() + " signal received" }
func (signalled) Is(target error) bool { return target == context.Canceled }

// untilSignal ends a context with Ctrl-C, with SIGTERM, and with the SIGHUP of a connection that is lost: what is
// under way is left whole, and Slurm's jobs go on. The same Ctrl-C or SIGTERM once more ends the command as if it had never
// listened: it may wait for what heeds no context, as a file system that hangs. A terminal that is closed sends SIGHUP twice.
// Under nohup, which ignores SIGHUP, it stays ignored.
func untilSignal(ctx context.Context) (_ context.Context, stop func()) {
	wanted := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		wanted = append(wanted, syscall.SIGHUP)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, wanted...)
	over := make(chan struct{})
	go func() {
		for {
			select {
			case s := <-signals:
				if s != syscall.SIGHUP {
					signal.Reset(s)
				}
				cancel(signalled{s.(syscall.Signal)})
			case <-over:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(over)
		cancel(nil)
	}
}

// interrupted is the exit code of a command that the signal has ended.
func interrupted(ctx context.Context) int {
	var s signalled
	if errors.As(context.Cause(ctx), &s) {
		return 128 + int(s.Signal) // as a shell has it
	}
	return exitInterrupt
}
