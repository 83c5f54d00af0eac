package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// supervisor runs the tasks of one job. One goroutine does everything, so there is one writer of
// its files and no lock.
type supervisor struct {
	folder    folder
	job       *job
	tasks     []int // all, in order
	waiting   []int // those not started
	running   []*task
	throttle  int
	states    *stateLog
	ledger    *ledger
	names     names // of no task yet
	variables []string
	null      *os.File
	log       io.Writer
	signals   chan os.Signal
	children  chan os.Signal // apart, so that no crowd of them can crowd out a signal that is a wish
	next      times
	said      string // the latest complaint
}

// times are when to do what no signal announces.
type times struct{ look, beat, grow time.Time }

// Supervise runs the job of a folder that Submit made, in a process of its own, to its end. It collects
// all children of the process, so nothing else may start any in it. When ctx ends or SIGTERM
// comes, the job is cancelled. What goes wrong on the way, and does not end it, is said on log: standard
// error, which Submit has made the folder's log file.
func Supervise(ctx context.Context, dir string, log io.Writer) error {
	// Tasks are tied to the thread that starts them (PR_SET_PDEATHSIG), which must live as long.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s, err := takeOver(folder(dir), log)
	if err != nil {
		return fmt.Errorf("supervising local job %d: %w", folder(dir).id(), err)
	}
	s.loop(ctx)
	signal.Stop(s.signals)
	signal.Stop(s.children)
	if err := errors.Join(s.states.close(), s.null.Close()); err != nil {
		return fmt.Errorf("supervising local job %d: %w", s.folder.id(), err)
	}
	return nil
}

// takeOver claims the job. The claim is the last step that can go wrong: whoever sees it can rely on
// the job being run.
func takeOver(f folder, log io.Writer) (*supervisor, error) {
	j, err := f.read()
	if err != nil {
		return nil, err
	}
	if late := time.Since(j.Submitted); late > latestStart {
		return nil, fmt.Errorf("started %v after its submission, when it counts as lost already", late.Round(time.Second))
	}
	s := &supervisor{folder: f, job: j, log: log, signals: make(chan os.Signal, 16), children: make(chan os.Signal, 1)}
	s.tasks, s.throttle = j.tasks()
	s.waiting = s.tasks
	if s.null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
		return nil, err
	}
	if s.states, err = f.openStates(); err != nil {
		return nil, err
	}
	need := j.need(j.total())
	s.names = names{id: f.id(), job: j.Name, user: userName(), host: hostName(), dir: j.Dir}
	s.variables = append(append([]string{}, j.Environment...), j.jobVariables(f.id(), need)...)
	store := store(filepath.Dir(filepath.Dir(string(f))))
	if s.ledger, err = openLedger(store, f.id(), j); err != nil {
		return nil, err
	}
	s.listen()
	if err := f.claim(); err != nil {
		return nil, err
	}
	return s, nil
}

// listen makes this process hear signals, become the parent of its tasks' orphans, and
// pass on no file that it was started with. Signals that nohup or a shell's & had ignored
// are heard too: a task would inherit that.
func (s *supervisor) listen() {
	signal.Notify(s.children, syscall.SIGCHLD)
	signal.Notify(s.signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGUSR1)
	unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	closeOnExec()
}

// closeOnExec keeps files that this process inherited from those that it starts: a pipe held open
// for the length of a job would make its reader wait.
func closeOnExec() {
	if unix.CloseRange(3, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return
	}
	files, _ := os.ReadDir("/proc/self/fd") // before Linux 5.11
	for _, f := range files {
		var fd int
		if _, err := fmt.Sscan(f.Name(), &fd); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}

// loop ends when no task is left and all is written.
func (s *supervisor) loop(ctx context.Context) {
	done := ctx.Done()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		s.round(time.Now())
		if len(s.waiting)+len(s.running)+len(s.states.pending) == 0 {
			return
		}
		timer.Reset(time.Until(s.wake()))
		select {
		case sig := <-s.signals:
			s.hear(sig)
		case <-s.children:
		case <-done:
			done = nil
			s.cancelAll()
		case <-timer.C:
		}
	}
}

// round does all that there is to do at a moment.
func (s *supervisor) round(now time.Time) {
	s.reap()
	if !now.Before(s.next.look) {
		s.lookForWishes()
		s.next.look = now.Add(time.Second)
	}
	if !now.Before(s.next.beat) {
		os.Chtimes(s.folder.path(supervisorFile), now, now)
		s.next.beat = now.Add(heartbeat)
	}
	s.advance(now)
	s.startMore(now)
	if len(s.waiting)+len(s.running) == 0 {
		s.ledger.close() // before anyone can read that the job has ended
	}
	if err := s.states.flush(); err != nil {
		s.complain("writing its states: %v", err)
	}
}

// wake is when the next round is due if no signal comes.
func (s *supervisor) wake() time.Time {
	due := s.next.look
	if s.want() > s.ledger.slots && s.next.grow.Before(due) {
		due = s.next.grow
	}
	for _, t := range s.running {
		if at := t.due; !at.IsZero() && at.Before(due) {
			due = at
		}
	}
	return due
}

func (s *supervisor) hear(sig os.Signal) {
	switch sig {
	case syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT:
		s.cancelAll()
	case syscall.SIGUSR1:
		s.lookForWishes()
	}
}

// reap takes the exit status of every child that ended.
func (s *supervisor) reap() {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		for _, t := range s.running {
			if t.pid == pid && !t.exited {
				t.exited, t.status = true, status
			}
		}
	}
}

// lookForWishes obeys the cancel files.
func (s *supervisor) lookForWishes() {
	entries, err := os.ReadDir(string(s.folder))
	if err != nil {
		s.complain("looking for wishes to cancel: %v", err)
		return
	}
	for _, e := range entries {
		if e.Name() == cancelFile {
			s.cancelAll()
		} else if text, ok := strings.CutPrefix(e.Name(), cancelFile+"-"); ok {
			if task, ok := parseIndex(text); ok {
				s.cancelTask(task)
			}
		}
	}
}

// complain says what goes wrong, once while it lasts.
func (s *supervisor) complain(format string, args ...any) {
	if words := fmt.Sprintf(format, args...); words != s.said {
		s.said = words
		fmt.Fprintf(s.log, "%s local job %d: %s\n", time.Now().Format(time.RFC3339), s.folder.id(), words)
	}
}
