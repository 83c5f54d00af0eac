package worker

import (
	"encoding/json"
	"fmt"
	"syscall"
	"time"

	"hpcsub/items"
)

// reply is a line that a caller writes: that it is ready, or what became of a call.
type reply struct {
	Ready   float64         `json:"ready"` // the Unix time at which the module was imported and the call began
	Done    bool            `json:"done"`
	Cause   string          `json:"cause"` // of a call that is not done
	Value   json.RawMessage `json:"value"`
	Kept    *items.Kept     `json:"kept"`
	Start   float64         `json:"start"` // Unix time
	Elapsed float64         `json:"elapsed_s"`
	CPU     float64         `json:"cpu_s"`
	PeakKiB int64           `json:"peak_kib"`
	Printed *[2]int64       `json:"printed"` // how long the logs are by then
}

// heard takes a line of a caller.
func (e *engine) heard(s *slot, c *caller, line []byte) {
	var r reply
	if err := json.Unmarshal(line, &r); err != nil {
		r = reply{Cause: fmt.Sprintf("the process of the call said what nobody understands: %v", err)}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case r.Ready > 0 && s.calling != c: // before there is a call for it
		c.ready = true
	case s.calling != c: // it was written off
	case r.Ready > 0:
		c.ready = true
		s.begun(r.Ready, time.Now())
		if e.work.TimeoutS > 0 { // importing is not the item's
			s.limitAt = s.started.Add(e.timeout())
		}
	default:
		e.returned(s, r)
	}
}

// begun moves the start of a call to the Unix time that its process told, of which a busy node hears later.
func (s *slot) begun(told float64, now time.Time) {
	late := time.Duration((unixSeconds(now) - told) * float64(time.Second))
	s.started = now.Add(-min(max(0, late), now.Sub(s.started)))
}

// returned records a call whose process lives on, and frees its slot.
func (e *engine) returned(s *slot, r reply) {
	now := time.Now()
	if r.Printed != nil && len(s.ahead) > 0 {
		s.printed = *r.Printed
	}
	o, code := e.judgeCall(s, r)
	err := e.record(s, o, now, func(rec *items.Record) {
		if r.Start > 0 { // what it took to get here and back is not the call's
			end := r.Start + r.Elapsed
			rec.Start, rec.End = r.Start, &end
		}
		rec.Elapsed, rec.CPU = &r.Elapsed, &r.CPU
		if o.state == items.Done {
			rec.Value, rec.Kept = r.Value, r.Kept
		}
		s.measurePeak(rec, r.PeakKiB)
	})
	if err != nil {
		e.fail(err)
	}
	s.calling.cpu += r.CPU
	if len(s.ahead) > 0 {
		e.goOn(s, code)
	} else {
		e.release(s, code)
	}
}

// judgeCall tells what became of a call that returned.
func (e *engine) judgeCall(s *slot, r reply) (o outcome, code int) {
	switch {
	case s.verdict.state != "" && len(s.ahead) == 0: // else it is the next call that is ended
		return outcome{state: s.verdict.state, cause: s.verdict.cause}, 1
	case !r.Done:
		return outcome{state: items.Failed, cause: r.Cause}, 1
	}
	if missing := e.outputs.missing(s.task.outputs); missing != "" {
		return outcome{state: items.Failed, cause: fmt.Sprintf("no output %q", missing)}, 1
	}
	return outcome{state: items.Done}, 0
}

// lastWord waits a moment for what a caller said before it ended, and says whether that was the end of
// its call: a process may end just after an answer.
func (e *engine) lastWord(s *slot) bool {
	c := s.calling
	e.hearOut(s, func() {
		e.unlocked(func() {
			select {
			case <-c.silent:
			case <-time.After(hearsay): // it left a child that holds the socket
			}
		})
	})
	return s.calling != c
}

// died judges a call whose process ended instead of answering.
func (o outcome) died(status syscall.WaitStatus) outcome {
	if status.Exited() && (o.state == items.Done || o.cause == "") {
		o = outcome{state: items.Failed, cause: fmt.Sprintf("the call ended its process with exit code %d", status.ExitStatus())}
	}
	return o
}
