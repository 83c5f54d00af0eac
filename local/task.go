package local

import (
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// task is a script that runs, or whose processes are not all gone yet.
type task struct {
	index   int       // -1 without an array
	pid     int       // of the script, which leads a session and a process group
	gpus    []device  // that no other task has
	due     time.Time // when the next step towards its end is taken; zero = when it exits
	stopped string    // the state that it will have had, once it was told to end
	exited  bool      // the script has; its other processes may not have
	status  syscall.WaitStatus
	giveUp  time.Time // from when on processes that cannot be killed are no longer waited for
}

// unkillable is how long the end of killed processes is waited for: one in a broken file system may never end.
const unkillable = time.Minute

// startMore starts tasks as long as the throttle and the machine allow.
func (s *supervisor) startMore(now time.Time) {
	want := s.want()
	if want < s.ledger.slots || want > s.ledger.slots && !now.Before(s.next.grow) {
		if err := s.ledger.resize(want); err != nil {
			s.complain("dividing the machine: %v", err)
		}
		s.next.grow = now.Add(200 * time.Millisecond)
	}
	// On a full disk nothing new is started: nobody could tell that it ran.
	for len(s.running) < s.ledger.slots && len(s.waiting) > 0 && s.states.flush() == nil {
		index := s.waiting[0]
		s.waiting = s.waiting[1:]
		s.start(index)
	}
}

// want is how many slots there is work for.
func (s *supervisor) want() int {
	want := len(s.waiting) + len(s.running)
	if s.throttle > 0 {
		want = min(want, s.throttle)
	}
	return max(want, len(s.running))
}

// start runs the script for one task. One that cannot be started has failed as on a node where the
// output file cannot be opened: no exit code, signal 53.
func (s *supervisor) start(index int) {
	now := time.Now()
	gpus := s.ledger.gpus.deal()
	pid, err := s.launch(index, now, gpus)
	if err != nil {
		s.ledger.gpus.back(gpus)
		s.states.add(record{at: now, task: index, state: "FAILED", signal: 53, words: err.Error()})
		return
	}
	t := &task{index: index, pid: pid, gpus: gpus}
	if s.job.TimeLimit > 0 {
		t.due = now.Add(s.job.TimeLimit)
	}
	s.running = append(s.running, t)
	s.states.add(record{at: now, task: index, state: "RUNNING"})
}

func (s *supervisor) launch(index int, now time.Time, gpus []device) (pid int, err error) {
	n := s.names
	n.task, n.raw = index, s.rawID(index)
	outPath, errPath := s.job.files(n)
	out, err := s.job.open(outPath)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	errOut := out
	if errPath != outPath {
		if errOut, err = s.job.open(errPath); err != nil {
			return 0, err
		}
		defer errOut.Close()
	}
	argv := append(slices.Clone(s.job.Interpreter), s.folder.path(scriptFile))
	pid, err = syscall.ForkExec(argv[0], append(argv, s.job.Args...), &syscall.ProcAttr{
		Dir:   s.job.Dir,
		Env:   slices.Concat(s.variables, s.job.taskVariables(n, now), gpuVariables(gpus)),
		Files: []uintptr{s.null.Fd(), out.Fd(), errOut.Fd()},
		// If this process is killed, so is the script: a job that nobody watches must not go on.
		Sys: &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		return 0, &os.PathError{Op: "starting " + argv[0] + " in", Path: s.job.Dir, Err: err}
	}
	return pid, nil
}

// rawID is the number that only this task has, from those that the job's id reserved.
func (s *supervisor) rawID(index int) int {
	if index < 0 {
		return s.folder.id()
	}
	place, _ := slices.BinarySearch(s.tasks, index)
	return s.folder.id() + place
}

func (r *request) open(path string) (*os.File, error) {
	flags := os.O_WRONLY | os.O_CREATE | syscall.O_NOCTTY
	if r.Append {
		return os.OpenFile(path, flags|os.O_APPEND, 0o666)
	}
	return os.OpenFile(path, flags|os.O_TRUNC, 0o666)
}

// advance takes each running task the next step towards its end, where it is due.
func (s *supervisor) advance(now time.Time) {
	s.running = slices.DeleteFunc(s.running, func(t *task) bool {
		if t.exited {
			return s.clear(t, now)
		}
		if t.due.IsZero() || now.Before(t.due) {
			return false
		}
		if t.stopped == "" {
			s.stop(t, "TIMEOUT", now)
			return false
		}
		kill(s.processesOf(t))
		t.due = now.Add(200 * time.Millisecond)
		return false
	})
}

// stop asks a task to end. Later it is killed.
func (s *supervisor) stop(t *task, state string, now time.Time) {
	if t.stopped != "" || t.exited {
		return
	}
	t.stopped, t.due = state, now.Add(s.job.KillWait)
	syscall.Kill(-t.pid, syscall.SIGTERM)
	syscall.Kill(-t.pid, syscall.SIGCONT) // a stopped process would not hear it
}

// clear kills what the script of a task has left behind, as Slurm does. The task has ended, and its slot
// is free, once all of it is gone. GPUs of what cannot be killed are given to nobody.
func (s *supervisor) clear(t *task, now time.Time) (ended bool) {
	if s.orphans() {
		left := s.processesOf(t)
		if t.giveUp.IsZero() {
			t.giveUp = now.Add(unkillable)
		}
		if len(left) > 0 && now.Before(t.giveUp) {
			kill(left)
			t.due = now.Add(10 * time.Millisecond)
			return false
		}
		if len(left) > 0 {
			s.complain("processes %v of task %d cannot be killed", left, t.index)
			s.ledger.lose(t.gpus)
			t.gpus = nil
		}
	}
	s.ledger.gpus.back(t.gpus)
	s.states.add(t.result(now))
	return true
}

// result words the end of a task.
func (t *task) result(now time.Time) record {
	r := record{at: now, task: t.index, state: "COMPLETED", exit: max(0, t.status.ExitStatus())}
	if t.status.Signaled() {
		r.signal = int(t.status.Signal())
	}
	switch {
	case t.stopped != "":
		r.state = t.stopped
	case r.exit != 0 || r.signal != 0:
		r.state = "FAILED"
	}
	return r
}

// orphans says whether this process has children besides the scripts: only then has a script that
// ended left something behind. It spares a look at all processes at each end of a task.
func (s *supervisor) orphans() bool {
	children, ok := ownChildren()
	for _, pid := range children {
		if !slices.ContainsFunc(s.running, func(t *task) bool { return t.pid == pid && !t.exited }) {
			return true
		}
	}
	return !ok
}

// processesOf lists the living processes of a task: its session, what carries its mark wherever it
// went, and their descendants. For the last task these are all descendants of this process.
func (s *supervisor) processesOf(t *task) []int {
	last := len(s.running) == 1 && len(s.waiting) == 0
	mark := s.job.mark(strconv.Itoa(t.index))
	self := os.Getpid()
	all := processes()
	mine := map[int]bool{}
	for _, pid := range trees(all, func(p stat) bool { return p.parent == self }) {
		mine[pid] = true
	}
	return trees(all, func(p stat) bool {
		return mine[p.pid] && (last || p.session == t.pid || carries(p.pid, mark))
	})
}

// cancelAll ends the job.
func (s *supervisor) cancelAll() {
	now := time.Now()
	for _, index := range s.waiting {
		s.states.add(record{at: now, task: index, state: "CANCELLED"})
	}
	s.waiting = nil
	for _, t := range s.running {
		s.stop(t, "CANCELLED", now)
	}
}

// cancelTask ends one task, whether it runs or waits.
func (s *supervisor) cancelTask(index int) {
	now := time.Now()
	for _, t := range s.running {
		if t.index == index {
			s.stop(t, "CANCELLED", now)
		}
	}
	if i, found := slices.BinarySearch(s.waiting, index); found {
		s.waiting = slices.Delete(slices.Clone(s.waiting), i, i+1)
		s.states.add(record{at: now, task: index, state: "CANCELLED"})
	}
}
