package templates

import (
	"fmt"
	"path/filepath"
	"strings"
	"text/template"

	"hpcsub/items"
)

// Standalone is a script that runs without hpcsub.
type Standalone struct {
	Script
	List     string // path of the list of items
	TimeoutS int    // of an item; 0 = none
}

// RenderStandalone writes the script of one submission that runs the lines of a list with what every system has. Of the
// site's templates its directives, setup and epilogue hold here.
func RenderStandalone(s Standalone) (string, error) {
	text, err := renderStandalone(s)
	return text, located(err, s.Site)
}

func renderStandalone(s Standalone) (string, error) {
	s.Hpcsub, s.Attempt = "none", filepath.Dir(s.List)
	v, err := newView(s.Script)
	if err != nil {
		return "", fmt.Errorf("writing the script: %w", err)
	}
	t, err := template.New("standalone.sh.tmpl").Option("missingkey=error").Funcs(functions()).
		ParseFS(files, "job.sh.tmpl", v.Template+".tmpl", "standalone.sh.tmpl")
	if err != nil {
		return "", fmt.Errorf("reading the templates: %w", err)
	}
	own := overrides(s.Site.Templates, s.Strategy)
	delete(own, "launch")
	delete(own, "job.sh")
	if err := own.into(t); err != nil {
		return "", err
	}
	v.Origin = strings.Replace(v.Origin, "templates job.sh and "+v.Template, "template standalone.sh", 1)
	var b limited
	if err := t.Execute(&b, struct {
		view
		List     string
		TimeoutS int
		Caller   string
	}{v, s.List, s.TimeoutS, caller}); err != nil {
		return "", own.blame("writing the script", err)
	}
	text := strings.TrimRight(b.String(), "\n") + "\n"
	return text, own.readable(text)
}

// caller is the program of Python behind the command call in a line: it calls a function with the arguments that it is given as JSON, and prints them with what it returns.
const caller = `import importlib, json, sys
module, name, arguments = sys.argv[1:]
arguments = json.loads(arguments)
value = getattr(importlib.import_module(module), name)(**arguments)
print(json.dumps({"arguments": arguments, "value": value}, default=repr), flush=True)`

// Line is an item as a line of bash: what it runs, after the folders of its outputs were made.
func Line(function string, v items.Invocation) (string, error) {
	argv := v.Argv
	if v.Call != nil {
		module, name, err := items.ParseFunction(function)
		if err != nil {
			return "", err
		}
		argv = []string{"call", module, name, string(v.Call.Arguments())}
	}
	words := make([]string, len(argv))
	for i, word := range argv {
		words[i] = Quote(word)
	}
	line := strings.Join(words, " ")
	var folders []string
	for _, output := range v.Outputs {
		if dir := filepath.Dir(output); dir != "." && dir != "/" {
			folders = append(folders, Quote(dir))
		}
	}
	if len(folders) > 0 {
		line = "mkdir -p -- " + strings.Join(folders, " ") + " && " + line
	}
	return line, nil
}
