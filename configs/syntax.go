package configs

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"
)

// syntax turns the library's error into a problem with the right line, the line itself, and a mend.
func (r *reader) syntax(source string, err error) error {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	var at toml.ParseError
	if !errors.As(err, &at) {
		return &Problem{Text: err.Error()}
	}
	number := r.lineOf(source, at)
	text := printable(strings.TrimSpace(r.line(number)))
	return &Problem{Line: number, Text: fmt.Sprintf("%s; the line reads: %s", r.syntaxMend(source, at, number), shorten(text))}
}

// lineOf is where an error belongs. The library counts an unfinished table header as on the next
// line, but its byte offset is right; an open """ is best seen where it begins.
func (r *reader) lineOf(source string, at toml.ParseError) int {
	offset := max(0, min(at.Position.Start, len(source)))
	if _, quotes, ok := strings.Cut(at.Message, "unexpected EOF; expected '"); ok {
		if i := strings.LastIndex(source[:offset], strings.TrimSuffix(quotes, "'")); i >= 0 {
			return 1 + strings.Count(source[:i], "\n")
		}
	}
	if strings.Contains(at.Message, `but got '\n'`) {
		return 1 + strings.Count(source[:offset], "\n")
	}
	return max(1, at.Position.Line)
}

func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '·'
		}
		return r
	}, strings.ToValidUTF8(text, "·"))
}

var (
	assignment = regexp.MustCompile(`^\s*([A-Za-z0-9_."'-]+)\s*=\s*(.*?)\s*$`)
	colon      = regexp.MustCompile(`^\s*([A-Za-z0-9_-]+)\s*:\s*(.*?)\s*$`)
	heading    = regexp.MustCompile(`^\s*\[+\s*([A-Za-z0-9_.-]+)`)
	nothing    = regexp.MustCompile(`^\s*([a-z_]+)\s+(\S.*?)\s*$`)
	unquoted   = regexp.MustCompile(`^[^"'\[{]*$`)
)

// syntaxMend says what is wrong on the line, in the words of somebody who never heard of TOML.
// What it does not know is said in the library's words.
func (r *reader) syntaxMend(source string, at toml.ParseError, number int) string {
	said, line := at.Message, r.line(number)
	value := ""
	if m := assignment.FindStringSubmatch(line); m != nil {
		value = m[2]
	}
	switch {
	case strings.Contains(said, "already been defined"), strings.Contains(said, "was already created"):
		return r.twice(said, number)
	case strings.ContainsAny(value, "“”„‘’") && !strings.Contains(said, "escape"):
		return `quotes are straight in TOML: write " in place of “ and ”`
	case strings.Contains(said, "expected value but found '\\n'"), strings.HasPrefix(said, "expected value") && value == "":
		return "there is nothing after the =: give it a value, or take the line out"
	case strings.HasPrefix(said, "expected value"), strings.HasPrefix(said, "expected a top-level item") && unquoted.MatchString(value):
		return quotedLine(line)
	case strings.HasPrefix(said, "expected a top-level item"):
		return "something stands after the value: write one key a line, and a \" inside \"…\" as \\\""
	case strings.Contains(said, "strings cannot contain newlines"):
		return "the closing quote is missing"
	case strings.Contains(said, "unexpected EOF; expected"):
		return fmt.Sprintf("the text of %s has no closing quotes", at.LastKey)
	case strings.Contains(said, "invalid escape"):
		return `a backslash is written \\ inside "…"; inside '…' it is a plain character`
	case strings.Contains(said, "to end table name"):
		return keyMend(line)
	case strings.HasPrefix(said, "expected '.' or '='"):
		return keyMend(line)
	case strings.HasPrefix(said, "expected a comma"):
		return "a comma or the closing bracket is missing in the list of " + at.LastKey
	}
	return numberMend(said)
}

var (
	definedKey = regexp.MustCompile(`^Key '(.*)' (?:has|was) already`)
	zeroDigits = regexp.MustCompile(`^Invalid (?:integer|float) "[+-]?0+([0-9][^"]*)": cannot have leading zeroes`)
	outOfRange = regexp.MustCompile(`^(\S+) is out of range`)
)

// twice names the line of the first of two keys: what stands above the second reads well.
func (r *reader) twice(said string, number int) string {
	m := definedKey.FindStringSubmatch(said)
	if m == nil {
		return said
	}
	first := ""
	if root, err := parseTOML(strings.Join(r.lines[:number-1], "\n")); err == nil && lines(root)[m[1]] > 0 {
		first = fmt.Sprintf(", first on line %d", lines(root)[m[1]])
	}
	return fmt.Sprintf("%s stands in the file twice%s: keep one", m[1], first)
}

func numberMend(said string) string {
	if m := zeroDigits.FindStringSubmatch(said); m != nil {
		return fmt.Sprintf("a number begins with no 0: write %s, or put it in quotes to keep the 0", m[1])
	}
	if m := outOfRange.FindStringSubmatch(said); m != nil {
		return fmt.Sprintf("%s is too large for a number: write a smaller one, or put it in quotes where its digits alone are meant", m[1])
	}
	if strings.HasPrefix(said, "floats must start") {
		return "a number begins with a digit: write 0.5, not .5"
	}
	return characterMend(said)
}

func characterMend(said string) string {
	switch {
	case strings.Contains(said, "control characters"):
		return "a character that cannot be seen stands here: delete it"
	case strings.Contains(said, "UTF-8"): // a byte of another encoding, or UTF-16
		return "the file is not in UTF-8: save it as UTF-8"
	}
	return said
}

// quotedLine writes an assignment with its value in quotes, true and false in lower case.
func quotedLine(line string) string {
	m := assignment.FindStringSubmatch(line)
	if m == nil {
		return `text stands in quotes: key = "text"`
	}
	value, _, _ := strings.Cut(m[2], " #")
	value = strings.TrimSpace(value)
	switch low := strings.ToLower(value); low {
	case "true", "false", "yes", "no", "on", "off":
		return fmt.Sprintf("true and false are in lower case: write %s = %t", m[1], low == "true" || low == "yes" || low == "on")
	}
	return "text stands in quotes: " + m[1] + " = " + quoteText(shorten(value))
}

func keyMend(line string) string {
	if m := colon.FindStringSubmatch(line); m != nil {
		return fmt.Sprintf("write = in place of the colon: %s = %s", m[1], tomlValue(m[2]))
	}
	if m := heading.FindStringSubmatch(line); m != nil {
		return "a table is written [" + m[1] + "], with both brackets, on a line of its own"
	}
	if m := nothing.FindStringSubmatch(line); m != nil {
		return fmt.Sprintf("the = is missing: %s = %s", m[1], tomlValue(m[2]))
	}
	return `a line is key = value, [table] or # comment`
}

// tomlValue writes a value from another notation: quoted unless it is a number or a list already.
func tomlValue(text string) string {
	if bareNumber.MatchString(text) || strings.HasPrefix(text, "[") || strings.HasPrefix(text, `"`) || text == "true" || text == "false" {
		return shorten(text)
	}
	return quoteText(shorten(text))
}
