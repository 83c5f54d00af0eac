package configs

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"hpcsub/items"
)

// columnsInto reads [sweep] or [zip]: a column a key, in the file's order.
func columnsInto(dst *[]items.Column) valueReader {
	return func(n *node) error {
		if !n.table {
			return notTable(n)
		}
		var problems []error
		for _, c := range n.children {
			column, err := column(c)
			if err != nil {
				problems = append(problems, at(c, err))
			}
			*dst = append(*dst, column)
		}
		return errors.Join(problems...)
	}
}

// nodeError is about a node below the one that is being read.
type nodeError struct {
	node *node
	err  error
}

func (e *nodeError) Error() string { return e.err.Error() }

func at(n *node, err error) error { return &nodeError{n, err} }

func column(n *node) (items.Column, error) {
	c := items.Column{Name: n.name}
	if err := columnName(n.name); err != nil {
		return c, err
	}
	var err error
	switch v := n.value.(type) {
	case []any:
		c.Values, err = values(v)
	case map[string]any:
		err = rangeOrGlob(n, &c)
	default:
		err = &mismatch{want: "a list, a range or a glob", got: n.value, mend: "write " + columnLike(n)}
	}
	return c, err
}

// columnName refuses what could not be written as a placeholder.
func columnName(name string) error {
	if name == "" || strings.ContainsAny(name, "{}") || strings.ContainsFunc(name, unicode.IsControl) {
		return fmt.Errorf("%s cannot stand between the braces of a placeholder: name the column with letters, digits and _", show(name))
	}
	return nil
}

// columnLike guesses how a single value was meant.
func columnLike(n *node) string {
	name := quoteKey(n.name)
	text, isText := n.value.(string)
	switch {
	case isText && strings.ContainsAny(text, "*?["):
		return fmt.Sprintf("%s = { glob = %s }", name, quoteText(text))
	case isText:
		return fmt.Sprintf("%s = [%s]", name, quoteText(text))
	}
	if number, ok := numeral(n.value); ok {
		return fmt.Sprintf("%s = [%s] or %s = { from = 1, to = %s, step = 1 }", name, number, name, number)
	}
	return fmt.Sprintf("%s = [1, 2, 3]", name)
}

func values(list []any) ([]items.Value, error) {
	if len(list) == 0 {
		return nil, errors.New("is an empty list, and no item would be left: give it a value, or take the column out")
	}
	vs := make([]items.Value, len(list))
	for i, v := range list {
		var err error
		if vs[i], err = value(v); err != nil {
			return nil, fmt.Errorf("value %d of the list: %w", i+1, err)
		}
	}
	return vs, nil
}

// value keeps one value as a command will see it.
func value(v any) (items.Value, error) {
	switch v := v.(type) {
	case string:
		text, err := textOf(&node{value: v})
		return items.TextValue(text), err
	case bool:
		return items.BoolValue(v), nil
	case int64:
		return items.IntValue(v), nil
	case float64:
		return items.FloatValue(v), nil
	}
	return items.Value{}, &mismatch{want: "a number, text in quotes, true or false", got: v}
}

// typesInto reads [types]: what kind of value a column of a text file has.
func typesInto(dst *map[string]string) valueReader {
	return func(n *node) error {
		if !n.table {
			return notTable(n)
		}
		*dst = make(map[string]string, len(n.children))
		var problems []error
		for _, c := range n.children {
			kind, err := columnType(c)
			if err != nil {
				problems = append(problems, at(c, err))
			}
			(*dst)[c.name] = kind
		}
		return errors.Join(problems...)
	}
}

// typeNames are what a column's type is called elsewhere.
var typeNames = map[string]string{
	"str": "text", "string": "text", "integer": "int", "number": "float", "double": "float", "real": "float", "boolean": "bool",
}

func columnType(n *node) (string, error) {
	var kind string
	if text, ok := n.value.(string); ok && typeNames[normal(text)] != "" {
		return "", &mismatch{want: "int, float, bool or text", got: text, mend: fmt.Sprintf("write %s = %q", quoteKey(n.name), typeNames[normal(text)])}
	}
	err := choiceInto(&kind, []string{"int", "float", "bool", "text"}, nil)(n)
	if err == nil && kind == "" {
		err = errEmpty
	}
	return kind, err
}
