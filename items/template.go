package items

import (
	"fmt"
	"strconv"

	"mvdan.cc/sh/v3/syntax"
)

// Template is a command and its outputs with the placeholders found. It needs a Spec and the
// names of the columns, not the list, so a worker can expand what was checked elsewhere. It is
// safe to use from several goroutines.
type Template struct {
	columns  []string
	key      string // of job.toml: command or function
	function string // "module:name"; "" for a command
	args     []text // of a function: what its id is made of
	outputs  []text

	warnings []Warning
}

// NewTemplate checks the placeholders of a command and its outputs. An error is a *KeyError.
func NewTemplate(spec Spec, columns []string) (*Template, error) {
	t := &Template{columns: columns, key: "command"}
	var err error
	switch {
	case spec.Function != "":
		t.key, t.function = "function", spec.Function
		t.args, err = callArgs(spec, columns)
	case spec.Shell != "" && len(spec.Command) > 0:
		return nil, keyErrorf("command", "both an argument list and a shell line are given")
	case spec.Shell != "":
		t.args, t.warnings, err = shellArgs(spec.Shell, columns)
	case len(spec.Command) > 0:
		t.args, err = parseTexts(spec.Command, columns)
		t.warnings = t.nested()
	default:
		err = errNoCommand
	}
	if err == nil {
		err = checkConstants(t.args)
	}
	if err != nil {
		return nil, &KeyError{Key: t.key, Err: err}
	}
	if t.outputs, err = parseTexts(spec.Outputs, columns); err != nil {
		return nil, &KeyError{Key: "each.outputs", Err: err}
	}
	return t, nil
}

func parseTexts(all []string, columns []string) ([]text, error) {
	texts := make([]text, len(all))
	for i, s := range all {
		var err error
		if texts[i], err = parseText(s, columns); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// checkConstants checks what is the same for every item, which making ids does not look at again.
func checkConstants(texts []text) error {
	for _, t := range texts {
		if t.constant() {
			if err := checkArgument([]byte(t[0].literal)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Invocation is what runs for an item: its argument list, and the files that it makes.
func (t *Template) Invocation(it Item) (Invocation, error) {
	if len(it.Values) != len(t.columns) {
		return Invocation{}, fmt.Errorf("item %d has %d values for %d columns %q", it.Index, len(it.Values), len(t.columns), t.columns)
	}
	var inv Invocation
	var err error
	if t.function != "" {
		inv.Call = &Call{t.function, t.columns, it.Values}
	} else if inv.Argv, err = expandAll(t.args, &it); err != nil {
		return inv, &KeyError{Key: "command", Err: fmt.Errorf("item %d: %w", it.Index, err)}
	}
	if inv.Outputs, err = expandAll(t.outputs, &it); err != nil {
		return inv, &KeyError{Key: "each.outputs", Err: fmt.Errorf("item %d: %w", it.Index, err)}
	}
	return inv, nil
}

func expandAll(texts []text, it *Item) ([]string, error) {
	var room [256]byte
	all := make([]string, len(texts))
	for i, t := range texts {
		arg := t.append(room[:0], it)
		if err := checkArgument(arg); err != nil {
			return nil, err
		}
		all[i] = string(arg)
	}
	return all, nil
}

// String is the command as one would type it in bash, or the call as in Python.
func (inv Invocation) String() string {
	if inv.Call != nil {
		return inv.Call.String()
	}
	line := ""
	for i, arg := range inv.Argv {
		if i > 0 {
			line += " "
		}
		quoted, err := syntax.Quote(arg, syntax.LangBash)
		if err != nil { // a NUL byte, which Invocation refuses
			quoted = strconv.Quote(arg)
		}
		line += quoted
	}
	return line
}

// uses marks the columns that the command or the outputs need.
func (t *Template) uses() []bool {
	used := make([]bool, len(t.columns))
	for _, texts := range [][]text{t.args, t.outputs} {
		for _, text := range texts {
			for _, p := range text {
				if p.column >= 0 {
					used[p.column] = true
				}
			}
		}
	}
	return used
}
