package configs

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// A reader of a value takes a node, checks it and stores what it says. Its error says
// what is wanted and what was got; file, line and key are added by whoever called.
type valueReader func(*node) error

// textOf returns a node's text. A zero byte cannot stand in an argument, a path or a script.
func textOf(n *node) (string, error) {
	text, ok := n.value.(string)
	if !ok {
		m := &mismatch{want: "text in quotes", got: n.value}
		if number, ok := numeral(n.value); ok {
			m.mend = fmt.Sprintf("write %s = %q", quoteKey(n.name), number)
		}
		return "", m
	}
	if strings.ContainsRune(text, 0) {
		return "", errors.New("has a zero byte (\\u0000) in it, which no program can be given: take it out")
	}
	return text, nil
}

// textInto reads a string as it is; "" is as good as no key.
func textInto(dst *string) valueReader {
	return func(n *node) (err error) {
		*dst, err = textOf(n)
		return err
	}
}

// filledInto reads a string that says something.
func filledInto(dst *string) valueReader {
	return func(n *node) (err error) {
		if *dst, err = textOf(n); err == nil && strings.TrimSpace(*dst) == "" {
			return errEmpty
		}
		return err
	}
}

var errEmpty = errors.New("is empty: fill it in, or leave the key out")

// wordInto reads a name that stands in a #SBATCH line: one word without what sbatch would read otherwise.
func wordInto(dst *string) valueReader {
	return func(n *node) error {
		text, err := textOf(n)
		if err != nil {
			return err
		}
		if strings.HasPrefix(text, "-") {
			return fmt.Errorf("%q begins with a dash: write the value alone", text)
		}
		if bad := unfitForDirective(text); bad != "" {
			return fmt.Errorf("%s has %s in it: write one word", show(text), bad)
		}
		*dst = text
		return nil
	}
}

// unfitForDirective names the first character of text that sbatch would not take as it is
// in a #SBATCH line: it splits at spaces, takes quotes and backslashes away and ends at a #.
func unfitForDirective(text string) string {
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			return "a space"
		case r == '"' || r == '\'' || r == '\\' || r == '#':
			return "a " + string(r)
		case !unicode.IsPrint(r):
			return "a control character"
		}
	}
	return ""
}

// wordsInto reads a list of strings.
func wordsInto(dst *[]string) valueReader {
	return func(n *node) error {
		list, ok := n.value.([]any)
		if !ok {
			m := &mismatch{want: "a list", got: n.value}
			if text, ok := n.value.(string); ok {
				m.mend = fmt.Sprintf("write %s = [%s]", quoteKey(n.name), quoteText(text))
			}
			return m
		}
		texts := make([]string, len(list))
		for i, value := range list {
			text, err := textOf(&node{name: n.name, value: value})
			if err != nil {
				return elementError(i, value, err)
			}
			texts[i] = text
		}
		*dst = texts
		return nil
	}
}

// elementError is about one value of a list. The list has one line for all of them, so it is counted.
func elementError(i int, value any, err error) error {
	if number, ok := numeral(value); ok {
		err = &mismatch{want: "text in quotes", got: value, mend: "write " + strconv.Quote(number)}
	}
	return fmt.Errorf("value %d of the list: %w", i+1, err)
}

// maxCount is far above any cluster and keeps products of two counts in an int64.
const maxCount = 1_000_000_000

// countInto reads a whole number of at least least.
func countInto(dst *int, least int64) valueReader {
	return func(n *node) error {
		number, ok := n.value.(int64)
		if !ok {
			m := &mismatch{want: "an integer", got: n.value}
			if text, isText := n.value.(string); isText && isDigits(text) {
				m.mend = fmt.Sprintf("leave out the quotes: %s = %s", quoteKey(n.name), text)
			}
			return m
		}
		switch {
		case number < least:
			return &mismatch{want: fmt.Sprintf("an integer of %d or more", least), got: number}
		case number > maxCount:
			return &mismatch{want: fmt.Sprintf("an integer of at most %d", maxCount), got: number}
		}
		*dst = int(number)
		return nil
	}
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// amountInto reads a number above 0, whole or not.
func amountInto(dst *float64) valueReader {
	return func(n *node) error {
		var number float64
		switch v := n.value.(type) {
		case int64:
			number = float64(v)
		case float64:
			number = v
		default:
			m := &mismatch{want: "a number", got: n.value}
			if text, _ := n.value.(string); bareNumber.MatchString(text) {
				m.mend = fmt.Sprintf("leave out the quotes: %s = %s", quoteKey(n.name), text)
			}
			return m
		}
		if !(number > 0) || number > maxCount {
			return &mismatch{want: fmt.Sprintf("a number above 0 and at most %d", maxCount), got: n.value}
		}
		*dst = number
		return nil
	}
}

func flagInto(dst *bool) valueReader {
	return func(n *node) error {
		v, ok := n.value.(bool)
		if !ok {
			m := &mismatch{want: "true or false", got: n.value}
			if text, _ := n.value.(string); text == "true" || text == "false" {
				m.mend = fmt.Sprintf("leave out the quotes: %s = %s", quoteKey(n.name), text)
			}
			return m
		}
		*dst = v
		return nil
	}
}

func durationInto(dst *time.Duration) valueReader {
	return func(n *node) (err error) {
		text, err := measure(n, "a duration", durationLike)
		if err == nil {
			*dst, err = ParseDuration(text)
		}
		return err
	}
}

func sizeInto(dst *int) valueReader {
	return func(n *node) (err error) {
		text, err := measure(n, "a size", sizeMend)
		if err == nil {
			*dst, err = ParseMiB(text)
		}
		return err
	}
}

// measure returns the text of a number with a unit; a number alone is told its units.
func measure(n *node, want string, like func(string) string) (string, error) {
	if text, ok := n.value.(string); ok {
		return text, nil
	}
	m := &mismatch{want: want + " in quotes", got: n.value}
	if number, ok := numeral(n.value); ok && !strings.HasPrefix(number, "-") {
		m.mend = "write " + like(number)
	}
	return "", m
}

// choiceInto reads one of a few words. What later work brings is told apart from what is unknown.
func choiceInto(dst *string, known, later []string) valueReader {
	return func(n *node) error {
		text, err := textOf(n)
		if err != nil {
			return err
		}
		if slices.Contains(later, text) {
			return fmt.Errorf("%q is not supported yet: write %s", text, either(known))
		}
		if text != "" && !slices.Contains(known, text) {
			m := &mismatch{want: either(known), got: text}
			if near := nearest(text, known); near != "" {
				m.mend = fmt.Sprintf("did you mean %q?", near)
			}
			return m
		}
		*dst = text
		return nil
	}
}

// either writes words as one says them: "a", "b" or "c".
func either(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}
