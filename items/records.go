package items

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

// ReadRecords calls visit with each record of a file, in the order in which they were written.
// A last line that is not complete yet is passed over, and so are lines that are no records,
// which bad counts: a worker that was killed, or a full disk, leaves such.
func ReadRecords(path string, visit func(Record) error) (bad int, err error) {
	_, bad, err = ReadRecordsFrom(path, 0, visit)
	return bad, err
}

// ReadRecordsFrom is ReadRecords from an offset on, at which an earlier one stopped; it returns where this one did.
func ReadRecordsFrom(path string, offset int64, visit func(Record) error) (next int64, bad int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return offset, 0, fmt.Errorf("reading records: %w", err)
	}
	defer f.Close()
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return offset, 0, fmt.Errorf("reading records: %w", err)
	}
	var line recordLine
	end, err := readLines(bufio.NewReaderSize(f, maxRecord), func(_ int64, text []byte) error {
		if !line.parse(text) {
			bad++
			return nil
		}
		return visit(line.record())
	})
	next = offset + end.offset
	if err != nil {
		return next, bad, fmt.Errorf("reading records of %s: %w", path, err)
	}
	if end.rest != nil && line.parse(end.rest) { // whole, but for its new line
		return next, bad, visit(line.record())
	}
	return next, bad, nil
}

// lineEnd is where readLines stopped: behind the last whole line, and what stands there.
type lineEnd struct {
	offset int64
	rest   []byte
}

// maxRecord is far more than a record has; a longer line is none, and is not kept.
const maxRecord = 1 << 16

// readLines calls visit with each whole line, its end cut off, and the place where it begins.
func readLines(b *bufio.Reader, visit func(offset int64, line []byte) error) (lineEnd, error) {
	var at, begin int64
	for {
		line, err := b.ReadSlice('\n')
		at += int64(len(line))
		switch {
		case err == bufio.ErrBufferFull:
			begin = at // what is longer than a record is none
			continue
		case err == io.EOF:
			return lineEnd{begin, line}, nil
		case err != nil:
			return lineEnd{begin, nil}, err
		}
		if err := visit(begin, line[:len(line)-1]); err != nil {
			return lineEnd{begin, nil}, err
		}
		begin = at
	}
}
