package items

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// KeyError says which key of job.toml an error belongs to.
type KeyError struct {
	Key string // "items", "sweep.beta", "command"
	Err error
}

func (e *KeyError) Error() string { return e.Key + ": " + e.Err.Error() }

func (e *KeyError) Unwrap() error { return e.Err }

func keyErrorf(key, format string, args ...any) error {
	return &KeyError{Key: key, Err: fmt.Errorf(format, args...)}
}

// table is a file of rows. It is read anew each time, so that its length costs no memory.
type table interface {
	columns() []string
	// rows calls visit with the values of each row, which are valid until it returns, and
	// ends when visit says false. blank is how many empty lines were passed over.
	rows(visit func(row []Value) bool) (blank int, err error)
}

// openTable chooses the reader by the file's extension and reads the column names.
func openTable(spec Spec) (table, error) {
	f := source{name: spec.File, path: spec.File}
	if !filepath.IsAbs(f.path) {
		f.path = filepath.Join(spec.Dir, f.path)
	}
	if err := f.check(spec.Dir); err != nil {
		return nil, err
	}
	switch strings.ToLower(filepath.Ext(f.path)) {
	case ".csv":
		return openCSV(f, ',', spec.Types)
	case ".tsv":
		return openCSV(f, '\t', spec.Types)
	case ".jsonl":
		return openJSONL(f, spec.Types)
	}
	return openLines(f, spec.Types)
}

// source is the file that the key items names.
type source struct {
	name string // as the user wrote it
	path string
}

func (f source) check(dir string) error {
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return keyErrorf("items", "%q: no such file in %s", f.name, dir)
	case err != nil:
		return keyErrorf("items", "%w", err)
	case info.IsDir():
		return keyErrorf("items", "%q is a folder; for its files write [sweep] and below it: file = { glob = %q }", f.name, filepath.Join(f.name, "*"))
	case !info.Mode().IsRegular():
		return keyErrorf("items", "%q is no ordinary file; it is read more than once, so write it to one first", f.name)
	}
	return nil
}

// errorf names the file and the line.
func (f source) errorf(line int, format string, args ...any) error {
	return keyErrorf("items", "%s: line %d: %w", f.name, line, fmt.Errorf(format, args...))
}

func (f source) open() (*lineReader, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return nil, keyErrorf("items", "%w", err)
	}
	l := &lineReader{source: f, file: file, r: bufio.NewReaderSize(file, 64<<10)}
	if err := l.mark(); err != nil {
		file.Close()
		return nil, err
	}
	return l, nil
}

// lineReader reads lines that may be long, but not without end.
type lineReader struct {
	source
	file *os.File
	r    *bufio.Reader
	line int    // number of the line that was read last
	end  string // how it ended: "\n", "\r\n", or "" at the end of the file
	long []byte
}

// mark passes over a byte-order mark.
func (l *lineReader) mark() error {
	head, _ := l.r.Peek(3)
	switch {
	case bytes.Equal(head, []byte("\xef\xbb\xbf")):
		l.r.Discard(3)
	case bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")):
		return keyErrorf("items", "%q is UTF-16; save it as UTF-8", l.name)
	}
	return nil
}

func (l *lineReader) close() { l.file.Close() }

const maxLine = 16 << 20

// next returns a line without its end, valid until the next call; io.EOF after the last.
func (l *lineReader) next() ([]byte, error) {
	line, err := l.r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		l.long = append(l.long[:0], line...)
		for err == bufio.ErrBufferFull && len(l.long) < maxLine {
			line, err = l.r.ReadSlice('\n')
			l.long = append(l.long, line...)
		}
		line = l.long
	}
	l.line++
	switch {
	case err == bufio.ErrBufferFull:
		return nil, l.errorf(l.line, "longer than %d MiB", maxLine>>20)
	case err != nil && err != io.EOF:
		return nil, keyErrorf("items", "reading %q: %w", l.name, err)
	case err == io.EOF && len(line) == 0:
		return nil, io.EOF
	}
	line, l.end = cutEnd(line)
	return line, nil
}

func cutEnd(line []byte) ([]byte, string) {
	for _, end := range []string{"\r\n", "\n"} {
		if bytes.HasSuffix(line, []byte(end)) {
			return line[:len(line)-len(end)], end
		}
	}
	return line, ""
}
