package slurm

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxLine is one record: a QOS that thousands of users have used is a line of some MiB.
const maxLine = 64 << 20

// readLines calls each for every line that is not blank. Slurm ends every line, so text that
// does not is cut, and its last number may be a part of one: an error. So is no text at all: where there is nothing
// to tell of, Slurm says that.
func readLines(r io.Reader, each func(line []byte) error) error {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), maxLine)
	s.Split(wholeLines)
	nothing := true
	for n := 1; s.Scan(); n++ {
		line := bytes.TrimRight(s.Bytes(), " \r")
		if len(line) == 0 {
			continue
		}
		nothing = false
		if i := slices.IndexFunc(line, isControl); i >= 0 {
			return fmt.Errorf("line %d: want text, got %q", n, head(line[max(0, i-40):]))
		}
		if err := each(line); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if nothing && s.Err() == nil {
		return errNothing
	}
	return s.Err()
}

// readNamed reads what scontrol -o prints of one kind of thing: a line each that begins with key=, none of them twice,
// or one that begins with none. each says the name of what it has read.
func readNamed(r io.Reader, key, none string, each func(line []byte) (name string, err error)) error {
	seen := map[string]bool{}
	return readLines(r, func(line []byte) error {
		if bytes.HasPrefix(line, []byte(none)) {
			return nil
		}
		if !bytes.HasPrefix(line, []byte(key+"=")) {
			return fmt.Errorf("want %s=, got %q", key, head(line))
		}
		name, err := each(line)
		if err == nil && seen[name] {
			err = errTwice
		}
		if seen[name] = true; err != nil {
			return fmt.Errorf("%s=%s: %w", key, name, err)
		}
		return nil
	})
}

func isControl(b byte) bool { return b < ' ' && b != '\t' || b == 0x7f }

func wholeLines(data []byte, atEOF bool) (int, []byte, error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, fmt.Errorf("the text is cut off after %q", tail(data))
	}
	return 0, nil, nil
}

// eachField splits a line of scontrol's one-line form, Key=Value Key=Value …, where a value may
// hold spaces: it goes on until the next word that begins with a key.
func eachField(line []byte, each func(key, value []byte) error) error {
	for at := fieldStart(line, 0); at < len(line); {
		next := fieldStart(line, at+1)
		key, value, _ := bytes.Cut(line[at:next], []byte{'='})
		if err := each(key, bytes.TrimRight(value, " ")); err != nil {
			return fmt.Errorf("%s=%s: %w", key, head(value), err)
		}
		at = next
	}
	return nil
}

// repeated are the fields of a reservation that come once for each of its nodes.
var repeated = []string{"NodeName", "CoreIDs"}

// eachOnce is eachField for a record in which some fields must be, and none is twice: where the end of a line is
// lost, two records are one.
func eachOnce(line []byte, needed []string, each func(key, value string) error) error {
	seen := map[string]bool{}
	err := eachField(line, func(key, value []byte) error {
		if k := string(key); seen[k] && !slices.Contains(repeated, k) {
			return errTwice
		}
		seen[string(key)] = true
		return each(string(key), string(value))
	})
	if err != nil {
		return err
	}
	return lacking(seen, needed...)
}

// fieldStart returns where the first field at or after a position begins; len(line) if none does.
func fieldStart(line []byte, from int) int {
	if from == 0 && isField(line) {
		return 0
	}
	for from = max(0, from-1); ; {
		space := bytes.IndexByte(line[from:], ' ')
		if space < 0 {
			return len(line)
		}
		if from += space + 1; isField(line[from:]) {
			return from
		}
	}
}

// isField says whether a word begins like Key=, Key/Key= or Key:Key=.
func isField(word []byte) bool {
	for i, b := range word {
		switch {
		case b == '=':
			return i > 0
		case b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_':
		case i > 0 && (b >= '0' && b <= '9' || b == '/' || b == ':'):
		default:
			return false
		}
	}
	return false
}

// lacking is the error of the first of some keys that was not seen. Alternatives, as releases and settings have
// them, stand between bars. A limit whose key is lost would else be no limit.
func lacking(seen map[string]bool, keys ...string) error {
	for _, key := range keys {
		if !slices.ContainsFunc(strings.Split(key, "|"), func(k string) bool { return seen[k] }) {
			return fmt.Errorf("there is no %s in it", strings.ReplaceAll(key, "|", " or "))
		}
	}
	return nil
}

// separator is in no job's name, for nobody types it, and Slurm passes it through.
const separator = "\x1f"

// A table has its header on: an empty answer is then told from no answer, and columns that are not those
// that were asked for, or in another order, are not read as if they were.

// readRows reads a table whose fields stand between bars.
func readRows(r io.Reader, header string, each func(fields []string) error) error {
	n, seen := strings.Count(header, "|")+1, false
	err := readLines(r, func(line []byte) error {
		text := string(line)
		if !seen {
			seen = text == header
			return headed(seen, header, text)
		}
		fields := strings.Split(text, "|")
		if len(fields) != n {
			return fmt.Errorf("want %d fields, got %q", n, head(line))
		}
		return each(fields)
	})
	if err == nil && !seen {
		err = errNoHeader
	}
	return err
}

var (
	errTwice    = errors.New("it is there twice")
	errNothing  = errors.New("it printed nothing")
	errNoHeader = errors.New("it printed nothing, not even the header of its table")
)

func headed(ok bool, want, got string) error {
	if ok || strings.HasPrefix(got, "CLUSTER: ") { // where Slurm serves several clusters, it names them
		return nil
	}
	return fmt.Errorf("want the header %s, got %q", want, head([]byte(got)))
}

// readRecords reads a table whose fields end with the separator. The last field, the job's name,
// may hold anything, line ends too: a record ends where its fields are complete.
func readRecords(r io.Reader, header []string, each func(fields []string) error) error {
	var pending string
	n, seen := len(header), false
	err := readRaw(r, func(line string) error {
		if pending == "" && !seen && strings.HasPrefix(line, "CLUSTER: ") {
			return nil
		}
		record := pending + line
		if strings.Count(record, separator) < n {
			pending = record + "\n"
			return nil
		}
		pending = ""
		fields := strings.Split(strings.TrimSuffix(record, separator), separator)
		if len(fields) != n { // a separator was lost, and the next record is in this one
			return fmt.Errorf("want %d fields, got %q", n, head([]byte(record)))
		}
		if !seen {
			seen = slices.Equal(fields, header)
			return headed(seen, strings.Join(header, " "), strings.ReplaceAll(record, separator, " "))
		}
		return each(fields)
	})
	switch {
	case err != nil:
		return err
	case strings.TrimSpace(pending) != "":
		return fmt.Errorf("want %d fields, got %q", n, head([]byte(pending)))
	case !seen:
		return errNoHeader
	}
	return nil
}

func readRaw(r io.Reader, each func(line string) error) error {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), maxLine)
	s.Split(wholeLines)
	for s.Scan() {
		if err := each(s.Text()); err != nil {
			return err
		}
	}
	return s.Err()
}

// head and tail are what an error shows of text that is too long to be shown.
func head(text []byte) []byte {
	return bytes.TrimSpace(text[:min(len(text), 80)])
}

func tail(text []byte) []byte {
	return bytes.TrimSpace(text[max(0, len(text)-80):])
}

// interner keeps one copy of each text: ten thousand nodes have a few dozen different features.
type interner map[string]string

func (in interner) text(b []byte) string {
	if s, ok := in[string(b)]; ok {
		return s
	}
	s := string(b)
	in[s] = s
	return s
}
