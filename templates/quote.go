package templates

import (
	"fmt"
	"strings"
)

// Quote writes s as one word of bash, whatever it holds but a NUL, which no argument can. It is the only
// place that quotes for the shell. Control characters are written as escapes, so that the word is one line
// and a carriage return does not make sbatch take the script for one of DOS.
func Quote(s string) string {
	switch {
	case s == "":
		return "''"
	case strings.IndexFunc(s, isControl) >= 0:
		return quoteControl(s)
	case strings.IndexFunc(s, isSpecial) < 0 && !isReserved(s):
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// isReserved says whether a word could begin or end a construct of the shell where it stands first.
func isReserved(s string) bool {
	switch s {
	case "if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "for", "while", "until", "in", "select", "function", "time", "coproc":
		return true
	}
	return false
}

// word is Quote for the templates, which refuses what no word can hold.
func word(s string) (string, error) {
	if strings.ContainsRune(s, 0) {
		return "", refusalf("%q has a NUL, which no argument can hold", s)
	}
	return Quote(s), nil
}

// isSpecial says whether a character could mean something to bash somewhere in a word.
func isSpecial(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:,+@", r))
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// quoteControl is bash's $'…' form.
func quoteControl(s string) string {
	var b strings.Builder
	b.WriteString("$'")
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\\' || c == '\'':
			b.WriteByte('\\')
			b.WriteByte(c)
		case isControl(rune(c)):
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}
