package items

import (
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
)

// A line of order is nine digits; a line of parts or of chunks two numbers of nine digits, the first line of
// order that belongs to the part or chunk and how many do.
const (
	orderWidth = 10
	chunkWidth = 20
)

// WriteParts deals items, given by their places in the frozen list, to parts in turn: part p
// of P takes the items p, p+P, p+2P …, since neighbours in a sweep take about equally long.
func WriteParts(dir AttemptDir, indices iter.Seq[int], parts int) error {
	var all []int32 // maxItems fits
	for i := range indices {
		all = append(all, int32(i))
	}
	if parts < 1 {
		return fmt.Errorf("dealing %d items to %d parts: want 1 or more", len(all), parts)
	}
	err := WriteFile(dir.Order(), func(w io.Writer) error {
		var line []byte
		for p := range parts {
			for at := p; at < len(all); at += parts {
				line = append(appendDigits(line[:0], int64(all[at]), orderWidth-1), '\n')
				if _, err := w.Write(line); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return WriteFile(dir.Parts(), func(w io.Writer) error { return writeParts(w, len(all), parts) })
}

func writeParts(w io.Writer, items, parts int) error {
	first := 0
	for p := range parts {
		count := (items - p + parts - 1) / parts
		if err := (Chunk{First: first, Count: count}).write(w); err != nil {
			return err
		}
		first += count
	}
	return nil
}

// CountParts is how many parts an attempt has.
func CountParts(dir AttemptDir) (int, error) {
	info, err := os.Stat(dir.Parts())
	if err != nil {
		return 0, fmt.Errorf("counting the parts: %w", err)
	}
	return int(info.Size() / chunkWidth), nil
}

// Part is what one worker takes: places in the frozen list, in the order of dispatch. Index
// reads from the disk through a small window, so a part of a million costs no memory. It is
// for one goroutine at a time.
type Part struct {
	order        *os.File
	first, count int
	window       []byte
	from         int // place in the part of the window's first line
}

// OpenPart opens part n of an attempt, counted from 0.
func OpenPart(dir AttemptDir, n int) (*Part, error) {
	p := new(Part)
	if err := p.find(dir, n); err != nil {
		return nil, fmt.Errorf("opening part %d: %w", n, err)
	}
	var size int64
	var err error
	if p.order, size, err = openSized(dir.Order()); err != nil {
		return nil, fmt.Errorf("opening part %d: %w", n, err)
	}
	if int64(p.first+p.count)*orderWidth > size {
		p.order.Close()
		return nil, fmt.Errorf("opening part %d: %s ends before it", n, dir.Order())
	}
	return p, nil
}

// OpenAllParts opens all parts of an attempt as one.
func OpenAllParts(dir AttemptDir) (*Part, error) {
	order, size, err := openSized(dir.Order())
	if err != nil {
		return nil, fmt.Errorf("opening the parts: %w", err)
	}
	return &Part{order: order, count: int(size / orderWidth)}, nil
}

func (p *Part) find(dir AttemptDir, n int) error {
	f, size, err := openSized(dir.Parts())
	if err != nil {
		return err
	}
	defer f.Close()
	if n < 0 || int64(n) >= size/chunkWidth {
		return fmt.Errorf("%s has the parts 0 to %d", dir.Parts(), size/chunkWidth-1)
	}
	var line [chunkWidth]byte
	if _, err := f.ReadAt(line[:], int64(n)*chunkWidth); err != nil {
		return err
	}
	s, err := parseChunk(line[:])
	if err != nil {
		return fmt.Errorf("%s is damaged: %w", dir.Parts(), err)
	}
	p.first, p.count = s.First, s.Count
	return nil
}

// Close ends the use of the part.
func (p *Part) Close() error { return p.order.Close() }

// Len is how many items the part has.
func (p *Part) Len() int { return p.count }

// windowLines is how much of order is read at once.
const windowLines = 400

// Index is the place in the frozen list of the part's item k, from 0.
func (p *Part) Index(k int) (int, error) {
	if k < 0 || k >= p.count {
		return 0, fmt.Errorf("item %d of a part of %d: there is no such item", k, p.count)
	}
	if k < p.from || (k-p.from+1)*orderWidth > len(p.window) {
		if err := p.load(k); err != nil {
			return 0, fmt.Errorf("reading %s: %w", p.order.Name(), err)
		}
	}
	at := (k - p.from) * orderWidth
	i, err := strconv.Atoi(string(p.window[at : at+orderWidth-1]))
	if err != nil {
		return 0, fmt.Errorf("%s is damaged: %w", p.order.Name(), err)
	}
	return i, nil
}

func (p *Part) load(k int) error {
	lines := min(windowLines, p.count-k)
	if p.window == nil {
		p.window = make([]byte, 0, windowLines*orderWidth)
	}
	p.window, p.from = p.window[:lines*orderWidth], k
	n, err := p.order.ReadAt(p.window, int64(p.first+k)*orderWidth)
	p.window = p.window[:n]
	if n > 0 && n == lines*orderWidth {
		return nil
	}
	p.window = p.window[:0]
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return err
}
