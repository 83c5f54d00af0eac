package configs

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

var bareKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// quoteKey writes a key as TOML wants it.
func quoteKey(name string) string {
	if bareKey.MatchString(name) {
		return name
	}
	return quoteBasic(name)
}

// quoteText writes text as a TOML string that reads back to the same bytes, with as few
// backslashes as can be. The text must be valid UTF-8.
func quoteText(text string) string {
	plain := !strings.ContainsFunc(text, unicode.IsControl)
	if plain && strings.ContainsAny(text, `"\`) && !strings.Contains(text, "'") {
		return "'" + text + "'"
	}
	return quoteBasic(text)
}

func quoteBasic(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsControl(r):
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// quoteList writes a list of texts on one line.
func quoteList(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = quoteText(text)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
