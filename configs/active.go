package configs

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// ActiveEnvironment is what is active in the caller's shell: a virtual environment or a conda
// environment, and modules. The hint is the lines of job.toml that keep it; "" when nothing is active.
//
// Conda's base environment counts: it is what `python` means in that shell. Where both kinds are
// active, the one that PATH has first is taken, because that is the one that runs.
func ActiveEnvironment(getenv func(string) string) (Environment, string) {
	var e Environment
	for _, module := range strings.Split(getenv("LOADEDMODULES"), ":") {
		if module != "" && unfitForDirective(module) == "" {
			e.Modules = append(e.Modules, module)
		}
	}
	e.Venv, e.Conda = folder(getenv("VIRTUAL_ENV")), folder(getenv("CONDA_PREFIX"))
	if e.Venv != "" && e.Conda != "" {
		if before(getenv("PATH"), e.Conda, e.Venv) {
			e.Venv = ""
		} else {
			e.Conda = ""
		}
	}
	return e, e.lines()
}

// folder takes a variable only if it holds what a job.toml can: an absolute path on one line.
func folder(path string) string {
	if !filepath.IsAbs(path) || strings.ContainsFunc(path, isLineEnd) {
		return ""
	}
	return filepath.Clean(path)
}

// before says whether PATH has a's programs and has them ahead of b's.
func before(path, a, b string) bool {
	folders := filepath.SplitList(path)
	first, second := slices.Index(folders, filepath.Join(a, "bin")), slices.Index(folders, filepath.Join(b, "bin"))
	return first >= 0 && (second < 0 || first < second)
}

// lines is the part of a job.toml that says the same.
func (e Environment) lines() string {
	var b strings.Builder
	if len(e.Modules) > 0 {
		b.WriteString("\nmodules = " + quoteList(e.Modules))
	}
	if e.Venv != "" {
		b.WriteString("\nvenv = " + quoteText(e.Venv))
	}
	if e.Conda != "" {
		b.WriteString("\nconda = " + quoteText(e.Conda))
	}
	if b.Len() == 0 {
		return ""
	}
	return "[environment]" + b.String()
}

// AdoptEnvironment gives a job the environment that is active in the caller's shell, unless the
// file has modules, venv or conda, be they empty. The hint is the lines to keep; "" when
// nothing was adopted.
func (j *Job) AdoptEnvironment(getenv func(string) string) (hint string) {
	if j.Wrote("environment.modules") || j.Wrote("environment.venv") || j.Wrote("environment.conda") {
		return ""
	}
	active, _ := ActiveEnvironment(getenv)
	if inside, err := filepath.Rel(j.Dir, active.Venv); active.Venv != "" && err == nil && filepath.IsLocal(inside) {
		active.Venv = inside // so that the folder can be moved
	}
	j.Environment.Modules, j.Environment.Venv, j.Environment.Conda = active.Modules, active.Venv, active.Conda
	hint = active.lines()
	if line := j.lines["environment"]; line > 0 {
		// A second header of the same table would be an error.
		hint = strings.Replace(hint, "[environment]", fmt.Sprintf("# below [environment] on line %d", line), 1)
	}
	return hint
}
