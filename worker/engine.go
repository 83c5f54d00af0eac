package worker

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"hpcsub/items"
)

// engine runs items in slots. One thread starts them and reaps them, so that a short item costs
// no more than its process; another goroutine watches clocks and memory. All of its state is
// under the mutex.
type engine struct {
	node     string
	stderr   io.Writer
	dir      items.AttemptDir
	work     *items.Work
	grace    time.Duration // between SIGTERM and SIGKILL
	recorder *items.Recorder
	results  string // its file
	spawn    *spawner
	outputs  outputs
	tree     *tree

	mu      sync.Mutex
	slots   []*slot
	free    []*slot // the last one is used next
	byPID   map[int]*slot
	callers map[int]*slot // processes of Python → whose they are, at work or not
	clock   clock
	memory  guard
	gate    gate
	doubt   doubt
	gpus    gpus

	cpus     cpus
	launcher *launcher // starts the ranks of items; nil where they are no MPI programs
	around   []string  // stands before each item's command; nil = nothing

	enforced time.Time // when clocks were last looked at
	// continued is when the last SIGCONT came.
	continued atomic.Pointer[time.Time]
	held      *task         // could not be started for want of processes; goes first
	back      []task        // taken back from processes that had not begun them; they go next
	busy      time.Time     // since when it could not, with nothing else running
	parallel  int           // the process of GNU Parallel, Pathos or Dask, where it says what runs; else 0
	halt      string        // why no more items are started; "" = go on
	ending    bool          // the worker was told to end
	leaves    bool          // this node fails what others do
	failure   error         // the worker's own: its disk, its folder
	judged    int           // items that have ended and of which more is to be heard before that is recorded
	fresh     []fresh       // successes that wait to be recorded
	done      int           // items that ended well
	undone    int           // items that ended otherwise
	handled   int           // places of a queue over nodes that a worker has answered for, this one or another
	changed   chan struct{} // a slot is free again

	fate syscall.WaitStatus // how the process ended that was in parallel

	measured func(*slot, items.Record) // takes the ends of a trial's items, which are no results; nil in a run
}

// running is how many items run now, or have ended and are not recorded yet.
func (e *engine) running() int { return len(e.byPID) + e.judged }

// hearOut waits for what is still to be heard of an item that was reaped. Its process id may be another's by then, so
// nothing may be sent to it any more; but the work is not over before its end is recorded.
func (e *engine) hearOut(s *slot, wait func()) {
	delete(e.byPID, s.pid)
	e.judged++
	wait()
	e.judged--
}

// start begins a task in a free slot. With an error, the worker's own trouble or a *busyError, it has not begun;
// what is wrong with the item is recorded as its failure.
func (e *engine) start(t task) error {
	s := e.free[len(e.free)-1]
	if err := s.take(t); err != nil {
		return err
	}
	err := e.launch(s)
	if bad := (*execError)(nil); errors.As(err, &bad) {
		e.neverRan(s, bad)
		return nil
	}
	if err != nil {
		return err
	}
	if e.work.TimeoutS > 0 && (s.caller == nil || s.caller.ready) {
		s.limitAt = s.started.Add(e.timeout())
	}
	e.free = e.free[:len(e.free)-1]
	e.byPID[s.pid] = s
	e.recordBegin(s)
	return nil
}

func (e *engine) recordBegin(s *slot) {
	r := s.begin(e.node)
	if err := e.recorder.Write(&r); err != nil {
		e.fail(err)
	}
}

// launch starts the process of a slot's item.
func (e *engine) launch(s *slot) (err error) {
	s.started = time.Now()
	if s.task.bad != nil {
		return &execError{cause: s.task.bad.Error()}
	}
	if err := e.outputs.prepare(s.task.outputs); err != nil {
		return &execError{cause: err.Error()}
	}
	e.gpus.reset(s.n)
	s.started = time.Now() // a file server that was slow is not the item's
	defer e.cpus.bind(s.n)()
	if s.task.call != nil {
		s.pid, err = e.call(s)
		return err
	}
	argv := s.task.argv
	if e.ranked(s.task) {
		if argv, err = e.launcher.command(s.ranks, argv); err != nil {
			return err
		}
	}
	if e.around != nil {
		argv = append(e.around[:len(e.around):len(e.around)], argv...)
	}
	s.pid, err = e.spawn.start(argv, s.environ, e.spawn.null, s.out.fd, s.err.fd)
	return err
}

// ranked says whether a task runs in ranks of MPI.
func (e *engine) ranked(t task) bool { return e.launcher != nil && !t.once }

// neverRan records an item whose program could not be started, with the exit code that a
// shell gives for it.
func (e *engine) neverRan(s *slot, bad *execError) {
	o := outcome{state: items.Failed, cause: bad.cause}
	if bad.code != 0 {
		o.code = &bad.code
	}
	e.recordBegin(s)
	if err := e.record(s, o, time.Now(), nil); err != nil {
		e.fail(err)
	}
	if s.task.over != nil {
		s.task.over(max(1, bad.code))
	}
}

// record writes the end of an item and draws the conclusions.
func (e *engine) record(s *slot, o outcome, now time.Time, measure func(*items.Record)) error {
	r := s.finish(e.node, o, now)
	if measure != nil {
		measure(&r)
	}
	e.gpus.measure(&r)
	if e.measured != nil {
		e.measured(s, r)
		return nil
	}
	if o.state == items.Done {
		e.done++
		e.clock.succeeded(time.Duration(*r.Elapsed * float64(time.Second)))
	} else {
		e.undone++
	}
	err := e.write(r, s.task.call != nil)
	e.learn(&r)
	return err
}

// awaitExit blocks until a child has ended, and leaves it to reap: while it is not reaped, its
// process id cannot be given to another process, which a signal of ours would then hit.
func awaitExit() {
	// Any error but an interruption says that there is no child, and then reap finds none.
	for unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}

// reap takes all children that have ended. Those that are no items are orphans, which the
// kernel hands to the worker.
func (e *engine) reap() {
	for {
		var status syscall.WaitStatus
		var ru syscall.Rusage
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, &ru)
		if pid <= 0 || err != nil {
			return
		}
		if s := e.byPID[pid]; s != nil {
			e.ended(s, status, &ru)
		} else if s := e.callers[pid]; s != nil {
			e.forget(s)
		}
		if pid == e.parallel {
			e.parallel, e.fate = 0, status
		}
	}
}

// ended records an item whose process was reaped, and frees its slot.
func (e *engine) ended(s *slot, status syscall.WaitStatus, ru *syscall.Rusage) {
	now := time.Now()
	asked := s.calling // nil of a trial's check, a command beside which the process of the calls waits
	if asked != nil {
		e.forget(s)
		if e.lastWord(s) {
			return
		}
	}
	if diedOfTerm(status) && s.verdict.state == "" {
		e.hearEnd(s)
	}
	if s.verdict.state != "" {
		e.sweep(s)
	}
	missing := ""
	if status.Exited() && status.ExitStatus() == 0 {
		missing = e.outputs.missing(s.task.outputs)
	}
	killed := diedOfKill(status) && e.memory.kernelKilled(s.started)
	o := judge(status, s.verdict, killed, missing)
	if asked != nil {
		o = o.died(status)
	}
	ranks := reports(nil)
	if e.ranked(s.task) {
		ranks = collect(s.ranks)
		o = ranks.correct(o, s.err.fresh())
	}
	err := e.record(s, o, now, func(r *items.Record) {
		if e.ranked(s.task) { // what it used itself is not the item's
			ranks.measure(r)
			return
		}
		s.measure(r, ru)
		if asked != nil {
			*r.CPU = max(0, *r.CPU-asked.cpu) // the process made other calls before
		}
	})
	if err != nil {
		e.fail(err)
	}
	e.release(s, shellCode(status))
}

// release makes a slot free again.
func (e *engine) release(s *slot, code int) {
	delete(e.byPID, s.pid)
	s.pid, s.calling = 0, nil
	e.free = append(e.free, s)
	e.takeBack(s, 0)
	if s.task.over != nil {
		s.task.over(code)
	}
	e.wakeLoop()
}

// wakeLoop tells who hands out calls that there is room.
func (e *engine) wakeLoop() {
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

// sweep kills what an item that was ended left behind, in its group or out of it.
func (e *engine) sweep(s *slot) {
	s.signal(syscall.SIGKILL)
	e.tree.kill(e.strays(s))
}

// strays are the orphans that stem from the item in a slot.
func (e *engine) strays(s *slot) []int {
	t := e.tree
	var found []int
	for _, pid := range t.orphans(func(pid int) bool { return e.byPID[pid] != nil || e.callers[pid] != nil }) {
		if t.owned(pid, s.pid, s.mark()) {
			found = append(found, pid)
		}
	}
	return found
}

// writeOff records an item that does not end though it was killed: it waits for a device or a
// file server, and goes when that answers. Its slot is free again.
func (e *engine) writeOff(s *slot) {
	o := outcome{state: s.verdict.state, cause: s.verdict.cause + "; SIGKILL has not ended it yet"}
	if err := e.record(s, o, time.Now(), nil); err != nil {
		e.fail(err)
	}
	e.forget(s)
	e.release(s, 128+int(syscall.SIGKILL))
}

// slay kills an item with all of its descendants, also those that left its group.
func (e *engine) slay(s *slot) {
	s.signal(syscall.SIGKILL)
	e.tree.kill(append(e.strays(s), s.pid))
}

// fail notes the worker's own trouble. Nothing is started any more; what runs goes on, because
// its record may yet be written when there is room again.
func (e *engine) fail(err error) {
	if e.failure != nil {
		return
	}
	e.failure = err
	e.stop("the worker failed")
	if n := e.running(); n > 0 {
		fmt.Fprintf(e.stderr, "hpcsub: warning: %v; no more items are started, %d that run are waited for\n", err, n)
	}
}

// stop keeps further items from being started; the first reason stands.
func (e *engine) stop(reason string) {
	if e.halt == "" {
		e.halt = reason
	}
}

// terminate ends all items that run, for a reason that is recorded with each.
func (e *engine) terminate(v verdict, grace time.Duration) {
	now := time.Now()
	for _, s := range e.byPID {
		e.recall(s)
		s.terminate(v, now, grace)
	}
}

// shellCode is the exit code that a shell would give.
func shellCode(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}

// nodeName is the node as Slurm calls it, else the machine's name.
func nodeName(env lookup) string {
	if name, ok := env("SLURMD_NODENAME"); ok && name != "" {
		return name
	}
	name, _ := os.Hostname() // a machine without a name is recorded as such
	return name
}
