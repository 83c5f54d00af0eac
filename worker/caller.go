package worker

import (
	"bufio"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"hpcsub/items"
)

// caller is a Python process that makes the calls of a slot, one after another, so that an interpreter and
// its imports are paid for once a slot. It is the worker's own child, whoever says what runs when (Pathos,
// Dask): what a call does to its process ends that call alone, and the worker, which reaps the process,
// knows of what it died.
type caller struct {
	pid    int
	socket *os.File
	asks   chan []byte   // one call at a time
	silent chan struct{} // closed when nothing more will be heard from it
	ready  bool          // it has imported the function
	cpu    float64       // seconds that the calls took which have returned
}

// callProgram is the attempt's file that a caller runs, and callerPython what runs it.
const (
	callProgram  = "call.py"
	callerPython = "python3"
)

// startCaller starts the process of a slot. It is to be called from the thread that starts items.
func (e *engine) startCaller(s *slot) (*caller, error) {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, &busyError{err}
	}
	defer unix.Close(ends[1])
	argv := []string{callerPython, e.dir.Python(callProgram), e.work.Spec.Function, s.values}
	pid, err := e.spawn.start(argv, s.environ, e.spawn.null, s.out.fd, s.err.fd, ends[1])
	if err != nil {
		unix.Close(ends[0])
		return nil, err
	}
	if err := unix.SetNonblock(ends[0], true); err != nil { // else a read would hold a thread
		unix.Close(ends[0])
		return nil, fmt.Errorf("speaking with a process of Python: %w", err)
	}
	c := &caller{pid: pid, socket: os.NewFile(uintptr(ends[0]), "caller"), asks: make(chan []byte, 1), silent: make(chan struct{})}
	e.callers[pid] = s
	go e.talk(s, c)
	return c, nil
}

// talk hands a caller its calls and hears what becomes of them, until either side has closed.
func (e *engine) talk(s *slot, c *caller) {
	defer c.socket.Close()
	defer close(c.silent)
	in := bufio.NewReaderSize(c.socket, 1<<15)
	for ask := range c.asks {
		if _, err := c.socket.Write(ask); err != nil {
			return // it has ended, and is reaped elsewhere
		}
		for over := false; !over; {
			line, err := in.ReadSlice('\n')
			if err != nil {
				return
			}
			over = e.heard(s, c, line)
		}
	}
}

// call hands the item of a slot to its process, and starts one where there is none.
func (e *engine) call(s *slot) (pid int, err error) {
	if s.caller == nil {
		if s.caller, err = e.startCaller(s); err != nil {
			return 0, err
		}
	}
	s.calling = s.caller
	s.caller.asks <- s.task.call
	return s.caller.pid, nil
}

// forget parts a slot from its process, which has ended or is to end.
func (e *engine) forget(s *slot) {
	if c := s.caller; c != nil {
		delete(e.callers, c.pid)
		close(c.asks)
		s.caller = nil
	}
}

// dismiss has all callers end: the end of the socket tells them.
func (e *engine) dismiss() {
	for _, s := range e.slots {
		if c := s.caller; c != nil {
			e.forget(s)
			c.socket.Close()
		}
	}
}

// importLine has a caller import the function of a call without making it.
func importLine(t task) []byte {
	return fmt.Appendf(nil, "{\"id\":%q,\"index\":%d}\n", t.id, t.index)
}

// callLine is what a caller reads.
func callLine(it items.Item, call *items.Call) []byte {
	return fmt.Appendf(nil, "{\"id\":%q,\"index\":%d,\"arguments\":%s}\n", it.ID, it.Index, call.Arguments())
}
