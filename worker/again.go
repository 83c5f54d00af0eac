package worker

import (
	"errors"
	"io/fs"
	"path/filepath"

	"hpcsub/items"
)

// What was handed to a node that is lost is handed out again. Some of it may have ended well, and then it is not
// called once more: the records of all workers say so. They are read for such requests alone.

// isDone says whether a place that is asked for again has ended well, here or elsewhere.
func (d *dispatcher) isDone(r *request, place int) bool {
	if d.well.has(place) {
		return true
	}
	if r.done == nil {
		var err error
		d.unlocked(func() { r.done, err = doneSoFar(d.dir, d.queue.list.Len()) })
		if err != nil {
			d.fail(err)
			return false
		}
	}
	index, err := d.queue.part.Index(place)
	return err == nil && r.done.has(index)
}

// runs says whether the call at a place is being made here.
func (d *dispatcher) runs(place int) bool {
	for _, s := range d.byPID {
		if s.task.place == place {
			return true
		}
	}
	return false
}

// doneSoFar are the items of a list of so many that any worker of the attempt has recorded as done.
func doneSoFar(dir items.AttemptDir, count int) (bitmap, error) {
	done := make(bitmap, (count+63)/64)
	names, err := namesIn(dir.ResultsDir())
	for _, name := range names {
		_, bad := items.ReadRecords(filepath.Join(dir.ResultsDir(), name), func(r items.Record) error {
			if r.State == items.Done {
				done.set(r.Index, count)
			}
			return nil
		})
		if bad != nil && !errors.Is(bad, fs.ErrNotExist) {
			err = bad
		}
	}
	return done, err
}
