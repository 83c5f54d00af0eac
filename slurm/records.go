package slurm

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
)

// maxLine is one record: a QOS that thousands of users have used is a line of some MiB.
const maxLine = 64 << 20

// readLines calls each for every line that is not blank. Slurm ends every line, so text that
// does not is cut, and its last number may be a part of one: an error.
func readLines(r io.Reader, each func(line []byte) error) error {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), maxLine)
	s.Split(wholeLines)
	for n := 1; s.Scan(); n++ {
		line := bytes.TrimRight(s.Bytes(), " \r")
		if len(line) == 0 {
			continue
		}
		if err := each(line); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return s.Err()
}

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

// separator cannot be typed into a job's name by accident, and Slurm passes it through.
const separator = "\x1f"

// readRecords reads records of n fields, a separator after each. The last field, the job's name,
// may hold anything, line ends too: a record ends where its fields are complete.
func readRecords(r io.Reader, n int, each func(fields []string) error) error {
	var pending string
	err := readRaw(r, func(line string) error {
		record := pending + line
		if strings.Count(record, separator) < n {
			pending = record + "\n"
			return nil
		}
		pending = ""
		fields := strings.SplitN(strings.TrimSuffix(record, separator), separator, n)
		return each(fields)
	})
	if err == nil && strings.TrimSpace(pending) != "" {
		return fmt.Errorf("want %d fields, got %q", n, head([]byte(pending)))
	}
	return err
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
