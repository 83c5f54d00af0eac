package worker

import (
	"time"

	"hpcsub/items"
)

// fresh is a success that is not recorded yet.
type fresh struct {
	record items.Record
	at     time.Time
}

// doubtful is how long a success waits before it is recorded. Slurm signals the processes of a job that ends one after
// the other: a shell whose program has died of it goes on with its next line, and may end well before it is signalled
// itself and before the worker hears of it.
const doubtful = 50 * time.Millisecond

// write records an end, a success only after a while. A call that returned is whole.
func (e *engine) write(r items.Record, call bool) error {
	if r.State != items.Done || call {
		return e.recorder.Write(&r)
	}
	now := time.Now()
	e.fresh = append(e.fresh, fresh{r, now})
	return e.settle(now)
}

// settle records the successes that nothing has cast doubt on until now.
func (e *engine) settle(now time.Time) (err error) {
	n := 0
	for n < len(e.fresh) && now.Sub(e.fresh[n].at) >= doubtful {
		if bad := e.recorder.Write(&e.fresh[n].record); bad != nil {
			err = bad
		}
		n++
	}
	e.fresh = e.fresh[n:]
	return err
}

// recant records the successes of the last moment as ended with the job: nobody knows whether they are whole.
func (e *engine) recant(v verdict, now time.Time) {
	if err := e.settle(now); err != nil {
		e.fail(err)
	}
	for i := range e.fresh {
		r := &e.fresh[i].record
		r.State, r.Cause = v.state, v.cause+" just as it ended"
		e.done--
		e.undone++
		if err := e.recorder.Write(r); err != nil {
			e.fail(err)
		}
	}
	e.fresh = nil
}

// unsettled is how long the youngest success has yet to wait.
func (e *engine) unsettled() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.fresh) == 0 {
		return 0
	}
	return doubtful - time.Since(e.fresh[len(e.fresh)-1].at)
}
