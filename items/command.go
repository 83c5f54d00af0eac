package items

import (
	"errors"
	"fmt"
	"strings"
)

// ParseCommand splits a command as a POSIX shell splits words. No shell will see it, so what
// only a shell can do is an error instead of an argument that nobody meant.
func ParseCommand(command string) ([]string, error) {
	s := splitter{text: command}
	for s.at < len(s.text) {
		if err := s.step(); err != nil {
			return nil, err
		}
	}
	s.finish()
	switch {
	case len(s.words) == 0:
		return nil, errors.New("the command is empty")
	case s.words[0] == "":
		return nil, errors.New("the first word, which names the program, is empty")
	case s.assigns:
		return nil, fmt.Errorf("%q sets a variable: put it under [environment] variables, or set shell = true", s.words[0])
	}
	return s.words, nil
}

type splitter struct {
	text    string
	at      int
	word    strings.Builder
	inWord  bool
	assigns bool // the first word is NAME=value
	words   []string
}

func (s *splitter) add(text string) {
	s.word.WriteString(text)
	s.inWord = true
}

func (s *splitter) finish() {
	if s.inWord {
		s.words = append(s.words, s.word.String())
	}
	s.word.Reset()
	s.inWord = false
}

// step reads one character outside quotes, or one quoted piece.
func (s *splitter) step() error {
	c := s.text[s.at]
	s.at++
	switch c {
	case ' ', '\t', '\r':
		s.finish()
	case '\n':
		s.finish()
		if len(s.words) > 0 && strings.Trim(s.text[s.at:], " \t\r\n") != "" {
			return s.errorf(s.at, "a new line begins another command: set shell = true, or end the line before with a backslash")
		}
	case '\'':
		return s.single()
	case '"':
		return s.double()
	case '\\':
		s.escape()
	case '|', '>', '<', '&', ';', '$', '*', '~', '?', '`', '(', ')':
		return s.errorf(s.at-1, "%q means something to a shell only: set shell = true, or quote it to pass it on", c)
	case '#':
		if !s.inWord {
			return s.errorf(s.at-1, "# begins a comment in a shell: set shell = true, or quote it to pass it on")
		}
		s.add("#")
	case '=':
		s.assigns = s.assigns || len(s.words) == 0 && isName(s.word.String())
		s.add("=")
	default:
		s.add(s.text[s.at-1 : s.at])
	}
	return nil
}

// escape takes the next character as it is; an escaped new line is nothing.
func (s *splitter) escape() {
	if s.at == len(s.text) {
		s.add(`\`)
		return
	}
	if s.text[s.at] != '\n' {
		s.add(s.text[s.at : s.at+1])
	}
	s.at++
}

func (s *splitter) single() error {
	end := strings.IndexByte(s.text[s.at:], '\'')
	if end < 0 {
		return s.errorf(s.at-1, "this single quote is never closed")
	}
	s.add(s.text[s.at : s.at+end])
	s.at += end + 1
	return nil
}

func (s *splitter) double() error {
	opened := s.at - 1
	s.add("")
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch {
		case c == '"':
			return nil
		case c == '$' || c == '`':
			return s.errorf(s.at-1, "%q means something to a shell also inside double quotes: set shell = true, or use single quotes to pass it on", c)
		case c == '\\' && s.at < len(s.text) && strings.IndexByte("$`\"\\\n", s.text[s.at]) >= 0:
			s.escape()
		default:
			s.add(string(s.text[s.at-1 : s.at]))
		}
	}
	return s.errorf(opened, "this double quote is never closed")
}

// errorf shows where in the command it stopped.
func (s *splitter) errorf(at int, format string, args ...any) error {
	return fmt.Errorf("at %s: %s", clip(s.text[at:]), fmt.Sprintf(format, args...))
}

// isName says whether a shell would take s for a variable's name.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
