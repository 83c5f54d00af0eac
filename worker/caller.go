package worker

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"hpcsub/items"
)

// caller is a Python process that makes the calls of a slot, one after another, so that an interpreter and
// its imports are paid for once a slot. It is the worker's own child, whoever says what runs when (Pathos,
// Dask): what a call does to its process ends that call alone, and the worker, which reaps the process,
// knows of what it died.
//
// The two speak over a pair of sockets whose packets are whole lines, and the worker keeps the process's end
// too: what lies there has not begun, and can be taken back.
type caller struct {
	pid    int
	socket *os.File
	own    int           // the descriptor of it, -1 when it is closed
	theirs int           // the process's end
	silent chan struct{} // closed when nothing more will be heard from it
	ready  bool          // it has imported the function
	cpu    float64       // seconds that the calls took which have returned
}

// callProgram is the attempt's file that a caller runs, and callerPython what runs it.
const (
	callProgram  = "call.py"
	callerPython = "python3"
)

// packet is how much a caller reads at once (call.py).
const packet = 1 << 16

// startCaller starts the process of a slot. It is to be called from the thread that starts items.
func (e *engine) startCaller(s *slot) error {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return &busyError{err}
	}
	argv := []string{callerPython, e.dir.Python(callProgram), e.work.Spec.Function, s.values}
	pid, err := e.spawn.start(argv, s.environ, e.spawn.null, s.out.fd, s.err.fd, ends[1])
	if err == nil {
		if err = unix.SetNonblock(ends[0], true); err != nil { // else a read would hold a thread
			err = fmt.Errorf("speaking with a process of Python: %w", err)
		}
	}
	if err != nil {
		unix.Close(ends[0])
		unix.Close(ends[1])
		return err
	}
	s.caller = &caller{pid: pid, socket: os.NewFile(uintptr(ends[0]), "caller"), own: ends[0], theirs: ends[1], silent: make(chan struct{})}
	e.callers[pid] = s
	go e.listen(s, s.caller)
	return nil
}

// listen hears what becomes of a caller's calls, until either side has closed.
func (e *engine) listen(s *slot, c *caller) {
	defer e.part(c)
	defer close(c.silent)
	line := make([]byte, 1<<15)
	for {
		n, err := c.socket.Read(line)
		if err != nil {
			return
		}
		e.heard(s, c, line[:n])
	}
}

// part closes the socket of a caller from which nothing more is heard.
func (e *engine) part(c *caller) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c.own = -1
	c.socket.Close()
}

// ask hands a caller a line. One that is too long for a packet, or for what the socket holds, goes in pieces as it is read.
func (c *caller) ask(line []byte) {
	if c.has(line) {
		return
	}
	go func() {
		for len(line) > 0 {
			n := min(len(line), packet)
			if _, err := c.socket.Write(line[:n]); err != nil {
				return // it has ended, and is reaped elsewhere
			}
			line = line[n:]
		}
	}()
}

// has puts a line into the socket, if there is room.
func (c *caller) has(line []byte) bool {
	if len(line) > packet {
		return false
	}
	_, err := syscall.Write(c.own, line)
	return err == nil
}

// unread takes back the lines that a caller has not read, and says how many they were.
func (c *caller) unread() (lines int) {
	var start [1]byte
	for {
		n, _, err := unix.Recvfrom(c.theirs, start[:], unix.MSG_DONTWAIT) // the rest of the line goes with it
		switch {
		case err == unix.EINTR:
		case err != nil || n == 0:
			return lines
		default:
			lines++
		}
	}
}

// call hands the item of a slot to its process, and starts one where there is none.
func (e *engine) call(s *slot) (pid int, err error) {
	if s.caller == nil {
		if err = e.startCaller(s); err != nil {
			return 0, err
		}
	}
	s.calling = s.caller
	s.caller.ask(s.task.call)
	return s.caller.pid, nil
}

// warm starts the processes of so many slots before there is a call for them: interpreters start and import while
// Pathos or Dask does. What is wrong with one its first call will meet again, and say.
func (e *engine) warm(many int) {
	for _, s := range e.slots[:min(many, len(e.slots))] {
		if !e.mayStart() || s.open() != nil {
			return
		}
		back := e.cpus.bind(s.n)
		err := e.startCaller(s)
		back()
		if err != nil {
			return
		}
		s.caller.ask([]byte("{}\n"))
	}
}

// forget parts a slot from its process, which has ended or is to end.
func (e *engine) forget(s *slot) {
	if c := s.caller; c != nil {
		delete(e.callers, c.pid)
		c.unread() // closing an end where something lies is an error on the other, before what was said there is read
		unix.Close(c.theirs)
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
