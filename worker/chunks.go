package worker

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"hpcsub/items"
)

// chunks are the stretches of a queue that all parts share. A worker takes the first that nobody has, by a symlink whose target says
// which life of which Slurm job took it, as with a part.
type chunks struct {
	*items.Chunks
	claim  *claim               // of this worker's part
	places int                  // in the queue
	next   int                  // all before it are somebody's
	again  []items.Chunk        // those of earlier lives of this job, which come first
	seen   bitmap               // by their first place: chunks whose claims were looked at for such
	mine   map[items.Chunk]bool // the same of those that were given back from their beginning on: they are few
	recall func() error         // finds those of earlier lives, and what these did of them
	looked time.Time            // when it was last asked whether others gave some back
}

// openChunks opens the queue of an attempt whose parts share one, with so many places.
func openChunks(dir items.AttemptDir, claim *claim, places int) (*chunks, error) {
	file, err := items.OpenChunks(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the queue that all parts share: %w", err)
	}
	none := func() error { return nil }
	return &chunks{Chunks: file, claim: claim, places: places, mine: map[items.Chunk]bool{}, recall: none}, nil
}

// take gives the next chunk that is this worker's; more is false when all are somebody's.
func (c *chunks) take() (k items.Chunk, more bool, err error) {
	for _, from := range []func() (items.Chunk, bool, error){c.inherited, c.fresh, c.returned} {
		if k, more, err = from(); more || err != nil {
			break
		}
	}
	if err != nil {
		return k, false, fmt.Errorf("taking a chunk of the queue: %w", err)
	}
	return k, more, nil
}

// fresh takes the first chunk that nobody has had.
func (c *chunks) fresh() (k items.Chunk, more bool, err error) {
	for lost := 0; c.next < c.Len(); lost++ {
		if lost > 1 { // others are at the same place of the queue
			c.skip()
			time.Sleep(rand.N(time.Duration(lost) * time.Millisecond))
		}
		if c.next == c.Len() {
			break
		}
		if k, err = c.At(c.next); err != nil {
			return k, false, err
		}
		c.next++
		if ours, err := c.claimed(k); ours || err != nil {
			return k, ours, err
		}
	}
	return k, false, nil
}

// returned takes what another worker gave back. At the end of the queue this is asked once a second at most.
func (c *chunks) returned() (k items.Chunk, more bool, err error) {
	if time.Since(c.looked) < time.Second {
		return k, false, nil
	}
	offered, err := c.Offered()
	if err != nil {
		return k, false, err
	}
	for _, k := range offered {
		if ours, err := c.claimed(k); ours || err != nil {
			return k, ours, err
		}
	}
	c.looked = time.Now()
	if err := c.recall(); err != nil { // an earlier life may have taken some while it was being ended
		return k, false, err
	}
	return c.inherited()
}

// claimed takes a chunk and says whether it is ours. NFS may send a request twice, so that one that is there already may be our own.
func (c *chunks) claimed(k items.Chunk) (bool, error) {
	path := c.Claim(k)
	err := os.Symlink(c.claim.target(), path)
	if errors.Is(err, fs.ErrExist) {
		target, err := os.Readlink(path)
		if err != nil || target != c.claim.target() {
			return false, err
		}
	} else if err != nil {
		return false, err
	}
	return true, nil
}

// skip moves on to the first chunk that is nobody's, in a number of looks that grows with the logarithm of the way.
// Chunks are taken in order, so that behind one that is nobody's there is none.
func (c *chunks) skip() {
	step := 1
	for c.next+step <= c.Len() && c.Taken(c.next+step-1) {
		c.next += step
		step *= 2
	}
	for ; step > 0; step /= 2 {
		if c.next+step <= c.Len() && c.Taken(c.next+step-1) {
			c.next += step
		}
	}
}

// inherit finds what earlier lives of this job took, since it was last asked: what of it they did not end well is run again. Each claim is
// looked at once.
func (c *chunks) inherit() (more bool, err error) {
	if c.claim.restart == 0 {
		return false, nil
	}
	known := func(k items.Chunk) bool {
		if k.Turn > 0 {
			return c.mine[k]
		}
		return !c.seen.set(k.First, c.places)
	}
	before := len(c.again)
	err = c.Claims(known, func(k items.Chunk, target string) {
		if !c.claim.follows(target) {
			return
		}
		if k.Turn > 0 {
			c.mine[k] = true
		}
		c.again = append(c.again, k)
	})
	slices.SortFunc(c.again, func(a, b items.Chunk) int { return a.First - b.First })
	return len(c.again) > before, err
}

func (c *chunks) inherited() (k items.Chunk, more bool, err error) {
	if len(c.again) == 0 {
		return k, false, nil
	}
	k = c.again[0]
	c.again = c.again[1:]
	return k, true, nil
}
