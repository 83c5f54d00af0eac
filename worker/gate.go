package worker

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"hpcsub/items"
)

// gate is what is asked before an item is started: does the part still belong to this worker,
// and was the run stopped?
type gate struct {
	claim *claim
	asked time.Time
	// allBegun: no part of a shared queue is still to begin.
	allBegun bool
	woken    time.Time // when the loop was last woken to leave the rest of a shared queue
	passes   bool      // it was left to parts that have not begun, as planned
}

// mayStart says whether one more item may be started now. What is on the disk is asked at most
// once a second: a thousand workers share one file system.
func (e *engine) mayStart() bool {
	now := time.Now()
	if e.halt != "" {
		return false
	}
	e.forgive(now)
	if !e.clock.allows(now) {
		e.stop(fmt.Sprintf("%s are left before the time limit, and an item takes %s; `hpcsub retry` runs them",
			round(e.clock.end.Sub(now)), round(e.clock.needs())))
		return false
	}
	if now.Sub(e.gate.asked) >= time.Second {
		e.gate.asked = now
		e.ask()
		e.thinkOfOthers(now)
	}
	return e.halt == ""
}

// thinkOfOthers leaves the rest of a shared queue to parts that have not begun yet, where an item might not end in time here. Its first
// items a worker takes in any case: were all limits shorter than planned, the last part would else be left with everything.
func (e *engine) thinkOfOthers(now time.Time) {
	begun := e.done+e.undone+e.running() > 0
	if e.halt != "" || e.work.Parts < 2 || !e.late(now) || !begun {
		return
	}
	_, err := os.Lstat(e.dir.Claim(e.work.Parts - 1)) // the tasks of an array begin in order
	if e.gate.allBegun = err == nil; !e.gate.allBegun {
		e.gate.passes = true
		e.stop(fmt.Sprintf("%s are left before the time limit, an item may take %s, and other parts have not begun yet",
			round(e.clock.end.Sub(now)), round(time.Duration(e.work.ItemS*float64(time.Second)))))
	}
}

// leaving is what kind of message says that the rest of a shared queue is left.
func (g *gate) leaving() string {
	if g.passes {
		return "hint"
	}
	return "warning"
}

// late says whether less time is left than an item may take, and others may have not begun yet.
func (e *engine) late(now time.Time) bool {
	return !e.clock.end.IsZero() && e.clock.end.Sub(now).Seconds() < e.work.ItemS && !e.gate.allBegun
}

// wakeLate wakes the loop, which may wait for a long item to end, when the time has come to leave the rest of a shared queue.
func (e *engine) wakeLate(now time.Time) {
	if e.work.Parts < 2 || e.running() == 0 || e.halt != "" || e.clock.allows(now) && !e.late(now) || now.Sub(e.gate.woken) < time.Second {
		return
	}
	e.gate.woken = now
	e.nudge()
}

// ask looks at the claim and for the file that stops the run.
func (e *engine) ask() {
	e.judgeClaim(e.gate.claim.hold())
	reason, stopped, err := readReason(e.dir.Stop())
	switch {
	case err != nil:
		e.fail(fmt.Errorf("looking whether the run was stopped: %w", err))
	case stopped:
		e.stop("the run was stopped: " + reason)
	}
}

// recheckClaim asks whether the part is still ours while long items run. The file server's
// answer is not waited for under the lock.
func (e *engine) recheckClaim() {
	err := e.gate.claim.hold()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.judgeClaim(err)
}

// judgeClaim ends everything when another life of the job has taken over: it will run what runs
// here once more, and two at a time would write the same files.
func (e *engine) judgeClaim(err error) {
	taken := (*takenError)(nil)
	switch {
	case errors.As(err, &taken):
		by := holder(taken.target)
		e.stop("the part was taken over by " + by)
		if !e.ending {
			e.ending = true
			e.terminate(verdict{items.Cancelled, "its part was taken over by " + by}, e.grace)
		}
	case err != nil:
		e.fail(fmt.Errorf("looking at the claim of the part: %w", err))
	}
}

// readReason reads a file that says by its presence that something is over, and why.
func readReason(path string) (reason string, found bool, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	return strings.TrimSpace(string(text)), err == nil, err
}

// round leaves out of a duration what nobody wants to read.
func round(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Second)
}
