package configs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// modulesInto reads the names of environment modules, one a string.
func modulesInto(dst *[]string) valueReader {
	return func(n *node) error {
		var list []string
		if err := wordsInto(&list)(n); err != nil {
			return err
		}
		for _, name := range list {
			switch {
			case !strings.HasPrefix(name, "-") && len(strings.Fields(name)) > 1:
				return fmt.Errorf("%s names several modules in one string: write %s", show(name), quoteList(strings.Fields(name)))
			case name == "" || strings.HasPrefix(name, "-") || unfitForDirective(name) != "":
				return fmt.Errorf("%s is no name of a module: write it as `module avail` shows it", show(name))
			}
		}
		*dst = list
		return nil
	}
}

// lineInto reads text of one line: a path or a name that a script has in one place.
func lineInto(dst *string) valueReader {
	return func(n *node) error {
		text, err := textOf(n)
		if err == nil && strings.ContainsFunc(text, isLineEnd) {
			err = fmt.Errorf("%s has a line end in it: write it on one line", show(text))
		}
		*dst = text
		return err
	}
}

// setupInto reads shell that runs before the work, and has bash's grammar checked: an open
// quote in it would take the rest of the script with it.
func setupInto(dst *string) valueReader {
	return func(n *node) error {
		text, err := textOf(n)
		if err != nil {
			return err
		}
		if err := bashReads(text); err != nil {
			return fmt.Errorf("bash cannot read %s: %w", show(text), err)
		}
		if backslashes := len(text) - len(strings.TrimRight(text, `\`)); backslashes%2 == 1 {
			return fmt.Errorf("%s ends with a backslash, which would join it to the next line of the script: take it out", show(text))
		}
		*dst = text
		return nil
	}
}

// bashReads says what is wrong with the grammar of a piece of shell.
func bashReads(text string) error {
	_, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	var where syntax.ParseError
	if errors.As(err, &where) {
		return errors.New(where.Text)
	}
	return err
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// variablesInto reads environment.variables in the file's order.
func variablesInto(dst *[]Variable) valueReader {
	return func(n *node) error {
		if !n.table {
			return &mismatch{want: "a table", got: n.value, mend: `write variables = { DATA = "/scratch/data" }`}
		}
		var problems []error
		for _, c := range n.children {
			v := Variable{Name: c.name}
			err := variable(c, &v.Value)
			if err != nil {
				problems = append(problems, at(c, err))
			}
			*dst = append(*dst, v)
		}
		return errors.Join(problems...)
	}
}

func variable(n *node, dst *string) error {
	if !variableName.MatchString(n.name) {
		return fmt.Errorf("%s is no name of a variable: use letters, digits and _, with no digit first", show(n.name))
	}
	if strings.HasPrefix(n.name, "HPCSUB_") {
		return errors.New("names that begin with HPCSUB_ are hpcsub's own: choose another")
	}
	return textInto(dst)(n)
}

// threadVariables are those that hpcsub sets to the CPUs of an item.
var threadVariables = []string{
	"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS",
}

// checkVenv warns where the virtual environment is not to be seen from here. The nodes may see it all the same.
func (j *Job) checkVenv() {
	venv := j.Environment.Venv
	if venv == "" {
		return
	}
	if !filepath.IsAbs(venv) {
		venv = filepath.Join(j.Dir, venv)
	}
	if _, err := os.Stat(filepath.Join(venv, "bin", "activate")); err == nil {
		return
	}
	text := fmt.Sprintf("there is no virtual environment in %s: make it with `python3 -m venv %s`, or correct the path", show(venv), j.Environment.Venv)
	j.Warnings = append(j.Warnings, &Problem{File: j.Path, Line: j.lines["environment.venv"], Key: "environment.venv", Text: text})
}
