package configs

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"hpcsub/items"
)

// maxName keeps the names of Slurm jobs and folders, which begin with it, readable.
const maxName = 64

var (
	safeName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
	unsafe   = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)
)

func (r *reader) name(n *node) error {
	name, err := textOf(n)
	if err != nil {
		return err
	}
	if !safeName.MatchString(name) || len(name) > maxName {
		return fmt.Errorf("want at most %d letters, digits, _, - and ., got %s: write name = %q", maxName, show(name), makeSafe(name))
	}
	r.job.Name = name
	return nil
}

// makeSafe makes a name for files and Slurm jobs out of any text.
func makeSafe(text string) string {
	name := strings.Trim(unsafe.ReplaceAllString(text, "-"), "-.")
	if len(name) > maxName {
		name = strings.TrimRight(name[:maxName], "-.")
	}
	if name == "" {
		return "job"
	}
	return name
}

// nameFromFolder is the name of a job that has none.
func nameFromFolder(dir string) string { return makeSafe(filepath.Base(dir)) }

// command only checks the kind: how a command is split depends on the key shell, which may follow.
func (r *reader) command(n *node) error {
	if _, list := n.value.([]any); !list {
		_, err := textOf(n)
		return err
	}
	if err := wordsInto(&r.job.Work.Command)(n); err != nil {
		return err
	}
	if len(r.job.Work.Command) == 0 || strings.TrimSpace(r.job.Work.Command[0]) == "" {
		return errors.New("names no program: the first of the list is what runs")
	}
	return nil
}

// function reads "module:name".
func (r *reader) function(n *node) error {
	text, err := textOf(n)
	if err != nil {
		return err
	}
	if _, _, err = items.ParseFunction(text); err == nil {
		r.job.Work.Function = text
	}
	return err
}

// finishCommand splits the command, or keeps it for bash.
func (r *reader) finishCommand() {
	n := r.root.find("command")
	if n == nil {
		r.missingCommand()
		return
	}
	text, ok := n.value.(string)
	switch {
	case !ok && r.shell:
		r.add(r.root.find("shell"), errors.New("bash reads one string, and command is a list: write the command as one string, or take shell out"))
	case !ok: // a list, or reported already
	case strings.ContainsRune(text, 0): // reported already
	case strings.Trim(text, " \t\r\n") == "":
		r.add(n, errors.New("is empty: write the program and its arguments"))
	case r.shell:
		r.job.Work.Shell = text
	default:
		argv, err := items.ParseCommand(text)
		r.add(n, err)
		r.job.Work.Command = argv
	}
}

// missingCommand reports that nothing is to be run, unless a slip for it was reported already.
func (r *reader) missingCommand() {
	if r.root.find("function") != nil {
		return
	}
	for _, n := range r.root.children {
		if r.meansCommand(n) {
			return
		}
		for _, c := range n.children {
			if r.meansCommand(c) && !r.isFree(n.key()) {
				return
			}
		}
	}
	for _, path := range [][]string{{"sweep"}, {"zip"}, {"types"}, {"environment", "variables"}} {
		if n := r.root.find(append(path, "command")...); n != nil && r.reported(n) {
			return
		} else if n != nil {
			text := fmt.Sprintf("it stands below [%s], where it is taken for one of the table's own: move the line up, above %s", strings.Join(path, "."), r.firstTable())
			r.add(n, &Problem{Line: n.line, Key: "command", Text: text})
			return
		}
	}
	r.add(r.root, &Problem{Key: "command", Text: `is missing: say what is to be run, command = "python f.py {n}"`})
}

// reported says whether something is wrong with a node itself.
func (r *reader) reported(n *node) bool {
	return slices.ContainsFunc(r.problems, func(p *Problem) bool { return p.Key == n.key() })
}

// meansCommand says whether an unknown key was answered with command.
func (r *reader) meansCommand(n *node) bool {
	if _, known := r.known.byPath[n.key()]; known {
		return false
	}
	name := normal(n.name)
	return name == "command" || aliases[name] == "command" || nearest(name, r.known.tables[""]) == "command"
}

// outputsInto reads the files that an item makes.
func outputsInto(dst *[]string) valueReader {
	return func(n *node) error {
		if err := wordsInto(dst)(n); err != nil {
			return err
		}
		for i, output := range *dst {
			if strings.TrimSpace(output) == "" || strings.HasSuffix(output, "/") {
				return fmt.Errorf("value %d of the list: %s names no file: write one such as \"results/{n}.pdf\"", i+1, show(output))
			}
			if slices.Contains((*dst)[:i], output) {
				return fmt.Errorf("%s stands in the list twice: take one out", show(output))
			}
		}
		return nil
	}
}
