package worker

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"hpcsub/items"
)

// TestItemsHearOfTheEndFirst: Slurm signals all processes of a job one after the other, the
// worker last. The items were cancelled, they did not fail, and none is started in between.
func TestItemsHearOfTheEndFirst(t *testing.T) {
	t.Parallel()
	for _, dispatcher := range [][]string{nil, parallelCommand(2)} {
		t.Run(fmt.Sprint(len(dispatcher) > 0), func(t *testing.T) {
			r := freeze(t, numbers(`echo $$ >> pids; exec sleep 60`, 5), 1)
			l := r.start(lifeOptions{slots: 2, dispatcher: dispatcher})
			eventually(t, "the items run", func() bool { return len(r.lines("pids")) == 2 })
			for _, pid := range r.pids("pids") {
				syscall.Kill(pid, syscall.SIGTERM)
			}
			time.Sleep(20 * time.Millisecond)
			l.cmd.Process.Signal(syscall.SIGTERM)
			if got := l.wait(10 * time.Second); got != ExitUndone {
				t.Errorf("exit code %d, want %d: %s", got, ExitUndone, &l.stderr)
			}
			ends := r.ends()
			if len(ends) != 2 || ends[0].State != items.Cancelled || ends[1].State != items.Cancelled {
				t.Errorf("%+v; want the two that ran, cancelled", ends)
			}
		})
	}
}

// TestItemEndedByItself: an item that somebody ends by SIGTERM failed, and the others go on.
func TestItemEndedByItself(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`[ {n} != 0 ] || kill -TERM $$`, 3), 1)
	r.exits(ExitUndone, lifeOptions{})
	if ends := r.ends(); len(ends) != 3 || ends[0].State != items.Failed || deref(ends[0].Signal) != "TERM" || ends[2].State != items.Done {
		t.Errorf("%+v; want item 0 failed by TERM, the others done", ends)
	}
}

// TestSuccessAsTheJobEnds: Slurm signals one process after the other. A shell whose program died of it goes on, and
// has ended well when the worker hears: nobody knows whether that item is whole, and it is to run again.
func TestSuccessAsTheJobEnds(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers("test {n} = 1 || exit 0; sleep 0.3; kill -TERM $PPID; exit 0", 3), 1)
	r.exits(ExitUndone, lifeOptions{})
	ends := r.ends()
	if got := ends[0].State; got != items.Done {
		t.Errorf("item 0, which had ended before: %s, want done", got)
	}
	if got := ends[1]; got.State != items.Cancelled {
		t.Errorf("item 1: %s (%s), want cancelled", got.State, got.Cause)
	}
	if got, ran := ends[2]; ran && got.State == items.Done {
		t.Errorf("item 2 was done after the job's end")
	}
}

// TestSuspensionMovesTheEnd: the time for which a job is suspended is not counted against its time limit, as Slurm does not count it.
func TestSuspensionMovesTheEnd(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`echo {n} >> ran; sleep 1`, 8), 1)
	l := r.start(lifeOptions{env: endsIn(14 * time.Second)})
	eventually(t, "an item has begun", func() bool { return len(r.lines("ran")) == 1 })
	syscall.Kill(l.cmd.Process.Pid, syscall.SIGSTOP)
	time.Sleep(10 * time.Second)
	syscall.Kill(l.cmd.Process.Pid, syscall.SIGCONT)
	if got := l.wait(30 * time.Second); got != ExitDone || len(r.lines("ran")) != 8 {
		t.Errorf("exit code %d after %d of 8 items: %s", got, len(r.lines("ran")), &l.stderr)
	}
}
