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
	claim  *claim        // of this worker's part
	next   int           // all before it are somebody's
	mine   map[int]bool  // by their first place: those that this life has begun or will
	again  []items.Chunk // those of earlier lives of this job, which come first
	looked time.Time     // when it was last asked whether others gave some back
}

// openChunks opens the queue of an attempt; nil where its parts share none.
func openChunks(dir items.AttemptDir, claim *claim) (*chunks, error) {
	file, err := items.OpenChunks(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening the queue: %w", err)
	}
	return &chunks{Chunks: file, claim: claim, mine: map[int]bool{}}, nil
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
	if err := c.inherit(); err != nil { // an earlier life may have taken some while it was being ended
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
	c.mine[k.First] = true
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

// inherit finds what earlier lives of this job took: what of it they did not end well is run again.
func (c *chunks) inherit() error {
	if c.claim.restart == 0 {
		return nil
	}
	err := c.Claims(func(k items.Chunk, target string) {
		if c.claim.follows(target) && !c.mine[k.First] {
			c.mine[k.First] = true
			c.again = append(c.again, k)
		}
	})
	slices.SortFunc(c.again, func(a, b items.Chunk) int { return a.First - b.First })
	return err
}

func (c *chunks) inherited() (k items.Chunk, more bool, err error) {
	if len(c.again) == 0 {
		return k, false, nil
	}
	k = c.again[0]
	c.again = c.again[1:]
	return k, true, nil
}
