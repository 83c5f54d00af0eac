package configs

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"hpcsub/items"
)

// rangeOrGlob reads { from, to, step }, { from, to, count, scale } or { glob }.
func rangeOrGlob(n *node, c *items.Column) error {
	if err := rangeKeys(n); err != nil {
		return err
	}
	if glob := n.find("glob"); glob != nil {
		return globOf(n, glob, c)
	}
	for _, end := range []string{"from", "to"} {
		if n.find(end) == nil {
			return fmt.Errorf("a range needs %s: write %s = { from = 1, to = 100, step = 1 }", end, quoteKey(n.name))
		}
	}
	c.Range = &items.Range{}
	return rangeParts(n, c.Range)
}

// rangeParts checks the kinds of a range's parts. What the numbers say to each other is checked
// where the range is computed.
func rangeParts(n *node, r *items.Range) error {
	for _, part := range []struct {
		name string
		dst  *string
	}{{"from", &r.From}, {"to", &r.To}, {"step", &r.Step}} {
		if err := numberInto(part.dst, n.find(part.name)); err != nil {
			return err
		}
	}
	if count := n.find("count"); count != nil {
		if err := countInto(&r.Count, 2)(count); err != nil {
			return at(count, exampled(err, "count = 4"))
		}
	}
	if scale := n.find("scale"); scale != nil {
		if err := choiceInto(&r.Scale, []string{"linear", "log"}, nil)(scale); err != nil {
			return at(scale, err)
		}
	}
	return nil
}

var rangeNames = []string{"from", "to", "step", "count", "scale", "glob"}

func rangeKeys(n *node) error {
	for _, c := range n.children {
		if near := nearest(normal(c.name), rangeNames); near == "" {
			return at(c, errors.New("there is no such key; a range has from, to and step, or from, to, count and scale; a glob has glob"))
		} else if near != c.name {
			return at(c, fmt.Errorf("there is no such key; did you mean %s?", near))
		}
	}
	return nil
}

func globOf(n, glob *node, c *items.Column) error {
	if len(n.children) > 1 {
		return errors.New("glob stands alone: a column is a glob or a range, not both")
	}
	if err := filledInto(&c.Glob)(glob); err != nil {
		return at(glob, exampled(err, `glob = "images/*.jpg"`))
	}
	return nil
}

// numberInto keeps a number's decimal text; a nil node leaves it empty.
func numberInto(dst *string, n *node) error {
	if n == nil {
		return nil
	}
	number, ok := numeral(n.value)
	if !ok {
		m := &mismatch{want: "a number", got: n.value}
		if text, _ := n.value.(string); isNumber(text) {
			m.mend = fmt.Sprintf("leave out the quotes: %s = %s", n.name, text)
		}
		return at(n, m)
	}
	*dst = number
	return nil
}

func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil && bareNumber.MatchString(strings.TrimPrefix(text, "-"))
}

// exampled shows an example where the error has no mend of its own.
func exampled(err error, example string) error {
	var m *mismatch
	if errors.As(err, &m) && m.mend == "" {
		return fmt.Errorf("%w; for example %s", err, example)
	}
	return err
}
