package worker

import (
	"fmt"
	"io"
	"time"

	"hpcsub/items"
)

// ponder is how long nothing is started while it shows whether other nodes fare better: a
// little longer than an item takes that fails at once.
const ponder = soon + 500*time.Millisecond

// doubt is what a worker learns from its items' ends about the work and about its node.
type doubt struct {
	streak streak
	asked  time.Time // when the other parts' records were last read
	until  time.Time // nothing is started until then; zero = no doubt
	spent  bool      // it was pondered once
	row    int       // items that failed at once, one after another, whatever was before
	brake  time.Time // nothing is started until then, since they do
}

// learn draws conclusions from an end record: does all of the work fail, or this node?
func (e *engine) learn(r *items.Record) {
	e.slowDown(r)
	e.doubt.streak.add(r)
	if e.doubt.streak.proven || e.doubt.streak.first.state == "" || e.ending || !e.doubt.until.IsZero() {
		return
	}
	now := time.Now()
	telling := e.doubt.streak.alike == e.work.Failures || e.doubt.streak.quick == e.manyQuick()
	if telling || now.Sub(e.doubt.asked) >= time.Second {
		e.consult(now)
	}
}

// slowDown keeps a node that begins to fail items at once from emptying the queue that all parts share: there each takes as long as one that
// succeeds, a minute at most. Where the items are to blame, the run takes no longer than if they succeeded.
func (e *engine) slowDown(r *items.Record) {
	const most = time.Minute
	if !failedAtOnce(r) {
		e.doubt.row = 0
		return
	}
	if e.doubt.row++; e.work.Parts < 2 || e.doubt.row < e.manyQuick() {
		return
	}
	if now := time.Now(); e.doubt.brake.Before(now) {
		e.doubt.brake = now
	}
	e.doubt.brake = e.doubt.brake.Add(min(e.clock.mean(), most) / time.Duration(len(e.slots)))
}

// manyQuick is how many items that fail at once, one after another, are more than bad luck.
func (e *engine) manyQuick() int { return max(3, len(e.slots)) }

// consult holds this worker's failures against what the other parts record: few items here
// and failures everywhere, or failures here and none elsewhere?
func (e *engine) consult(now time.Time) {
	e.doubt.asked = now
	n, err := lookAround(e.dir, e.results, e.node, now)
	if err != nil {
		e.fail(fmt.Errorf("looking at the other parts' records: %w", err))
		return
	}
	all, here := n.all.join(e.doubt.streak), n.here.join(e.doubt.streak)
	fails := e.work.Failures > 0 && !all.proven && !all.mixed && all.alike >= e.work.Failures
	onlyHere := here.quick == all.alike // and at once, so what lasts elsewhere fares better
	switch {
	case here.proven:
	case n.succeeded && here.quick >= e.manyQuick(), fails && onlyHere && n.lasting:
		e.leaveNode(here)
	case fails && onlyHere && n.young && !e.doubt.spent:
		e.doubt.spent, e.doubt.until = true, now.Add(ponder)
	case fails:
		e.stopRun(all)
	}
}

// decided says whether there is no doubt about this node, or the time to find out is over, or to wait.
func (e *engine) decided() bool {
	now := time.Now()
	if now.Before(e.doubt.until) || now.Before(e.doubt.brake) {
		return false
	}
	if e.doubt.until.IsZero() {
		return true
	}
	e.doubt.until = time.Time{}
	e.consult(now)
	return e.halt == ""
}

// stopRun tells every worker of the attempt to take no more items.
func (e *engine) stopRun(s streak) {
	reason := fmt.Sprintf("the first %d items all failed alike (%s)", s.alike, s.first)
	if err := items.WriteStop(e.dir, reason); err != nil {
		e.fail(err)
		return
	}
	e.stop("the run was stopped: " + reason)
}

// leaveNode names this node as one that fails what others do, and takes no more items.
func (e *engine) leaveNode(s streak) {
	reason := fmt.Sprintf("%d items failed at once on this node (%s) while others fare well elsewhere", s.quick, s.first)
	err := items.WriteFile(e.dir.BadNode(e.node), func(w io.Writer) error {
		_, err := io.WriteString(w, reason+"\n")
		return err
	})
	if err != nil {
		e.fail(err)
		return
	}
	e.leaves = true
	e.stop(leftNode(e.node, reason))
}

func leftNode(node, reason string) string {
	return fmt.Sprintf("node %s is left: %s", node, reason)
}
