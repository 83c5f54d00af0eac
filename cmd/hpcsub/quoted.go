package main

import (
	"bufio"
	"errors"
	"os"
	"strings"

	"hpcsub/configs"
)

// quotedError is the problems of a file, each with the line that it is about.
type quotedError struct {
	lines []string
	err   error
}

func (e *quotedError) Error() string { return strings.Join(e.lines, "\n") }
func (e *quotedError) Unwrap() error { return e.err }

// quoted adds to each problem of a file the line where it stands. Other errors stay as they are.
func quoted(err error) error {
	var many configs.Errors
	if !errors.As(err, &many) {
		many = configs.Errors{err}
	}
	q := &quotedError{err: err}
	for _, one := range many {
		text := one.Error()
		var p *configs.Problem
		if errors.As(one, &p) && p.Line > 0 && !strings.Contains(text, "the line reads") {
			if line := lineOf(p.File, p.Line); line != "" {
				text += "; the line reads: " + line
			}
		}
		q.lines = append(q.lines, text)
	}
	return q
}

// lineOf is line n of a file, from 1, without what does not fit on a line of its own.
func lineOf(path string, n int) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for i := 1; lines.Scan(); i++ {
		if i == n {
			return one(strings.TrimSpace(lines.Text()), 100)
		}
	}
	return ""
}
