package items

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Of one queue that all parts share, a worker takes a chunk at a time. Chunks get smaller towards the end of the list (guided
// self-scheduling: Polychronopoulos, Kuck, IEEE Transactions on Computers C-36, 1987): the first ones cost few claims, and the last
// ones are single items, so that no worker sits on what another could run.

// grain is into how many chunks, for each part, what is left is taken apart at least. Two would do for even items. But in a sweep the first
// items may well be the longest: one part with one slot would have them all, and all others would wait for it. Some two hundred chunks a
// part come of it at most.
const grain = 16

// chunkSizes are how many of n items each chunk holds, for so many parts.
func chunkSizes(n, parts int) iter.Seq[int] {
	share := grain * parts
	return func(yield func(int) bool) {
		for left := n; left > 0; {
			size := (left + share - 1) / share
			if !yield(size) {
				return
			}
			left -= size
		}
	}
}

// WriteQueue makes one queue of items, given by their places in the frozen list, that all parts take from.
func WriteQueue(dir AttemptDir, indices iter.Seq[int], parts int) error {
	count := 0
	err := WriteFile(dir.Order(), func(w io.Writer) error {
		var line []byte
		for i := range indices {
			count++
			line = append(appendDigits(line[:0], int64(i), orderWidth-1), '\n')
			if _, err := w.Write(line); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if parts < 1 {
		return fmt.Errorf("making a queue of %d items for %d parts: want 1 or more", count, parts)
	}
	err = WriteFile(dir.Parts(), func(w io.Writer) error { // each may be given any of them
		for range parts {
			if err := (Chunk{Count: count}).write(w); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return WriteFile(dir.Chunks(), func(w io.Writer) error {
		k := Chunk{}
		for k.Count = range chunkSizes(count, parts) {
			if err := k.write(w); err != nil {
				return err
			}
			k.First += k.Count
		}
		return nil
	})
}

// Chunk is a stretch of places in a part.
type Chunk struct {
	First, Count int
	Turn         int // how often it was given back from its beginning on: who takes it then makes another claim
}

// Piece is a stretch of a chunk that is given back.
func (k Chunk) Piece(first, count int) Chunk {
	turn := 0
	if first == k.First {
		turn = k.Turn + 1
	}
	return Chunk{first, count, turn}
}

func (k Chunk) write(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%09d %09d\n", k.First, k.Count)
	return err
}

func parseChunk(line []byte) (k Chunk, err error) {
	first, count, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
	if k.First, err = strconv.Atoi(string(first)); err == nil {
		k.Count, err = strconv.Atoi(string(count))
	}
	return k, err
}

func (k Chunk) String() string {
	if k.Turn > 0 {
		return fmt.Sprintf("%d-%d-%d", k.First, k.Count, k.Turn)
	}
	return fmt.Sprintf("%d-%d", k.First, k.Count)
}

// readChunk reads what String writes.
func readChunk(text string) (k Chunk, ok bool) {
	parts := strings.Split(text, "-")
	to := []*int{&k.First, &k.Count, &k.Turn}
	if len(parts) < 2 || len(parts) > len(to) {
		return k, false
	}
	for i, part := range parts {
		if *to[i], ok = number(part); !ok {
			return k, false
		}
	}
	return k, k.String() == text
}

// without is what is left of a chunk when what was given back of it is gone, and what lies behind that, which is recorded as done.
func (k Chunk) without(offered []Chunk) Chunk {
	for _, o := range offered {
		if o.First > k.First && o.First < k.First+k.Count || o.First == k.First && o.Turn > k.Turn {
			k.Count = o.First - k.First
		}
	}
	return k
}

// Chunks are those of an attempt's queue. Who takes one says so in a symlink; what a worker cannot begin any more it offers, for
// others to take in the same way: all from a place on, but for what is recorded as done.
type Chunks struct {
	dir   AttemptDir
	file  *os.File
	count int
}

// OpenChunks opens the chunks of an attempt; fs.ErrNotExist says that its parts share no queue.
func OpenChunks(dir AttemptDir) (*Chunks, error) {
	f, size, err := openSized(dir.Chunks())
	if err != nil {
		return nil, err
	}
	return &Chunks{dir: dir, file: f, count: int(size / chunkWidth)}, nil
}

// Close ends the use of the chunks.
func (c *Chunks) Close() error { return c.file.Close() }

// Len is how many chunks there are.
func (c *Chunks) Len() int { return c.count }

// At is chunk n of the queue, from 0.
func (c *Chunks) At(n int) (Chunk, error) {
	var line [chunkWidth]byte
	if _, err := c.file.ReadAt(line[:], int64(n)*chunkWidth); err != nil {
		return Chunk{}, fmt.Errorf("reading chunk %d: %w", n, err)
	}
	k, err := parseChunk(line[:])
	if err != nil {
		return k, fmt.Errorf("%s is damaged: %w", c.file.Name(), err)
	}
	return k, nil
}

// Claim is the symlink that says which Slurm job runs a chunk.
func (c *Chunks) Claim(k Chunk) string { return c.dir.ClaimOfChunk(k) }

// Taken says whether chunk n of the queue is somebody's.
func (c *Chunks) Taken(n int) bool {
	k, err := c.At(n)
	return err == nil && c.taken(k)
}

func (c *Chunks) taken(k Chunk) bool {
	_, err := os.Lstat(c.Claim(k))
	return err == nil
}

// Offer gives back a piece of a chunk.
func (c *Chunks) Offer(k Chunk) error {
	return WriteFile(filepath.Join(c.dir.OffersDir(), k.String()), func(io.Writer) error { return nil })
}

// Offered are the chunks that were given back and are nobody's.
func (c *Chunks) Offered() ([]Chunk, error) {
	all, err := c.offers()
	return slices.DeleteFunc(all, c.taken), err
}

func (c *Chunks) offers() (all []Chunk, err error) {
	entries, err := os.ReadDir(c.dir.OffersDir())
	if err != nil {
		return nil, fmt.Errorf("looking at what was given back: %w", err)
	}
	for _, e := range entries {
		if k, ok := readChunk(e.Name()); ok {
			all = append(all, k)
		}
	}
	return all, nil
}

// Exhausted says that every item of the queue is somebody's.
func (c *Chunks) Exhausted() (bool, error) {
	if c.count > 0 && !c.Taken(c.count-1) {
		return false, nil
	}
	offered, err := c.Offered()
	return len(offered) == 0, err
}

// Claims tells who took what, without what was given back of it, but for claims that are known already. It holds few of them at a time.
func (c *Chunks) Claims(known func(Chunk) bool, visit func(k Chunk, target string)) error {
	offered, err := c.offers()
	if err != nil {
		return err
	}
	dir, err := os.Open(c.dir.ClaimsDir())
	if err != nil {
		return fmt.Errorf("looking at the claims: %w", err)
	}
	defer dir.Close()
	for {
		names, err := dir.Readdirnames(256)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("looking at the claims: %w", err)
		}
		for _, name := range names {
			k, ok := readChunk(name)
			if !ok || known(k) {
				continue
			}
			target, err := os.Readlink(c.Claim(k))
			if err != nil {
				return fmt.Errorf("looking at the claims: %w", err)
			}
			if k = k.without(offered); k.Count > 0 {
				visit(k, target)
			}
		}
	}
}
