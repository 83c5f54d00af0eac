package configs

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hpcsub/items"
)

// maxText is how long a job.toml may be. What is longer is a list that belongs in a file.
const maxText = 1 << 20

// ReadJob reads and checks a job.toml. Every error that it returns is an Errors. What is doubtful
// only is in the job's Warnings.
func ReadJob(path string) (*Job, error) {
	text, err := readText(path)
	if err != nil {
		return nil, Errors{&Problem{File: path, Text: err.Error()}}
	}
	job, err := ParseJob(path, text)
	if err != nil {
		return nil, err
	}
	job.checkVenv()
	return job, nil
}

func readText(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is no such file; `hpcsub init` writes one")
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("is a folder; name the file in it: %s", filepath.Join(path, "job.toml"))
	case err == nil && info.Size() > maxText:
		return nil, errors.New("is longer than 1 MiB; a long list belongs in a file: items = \"params.csv\"")
	}
	return readRegular(path)
}

// readRegular reads a file that has an end: a pipe would keep the reader waiting, and no signal would reach it. Its errors do not
// name the path, which whoever asks does.
func readRegular(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("is a pipe, a socket or a device: name a file")
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = fmt.Errorf("reading it: %w", cause.Err)
	}
	return text, err
}

// ParseJob checks the text of a job.toml that is, or was, the file at path. It reads no file.
func ParseJob(path string, text []byte) (*Job, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, Errors{&Problem{File: path, Text: "finding its folder: " + err.Error()}}
	}
	// A mark of byte order is no part of the text, and would shift every position.
	source := string(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	r := &reader{file: path, lines: strings.Split(source, "\n"), root: &node{table: true}}
	r.job = &Job{Path: path, Dir: filepath.Dir(full), Text: text, Work: items.Spec{Dir: filepath.Dir(full)}}
	keys := r.keys()
	r.known = newVocabulary(keys)
	if root, err := parseTOML(source); err != nil {
		r.add(r.root, r.syntax(source, err))
	} else {
		r.root = root
		r.walk(root)
		r.finish()
	}
	if len(r.problems) > 0 {
		return nil, r.errors()
	}
	r.job.lines = lines(r.root)
	return r.job, nil
}

// reader holds one file while it is read: what it says so far, and what is wrong with it.
type reader struct {
	file     string
	lines    []string
	root     *node
	known    *vocabulary
	job      *Job
	shell    bool
	problems []*Problem
}

// line returns the text of a line, counted from 1.
func (r *reader) line(number int) string {
	if number < 1 || number > len(r.lines) {
		return ""
	}
	return strings.TrimSuffix(r.lines[number-1], "\r")
}

// walk reads every key below a table.
func (r *reader) walk(table *node) {
	for _, n := range table.children {
		k, known := r.known.byPath[n.key()]
		switch {
		case known:
			r.take(n, k)
		case len(n.path) > 1 || !r.known.isTable(n.name):
			r.add(n, r.unknown(n))
		case n.table:
			r.walk(n)
		default:
			r.add(n, notTable(n))
		}
	}
}

// take reads one key, and shows its example where its value is of the wrong kind.
func (r *reader) take(n *node, k key) {
	err := k.read(n)
	var m *mismatch
	if errors.As(err, &m) && m.mend == "" && k.example != "" {
		err = fmt.Errorf("%w; for example %s = %s", err, n.name, k.example)
	}
	r.add(n, err)
}

// notTable is about a value, or a list of tables, where a table is wanted.
func notTable(n *node) error {
	if _, list := n.value.([]map[string]any); list {
		return fmt.Errorf("write [%s], in single brackets: there is one", n.name)
	}
	return &mismatch{want: "a table", got: n.value, mend: fmt.Sprintf("write [%s] on a line of its own and its keys below it", n.name)}
}

// add keeps what is wrong with a node, one problem for each error that err joins.
func (r *reader) add(n *node, err error) {
	var p *Problem
	switch e := err.(type) {
	case nil:
		return
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			r.add(n, one)
		}
		return
	case *nodeError:
		r.add(e.node, e.err)
		return
	case *Problem:
		p = e
	default:
		p = &Problem{Line: n.line, Key: n.key(), Text: err.Error() + r.misplaced(n)}
	}
	p.File = r.file
	r.problems = append(r.problems, p)
}

// warn keeps what is doubtful.
func (r *reader) warn(n *node, format string, args ...any) {
	r.job.Warnings = append(r.job.Warnings, &Problem{File: r.file, Line: n.line, Key: n.key(), Text: fmt.Sprintf(format, args...)})
}

// misplaced adds a hint where a key of the job stands in a table whose keys the user names.
func (r *reader) misplaced(n *node) string {
	if len(n.path) == 3 && n.path[0] == "partitions" && len(r.known.names[n.name]) == 1 {
		return fmt.Sprintf("; %s belongs below [%s]: does a # stand before that line?", n.name, r.known.names[n.name][0])
	}
	if len(n.path) < 2 || !r.isFree(n.path[:len(n.path)-1].String()) || !r.isJobKey(n.name) {
		return ""
	}
	return fmt.Sprintf("; if the job's own %s is meant, move the line up, above %s", n.name, r.firstTable())
}

// isFree says whether the user names the keys of a table.
func (r *reader) isFree(table string) bool {
	return slices.Contains([]string{"sweep", "zip", "types", "environment.variables"}, table)
}

// isJobKey says whether name is a key, not a table, at the top of the file.
func (r *reader) isJobKey(name string) bool {
	_, known := r.known.byPath[name]
	return known && !r.known.isTable(name)
}

// errors are the problems in the order of the file, what is missing first.
func (r *reader) errors() Errors {
	slices.SortStableFunc(r.problems, func(a, b *Problem) int { return cmp.Compare(a.Line, b.Line) })
	list := make(Errors, len(r.problems))
	for i, p := range r.problems {
		list[i] = p
	}
	return list
}

// lines tells where each key stands.
func lines(n *node) map[string]int {
	at := make(map[string]int)
	for _, c := range n.children {
		at[c.key()] = c.line
		for key, line := range lines(c) {
			at[key] = line
		}
	}
	return at
}
