package items

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A value that lands in the script of another shell is read as code there, whatever quotes we
// put around it. That is the user's to decide, so it is a warning.

// nestedShell names the shell that a command hands one of its words to as a script, "" where
// it does not. hasValue says whether a word holds a placeholder.
func nestedShell(words []string, hasValue func(i int) bool) string {
	if len(words) == 0 {
		return ""
	}
	switch name := filepath.Base(words[0]); name {
	case "bash", "sh", "dash", "ksh", "zsh":
		script := slices.IndexFunc(words, func(w string) bool {
			return strings.HasPrefix(w, "-") && !strings.HasPrefix(w, "--") && strings.HasSuffix(w, "c")
		}) + 1
		if script > 0 && script < len(words) && hasValue(script) {
			return name + " -c"
		}
	case "eval", "ssh":
		for i := 1; i < len(words); i++ {
			if hasValue(i) {
				return name
			}
		}
	}
	return ""
}

func nestedWarning(shell, mend string) Warning {
	return Warning{"nested-shell", fmt.Sprintf("%s reads a value as a piece of its script, and would run a command hidden in it; %s", shell, mend)}
}

// nested looks for such a shell in an argument list.
func (t *Template) nested() []Warning {
	words := make([]string, len(t.args))
	for i, arg := range t.args {
		if arg.constant() {
			words[i] = arg[0].literal
		}
	}
	if shell := nestedShell(words, func(i int) bool { return !t.args[i].constant() }); shell != "" {
		return []Warning{nestedWarning(shell, "set shell = true and write its script as the command")}
	}
	return nil
}

// nested looks for such a shell in a script.
func (s *shellScript) nested(call *syntax.CallExpr) {
	words := make([]string, len(call.Args))
	for i, arg := range call.Args {
		words[i] = s.source[arg.Pos().Offset():arg.End().Offset()]
	}
	hasValue := func(i int) bool {
		from, to := int(call.Args[i].Pos().Offset()), int(call.Args[i].End().Offset())
		return slices.ContainsFunc(s.refs, func(r ref) bool { return r.err == nil && from <= r.from && r.to <= to })
	}
	if shell := nestedShell(words, hasValue); shell != "" {
		s.warnings = append(s.warnings, nestedWarning(shell, `pass it behind the script: bash -c '… "$1"' bash {x}`))
	}
}
