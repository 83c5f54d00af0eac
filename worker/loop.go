package worker

import (
	"errors"
	"fmt"
	"runtime"
	"time"
)

const (
	// recheck is how often the loop looks again where no child's end would wake it.
	recheck = 100 * time.Millisecond
	// patience is how long a worker without running items waits for room to start one.
	patience = 30 * time.Second
)

// loop runs a queue of items to its end. It keeps its thread, because the kernel ends the
// items when the thread that started them ends (see spawner).
func (e *engine) loop(q *queue) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		e.fill(q)
		e.leave(q)
		switch {
		case e.running() == 0 && !e.waits():
			return
		case e.waits():
			e.unlocked(func() { time.Sleep(recheck) })
		default:
			e.unlocked(awaitExit)
		}
		e.reap()
	}
}

// callLoop is loop for calls, whose end is an answer and not that of a process.
func (e *engine) callLoop(q *queue) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	quit := make(chan struct{})
	defer close(quit)
	go e.reapUntil(quit)
	for {
		e.mu.Lock()
		e.fill(q)
		over := e.running() == 0 && !e.waits()
		e.mu.Unlock()
		if over {
			return
		}
		select {
		case <-e.changed:
		case <-time.After(recheck):
		}
	}
}

// reapUntil takes children that end until quit is closed. One of them may live as long as the worker, so
// they are asked for and not waited for.
func (e *engine) reapUntil(quit <-chan struct{}) {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-quit:
			return
		case <-ticker.C:
			e.mu.Lock()
			e.reap()
			e.mu.Unlock()
		}
	}
}

func (e *engine) unlocked(f func()) {
	e.mu.Unlock()
	defer e.mu.Lock()
	f()
}

// leave gives back what was taken of a shared queue and is not begun here any more. A worker that is told to end may have another life,
// which goes on with it, and so has one whose part was taken over.
func (e *engine) leave(q *queue) {
	held := e.held != nil || len(e.back) > 0 // the item that was to begin last
	if e.halt == "" || e.ending || q.chunks == nil || !held && !q.keeps() {
		return
	}
	err := e.gate.claim.hold()
	if e.judgeClaim(err); err != nil {
		return
	}
	if held {
		e.held, e.back = nil, nil
		q.next--
	}
	if err := q.giveBack(); err != nil {
		e.fail(err)
	}
}

// waits says whether items would be started that cannot be just now.
func (e *engine) waits() bool {
	return e.halt == "" && (e.held != nil || !e.doubt.until.IsZero() || time.Now().Before(e.doubt.brake))
}

// fill starts items in all free slots, and asks processes that make short calls for more of them.
func (e *engine) fill(q *queue) {
	for e.mayStart() && e.decided() {
		s := e.room(q.waiting())
		if s == nil {
			return
		}
		t, more := e.next(q)
		if !more || !e.hand(s, t) {
			return
		}
	}
}

// next gives the item that was held back, else the next one of the queue.
func (e *engine) next(q *queue) (task, bool) {
	if e.held != nil {
		return *e.held, true
	}
	if t, some := e.another(); some {
		return t, true
	}
	t, more, err := q.pop()
	if err != nil {
		e.fail(err)
	}
	return t, more && err == nil
}

// begin starts a task, or holds it back while the machine has no room for a process. It says
// whether to go on with the next one.
func (e *engine) begin(t task) bool {
	err := e.start(t)
	busy := (*busyError)(nil)
	switch {
	case err == nil:
		e.held, e.busy = nil, time.Time{}
		return true
	case !errors.As(err, &busy):
		e.fail(err)
		e.back = append(e.back, t) // who asked for it is told that it does not run
		return false
	}
	e.held = &t
	now := time.Now()
	if e.busy.IsZero() || e.running() > 0 {
		e.busy = now
	}
	if now.Sub(e.busy) > patience {
		e.fail(fmt.Errorf("%w, for %s and with nothing else running here", err, patience))
	}
	return false
}
