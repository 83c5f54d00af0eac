package templates

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"

	"hpcsub/configs"
	"hpcsub/strategies"
)

// A site's templates stand in place of a block of hpcsub's own, or of all of job.sh. They see the same fields, and can do
// nothing but write text: no template of theirs is called by another, a range goes over a list, and what a function
// returns and the whole script are limited, so that no text makes a render long or large.

// blocks are what a site may write itself; job.sh is the whole script.
var blocks = []string{"directives", "setup", "launch", "epilogue", "job.sh"}

// maxScript is how long a script may be in bytes: Slurm's own limit is 4 MiB (max_script_size).
const maxScript = 1 << 20

// maxText is how long the text may be that one function of a template returns.
const maxText = 64 << 10

// SiteError is about a template of the site.
type SiteError struct {
	Name string // of the file, without .tmpl
	Err  error  // what is wrong, with the line where it is known
	Dir  string // where the file is; "" = not known
	Line string // the text of that line
	Ask  string // whom to ask, as the end of a sentence
}

func (e *SiteError) Error() string {
	text := fmt.Sprintf("the site's template %s.tmpl: %v", filepath.Join(e.Dir, e.Name), e.Err)
	if e.Line != "" {
		text += "; the line reads: " + e.Line
	}
	return strings.ReplaceAll(text, "\n", "; ")
}
func (e *SiteError) Unwrap() error { return e.Err }

var lineNumber = regexp.MustCompile(`^line (\d+): `)

// located adds to what is wrong with a template where its file is, and the line that is meant.
func located(err error, site configs.Rules) error {
	var e *SiteError
	if !errors.As(err, &e) {
		return err
	}
	if e.Ask = site.Ask(); site.File != "" {
		e.Dir = configs.TemplatesDir(site.File)
	}
	i := slices.IndexFunc(site.Templates, func(t configs.Template) bool { return t.Name == e.Name })
	if m := lineNumber.FindStringSubmatch(e.Err.Error()); m != nil && i >= 0 {
		number, _ := strconv.Atoi(m[1])
		e.Line = lineOf(site.Templates[i].Text, number)
	}
	return err
}

// lineOf is a line of a text, from 1, for a message.
func lineOf(text string, number int) string {
	lines := strings.Split(text, "\n")
	if number < 1 || number > len(lines) {
		return ""
	}
	line := []rune(strings.Map(func(r rune) rune {
		if isControl(r) {
			return '·'
		}
		return r
	}, strings.TrimSpace(lines[number-1])))
	if len(line) > width {
		return string(line[:width]) + "…"
	}
	return string(line)
}

// override is the site's templates that hold for a strategy, by the block that they stand for.
type override map[string]configs.Template

// overrides takes of each block the one for this strategy, else the one for all.
func overrides(all []configs.Template, strategy string) override {
	own := override{}
	for _, t := range all {
		of, block := blockOf(t.Name)
		if of == strategy || of == "" && own[block].Name == "" {
			own[block] = t
		}
	}
	return own
}

// where is what text/template puts before the cause: the template, line and column, and what it was at.
var where = regexp.MustCompile(`^template: [^:]*:(\d+):\d+: (?:executing "[^"]*" at <[^>]*>: )?`)

var noField = regexp.MustCompile(`^can't evaluate field (\w+) in type .*$`)

// blame says in which of the site's templates, and where, a script could not be written; doing names the work where it is none of these.
func (o override) blame(doing string, err error) error {
	var in template.ExecError
	if !errors.As(err, &in) || o[strings.TrimSuffix(in.Name, ".tmpl")].Name == "" {
		return fmt.Errorf("%s: %w", doing, causeOf(err))
	}
	own := o[strings.TrimSuffix(in.Name, ".tmpl")]
	line, text := "", err.Error()
	if m := where.FindStringSubmatch(text); m != nil {
		line, text = "line "+m[1]+": ", text[len(m[0]):]
	}
	if cause := causeOf(err); cause != err {
		text = cause.Error()
	}
	text = noField.ReplaceAllString(text, "there is no field $1 here; docs/admin.md lists them")
	return &SiteError{Name: own.Name, Err: errors.New(line + text)}
}

// blockOf takes a file's name apart: "packed.launch" is the launch block of packed, "setup" that of all.
func blockOf(name string) (strategy, block string) {
	if slices.Contains(blocks, name) {
		return "", name
	}
	strategy, block, _ = strings.Cut(name, ".")
	return strategy, block
}

// CheckName says whether a template of that name is ever used.
func CheckName(name string) error {
	strategy, block := blockOf(name)
	if !slices.Contains(blocks, block) || strategy != "" && !slices.Contains(strategies.Names(), strategy) {
		return &SiteError{Name: name, Err: fmt.Errorf("is the name of no block: name it %s.tmpl, or with a strategy before it, as in packed.setup.tmpl", strings.Join(blocks, ".tmpl, "))}
	}
	return nil
}

// words names the templates with their versions, for a script's header.
func (o override) words(site string) string {
	var names []string
	for _, block := range blocks {
		if t := o[block]; t.Name != "" {
			sum := sha256.Sum256([]byte(t.Text))
			names = append(names, fmt.Sprintf("%s.tmpl (version %s)", t.Name, hex.EncodeToString(sum[:4])))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " Of " + site + ": " + strings.Join(names, ", ") + "."
}

// into puts the site's blocks in place of hpcsub's own, which stay as "default.setup" and so on.
func (o override) into(t *template.Template) error {
	if len(o) == 0 {
		return nil
	}
	t.Funcs(limitedFunctions())
	for _, block := range blocks {
		if d := t.Lookup(block); d != nil {
			if _, err := t.AddParseTree("default."+block, d.Tree.Copy()); err != nil {
				return err
			}
		}
	}
	for block, own := range o {
		name := block
		if block == "job.sh" {
			name = "job.sh.tmpl"
		}
		trees, err := parse.Parse(name, own.Text, "{{", "}}", functions(), limitedFunctions(), builtins())
		if err != nil {
			return &SiteError{Name: own.Name, Err: errors.New("line " + strings.ReplaceAll(strings.TrimPrefix(err.Error(), "template: "+name+":"), name+":", "line "))}
		}
		tree := trees[name]
		if tree == nil || len(trees) > 1 {
			return &SiteError{Name: own.Name, Err: errors.New("is empty, or defines templates of its own: write the text of the block alone")}
		}
		if err := harmless(t, block, tree.Root, 0); err != nil {
			return &SiteError{Name: own.Name, Err: err}
		}
		if _, err := t.AddParseTree(name, tree); err != nil {
			return &SiteError{Name: own.Name, Err: err}
		}
	}
	return nil
}

// lists are what a template of a site may range over.
var lists = []string{".Slurm.Options", ".Modules", ".Environment.Modules", ".Environment.Variables", ".Exclude"}

// deepest is how many ranges may stand in each other.
const deepest = 2

// harmless refuses what could make a render endless: calls of other templates of the site, ranges over anything but the
// lists, and ranges in ranges in ranges.
func harmless(t *template.Template, block string, n parse.Node, depth int) error {
	switch n := n.(type) {
	case nil:
		return nil
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		for _, child := range n.Nodes {
			if err := harmless(t, block, child, depth); err != nil {
				return err
			}
		}
	case *parse.IfNode:
		return errors.Join(harmless(t, block, n.List, depth), harmless(t, block, n.ElseList, depth))
	case *parse.WithNode:
		return errors.Join(harmless(t, block, n.List, depth), harmless(t, block, n.ElseList, depth))
	case *parse.RangeNode:
		over := n.Pipe.String()
		if i := strings.Index(over, ":="); i >= 0 {
			over = strings.TrimSpace(over[i+2:])
		}
		if !slices.Contains(lists, strings.TrimPrefix(over, "$")) {
			return fmt.Errorf("line %d: range goes over one of %s, not over %s", n.Line, strings.Join(lists, ", "), over)
		}
		if depth == deepest {
			return fmt.Errorf("line %d: more than %d ranges stand in each other", n.Line, deepest)
		}
		return errors.Join(harmless(t, block, n.List, depth+1), harmless(t, block, n.ElseList, depth))
	case *parse.TemplateNode:
		if own := slices.Contains(blocks, n.Name) && block != "job.sh"; own || n.Name == "job.sh.tmpl" || t.Lookup(n.Name) == nil {
			return fmt.Errorf("line %d: there is no template %q to call here; hpcsub's own block is %q", n.Line, n.Name, "default."+block)
		}
	}
	return nil
}

// limited is a script while it is written.
type limited struct{ strings.Builder }

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxScript {
		return 0, refusalf("the script is longer than %d KiB", maxScript>>10)
	}
	return l.Builder.Write(p)
}

// limitedFunctions stand in place of those of Go's templates that could make much out of little.
func limitedFunctions() template.FuncMap {
	short := func(s string) (string, error) {
		if len(s) > maxText {
			return "", refusalf("a text of %d KiB is too long for a script", len(s)>>10)
		}
		return s, nil
	}
	not := func(name string) func(...any) (string, error) {
		return func(...any) (string, error) { return "", refusalf("%s is no function of hpcsub's templates", name) }
	}
	return template.FuncMap{
		"printf": func(f string, a ...any) (string, error) {
			text, err := short(fmt.Sprintf(f, a...))
			if err == nil && strings.Contains(text, "%!") { // as fmt says it
				err = refusalf("printf %q does not fit its values: it gives %q", f, text[:min(len(text), 80)])
			}
			return text, err
		},
		"print":   func(a ...any) (string, error) { return short(fmt.Sprint(a...)) },
		"println": func(a ...any) (string, error) { return short(fmt.Sprintln(a...)) },
		"html":    not("html"), "js": not("js"), "urlquery": not("urlquery"), "call": not("call"),
		"quote": func(s string) (string, error) {
			if _, err := short(s); err != nil {
				return "", err
			}
			return word(s)
		},
		"join": func(list []string, by string) (string, error) { return short(strings.Join(list, by)) },
		"comment": func(s string) (string, error) {
			if _, err := short(s); err != nil {
				return "", err
			}
			return comment(s), nil
		},
	}
}

// builtins are the names of Go's own functions, which the parser has to know.
func builtins() map[string]any {
	all := map[string]any{}
	for _, name := range []string{"and", "or", "not", "len", "index", "slice", "eq", "ne", "lt", "le", "gt", "ge"} {
		all[name] = true
	}
	return all
}
