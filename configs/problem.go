package configs

import (
	"fmt"
	"strings"
)

// Problem is one thing wrong, or doubtful, in a file: where it stands and how to mend it.
type Problem struct {
	File string // as it was named
	Line int    // from 1; 0 where the thing is missing, or the whole file is meant
	Key  string // "each.cpus"; "" where there is none
	Text string // what is wrong and the mend, one line
}

func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File + ": ")
	if p.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", p.Line)
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	// A value that was quoted by someone else must not break the promise of one line.
	b.WriteString(strings.Join(strings.FieldsFunc(p.Text, isLineEnd), " "))
	return b.String()
}

func isLineEnd(r rune) bool { return r == '\n' || r == '\r' }

// Errors are all the problems of one file, in the file's order. Every error that ReadJob
// returns is one, so that a caller can print them line by line and choose the exit code.
type Errors []error

// maxShown is how many lines a person still reads.
const maxShown = 10

// Error has one line a problem, at most ten.
func (e Errors) Error() string {
	lines := make([]string, 0, maxShown)
	for i, err := range e {
		if len(e) > maxShown && i == maxShown-1 {
			lines = append(lines, fmt.Sprintf("and %d more; mend these first", len(e)-i))
			break
		}
		lines = append(lines, err.Error())
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.Is and errors.As see each of them.
func (e Errors) Unwrap() []error { return e }

// mismatch is a value of the wrong kind. Without a mend of its own it is shown with the
// key's example.
type mismatch struct {
	want string
	got  any
	mend string
}

func (m *mismatch) Error() string {
	s := fmt.Sprintf("want %s, got %s", m.want, show(m.got))
	if m.mend != "" {
		s += ": " + m.mend
	}
	return s
}
