package local

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// script is what of a batch script is read before it runs.
type script struct {
	interpreter []string // its first line: the program and at most one argument, as the kernel splits it
	options     []string // the words of its #SBATCH lines
}

// readScript follows sbatch (slurm 24.11, src/sbatch/opt.c): a script starts with #!, has no DOS line
// ends, and its #SBATCH lines count up to the first line that is a command.
func readScript(text []byte) (script, error) {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	interpreter, err := shebang(string(first))
	if err != nil {
		return script{}, err
	}
	if bytes.Contains(text, []byte("\r\n")) {
		return script{}, errors.New("batch script contains DOS line breaks (\\r\\n) instead of expected UNIX line breaks (\\n)")
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return script{}, errors.New("batch script contains a NUL byte")
	}
	s := script{interpreter: interpreter}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		rest, ok := strings.CutPrefix(line, "#SBATCH")
		if !ok {
			if isCommand(line) {
				break
			}
			continue
		}
		words, err := splitOptions(rest)
		if err != nil {
			return script{}, fmt.Errorf("line %d: %w in %q", number, err, strings.TrimSpace(line))
		}
		s.options = append(s.options, words...)
	}
	return s, nil
}

// shebang splits "#!/usr/bin/env bash" as the kernel does: all after the program is one argument.
func shebang(line string) ([]string, error) {
	rest, ok := strings.CutPrefix(line, "#!")
	program, arg, _ := strings.Cut(strings.Trim(rest, " \t\r"), " ")
	if !ok || program == "" {
		return nil, fmt.Errorf("this does not look like a batch script: its first line must start with #! and name a program, got %q", line)
	}
	if arg = strings.Trim(arg, " \t"); arg != "" {
		return []string{program, arg}, nil
	}
	return []string{program}, nil
}

// isCommand says whether a line is neither empty nor a comment.
func isCommand(line string) bool {
	line = strings.TrimLeft(line, " \t\v\f\r\n")
	return line != "" && line[0] != '#'
}

// splitOptions splits the rest of an #SBATCH line as sbatch's _get_argument does, which is not
// quite as a shell: a backslash takes the next byte as it is inside quotes of either kind too, an
// unquoted # starts a comment even in the middle of a word, and an empty word ends the line.
func splitOptions(line string) ([]string, error) {
	var words []string
	for {
		line = strings.TrimLeft(line, " \t\v\f\r\n")
		word, rest, err := nextOption(line)
		if err != nil || word == "" {
			return words, err
		}
		words, line = append(words, word), rest
	}
}

// nextOption takes one word off the line.
func nextOption(line string) (word, rest string, err error) {
	var b strings.Builder
	var quote byte
	escaped := false
	i := 0
	for ; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\n' || quote == 0 && isSpace(c):
			rest = line[i:]
			return b.String(), rest, unmatched(quote)
		case escaped:
			escaped = false
			b.WriteByte(c)
		case c == '\\':
			escaped = true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && c == '#':
			return b.String(), "", nil
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", unmatched(quote)
}

func unmatched(quote byte) error {
	if quote == 0 {
		return nil
	}
	return fmt.Errorf("unmatched `%c`", quote)
}

func isSpace(c byte) bool { return strings.IndexByte(" \t\v\f\r\n", c) >= 0 }
