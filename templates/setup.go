package templates

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// variable writes an assignment of [environment] variables.
func variable(name, value string) (string, error) {
	if !variableName.MatchString(name) {
		return "", refusalf("[environment] variables: %q is no name for a variable: want letters, digits and _", name)
	}
	if strings.ContainsRune(value, 0) {
		return "", refusalf("[environment] variables: the value of %s has a NUL, which no variable can hold", name)
	}
	return name + "=" + Quote(value), nil
}

// shellLines checks the user's setup: it must be whole commands, so that it cannot take the rest of
// the script with it. What it does is the user's own business.
func shellLines(setup string) (string, error) {
	setup = strings.TrimSpace(strings.ReplaceAll(setup, "\r\n", "\n"))
	if strings.ContainsRune(setup, 0) {
		return "", refusalf("[environment] setup: %q has a NUL", setup)
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader("{\n"+setup+"\n}\n"), "")
	if err == nil && len(file.Stmts) == 1 {
		if _, whole := file.Stmts[0].Cmd.(*syntax.Block); whole {
			return setup, nil
		}
	}
	return "", refusalf("[environment] setup: %q is not a complete line of shell; put what is longer into a file and write: source FILE", setup)
}

// modules are the job's own, after those of the site's [modules] that hold what the strategy needs. Where the job names
// one of the same name, in whatever version, the site's is left out; Python's also where the job has an environment of its own.
func modules(s Script) []string {
	tools, env := s.Site.Modules, s.Environment
	var wanted []string
	if s.Function && len(env.Modules) == 0 && env.Venv == "" && env.Conda == "" {
		wanted = append(wanted, tools.Python)
	}
	switch s.Strategy {
	case "gnu-parallel":
		wanted = append(wanted, tools.Parallel)
	case "pathos":
		wanted = append(wanted, tools.Pathos)
	case "dask":
		wanted = append(wanted, tools.Dask)
	}
	if s.Layout.Ranks > 0 {
		wanted = append(wanted, tools.MPI)
	}
	var all []string
	for _, m := range wanted {
		same := func(other string) bool { return moduleName(other) == moduleName(m) }
		if m != "" && !slices.ContainsFunc(env.Modules, same) {
			all = append(all, m)
		}
	}
	return append(all, env.Modules...)
}

// moduleName is a module without its version.
func moduleName(module string) string {
	name, _, _ := strings.Cut(module, "/")
	return name
}

// activate is the script that enters a Python virtual environment.
func activate(dir, venv string) string {
	if !filepath.IsAbs(venv) {
		venv = filepath.Join(dir, venv)
	}
	return filepath.Join(venv, "bin", "activate")
}
