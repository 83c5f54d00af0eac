package worker

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"hpcsub/items"
)

// verdict is why the worker itself ended an item; the zero value means that it did not.
type verdict struct {
	state items.State
	cause string
}

// outcome is how an item ended, as it is recorded.
type outcome struct {
	state  items.State
	code   *int
	signal *string
	cause  string
}

// judge tells what became of an item from its wait status. A verdict of the worker goes first:
// a program may well catch SIGTERM and exit 0, and still it was ended. killed says that
// the kernel killed for memory just then; missing names an output that is not there.
func judge(status syscall.WaitStatus, v verdict, killed bool, missing string) outcome {
	o := outcome{cause: v.cause}
	switch {
	case status.Signaled():
		name := signalName(status.Signal())
		o.signal = &name
	default:
		code := status.ExitStatus()
		o.code = &code
	}
	switch {
	case v.state != "":
		o.state = v.state
	case killed && diedOfKill(status):
		o.state, o.cause = items.OutOfMemory, "killed by the kernel when the memory ran out"
	case status.Signaled() || status.ExitStatus() != 0:
		o.state = items.Failed
	case missing != "":
		o.state, o.cause = items.Failed, fmt.Sprintf("no output %q", missing)
	default:
		o.state = items.Done
	}
	return o
}

func diedOfKill(status syscall.WaitStatus) bool { return diedOf(status, syscall.SIGKILL) }
func diedOfTerm(status syscall.WaitStatus) bool { return diedOf(status, syscall.SIGTERM) }

// diedOf says whether a signal ended the item, or what it ran: a shell exits with 128 and the
// signal of its last command.
func diedOf(status syscall.WaitStatus, sig syscall.Signal) bool {
	if status.Signaled() {
		return status.Signal() == sig
	}
	return status.ExitStatus() == 128+int(sig)
}

// signalName is "KILL" for SIGKILL; a real-time signal has only its number.
func signalName(s syscall.Signal) string {
	if name := unix.SignalName(s); len(name) > 3 {
		return name[3:]
	}
	return fmt.Sprint(int(s))
}
