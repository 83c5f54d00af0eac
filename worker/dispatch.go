package worker

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"hpcsub/items"
)

// dispatcher lets another program, the worker's child, say which item runs when; the worker runs it. GNU
// Parallel reads places in the part from its stdin, and for each of them starts the program of RunItem,
// which asks the worker for that item through a socket. The drivers of Pathos and Dask do the same, but
// for the program: what they hand out asks the worker itself.
type dispatcher struct {
	*engine
	queue   *queue
	input   *os.File // GNU Parallel's stdin
	socket  *socket
	waiting []wanted  // in the order in which they were asked for
	driver  bool      // of Pathos or Dask, for calls
	shared  shared    // what only a queue over nodes has
	nodes   int       // how many workers share the queue; 1 = this one alone
	asked   bitmap    // places that were asked for
	well    bitmap    // places that ended well here
	fed     int       // places written and not answered yet
	heard   time.Time // of the last request or answer
	calls   int       // requests since the last stall
	wake    chan struct{}
	ended   chan struct{} // closed when GNU Parallel and all items have ended
	said    chan struct{} // closed when a driver has said all that it will; nil for GNU Parallel
}

// dispatch runs the part through GNU Parallel. It returns when that has ended and every item
// that it asked for is recorded.
func (w *worker) dispatch(argv []string) {
	runtime.LockOSThread() // see spawner: the thread that starts items must live as long as they
	defer runtime.UnlockOSThread()
	d := &dispatcher{
		engine: &w.engine, queue: w.queue, heard: time.Now(),
		wake: make(chan struct{}, 1), ended: make(chan struct{}), driver: w.work.Spec.Function != "",
		nodes: 1,
	}
	var err error
	if w.opt.Together {
		d.nodes, err = items.CountParts(w.dir)
		d.shared = shared{
			on: true, rank: w.opt.Rank, life: w.writer.Restart, tries: map[int]int{},
			meeting: w.dir.Meeting(w.gate.claim.job, w.writer.Restart),
		}
	}
	if !d.driver {
		err = checkGNU(argv[0])
	}
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
	if d.driver {
		d.mu.Lock()
		d.warm(d.queue.part.Len() - d.queue.before)
		d.mu.Unlock()
	}
	go d.reapAll()
	if d.shared.rank == 0 {
		go d.feed()
	} else {
		go d.attendRank()
	}
	d.serve()
	d.sayOver()
	d.sayIdle()
	if d.said != nil {
		select {
		case <-d.said:
		case <-time.After(time.Second): // something that it left behind holds its stdout
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stop(d.name() + " ended and had not asked for them")
}

func (e *engine) unlockedFail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fail(err)
}

// name is what hands out the items, for messages.
func (d *dispatcher) name() string {
	if d.driver {
		return "the driver"
	}
	return "GNU Parallel"
}

// reapAll takes children until the dispatcher and all items have ended.
func (d *dispatcher) reapAll() {
	for alone, over := false, false; !over; {
		if alone && d.driver { // the end of a call is not that of a process
			time.Sleep(10 * time.Millisecond)
		} else {
			awaitExit()
		}
		d.mu.Lock()
		d.reap()
		alone = d.parallel == 0
		over = alone && d.running() == 0
		d.mu.Unlock()
	}
	close(d.ended)
}

// feed writes places, as many as run and as many again: GNU Parallel reads a little ahead, and
// what it has read cannot be taken back when the time runs out.
func (d *dispatcher) feed() {
	defer d.seeOff()
	defer d.input.Close()
	for {
		line, more := d.nextLine()
		if !more {
			return
		}
		if line != "" {
			if _, err := d.input.WriteString(line); err != nil {
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

// nextLine gives a line of places to write now; or none now, but later more; or no more.
func (d *dispatcher) nextLine() (line string, more bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.mayStart() {
		return "", false
	}
	if !d.decided() {
		return "", true
	}
	many := d.bunch()
	if d.fed >= 2*len(d.slots)*d.nodes*many {
		return "", !d.stalled()
	}
	if places := d.backAgain(); len(places) > 0 {
		d.fed += len(places)
		return again + joined(places), true
	}
	places, err := d.nextPlaces(many)
	if err != nil {
		d.fail(err)
		return "", false
	}
	if len(places) == 0 { // but what a node has may come back
		return "", d.shared.on && d.fed > 0 && !d.stalled()
	}
	d.fed += len(places)
	return joined(places), true
}

// nextPlaces takes up to so many places from the queue.
func (d *dispatcher) nextPlaces(many int) (places []int, err error) {
	for len(places) < many {
		place, more, err := d.queue.advance()
		if err != nil || !more {
			return places, err
		}
		places = append(places, place)
	}
	return places, nil
}

// bunch is how many places go into one line: one, until calls are known to be short. Then to hand out a
// tenth of a second's calls at once costs little, as long as there is enough for all slots.
func (d *dispatcher) bunch() int {
	const together, most = 100 * time.Millisecond, 256
	mean := d.clock.mean()
	if !d.driver || mean <= 0 {
		return 1
	}
	left := d.queue.part.Len() - d.queue.next
	return max(1, min(most, int(together/mean), left/(4*len(d.slots)*d.nodes)))
}

// joined is a line of places.
func joined(places []int) string {
	line := make([]byte, 0, 8*len(places))
	for _, place := range places {
		line = append(strconv.AppendInt(line, int64(place), 10), ' ')
	}
	line[len(line)-1] = '\n'
	return string(line)
}

// stalled notices when the dispatcher starts none of what it was given. Some may have been lost,
// because somebody killed what asks for them; when all are, it cannot start programs at all.
func (d *dispatcher) stalled() bool {
	idle := 30 * time.Second
	if d.driver { // packages of Python on a cold file system
		idle = 2 * time.Minute
	}
	if d.running() > 0 || time.Since(d.heard) < idle {
		return false
	}
	if d.shared.on && (d.calls > 0 || d.busyElsewhere()) { // calls may take hours, there too
		d.heard = time.Now()
		return false
	}
	if d.calls == 0 {
		d.fail(fmt.Errorf("%s asked for no item in %s; what it printed says why", d.name(), idle))
		return true
	}
	d.calls, d.fed, d.heard = 0, 0, time.Now()
	return false
}

// serve starts the items that are asked for, until all is over.
func (d *dispatcher) serve() {
	var again <-chan time.Time
	for {
		var places []int
		var r *request
		select {
		case r = <-d.socket.requests:
			places = r.places
		case <-d.changed:
		case <-again:
		case <-d.ended:
			return
		}
		d.mu.Lock()
		for _, place := range places {
			d.waiting = append(d.waiting, wanted{r, place})
		}
		for d.startNext() {
		}
		again = d.tryAgain()
		d.mu.Unlock()
	}
}

// tryAgain says when to look at what waits, if nothing happens before: soon where there is a slot for it.
func (d *dispatcher) tryAgain() <-chan time.Time {
	switch {
	case len(d.waiting)+len(d.back) == 0:
		return nil
	case len(d.free) > 0:
		return time.After(recheck / 10)
	}
	return time.After(recheck)
}

// wanted is a place that was asked for.
type wanted struct {
	by    *request
	place int
}

// startNext starts an item that waits, on whichever slot has room, or turns it away. It says whether to go on with another one.
func (d *dispatcher) startNext() bool {
	if len(d.back) > 0 {
		return d.startAgain()
	}
	if len(d.waiting) == 0 {
		return false
	}
	r, place := d.waiting[0].by, d.waiting[0].place
	switch {
	case d.left(): // no answer: who asked loses this node, and finds another one
	case r.gone:
		d.turnAway(r)
	case r.again && d.isDone(r, place): // also where nothing is started any more: it is done
		d.over(r, 0)
	case !d.mayStart() || place >= d.queue.part.Len() || d.asked.has(place) && (!r.again || d.runs(place)):
		d.turnAway(r)
	case !d.decided():
		return false
	default:
		return d.startFor(r, place)
	}
	d.waiting = d.waiting[1:]
	return true
}

// startFor starts the first item that waits, if there is room.
func (d *dispatcher) startFor(r *request, place int) bool {
	s := d.room(len(d.waiting))
	if s == nil {
		return false
	}
	t, err := d.queue.at(place)
	if err != nil {
		d.fail(err)
		return true // to be turned away
	}
	t.place, t.from = place, r
	t.over = func(code int) {
		d.answered(1)
		if code == 0 {
			d.well.set(place, d.queue.part.Len())
		}
		d.over(r, code)
	}
	more := d.hand(s, t)
	if d.held != nil { // it is asked for once more
		d.held = nil
		return false
	}
	d.waiting = d.waiting[1:]
	d.calls++
	d.asked.set(place, d.queue.part.Len())
	if !r.minded {
		r.minded = true
		go d.mind(r)
	}
	return more
}

// startAgain starts a call that was taken back, if there is room.
func (d *dispatcher) startAgain() bool {
	t := d.back[0]
	switch {
	case d.left(): // no answer, as for what waits
		d.back = nil
		return true
	case t.from.gone || !d.mayStart():
		d.back = d.back[1:]
		d.turnAway(t.from)
		return true
	}
	s := d.room(len(d.waiting))
	if s == nil {
		return false
	}
	d.back = d.back[1:]
	more := d.hand(s, t)
	if d.held != nil {
		d.held, d.back = nil, append([]task{t}, d.back...)
		return false
	}
	return more
}

// over counts an end for a request, and answers it after the last.
func (d *dispatcher) over(r *request, code int) {
	if d.driver && code == codeNotStarted { // the call's own, which was made: a driver would have it made again
		code = 1
	}
	r.code = max(r.code, code)
	if r.left--; r.left > 0 {
		return
	}
	if r.turned {
		r.code = codeNotStarted
	}
	d.reply(r, r.code)
}

// turnAway has a request answered as one of which not all was started.
func (d *dispatcher) turnAway(r *request) {
	d.answered(1)
	r.turned = true
	d.over(r, 0)
}

// reply answers a request, of a shared queue once the disk has its records.
func (d *dispatcher) reply(r *request, code int) {
	if d.shared.on {
		go d.answerOnDisk(r, code)
	} else {
		r.answer(code)
	}
}

// answered makes room for more places. Of a shared queue the driver says so, since it alone knows of all.
func (d *dispatcher) answered(places int) {
	if !d.shared.on {
		d.makeRoom(places)
	}
}

func (d *dispatcher) makeRoom(places int) {
	d.fed = max(0, d.fed-places)
	d.heard = time.Now()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// mind ends items when what asked for them is gone: the dispatcher, or somebody, ended it.
func (d *dispatcher) mind(r *request) {
	r.awaitClose()
	d.mu.Lock()
	defer d.mu.Unlock()
	r.gone = true
	if d.shared.on { // others may be asked for it, and look at the records
		go d.recorder.Sync()
	}
	if d.ending {
		return
	}
	v := d.endVerdict()
	v.cause = "what " + d.name() + " had started for it was ended"
	for _, s := range d.byPID {
		if s.task.from == r {
			d.recall(s)
			s.terminate(v, time.Now(), d.grace)
		}
	}
}
