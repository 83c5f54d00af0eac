package worker

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

// dispatcher lets GNU Parallel, the worker's child, say which item runs when; the worker runs
// it. GNU Parallel reads places in the part from its stdin, and for each of them starts the
// program of RunItem, which asks the worker for that item through a socket.
type dispatcher struct {
	*engine
	queue  *queue
	input  *os.File // GNU Parallel's stdin
	socket *socket
	asked  bitmap    // places that were asked for
	fed    int       // places written and not answered yet
	heard  time.Time // of the last request or answer
	calls  int       // requests since the last stall
	wake   chan struct{}
	ended  chan struct{} // closed when GNU Parallel and all items have ended
}

// dispatch runs the part through GNU Parallel. It returns when that has ended and every item
// that it asked for is recorded.
func (w *worker) dispatch(argv []string) {
	runtime.LockOSThread() // see spawner: the thread that starts items must live as long as they
	defer runtime.UnlockOSThread()
	d := &dispatcher{
		engine: &w.engine, queue: w.queue, heard: time.Now(),
		wake: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	err := checkGNU(argv[0])
	if err == nil {
		d.socket, err = listenSocket()
	}
	if err == nil {
		defer d.socket.close()
		err = d.startParallel(argv)
	}
	if err != nil {
		w.unlockedFail(err)
		return
	}
	go d.reapAll()
	go d.feed()
	d.serve()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stop("GNU Parallel ended and had not asked for them")
}

func (e *engine) unlockedFail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fail(err)
}

// reapAll takes children until GNU Parallel and all items have ended.
func (d *dispatcher) reapAll() {
	for over := false; !over; {
		awaitExit()
		d.mu.Lock()
		d.reap()
		over = d.parallel == 0 && d.running() == 0
		d.mu.Unlock()
	}
	close(d.ended)
}

// feed writes places, as many as run and as many again: GNU Parallel reads a little ahead, and
// what it has read cannot be taken back when the time runs out.
func (d *dispatcher) feed() {
	defer d.input.Close()
	for {
		place, now, more := d.nextPlace()
		if !more {
			return
		}
		if now {
			if _, err := fmt.Fprintln(d.input, place); err != nil {
				return // it has ended
			}
			continue
		}
		select {
		case <-d.wake:
		case <-time.After(recheck):
		case <-d.ended:
			return
		}
	}
}

// nextPlace gives a place to write now; or none now, but later more; or no more.
func (d *dispatcher) nextPlace() (place int, now, more bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.mayStart() {
		return 0, false, false
	}
	if !d.decided() {
		return 0, false, true
	}
	if d.fed >= 2*len(d.slots) {
		return 0, false, !d.stalled()
	}
	place, more, err := d.queue.advance()
	if err != nil {
		d.fail(err)
		return 0, false, false
	}
	if more {
		d.fed++
	}
	return place, more, more
}

// stalled notices when GNU Parallel starts none of what it was given. Some may have been lost,
// because somebody killed what asks for them; when all are, it cannot start programs at all.
func (d *dispatcher) stalled() bool {
	const idle = 30 * time.Second
	if d.running() > 0 || time.Since(d.heard) < idle {
		return false
	}
	if d.calls == 0 {
		d.fail(fmt.Errorf("GNU Parallel asked for no item in %s; what it printed says why", idle))
		return true
	}
	d.calls, d.fed, d.heard = 0, 0, time.Now()
	return false
}

// serve starts the items that are asked for, until all is over.
func (d *dispatcher) serve() {
	for {
		select {
		case r := <-d.socket.requests:
			for d.try(r) {
				time.Sleep(recheck / 10)
			}
		case <-d.ended:
			return
		}
	}
}

// try answers a request, and says whether it must be tried again: because no slot is free yet,
// or the machine has no room for a process.
func (d *dispatcher) try(r *request) (again bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case r.gone:
		d.answered()
		return false
	case !d.mayStart() || r.place >= d.queue.part.Len() || d.asked.has(r.place):
		d.answered()
		r.answer(codeNotStarted)
		return false
	case !d.decided() || len(d.free) == 0:
		return true
	}
	t, err := d.queue.at(r.place)
	if err != nil {
		d.fail(err)
		return true // to be turned away
	}
	r.slot = d.free[len(d.free)-1]
	d.begin(t, func(code int) {
		d.answered()
		r.slot = nil
		r.answer(code)
	})
	if d.held != nil {
		d.held, r.slot = nil, nil
		return true
	}
	d.calls++
	d.asked.set(r.place, d.queue.part.Len())
	go d.mind(r)
	return false
}

// answered makes room for one more place.
func (d *dispatcher) answered() {
	d.fed = max(0, d.fed-1)
	d.heard = time.Now()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// mind ends an item when what asked for it is gone: GNU Parallel, or somebody, ended it.
func (d *dispatcher) mind(r *request) {
	r.awaitClose()
	d.mu.Lock()
	defer d.mu.Unlock()
	r.gone = true
	if r.slot != nil && !d.ending {
		v := d.endVerdict()
		v.cause = "GNU Parallel's job was ended"
		r.slot.terminate(v, time.Now(), d.grace)
	}
}
