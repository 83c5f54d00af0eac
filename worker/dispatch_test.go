package worker

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hpcsub/items"
)

func TestGNUParallelRunsEachItemOnce(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`echo {n} >> ran; echo out {n}; x={n}; exit $(( x % 2 ))`, 40), 1)
	private := t.TempDir()
	r.exits(ExitUndone, lifeOptions{slots: 4, dispatcher: parallelCommand(4), env: []string{"TMPDIR=" + private}})
	if got := len(r.lines("ran")); got != 40 {
		t.Errorf("%d items ran, want 40", got)
	}
	for n, rec := range r.ends() {
		if got, want := text(rec.ExitCode), []string{"0", "1"}[n%2]; got != want {
			t.Errorf("item %d: exit code %s, want %s", n, got, want)
		}
		if got := r.output(rec, items.Writer{Attempt: 1}, "out", rec.Stdout); !strings.HasPrefix(got, "out ") {
			t.Errorf("item %d: stdout %q", n, got)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(private, "hpcsub*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestGNUParallelOverNodes: a worker on each node feeds its own GNU Parallel, whatever its rank. The worker of rank 1
// once waited for a queue that nobody kept.
func TestGNUParallelOverNodes(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`echo {n} >> ran`, 10), 2)
	for part := range 2 {
		r.exits(ExitDone, lifeOptions{part: part, slots: 2, dispatcher: parallelCommand(2)})
	}
	if ran := len(r.lines("ran")); ran != 10 {
		t.Errorf("%d items ran, want 10", ran)
	}
}

// TestGNUParallelResumes: what an earlier life did is not asked for.
func TestGNUParallelResumes(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`echo {n} >> ran; test {n} != 2 || test -e go`, 8), 1)
	r.exits(ExitUndone, lifeOptions{slots: 2, dispatcher: parallelCommand(2)})
	must(t, os.WriteFile(filepath.Join(r.job, "go"), nil, 0o600))
	r.exits(ExitDone, lifeOptions{slots: 2, restart: 1, dispatcher: parallelCommand(2)})
	if ran := r.lines("ran"); len(ran) != 9 || ran[8] != "2" {
		t.Errorf("ran %v, want 0 to 7 and then 2", ran)
	}
}

func TestNotGNUParallel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	more := filepath.Join(dir, "parallel")
	must(t, os.WriteFile(more, []byte("#!/bin/sh\necho \"parallel: invalid option -- '-'\" >&2\nexit 1\n"), 0o700))
	tests := []struct {
		name, program, want string
	}{
		{"moreutils", more, "is not GNU Parallel (moreutils has a program of that name)"},
		{"none", filepath.Join(dir, "none"), "starting GNU Parallel"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := freeze(t, trueItems(3), 1)
			l := r.start(lifeOptions{dispatcher: []string{tt.program, "--jobs", "2"}})
			wantTrouble(t, l, l.wait(10*time.Second), tt.want)
		})
	}
}

// TestSIGTERMWithGNUParallel: items, GNU Parallel and what it started end; all is recorded.
func TestSIGTERMWithGNUParallel(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`echo $PPID >> parents; echo $$ >> pids; exec sleep 60`, 9), 1)
	l := r.start(lifeOptions{slots: 3, dispatcher: parallelCommand(3)})
	eventually(t, "three items run", func() bool { return len(r.lines("pids")) == 3 })
	l.cmd.Process.Signal(syscall.SIGTERM)
	if got := l.wait(10 * time.Second); got != ExitUndone {
		t.Errorf("exit code %d: %s", got, &l.stderr)
	}
	ends := r.ends()
	for n := range 3 {
		if ends[n].State != items.Cancelled {
			t.Errorf("item %d: %s", n, ends[n].State)
		}
	}
	if len(ends) != 3 {
		t.Errorf("%d items ended, want 3", len(ends))
	}
	for _, pid := range r.pids("pids") {
		if alive(pid) {
			t.Errorf("item %d lives on", pid)
		}
	}
}

// TestShimIsKilled: its item ends, the others go on.
func TestShimIsKilled(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`echo {n} >> ran; if [ {n} = 1 ]; then exec sleep 60; fi`, 12), 1)
	l := r.start(lifeOptions{slots: 2, dispatcher: parallelCommand(2)})
	eventually(t, "the item runs", func() bool { return len(r.lines("ran")) > 3 })
	must(t, syscall.Kill(descendant(t, l.cmd.Process.Pid, os.Args[0]+"\x00item\x001\x00"), syscall.SIGKILL))
	if got := l.wait(20 * time.Second); got != ExitUndone {
		t.Errorf("exit code %d: %s", got, &l.stderr)
	}
	ends := r.ends()
	if rec := ends[1]; rec.State != items.Cancelled || rec.Cause != "what GNU Parallel had started for it was ended" {
		t.Errorf("item 1: %s, %q", rec.State, rec.Cause)
	}
	if len(ends) != 12 {
		t.Errorf("%d items ended, want 12", len(ends))
	}
}

// descendant finds the process below another one with a command line that contains some text.
func descendant(t *testing.T, pid int, command string) int {
	t.Helper()
	found := 0
	for _, s := range newTree().walk(pid) {
		text, _ := os.ReadFile("/proc/" + strconv.Itoa(s.PID) + "/cmdline")
		if s.PID != pid && found == 0 && strings.Contains(string(text), command) {
			found = s.PID
		}
	}
	if found == 0 {
		t.Fatalf("no process %q below %d", command, pid)
	}
	return found
}

// TestGNUParallelDies: what it had not started stays pending, and the worker says so.
func TestGNUParallelDies(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`echo {n} >> ran; sleep 1`, 20), 1)
	l := r.start(lifeOptions{slots: 2, dispatcher: parallelCommand(2)})
	eventually(t, "items run", func() bool { return len(r.lines("ran")) >= 2 })
	must(t, syscall.Kill(descendant(t, l.cmd.Process.Pid, "parallel\x00--plain"), syscall.SIGKILL))
	if got := l.wait(20 * time.Second); got != ExitUndone {
		t.Errorf("exit code %d: %s", got, &l.stderr)
	}
	if s := l.stderr.String(); !strings.Contains(s, "were not started: GNU Parallel ended") {
		t.Errorf("stderr %q", s)
	}
	if ran, ends := len(r.lines("ran")), len(r.ends()); ran != ends {
		t.Errorf("%d items ran, %d are recorded", ran, ends)
	}
}

// TestDeadlineWithGNUParallel: nothing is started that cannot end, though it was fed already.
func TestDeadlineWithGNUParallel(t *testing.T) {
	t.Parallel()
	const each = 8 * time.Second
	ran := 0
	for left := 2 * each; ran < 2 && left <= 16*each; left *= 2 { // a busy machine may not get so far in time
		r := freeze(t, numbers("echo {n} >> ran; sleep 1", 1000), 1, func(w *items.Work) { w.TimeS = each.Seconds() })
		end := time.Now().Add(left).Truncate(time.Second)
		l := r.start(lifeOptions{slots: 2, dispatcher: parallelCommand(2), env: []string{fmt.Sprintf("SLURM_JOB_END_TIME=%d", end.Unix())}})
		if got := l.wait(left + 30*time.Second); got != ExitUndone {
			t.Errorf("exit code %d: %s", got, &l.stderr)
		}
		for n, rec := range r.ends() {
			if late := rec.Start - unixSeconds(end.Add(-each)); late > 0.5 {
				t.Errorf("item %d was started %.1f s too late", n, late)
			}
		}
		ran = len(r.lines("ran"))
		if want := "left before the time limit"; !strings.Contains(l.stderr.String(), want) {
			t.Errorf("stderr %q, want %q in it", &l.stderr, want)
		}
	}
	if ran < 2 {
		t.Errorf("%d items ran", ran)
	}
}

// TestWorkerIsKilledAsGNUParallelStarts: GNU Parallel tries at first how many processes there may be, with some that
// sleep for hours. One that was killed then left them, and Slurm waited for a minute for the output that they kept open.
func TestWorkerIsKilledAsGNUParallelStarts(t *testing.T) {
	t.Parallel()
	for range 20 {
		r := freeze(t, numbers("sleep 1", 4), 1)
		l := r.start(lifeOptions{slots: 2, dispatcher: parallelCommand(2)})
		asleep, parallel := 0, 0
		for end := time.Now().Add(10 * time.Second); parallel == 0 && time.Now().Before(end) && alive(l.cmd.Process.Pid); {
			asleep, parallel = findBelow(l.cmd.Process.Pid, "sleep\x0010101\x00")
		}
		if parallel > 0 { // it is held there
			syscall.Kill(parallel, syscall.SIGSTOP)
			asleep, parallel = findBelow(l.cmd.Process.Pid, "sleep\x0010101\x00")
		}
		l.cmd.Process.Kill()
		if parallel > 0 {
			syscall.Kill(parallel, syscall.SIGCONT)
		}
		if parallel > 0 {
			eventually(t, "what slept has ended", func() bool { return !alive(asleep) })
			return
		}
	}
	t.Fatal("GNU Parallel was never seen to try how many processes there may be")
}

// findBelow finds a process below another one by its command line, and its parent; 0 where there is none.
func findBelow(pid int, command string) (found, parent int) {
	for _, s := range newTree().walk(pid) {
		if text, _ := os.ReadFile("/proc/" + strconv.Itoa(s.PID) + "/cmdline"); string(text) == command {
			return s.PID, s.Parent
		}
	}
	return 0, 0
}

// TestGNUParallelHangs: a job must not stand until its time limit because of it.
func TestGNUParallelHangs(t *testing.T) {
	t.Parallel()
	fake := filepath.Join(t.TempDir(), "parallel")
	must(t, os.WriteFile(fake, []byte("#!/bin/sh\n[ \"$1\" != --version ] || exec echo GNU parallel 1\ntrap '' TERM\nsleep 600\nsleep 600\n"), 0o700))
	r := freeze(t, trueItems(3), 1)
	l := r.start(lifeOptions{dispatcher: []string{fake, "--jobs", "1"}})
	wantTrouble(t, l, l.wait(90*time.Second), "GNU Parallel asked for no item in 30s")
}

func TestGNUParallelIsOverdue(t *testing.T) {
	now := time.Now()
	tests := []struct {
		name          string
		d             dispatcher
		fed, answered time.Duration // ago
		want          bool
	}{
		{"it may yet ask", dispatcher{}, time.Minute, time.Hour, false},
		{"an answer came since", dispatcher{}, time.Hour, time.Minute, false},
		{"nothing for long", dispatcher{}, time.Hour, time.Hour, true},
		{"nothing is started any more", dispatcher{engine: &engine{halt: "so"}}, 10 * time.Second, time.Hour, true},
		{"nothing is started any more since just now", dispatcher{engine: &engine{halt: "so"}}, time.Second, time.Hour, false},
		{"an item runs", dispatcher{engine: &engine{byPID: map[int]*slot{1: nil}}}, time.Hour, time.Hour, false},
		{"a driver hands out to other nodes", dispatcher{driver: true, fed: 1}, time.Hour, time.Hour, false},
		{"a driver has just had the last answer", dispatcher{driver: true}, time.Hour, 10 * time.Second, false},
		{"a driver has all answers for long", dispatcher{driver: true}, time.Hour, time.Minute, true},
	}
	for _, tt := range tests {
		if tt.d.engine == nil {
			tt.d.engine = &engine{}
		}
		tt.d.heard = now.Add(-tt.answered)
		if got := tt.d.overdue(now, now.Add(-tt.fed)); got != tt.want {
			t.Errorf("%s: got %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestRunItemWithoutWorker(t *testing.T) {
	t.Setenv(socketVariable, filepath.Join(t.TempDir(), "none"))
	for _, place := range []string{"x", "-1", "0"} {
		if exit, err := RunItem(t.Context(), place); exit != ExitFailed || err == nil {
			t.Errorf("place %q: %d, %v", place, exit, err)
		}
	}
}
