package worker

import (
	"errors"
	"io/fs"

	"hpcsub/items"
)

// queue gives the items of a part one by one, read from the disk as they are wanted, so that a
// list of a million costs the memory of one.
type queue struct {
	part     *items.Part
	list     *items.Frozen
	template *items.Template
	done     bitmap // of the run's list: what an earlier life of this job did
	before   int    // how many of this part that are
	next     int    // place in the part
}

func openQueue(dir items.AttemptDir, work *items.Work, opt Options) (*queue, error) {
	q := new(queue)
	var err error
	if q.template, err = items.NewTemplate(work.Spec, work.Columns); err != nil {
		return nil, err
	}
	if q.list, err = items.OpenFrozen(dir.Run()); err != nil {
		return nil, err
	}
	if opt.Together {
		q.part, err = items.OpenAllParts(dir)
	} else {
		q.part, err = items.OpenPart(dir, opt.Part)
	}
	if err != nil {
		q.list.Close()
		return nil, err
	}
	return q, nil
}

func (q *queue) close() {
	q.part.Close()
	q.list.Close()
}

// resume marks what the earlier lives of this Slurm job recorded as done: in this part, or, where all are one
// queue, in any.
func (q *queue) resume(dir items.AttemptDir, opt Options, restart int) error {
	switch {
	case !opt.Together:
		return q.resumePart(dir, opt.Part, restart)
	case opt.Rank > 0: // it runs what it is asked for
		return nil
	}
	parts, err := items.CountParts(dir)
	for part := 0; part < parts && err == nil; part++ {
		err = q.resumePart(dir, part, restart)
	}
	return err
}

func (q *queue) resumePart(dir items.AttemptDir, part, restart int) error {
	for life := range restart {
		_, err := items.ReadRecords(dir.Results(part, life), func(r items.Record) error {
			if r.State == items.Done && q.done.set(r.Index, q.list.Len()) {
				q.before++
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a life that ended before its first item
			return err
		}
	}
	return nil
}

// pop gives the next item that is not done yet.
func (q *queue) pop() (t task, more bool, err error) {
	place, more, err := q.advance()
	if err != nil || !more {
		return t, false, err
	}
	t, err = q.at(place)
	return t, true, err
}

// advance moves on to the next item that is not done and gives its place in the part.
func (q *queue) advance() (place int, more bool, err error) {
	for q.next < q.part.Len() {
		place = q.next
		q.next++
		if q.done == nil {
			return place, true, nil
		}
		index, err := q.part.Index(place)
		if err != nil || !q.done.has(index) {
			return place, true, err
		}
	}
	return 0, false, nil
}

// peek gives the next item, which stays the next.
func (q *queue) peek() (t task, more bool, err error) {
	next := q.next
	defer func() { q.next = next }()
	return q.pop()
}

// at gives the item at a place of the part.
func (q *queue) at(place int) (t task, err error) {
	index, err := q.part.Index(place)
	if err != nil {
		return t, err
	}
	it, err := q.list.Item(index)
	if err != nil {
		return t, err
	}
	inv, bad := q.template.Invocation(it)
	t = task{id: it.ID, index: index, argv: inv.Argv, outputs: inv.Outputs, bad: bad}
	if inv.Call != nil {
		t.call = callLine(it, inv.Call)
	}
	return t, nil
}

// bitmap is a set of small numbers; nil is the empty one.
type bitmap []uint64

func (b bitmap) has(i int) bool { return i>>6 < len(b) && b[i>>6]&(1<<(i&63)) != 0 }

// set adds i, of n that there may be, and says whether it is new.
func (b *bitmap) set(i, n int) bool {
	if i < 0 || i >= n || b.has(i) {
		return false
	}
	if *b == nil {
		*b = make(bitmap, (n+63)/64)
	}
	(*b)[i>>6] |= 1 << (i & 63)
	return true
}
