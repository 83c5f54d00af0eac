package slurm

import (
	"fmt"
	"strings"
)

// slurmrestd reads no #SBATCH lines: what a script asks for there has to stand in the request.
// Here they are read as sbatch reads them (src/sbatch/opt.c).

// directive is one option of an #SBATCH line.
type directive struct {
	name  string // without dashes: "cpus-per-task", or the letter of a short option
	value string
	line  int
}

// readDirectives reads the options of a script, up to its first command.
func readDirectives(script string) ([]directive, error) {
	var all []directive
	n := 0
	for line := range strings.Lines(script) {
		n++
		line = strings.TrimRight(line, "\r\n")
		rest, ok := strings.CutPrefix(line, "#SBATCH")
		if !ok {
			if text := strings.TrimSpace(line); text == "" || strings.HasPrefix(text, "#") {
				continue
			}
			break
		}
		words, err := directiveWords(rest)
		if err == nil {
			var more []directive
			more, err = options(words, n)
			all = append(all, more...)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d of the script: %w", n, err)
		}
	}
	return all, nil
}

// directiveWords splits a line: quotes of either kind, in and outside of which a backslash takes the
// next character as it is; an unquoted # ends the line.
func directiveWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	var quote byte
	within := false
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\\' && i+1 < len(line):
			i++
			word.WriteByte(line[i])
			within = true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteByte(c)
		case c == '"' || c == '\'':
			quote, within = c, true
		case c == '#':
			i = len(line)
		case c == ' ' || c == '\t':
			if within {
				words = append(words, word.String())
			}
			word.Reset()
			within = false
		default:
			word.WriteByte(c)
			within = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote is not closed in %q", line)
	}
	if within {
		words = append(words, word.String())
	}
	return words, nil
}

// options reads words as getopt does: "--name=value", "--name value", "-x value", "-xvalue".
func options(words []string, line int) ([]directive, error) {
	var all []directive
	for i := 0; i < len(words); i++ {
		d := directive{line: line}
		word := words[i]
		given := false
		switch {
		case strings.HasPrefix(word, "--") && len(word) > 2:
			d.name, d.value, given = strings.Cut(word[2:], "=")
		case strings.HasPrefix(word, "-") && len(word) > 1 && word[1] != '-':
			d.name, d.value = word[1:2], word[2:]
			given = d.value != ""
		default:
			return nil, fmt.Errorf("want an option, got %q", word)
		}
		if !given && takesValue(d.name) {
			if i++; i == len(words) {
				return nil, fmt.Errorf("option %s has no value", word)
			}
			d.value = words[i]
		}
		all = append(all, d)
	}
	return all, nil
}
