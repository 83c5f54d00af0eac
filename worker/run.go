// Package worker answers: what runs on a node? It takes one part of a run, runs its items side
// by side on the CPUs of an allocation, measures each, records each, and ends those that take
// more time or memory than there is.
package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"hpcsub/items"
)

// Exit codes of a worker.
const (
	ExitDone   = 0 // all items of the part are recorded as done, or another worker has the part, or parts that have not begun get the rest
	ExitFailed = 1 // the worker itself failed; the error says why
	ExitUndone = 5 // an item is not done
)

// Options say what a worker is to do.
type Options struct {
	Attempt    string        // the attempt's folder
	Part       int           // which part of it
	Slots      int           // items side by side
	Together   bool          // all parts are one queue, which the driver of rank 0 hands out over the nodes
	Rank       int           // of this worker in its step
	Token      string        // of the attempt, as the script has it; "" is not compared
	TimeLimit  time.Duration // of the Slurm job, as the script was rendered; 0 = not known
	Ranks      int           // of one item, where items are MPI programs; 0 = they are not
	Around     bool          // Dispatcher is started for each item, with the item's command behind it
	Dispatcher []string      // GNU Parallel's command line, or with Ranks the launcher's; empty = the worker's own queue
	Stderr     io.Writer     // for remarks; errors are returned
}

// Run takes a part and runs its items. The error is the worker's own trouble; what
// became of the items is in their records. When ctx ends, so do the items.
func Run(ctx context.Context, opt Options) (exit int, err error) {
	stayLean()
	w, err := open(opt)
	if err != nil {
		return ExitFailed, err
	}
	defer w.queue.close()
	err = w.gate.claim.take()
	if taken := (*takenError)(nil); errors.As(err, &taken) {
		fmt.Fprintf(opt.Stderr, "hpcsub: hint: part %d is run by %s already; nothing to do here\n", opt.Part, holder(taken.target))
		return ExitDone, nil
	}
	if err != nil {
		return ExitFailed, fmt.Errorf("claiming part %d: %w", opt.Part, err)
	}
	return w.run(ctx)
}

// stayLean keeps the worker small: its items inherit its peak as the least that the kernel
// says of theirs. Two processors are enough for one that starts programs.
func stayLean() {
	runtime.GOMAXPROCS(2)
	debug.SetGCPercent(50)
	debug.SetMemoryLimit(12 << 20)
}

// worker is the life of one worker process.
type worker struct {
	engine
	opt     Options
	writer  items.Writer
	queue   *queue
	started time.Time
}

// open reads what is to be done, and proves that this node sees the run and the job's folder.
func open(opt Options) (*worker, error) {
	if opt.Slots < 1 {
		return nil, fmt.Errorf("slots: want 1 or more, got %d", opt.Slots)
	}
	dir, err := filepath.Abs(opt.Attempt)
	if err != nil {
		return nil, fmt.Errorf("finding the attempt's folder: %w", err)
	}
	w := &worker{opt: opt, started: time.Now()}
	w.dir, w.stderr, w.node = items.AttemptDir(dir), opt.Stderr, nodeName(os.LookupEnv)
	if w.work, err = items.ReadWork(w.dir); err != nil {
		return nil, fmt.Errorf("node %s does not see the run: %w; is the folder on a file system that the nodes share?", w.node, err)
	}
	if opt.Token != "" && w.work.Token != opt.Token {
		return nil, fmt.Errorf("node %s sees another run in %q: its token is %q, want %q", w.node, dir, w.work.Token, opt.Token)
	}
	if info, err := os.Stat(w.work.Spec.Dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("node %s does not see the job's folder %q; is it on a file system that the nodes share?", w.node, w.work.Spec.Dir)
	}
	if opt.Ranks > 0 {
		program, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("finding this program: %w", err)
		}
		w.launcher = &launcher{argv: opt.Dispatcher, ranks: opt.Ranks, program: program}
	}
	if opt.Around {
		w.around = opt.Dispatcher
	}
	restart := int(variable(os.LookupEnv, "SLURM_RESTART_COUNT"))
	w.writer = items.Writer{Attempt: w.work.Attempt, Part: opt.Part, Restart: restart}
	w.gate.claim = newClaim(w.dir.Claim(opt.Part), jobID(os.LookupEnv), restart)
	w.queue, err = openQueue(w.dir, w.work, w.gate.claim, opt)
	return w, err
}

// run does the work of a part that is claimed.
func (w *worker) run(ctx context.Context) (int, error) {
	if err := w.queue.resume(w.dir, w.opt, w.writer.Restart); err != nil {
		return ExitFailed, err
	}
	if err := w.prepare(); err != nil {
		return ExitFailed, err
	}
	defer w.spawn.close()
	signals := listen()
	defer signal.Stop(signals)
	quit := make(chan struct{})
	go w.watch(quit)
	go w.keep(quit)
	if w.launcher == nil {
		w.watchGPUs()
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		switch {
		case w.work.Trial:
			w.trial(ctx)
		case len(w.opt.Dispatcher) > 0 && w.launcher == nil && w.around == nil:
			w.dispatch(w.opt.Dispatcher)
		case w.work.Spec.Function != "":
			w.callLoop(w.queue)
		default:
			w.loop(w.queue)
		}
	}()
	w.attend(ctx, signals, over)
	close(quit)
	w.closeGPUs()
	return w.conclude()
}

// prepare sets up what items need, and asks whether there is anything to do.
func (w *worker) prepare() error {
	// Processes whose parents end become the worker's children: it can find and end them.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fmt.Fprintf(w.stderr, "hpcsub: warning: processes that leave their item cannot be found: %v\n", err)
	}
	var err error
	if w.spawn, err = newSpawner(w.work.Spec.Dir, environment(os.Environ())); err != nil {
		return err
	}
	if w.around != nil {
		w.spawn.base = append(w.spawn.base, "HPCSUB_MEETING="+w.dir.Meeting(w.gate.claim.job, w.writer.Restart))
	}
	w.results = w.dir.Results(w.opt.Part, w.writer.Restart)
	if w.recorder, err = items.NewRecorder(w.results); err != nil {
		return err
	}
	w.grace = grace(w.work.KillWaitS)
	w.outputs = outputs{dir: w.work.Spec.Dir, made: map[string]bool{}}
	w.tree = newTree()
	w.byPID, w.callers = map[int]*slot{}, map[int]*slot{}
	w.changed = make(chan struct{}, 1)
	w.clock = clock{
		end:      deadline(os.LookupEnv, w.opt.TimeLimit, w.started),
		declared: time.Duration(w.work.TimeS * float64(time.Second)),
	}
	if !w.clock.end.IsZero() {
		w.clock.end = w.clock.end.Add(-time.Duration(w.work.MarginS * float64(time.Second)))
	}
	w.memory = newGuard(os.LookupEnv, ownCgroup(), w.work.MemoryMiB)
	if err := w.makeSlots(); err != nil {
		return err
	}
	if err := w.avoidBadNode(); err != nil || w.launcher == nil {
		return err
	}
	return w.findWorld()
}

// makeSlots makes as many slots as there may be items side by side; slot 0 is used first.
func (w *worker) makeSlots() error {
	wanted := w.affordable()
	if w.launcher != nil { // its steps have GPUs of their own from Slurm, and on other nodes too
		w.work.GPUs = 0
	}
	g, count, err := shareGPUs(os.LookupEnv, wanted, w.work.GPUs)
	if err != nil {
		return fmt.Errorf("dealing GPUs to items: %w; does gres.conf of node %s name their files (File=)?", err, w.node)
	}
	if count < wanted {
		fmt.Fprintf(w.stderr, "hpcsub: warning: %d items side by side instead of %d: the job has %d GPUs on node %s\n", count, wanted, len(g.names), w.node)
	}
	w.gpus = g
	if w.work.Bind {
		w.cpus = dealCPUs(os.LookupEnv, count, w.work.CPUs)
	}
	for n := range count {
		log := func(stream string) string { return w.dir.Log(w.writer, n, stream) }
		s := newSlot(n, log, w.work.Run, w.gpus.environment(n, w.spawn.base))
		s.ranks = w.dir.Ranks(w.opt.Part, n)
		w.slots = append(w.slots, s)
	}
	for n := range w.slots {
		w.free = append(w.free, w.slots[len(w.slots)-1-n])
	}
	return nil
}

// affordable is how many slots the limit of open files allows: each has two logs, and one of calls both ends of a socket.
func (w *worker) affordable() int {
	const others = 40 // lists, records, /proc, the socket and its connections
	each := 3
	if w.work.Spec.Function != "" {
		each = 4
	}
	var files syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files) != nil {
		return w.opt.Slots
	}
	most := max(1, (int(min(files.Cur, 1<<20))-others)/each)
	if most < w.opt.Slots {
		fmt.Fprintf(w.stderr, "hpcsub: warning: %d items side by side instead of %d: ulimit -n is %d\n", most, w.opt.Slots, files.Cur)
	}
	return min(most, w.opt.Slots)
}

// avoidBadNode takes no items where a worker before this one found that they fail at once.
func (w *worker) avoidBadNode() error {
	reason, bad, err := readReason(w.dir.BadNode(w.node))
	if err != nil {
		return fmt.Errorf("looking whether the node is known as bad: %w", err)
	}
	if bad {
		w.leaves = true
		w.stop(leftNode(w.node, reason))
	}
	return nil
}

// keep looks after the disk until quit is closed: is the part still ours, and can records be
// written? It has a goroutine of its own, because a file server may take long to answer.
func (w *worker) keep(quit <-chan struct{}) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for n := 1; ; n++ {
		select {
		case <-quit:
			return
		case <-ticker.C:
		}
		err := w.recorder.Flush()
		w.mu.Lock()
		if err != nil {
			w.fail(err)
		}
		w.mu.Unlock()
		if n%5 == 0 {
			w.recheckClaim()
		}
	}
}

// conclude writes what is still open, and counts.
func (w *worker) conclude() (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.byPID {
		w.writeOff(s)
	}
	w.dismiss()
	w.endOrphans()
	if err := w.settle(time.Now().Add(doubtful)); err != nil {
		w.fail(err)
	}
	for _, s := range w.slots {
		s.out.close()
		s.err.close()
	}
	if err := w.recorder.Close(); err != nil && w.failure == nil {
		w.failure = err
	}
	pending := max(0, w.queue.taken-w.queue.before-w.done-w.undone) // a life may be over before it took all that one before had
	switch {
	case w.opt.Together && w.opt.Rank > 0: // the queue is another's
		pending = 0
	case w.opt.Together: // most of it was done elsewhere
		pending = w.queue.part.Len() - w.queue.before - w.handled
	}
	if w.failure != nil {
		return ExitFailed, fmt.Errorf("%w (%d items of part %d were not started)", w.failure, pending, w.opt.Part)
	}
	if w.work.Trial {
		return ExitDone, nil
	}
	if pending > 0 {
		fmt.Fprintf(w.stderr, "hpcsub: warning: %d of %d items of part %d were not started: %s\n", pending, w.queue.taken, w.opt.Part, w.halt)
	}
	if w.halt != "" {
		some, err := w.queue.leaves()
		if err != nil {
			return ExitFailed, err
		}
		if some {
			fmt.Fprintf(w.stderr, "hpcsub: %s: part %d takes no more items of the queue that all parts share: %s\n", w.gate.leaving(), w.opt.Part, w.halt)
		}
		if some && !w.gate.passes {
			return ExitUndone, nil
		}
	}
	if pending > 0 || w.undone > 0 {
		return ExitUndone, nil
	}
	return ExitDone, nil
}

// endOrphans ends what items left behind. It gets a moment: `exec > >(tee log)` in a script
// leaves a tee that has yet to write.
func (w *worker) endOrphans() {
	const moment = 500 * time.Millisecond
	none := func(int) bool { return false }
	left := w.tree.orphans(none)
	for end := time.Now().Add(moment); len(left) > 0 && time.Now().Before(end) && !w.ending; {
		time.Sleep(10 * time.Millisecond)
		w.reap()
		left = w.tree.orphans(none)
	}
	w.tree.kill(left)
	w.reap()
}

// grace is the time between SIGTERM and SIGKILL: a second less than Slurm's own, so that
// there is time to write down what was killed.
func grace(killWait float64) time.Duration {
	const assumed = 5 * time.Second // shorter than any site's KillWait that was seen
	if killWait <= 0 {
		return assumed - time.Second
	}
	return max(time.Second, time.Duration(killWait*float64(time.Second))-time.Second)
}
