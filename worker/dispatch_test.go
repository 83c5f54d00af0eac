package worker

import (
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
	r := freeze(t, numbers("echo {n} >> ran; sleep 1", 40), 1, func(w *items.Work) { w.TimeS = 8 })
	end := "SLURM_JOB_END_TIME=" + strconv.Itoa(int(time.Now().Unix())+16)
	l := r.start(lifeOptions{slots: 2, dispatcher: parallelCommand(2), env: []string{end}})
	if got := l.wait(30 * time.Second); got != ExitUndone {
		t.Errorf("exit code %d: %s", got, &l.stderr)
	}
	if ran := len(r.lines("ran")); ran < 2 || ran > 20 {
		t.Errorf("%d items ran", ran)
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
