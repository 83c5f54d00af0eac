package items

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Call is what a Python function is called with for one item: columns are keyword arguments.
type Call struct {
	Function string // "module:name"
	Names    []string
	Values   []Value
}

// Arguments is the call's keyword arguments as a JSON object.
func (c *Call) Arguments() []byte {
	out := []byte{'{'}
	for i, name := range c.Names {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendString(out, name), ':')
		out = c.Values[i].appendJSON(out)
	}
	return append(out, '}')
}

// String is the call as one would type it in Python.
func (c *Call) String() string {
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(c.Function, ":", ".") + "(")
	for i, name := range c.Names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(name + "=")
		switch v := c.Values[i]; {
		case v.Kind == Bool && v.plainJSON():
			b.WriteString(strings.ToUpper(v.Text[:1]) + v.Text[1:]) // True, False
		default:
			b.Write(v.appendJSON(nil))
		}
	}
	return b.String() + ")"
}

var functionName = regexp.MustCompile(`^[\pL_][\pL\pN_]*(\.[\pL_][\pL\pN_]*)*:[\pL_][\pL\pN_]*$`)

// ParseFunction takes "module:name" apart.
func ParseFunction(function string) (module, name string, err error) {
	if !functionName.MatchString(function) {
		return "", "", fmt.Errorf("want \"module:name\", such as \"primes:is_prime\" for the function is_prime of primes.py, got %s", clip(function))
	}
	module, name, _ = strings.Cut(function, ":")
	if file, ok := strings.CutSuffix(module, ".py"); ok {
		return "", "", fmt.Errorf("%s names a file: write the module, \"%s:%s\"", clip(function), file, name)
	}
	for _, part := range append(strings.Split(module, "."), name) {
		if slices.Contains(pythonWords, part) {
			return "", "", fmt.Errorf("%s: %q is a word of Python's own", clip(function), part)
		}
	}
	return module, name, nil
}

// pythonWords cannot be names (Python's keyword.kwlist).
var pythonWords = strings.Fields(`False None True and as assert async await break class continue def del elif else except
	finally for from global if import in is lambda nonlocal not or pass raise return try while with yield`)

// checkKeywords makes sure that columns can be keyword arguments.
func checkKeywords(columns []string) error {
	for _, name := range columns {
		if !isPythonName(name) || slices.Contains(pythonWords, name) {
			return fmt.Errorf("column %q cannot be a keyword argument: give it a name as Python has them, letters, digits and _", name)
		}
	}
	return nil
}

func isPythonName(name string) bool {
	for i, r := range name {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return name != ""
}

// callArgs is what makes a call different from another one: the function, and each name and value in
// the order of the names, so that columns that change places change no id.
func callArgs(spec Spec, columns []string) ([]text, error) {
	switch {
	case spec.Shell != "" || len(spec.Command) > 0:
		return nil, errors.New("both a command and a function are given")
	}
	if _, _, err := ParseFunction(spec.Function); err != nil {
		return nil, err
	}
	if err := checkKeywords(columns); err != nil {
		return nil, err
	}
	args := []text{{{literal: "function", column: noColumn}}, {{literal: spec.Function, column: noColumn}}}
	for _, name := range slices.Sorted(slices.Values(columns)) {
		args = append(args, text{{literal: name, column: noColumn}}, text{{column: slices.Index(columns, name), json: true}})
	}
	return args, nil
}
