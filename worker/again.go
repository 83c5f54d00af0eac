package worker

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"hpcsub/items"
)

// What was handed to a node that is lost is handed out again. Some of it may have ended well, and then it is not
// called once more: the records of all workers say so. They are read for such requests alone.

// again stands before places that were handed out before (asking.py).
const again = "again "

// settling is how long such a request waits before the records are looked at: a worker whose driver was lost while
// it lives itself needs a moment to notice, and to end and record its calls.
const settling = time.Second

// successes are the items that the workers of an attempt have recorded as done, as far as that was read.
type successes struct {
	done bitmap           // of the run's list
	read map[string]int64 // file → up to where
}

// isDone says whether a place that is asked for again has ended well, here or elsewhere.
func (d *dispatcher) isDone(r *request, place int) bool {
	if d.well.has(place) {
		return true
	}
	if !r.looked {
		var err error
		d.unlocked(func() { err = d.shared.successes.update(d.dir, d.queue.list.Len()) })
		if err != nil {
			d.fail(err)
			return false
		}
		r.looked = true
	}
	index, err := d.queue.part.Index(place)
	return err == nil && d.shared.successes.done.has(index)
}

// runs says whether the call at a place is being made here.
func (d *dispatcher) runs(place int) bool {
	at := func(t task) bool { return t.place == place }
	for _, s := range d.byPID {
		if at(s.task) || slices.ContainsFunc(s.ahead, at) {
			return true
		}
	}
	return slices.ContainsFunc(d.back, at)
}

// update reads what was recorded since, of a list of so many items.
func (s *successes) update(dir items.AttemptDir, count int) error {
	if s.read == nil {
		s.read = map[string]int64{}
	}
	names, err := namesIn(dir.ResultsDir())
	for _, name := range names {
		next, _, bad := items.ReadRecordsFrom(filepath.Join(dir.ResultsDir(), name), s.read[name], func(r items.Record) error {
			if r.State == items.Done {
				s.done.set(r.Index, count)
			}
			return nil
		})
		if bad != nil && !errors.Is(bad, fs.ErrNotExist) {
			err = bad
		}
		s.read[name] = next
	}
	return err
}
