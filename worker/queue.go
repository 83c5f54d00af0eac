package worker

import (
	"errors"
	"io/fs"

	"hpcsub/items"
)

// queue gives the items of a part one by one, read from the disk as they are wanted, so that a
// list of a million costs the memory of one. Where all parts share a queue, it takes one chunk of that after another.
type queue struct {
	part     *items.Part
	list     *items.Frozen
	template *items.Template
	chunks   *chunks // nil where the part's items are its own
	done     bitmap  // of the run's list: what an earlier life of this job did
	before   int     // how many of this part that are
	next     int     // place in the part
	end      int     // of what was taken
	taken    int     // how many places were, in all
}

func openQueue(dir items.AttemptDir, work *items.Work, claim *claim, opt Options) (*queue, error) {
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
	if !opt.Together {
		q.chunks, err = openChunks(dir, claim)
	}
	if err != nil {
		q.part.Close()
		q.list.Close()
		return nil, err
	}
	if q.chunks == nil {
		q.end, q.taken = q.part.Len(), q.part.Len()
	}
	return q, nil
}

func (q *queue) close() {
	q.part.Close()
	q.list.Close()
	if q.chunks != nil {
		q.chunks.Close()
	}
}

// waiting is how many items are at hand.
func (q *queue) waiting() int { return q.end - q.next }

// giveBack leaves what was taken of a shared queue and has not begun to others.
func (q *queue) giveBack() error {
	if q.chunks == nil || q.next == q.end {
		return nil
	}
	err := q.chunks.Offer(items.Chunk{First: q.next, Count: q.end - q.next})
	if err == nil {
		q.taken -= q.end - q.next
		q.end = q.next
	}
	return err
}

// leaves says that a shared queue holds items that nobody has begun.
func (q *queue) leaves() (bool, error) {
	if q.chunks == nil || len(q.chunks.again) > 0 {
		return q.chunks != nil, nil
	}
	over, err := q.chunks.Exhausted()
	return !over, err
}

// resume marks what the earlier lives of this Slurm job recorded as done: in this part, or, where all are one
// queue, in any.
func (q *queue) resume(dir items.AttemptDir, opt Options, restart int) error {
	switch {
	case q.chunks != nil:
		if err := q.chunks.inherit(); err != nil {
			return err
		}
		return q.resumePart(dir, opt.Part, restart)
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
	for more, err = q.atHand(); more && err == nil; more, err = q.atHand() {
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
	return 0, false, err
}

// atHand says whether there is a next item, and takes another chunk of a queue for it.
func (q *queue) atHand() (more bool, err error) {
	if q.next < q.end || q.chunks == nil {
		return q.next < q.end, nil
	}
	chunk, more, err := q.chunks.take()
	if err != nil || !more {
		return false, err
	}
	q.next, q.end = chunk.First, chunk.First+chunk.Count
	q.taken += chunk.Count
	return true, nil
}

// peek gives the next item, which stays the next.
func (q *queue) peek() (t task, more bool, err error) {
	t, more, err = q.pop()
	if more {
		q.next--
	}
	return t, more, err
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
