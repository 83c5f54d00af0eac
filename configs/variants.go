package configs

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hpcsub/items"
)

// Variant is a [[variant]]: another way to write the program, to be timed against it.
type Variant struct {
	Name     string   `json:"name"`
	Command  []string `json:"command,omitempty"`
	Shell    string   `json:"shell,omitempty"` // where the job has shell = true
	Function string   `json:"function,omitempty"`
}

// Check is the [check] table: how to find out whether the program is still right.
type Check struct {
	Command   []string `json:"command,omitempty"`
	Tolerance float64  `json:"tolerance,omitempty"` // of numbers in outputs that are compared
}

// Specs are the job's work as the variants do it.
func (j *Job) Specs() []items.Spec {
	all := make([]items.Spec, len(j.Variants))
	for i, v := range j.Variants {
		all[i] = j.Work
		all[i].Command, all[i].Shell, all[i].Function = v.Command, v.Shell, v.Function
	}
	return all
}

// variants keeps the texts: how a command is split depends on the key shell, which may follow.
func (r *reader) variants(n *node) error {
	list, ok := n.value.([]map[string]any)
	if !ok {
		return errors.New("write [[variant]], in double brackets: there may be several")
	}
	var problems []error
	for i, table := range list {
		v, err := r.variant(table)
		if err == nil && slices.ContainsFunc(r.job.Variants, func(o Variant) bool { return o.Name == v.Name }) {
			err = fmt.Errorf("there are two of the name %q", v.Name)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("number %d: %w", i+1, err))
		}
		r.job.Variants = append(r.job.Variants, v)
	}
	return errors.Join(problems...)
}

func (r *reader) variant(table map[string]any) (v Variant, err error) {
	for key := range table {
		if !slices.Contains([]string{"name", "command", "function"}, key) {
			return v, fmt.Errorf("there is no key %s: a variant has name, and command or function", key)
		}
	}
	if err := filledInto(&v.Name)(&node{name: "name", value: orText(table["name"])}); err != nil {
		return v, fmt.Errorf("name: %w", err)
	}
	command, hasCommand := table["command"]
	function, hasFunction := table["function"]
	switch {
	case hasCommand == hasFunction:
		return v, errors.New("say either command or function")
	case hasFunction:
		if v.Function, err = textOf(&node{name: "function", value: function}); err == nil {
			_, _, err = items.ParseFunction(v.Function)
		}
	default:
		v.Command, v.Shell, err = texts(command)
	}
	return v, err
}

// orText is "" for what was not written.
func orText(v any) any {
	if v == nil {
		return ""
	}
	return v
}

// texts reads a command: a list, or one string, which is split or kept for bash later.
func texts(value any) (list []string, text string, err error) {
	n := &node{name: "command", value: value}
	if _, isList := value.([]any); isList {
		err = wordsInto(&list)(n)
		if err == nil && len(list) == 0 {
			err = errEmpty
		}
		return list, "", err
	}
	err = filledInto(&text)(n)
	return nil, text, err
}

// finishVariants splits their commands, and holds them against the job's own.
func (r *reader) finishVariants() {
	n := r.root.find("variant")
	for i := range r.job.Variants {
		v := &r.job.Variants[i]
		switch {
		case (v.Function != "") != (r.job.Work.Function != "") && (v.Function != "" || v.Command != nil || v.Shell != ""):
			r.add(n, fmt.Errorf("%s: a variant of a command is a command, one of a function a function: write a program that calls the function, or the other way round", v.Name))
		case v.Shell != "" && !r.shell:
			argv, err := items.ParseCommand(v.Shell)
			if err != nil {
				err = fmt.Errorf("%s: %w", v.Name, err)
			}
			r.add(n, err)
			v.Command, v.Shell = argv, ""
		case v.Command != nil && r.shell:
			r.add(n, fmt.Errorf("%s: with shell = true its command is one string, as the job's", v.Name))
		}
	}
}

// checkCommand reads check.command. No item is meant, so that it has no placeholders.
func (r *reader) checkCommand(n *node) error {
	list, text, err := texts(n.value)
	if err == nil && text != "" {
		list, err = items.ParseCommand(text)
	}
	if err == nil && slices.ContainsFunc(list, func(w string) bool { return strings.ContainsAny(w, "{}") && text != "" }) {
		err = errors.New("it runs once and not for an item, so that {…} stands for nothing: take it out, or write the command as a list")
	}
	r.job.Check.Command = list
	return err
}

// tolerance reads check.tolerance.
func (r *reader) tolerance(n *node) error {
	if v, ok := n.value.(float64); ok && v == 0 {
		return nil
	}
	if v, ok := n.value.(int64); ok && v == 0 {
		return nil
	}
	return amountInto(&r.job.Check.Tolerance)(n)
}
