package templates

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// holds says whether a script that a site's templates are in is one that hpcsub can follow.
func (o override) holds(text string, v view) error {
	if len(o) == 0 {
		return nil
	}
	blame := func(block, format string, args ...any) error {
		if own := o[block]; own.Name != "" {
			return &SiteError{Name: own.Name, Err: fmt.Errorf(format, args...)}
		}
		return &SiteError{Name: o["job.sh"].Name, Err: fmt.Errorf(format, args...)}
	}
	if !strings.HasPrefix(text, "#!/bin/bash\n") {
		return blame("job.sh", "the script begins with %q: want #!/bin/bash", firstLine(text))
	}
	var known []string
	for _, d := range []struct{ option, value string }{{"job-name", v.JobName}, {"comment", v.Comment}, {"output", v.Log}, {"array", v.Array}} {
		line, err := directive(d.option, d.value)
		if err != nil || d.value == "" {
			continue
		}
		if known = append(known, "#SBATCH "+line); !strings.Contains(text, "\n#SBATCH "+line+"\n") {
			return blame("directives", "there is no line #SBATCH %s, by which hpcsub knows its jobs: call {{template \"default.directives\" .}}", line)
		}
	}
	if line := overridden(text, known); line != "" {
		return blame("directives", "%s goes before what hpcsub knows its jobs by: take it out", line)
	}
	if !strings.Contains(text, " worker run ") {
		return blame("launch", "nothing runs the items: call {{template \"default.launch\" .}}, or \"run\"")
	}
	return o.readable(text)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line[:min(len(line), 80)]
}

// overridden is a #SBATCH line beside the known ones that says one of their options again: sbatch goes by the last, takes the
// beginning of an option's name for the whole, and reads up to the first command.
func overridden(text string, known []string) string {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line != "" && !strings.HasPrefix(line, "#"):
			return ""
		case !strings.HasPrefix(line, "#SBATCH") || slices.Contains(known, line):
			continue
		}
		for _, word := range strings.Fields(line)[1:] {
			name, _, _ := strings.Cut(word, "=")
			long, isLong := strings.CutPrefix(name, "--")
			for _, option := range []struct{ short, long, least string }{{"-J", "job-name", "j"}, {"", "comment", "com"}, {"-o", "output", "ou"}, {"-a", "array", "ar"}} {
				if isLong && strings.HasPrefix(option.long, long) && strings.HasPrefix(long, option.least) ||
					option.short != "" && strings.HasPrefix(word, option.short) {
					return line
				}
			}
		}
	}
	return ""
}

// readable says what bash would make of a script with the site's templates in it.
func (o override) readable(text string) error {
	_, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err == nil || len(o) == 0 {
		return nil
	}
	said := err.Error()
	var at syntax.ParseError
	if errors.As(err, &at) {
		said = fmt.Sprintf("%s, where line %d of the script reads: %s", at.Text, at.Pos.Line(), lineOf(text, int(at.Pos.Line())))
	}
	var names []string
	for _, block := range blocks {
		if own := o[block]; own.Name != "" {
			names = append(names, own.Name)
		}
	}
	with := "it"
	for _, other := range names[1:] {
		with += ", " + other + ".tmpl"
	}
	return &SiteError{Name: names[0], Err: fmt.Errorf("bash cannot read the script with %s: %s", with, said)}
}
