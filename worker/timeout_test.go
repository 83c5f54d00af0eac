package worker

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hpcsub/items"
)

func withTimeout(seconds float64) func(*items.Work) {
	return func(w *items.Work) { w.TimeoutS = seconds; w.KillWaitS = 2 }
}

// alive says whether a process runs: not gone, and not a zombie.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(text), ") Z ")
}

// pids reads process ids that items appended to a file.
func (r *testRun) pids(name string) (pids []int) {
	for _, line := range r.lines(name) {
		pid, err := strconv.Atoi(line)
		must(r.t, err)
		pids = append(pids, pid)
	}
	return pids
}

func TestTimeoutEndsOnlyTheItem(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, hang, signal, code string }{
		{"ends when asked", "exec sleep 60", "TERM", "null"},
		{"ignores SIGTERM", `trap "" TERM; while :; do sleep 1; done`, "KILL", "null"},
		{"exits 0 when asked", `trap "exit 0" TERM; while :; do sleep 0.1; done`, "", "0"},
		{"is stopped", `kill -STOP $$`, "TERM", "null"},
		{"left by a grandchild in its group", "sleep 60 & echo $! >> pids; exec sleep 60", "TERM", "null"},
		{"left by a grandchild out of its group", "setsid sleep 60 & echo $! >> pids; exec sleep 60", "TERM", "null"},
		{"left by an orphan out of its group", `(setsid bash -c 'echo $$ >> pids; trap "" TERM; sleep 60' &); sleep 0.2; exec sleep 60`, "TERM", "null"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := freeze(t, numbers(`if [ {n} = 1 ]; then `+tt.hang+`; fi; echo {n} >> ran`, 6), 1, withTimeout(1))
			start := time.Now()
			r.exits(ExitUndone, lifeOptions{slots: 2})
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %s", took)
			}
			ends := r.ends()
			rec := ends[1]
			if rec.State != items.Timeout || text(rec.ExitCode) != tt.code || deref(rec.Signal) != tt.signal {
				t.Errorf("got %s, signal %q, exit code %s; want timeout, %q, %s", rec.State, deref(rec.Signal), text(rec.ExitCode), tt.signal, tt.code)
			}
			if rec.Cause != "ran longer than each.timeout = 1s" {
				t.Errorf("cause %q", rec.Cause)
			}
			if done := len(ends) - 1; done != 5 || len(r.lines("ran")) != 5 {
				t.Errorf("%d others ended, %v ran; want 5", done, r.lines("ran"))
			}
			for _, pid := range r.pids("pids") {
				if alive(pid) {
					t.Errorf("process %d lives on", pid)
				}
			}
		})
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// TestItemThatCannotBeEnded: its slot goes on without it. The kernel keeps a dead process from
// its parent while a debugger has yet to look at it, which stands in for a dead file server.
func TestItemThatCannotBeEnded(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`echo $$ >> pids; test {n} != 0 || exec sleep 60`, 4), 1, withTimeout(1))
	l := r.start(lifeOptions{})
	eventually(t, "the item runs", func() bool { return len(r.lines("pids")) == 1 })
	release := make(chan struct{})
	defer close(release)
	attached := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread's end lets the process go
		attached <- syscall.PtraceAttach(r.pids("pids")[0])
		<-release
	}()
	must(t, <-attached)
	if got := l.wait(30 * time.Second); got != ExitUndone {
		t.Errorf("exit code %d: %s", got, &l.stderr)
	}
	ends := r.ends()
	if rec := ends[0]; rec.State != items.Timeout || !strings.Contains(rec.Cause, "SIGKILL has not ended it") {
		t.Errorf("item 0: %s, %q", rec.State, rec.Cause)
	}
	for n := 1; n < 4; n++ {
		if ends[n].State != items.Done {
			t.Errorf("item %d: %q, want done", n, ends[n].State)
		}
	}
}

// TestSuspendedJob: the time in which the whole job was stopped does not count as the items'.
func TestSuspendedJob(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`echo $$ >> pids; sleep 1; echo end >> ran`, 1), 1, withTimeout(4))
	l := r.start(lifeOptions{})
	eventually(t, "the item runs", func() bool { return len(r.lines("pids")) == 1 })
	all := append([]int{l.cmd.Process.Pid}, r.pids("pids")...)
	for _, sig := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
		for _, pid := range all {
			must(t, syscall.Kill(pid, sig))
		}
		if sig == syscall.SIGSTOP {
			time.Sleep(6 * time.Second)
		}
	}
	if got := l.wait(20 * time.Second); got != ExitDone {
		t.Errorf("exit code %d, %+v: %s", got, r.ends()[0], &l.stderr)
	}
}

// TestLeftBehind: what an item leaves in the background holds nobody up, may finish what it
// writes, and ends with the worker.
func TestLeftBehind(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`exec > >(sleep 0.2; cat >> tee); (setsid sleep 60 & echo $! >> pids); sleep 60 & echo $! >> pids; echo said`, 1), 1)
	start := time.Now()
	r.exits(ExitDone, lifeOptions{})
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	if got := r.lines("tee"); len(got) != 1 {
		t.Errorf("tee wrote %q, want what the item said", got)
	}
	for _, pid := range r.pids("pids") {
		if alive(pid) {
			t.Errorf("process %d lives on", pid)
		}
	}
}

// TestSIGTERM: it reaches the items, and each has a record before Slurm's SIGKILL would come.
func TestSIGTERM(t *testing.T) {
	t.Parallel()
	at := func(name string, in int64) func() []string {
		return func() []string { return []string{fmt.Sprintf("%s=%d", name, time.Now().Unix()+in)} }
	}
	tests := []struct {
		name  string
		env   func() []string
		flags []string
		want  items.State
	}{
		{"cancelled", func() []string { return nil }, nil, items.Cancelled},
		{"long before the limit", at("SLURM_JOB_END_TIME", 3600), nil, items.Cancelled},
		{"at the limit", at("SLURM_JOB_END_TIME", 4), nil, items.Timeout},
		{"at the limit of an old Slurm", at("SLURM_JOB_START_TIME", -131), []string{"--time-limit-s", "180"}, items.Timeout},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := freeze(t, numbers(`if [ {n} = 0 ]; then trap "echo polite >> ran; exit 7" TERM; else trap "" TERM; fi
				echo up >> up; for i in {1..600}; do sleep 0.1; done`, 5), 1, func(w *items.Work) { w.KillWaitS = 3 })
			l := r.start(lifeOptions{slots: 2, env: tt.env(), flags: tt.flags})
			eventually(t, "two items run", func() bool { return len(r.lines("up")) == 2 })
			time.Sleep(200 * time.Millisecond) // the traps are set
			start := time.Now()
			l.cmd.Process.Signal(syscall.SIGTERM)
			if got := l.wait(20 * time.Second); got != ExitUndone {
				t.Errorf("exit code %d, want %d: %s", got, ExitUndone, &l.stderr)
			}
			if took := time.Since(start); took < 1500*time.Millisecond || took > 3*time.Second {
				t.Errorf("took %s, want KillWait less a second, 2 s", took)
			}
			ends := r.ends()
			if len(ends) != 2 || ends[0].State != tt.want || ends[1].State != tt.want {
				t.Errorf("%+v; want two %s", ends, tt.want)
			}
			if text(ends[0].ExitCode) != "7" || deref(ends[1].Signal) != "KILL" || len(r.lines("ran")) != 1 {
				t.Errorf("got exit code %s and signal %q, want 7 and KILL", text(ends[0].ExitCode), deref(ends[1].Signal))
			}
			if got := l.stderr.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "3 of 5 items of part 0 were not started") {
				t.Errorf("stderr %q", got)
			}
		})
	}
}

func TestSignalsForItemsArePassedOn(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`trap "echo usr1 >> ran; exit 0" USR1; echo up >> up; while :; do sleep 0.1; done`, 1), 1)
	l := r.start(lifeOptions{})
	eventually(t, "the item runs", func() bool { return len(r.lines("up")) == 1 })
	l.cmd.Process.Signal(syscall.SIGUSR1)
	if got := l.wait(10 * time.Second); got != ExitDone || len(r.lines("ran")) != 1 {
		t.Errorf("exit code %d, item heard %v", got, r.lines("ran"))
	}
}

// TestItemsEndWithTheirWorker: a worker that is killed leaves no item running beside the next life.
func TestItemsEndWithTheirWorker(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`echo $$ >> pids; exec sleep 60`, 2), 1)
	l := r.start(lifeOptions{slots: 2})
	eventually(t, "the items run", func() bool { return len(r.lines("pids")) == 2 })
	l.cmd.Process.Kill()
	l.wait(5 * time.Second)
	for _, pid := range r.pids("pids") {
		eventually(t, "the item ends", func() bool { return !alive(pid) })
	}
}

// TestNothingStartsThatCannotEnd: before the time limit.
func TestNothingStartsThatCannotEnd(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		left     int64 // seconds
		declared float64
		item     string
		atLeast  int
		atMost   int
	}{
		{"declared longer than what is left", 30, 60, "true", 0, 0},
		{"declared, fits at first", 6, 4, "sleep 1", 1, 2},
		{"not declared", 30, 0, "true", 20, 20},
		{"not declared, no time at all", 0, 0, "true", 0, 0},
		{"measured", 4, 0, "test {n} -lt 10 || sleep 30", 11, 12},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := freeze(t, numbers("echo {n} >> ran; "+tt.item, 20), 1, func(w *items.Work) { w.TimeS = tt.declared; w.TimeoutS = 6 })
			l := r.start(lifeOptions{env: []string{fmt.Sprintf("SLURM_JOB_END_TIME=%d", time.Now().Unix()+tt.left)}})
			exit := l.wait(30 * time.Second)
			if got := len(r.lines("ran")); got < tt.atLeast || got > tt.atMost {
				t.Errorf("%d items ran, want %d to %d", got, tt.atLeast, tt.atMost)
			}
			if (exit == ExitDone) != (tt.atLeast == 20) {
				t.Errorf("exit code %d", exit)
			}
			if got := l.stderr.String(); tt.atMost < 20 && (!strings.Contains(got, "were not started") || strings.Count(got, "\n") != 1) {
				t.Errorf("stderr %q", got)
			}
		})
	}
}
