package items

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
)

// offsetWidth is a line of items.offsets: fifteen digits and a new line.
const offsetWidth = 16

// Freeze writes the items of a run, with an index of their places, and returns how many there
// are. progress, if it is not nil, hears now and then how far it is.
func Freeze(dir RunDir, all iter.Seq2[Item, error], progress func(written int)) (int, error) {
	count := 0
	var itemErr error // of an item, and so not of writing
	err := WriteFile(dir.Items(), func(list io.Writer) error {
		return WriteFile(dir.Offsets(), func(offsets io.Writer) (err error) {
			count, itemErr, err = freeze(list, offsets, all, progress)
			return errors.Join(itemErr, err)
		})
	})
	if err != nil {
		os.Remove(dir.Offsets()) // complete, but of a list that is not there
	}
	if itemErr != nil {
		return count, itemErr
	}
	return count, err
}

func freeze(list, offsets io.Writer, all iter.Seq2[Item, error], progress func(int)) (count int, itemErr, err error) {
	at := int64(0)
	var line, offset []byte
	for it, err := range all {
		if err != nil {
			return count, err, nil
		}
		if it.Index != count {
			return count, fmt.Errorf("item %d stands at place %d of the list", it.Index, count), nil
		}
		line = it.appendJSON(line[:0])
		offset = appendDigits(offset[:0], at, offsetWidth-1)
		if _, err := offsets.Write(append(offset, '\n')); err != nil {
			return count, nil, err
		}
		if _, err := list.Write(line); err != nil {
			return count, nil, err
		}
		at += int64(len(line))
		if count++; progress != nil && count%10000 == 0 {
			progress(count)
		}
	}
	return count, nil, nil
}

// appendDigits writes n with leading zeros.
func appendDigits(dst []byte, n int64, width int) []byte {
	var room [20]byte
	digits := strconv.AppendInt(room[:0], n, 10)
	for i := len(digits); i < width; i++ {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

func (it Item) appendJSON(dst []byte) []byte {
	dst = appendString(append(dst, `{"id":`...), it.ID)
	dst = strconv.AppendInt(append(dst, `,"index":`...), int64(it.Index), 10)
	dst = append(dst, `,"values":[`...)
	for i, v := range it.Values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = v.appendJSON(dst)
	}
	return append(dst, "]}\n"...)
}

// parseItem reads a line of items.jsonl.
func parseItem(line []byte) (it Item, ok bool) {
	s := scanner{b: line}
	ok = s.object(func(key []byte) bool {
		switch string(key) {
		case "id":
			id, ok := s.text()
			it.ID = string(id)
			return ok
		case "index":
			n, err := strconv.Atoi(string(s.word()))
			it.Index = n
			return err == nil
		case "values":
			return s.array(func() bool {
				v, ok := s.scalar()
				it.Values = append(it.Values, v)
				return ok
			})
		}
		return s.skip(0)
	})
	return it, ok && s.end()
}

// Frozen is the item list of a run. Item reads from the disk, so a list of a million costs no
// memory; it is safe to use from several goroutines.
type Frozen struct {
	list, offsets *os.File
	count         int
	size          int64
}

// OpenFrozen opens the item list of a run.
func OpenFrozen(dir RunDir) (*Frozen, error) {
	list, size, err := openSized(dir.Items())
	if err != nil {
		return nil, fmt.Errorf("opening the item list: %w", err)
	}
	offsets, width, err := openSized(dir.Offsets())
	if err != nil {
		list.Close()
		return nil, fmt.Errorf("opening the item list: %w", err)
	}
	return &Frozen{list: list, offsets: offsets, count: int(width / offsetWidth), size: size}, nil
}

func openSized(path string) (*os.File, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// Close ends the use of the list.
func (f *Frozen) Close() error {
	f.offsets.Close()
	return f.list.Close()
}

// Len is how many items there are.
func (f *Frozen) Len() int { return f.count }

// Item reads the item at a place.
func (f *Frozen) Item(i int) (Item, error) {
	from, to, err := f.bounds(i)
	if err != nil {
		return Item{}, fmt.Errorf("reading item %d of %d from %s: %w", i, f.count, f.list.Name(), err)
	}
	line := make([]byte, to-from)
	if _, err := f.list.ReadAt(line, from); err != nil {
		return Item{}, fmt.Errorf("reading item %d from %s: %w", i, f.list.Name(), err)
	}
	it, ok := parseItem(line)
	if !ok || it.Index != i {
		return Item{}, fmt.Errorf("%s: item %d is damaged: %s", f.list.Name(), i, clip(string(line)))
	}
	return it, nil
}

// bounds reads where an item's line begins and where the next one does.
func (f *Frozen) bounds(i int) (from, to int64, err error) {
	if i < 0 || i >= f.count {
		return 0, 0, fmt.Errorf("there is no such item")
	}
	var room [2 * offsetWidth]byte
	both := room[:]
	if i == f.count-1 {
		both = both[:offsetWidth]
	}
	if _, err := f.offsets.ReadAt(both, int64(i)*offsetWidth); err != nil {
		return 0, 0, err
	}
	from, err = strconv.ParseInt(string(both[:offsetWidth-1]), 10, 64)
	to = f.size
	if err == nil && len(both) > offsetWidth {
		to, err = strconv.ParseInt(string(both[offsetWidth:len(both)-1]), 10, 64)
	}
	if err == nil && (to < from || to > f.size) {
		err = fmt.Errorf("%s is damaged: offset %d after %d", f.offsets.Name(), to, from)
	}
	return from, to, err
}

// All reads the list from its beginning.
func (f *Frozen) All() iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		r := bufio.NewReaderSize(io.NewSectionReader(f.list, 0, f.size), 256<<10)
		var long []byte
		for i := range f.count {
			line, err := readLine(r, &long)
			it, ok := parseItem(line)
			if err == nil && (!ok || it.Index != i) {
				err = fmt.Errorf("item %d is damaged: %s", i, clip(string(line)))
			}
			if err != nil {
				yield(Item{}, fmt.Errorf("reading %s: %w", f.list.Name(), err))
				return
			}
			if !yield(it, nil) {
				return
			}
		}
	}
}

// readLine reads a line of any length with its end. long is room for one that is larger than
// the reader's buffer.
func readLine(r *bufio.Reader, long *[]byte) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return line, err
	}
	*long = append((*long)[:0], line...)
	for err == bufio.ErrBufferFull {
		line, err = r.ReadSlice('\n')
		*long = append(*long, line...)
	}
	return *long, err
}
