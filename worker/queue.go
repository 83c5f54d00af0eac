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
	chunks   *chunks     // nil where the part's items are its own
	done     bitmap      // of the run's list: what an earlier life of this job did
	before   int         // how many of this part that are
	next     int         // place in the part
	chunk    items.Chunk // that was taken last
	taken    int         // how many places were, in all
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
	if work.Parts > 0 && !opt.Together {
		q.chunks, err = openChunks(dir, claim, q.part.Len())
	}
	if err != nil {
		q.part.Close()
		q.list.Close()
		return nil, err
	}
	if q.chunks == nil {
		q.begin(items.Chunk{Count: q.part.Len()})
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

// begin goes on with a chunk that was taken.
func (q *queue) begin(k items.Chunk) {
	q.chunk, q.next = k, k.First
	q.taken += k.Count
}

func (q *queue) end() int { return q.chunk.First + q.chunk.Count }

// waiting is how many items are at hand.
func (q *queue) waiting() int { return q.end() - q.next }

// keeps says that there are items of a shared queue at hand.
func (q *queue) keeps() bool {
	return q.chunks != nil && (q.waiting() > 0 || len(q.chunks.again) > 0)
}

// giveBack leaves them to others, but for those that are recorded as done.
func (q *queue) giveBack() error {
	for q.keeps() {
		if q.waiting() == 0 {
			k, _, _ := q.chunks.inherited()
			q.begin(k)
		}
		k, err := q.stretch()
		if err == nil && k.Count > 0 {
			err = q.chunks.Offer(k)
		}
		if err != nil {
			return err
		}
		q.taken -= k.Count
		q.next = k.First + k.Count
	}
	return nil
}

// stretch is the next places at hand of which none is done.
func (q *queue) stretch() (items.Chunk, error) {
	first, err := q.find(q.next, false)
	if err != nil {
		return items.Chunk{}, err
	}
	end, err := q.find(first, true)
	return q.chunk.Piece(first, end-first), err
}

// find is the first place at hand, from one on, that is done, or that is not.
func (q *queue) find(place int, done bool) (int, error) {
	for ; place < q.end(); place++ {
		if is, err := q.isDone(place); is == done || err != nil {
			return place, err
		}
	}
	return place, nil
}

func (q *queue) isDone(place int) (bool, error) {
	if q.done == nil {
		return false, nil
	}
	index, err := q.part.Index(place)
	return err == nil && q.done.has(index), err
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
		q.chunks.recall = func() error {
			more, err := q.chunks.inherit()
			if err != nil || !more {
				return err
			}
			return q.resumePart(dir, opt.Part, restart)
		}
		return q.chunks.recall()
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
		if done, err := q.isDone(place); !done || err != nil {
			return place, true, err
		}
	}
	return 0, false, err
}

// atHand says whether there is a next item, and takes another chunk of a queue for it.
func (q *queue) atHand() (more bool, err error) {
	if q.waiting() > 0 || q.chunks == nil {
		return q.waiting() > 0, nil
	}
	chunk, more, err := q.chunks.take()
	if err != nil || !more {
		return false, err
	}
	q.begin(chunk)
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
