package worker

import "time"

// Short calls are handed to a process several at a time, so that it need not wait for the worker between them. Each is
// begun, recorded, measured and ended for itself; those that lie ahead of a process have not begun, and are taken back when
// it dies or the call that it makes is not short.
const (
	handful   = 20 * time.Millisecond  // of calls are handed over at once,
	mostAhead = 64                     // and no more than so many,
	briefLine = 1 << 10                // each so many bytes at most: they must find room in a socket
	heavy     = 100 * time.Millisecond // a call that takes longer has nothing wait behind it
)

// together is how many calls are handed over at once, of so many that wait: one until it is known that they are short, and
// no more than leaves enough for all slots.
func (e *engine) together(waiting int) int {
	mean := e.clock.mean()
	if e.work.Spec.Function == "" || e.clock.done < enoughToTell || mean <= 0 {
		return 1
	}
	return max(1, min(mostAhead, int(handful/mean), waiting/(2*len(e.slots))))
}

// room gives a slot that can take a task, nil where none can: a free one, else one whose process makes its last call.
// So many more wait.
func (e *engine) room(waiting int) *slot {
	if n := len(e.free); n > 0 {
		return e.free[n-1]
	}
	many := e.together(waiting)
	if many == 1 {
		return nil
	}
	now := time.Now()
	for _, s := range e.slots {
		if len(s.ahead) == 0 {
			s.room = many
		}
		if s.room > 0 && s.takesMore(now) {
			return s
		}
	}
	return nil
}

// takesMore says whether a short call can wait behind the one that a slot's process makes.
func (s *slot) takesMore(now time.Time) bool {
	return s.caller != nil && s.calling == s.caller && s.caller.ready && s.verdict.state == "" &&
		len(s.task.call) <= briefLine && now.Sub(s.started) <= heavy
}

// hand gives a task to a slot that has room. It says whether to go on with the next one.
func (e *engine) hand(s *slot, t task) bool {
	if s.pid == 0 {
		return e.begin(t)
	}
	e.held = nil // if that is the task
	if t.bad != nil || len(t.outputs) > 0 || len(t.call) > briefLine || !s.caller.has(t.call) {
		s.room = 0
		e.back = append([]task{t}, e.back...)
		return false
	}
	s.ahead = append(s.ahead, t)
	s.room--
	return true
}

// goOn has a slot, whose call has ended with that code, at the next one, which its process has begun by now.
func (e *engine) goOn(s *slot, code int) {
	ended, verdict, killAt, kills := s.task, s.verdict, s.killAt, s.kills
	next := s.ahead[0]
	s.ahead = s.ahead[1:]
	if err := s.take(next); err != nil {
		e.fail(err)
	}
	s.verdict, s.killAt, s.kills = verdict, killAt, kills // of the process
	s.started = time.Now()
	if e.work.TimeoutS > 0 {
		s.limitAt = s.started.Add(e.timeout())
	}
	e.gpus.reset(s.n)
	e.recordBegin(s)
	if ended.over != nil {
		ended.over(code)
	}
	if len(s.ahead) == 0 {
		e.wakeLoop()
	}
}

// recall takes back the calls that the process of a slot has not begun.
func (e *engine) recall(s *slot) {
	if len(s.ahead) == 0 || s.caller == nil {
		return
	}
	unread := s.caller.unread()
	if unread > len(s.ahead) { // on a busy machine a process may not have come to the call that is its own
		s.caller.ask(s.task.call)
		unread = len(s.ahead)
	}
	e.takeBack(s, len(s.ahead)-unread)
}

// takeBack leaves a slot the first calls of those ahead. The others are for whoever has room.
func (e *engine) takeBack(s *slot, left int) {
	if len(s.ahead) > left {
		e.back = append(e.back, s.ahead[left:]...)
		s.ahead = s.ahead[:left]
		e.wakeLoop()
	}
}

// another gives a task that was taken back.
func (e *engine) another() (t task, some bool) {
	if len(e.back) == 0 {
		return t, false
	}
	t = e.back[0]
	e.back = e.back[1:]
	return t, true
}
