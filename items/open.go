package items

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// List is the items of a job. They are made while one goes over them, so that their number
// costs no memory but a table that finds identical ones.
type List struct {
	spec     Spec
	table    table   // the file's rows, nil without a file
	wheels   []wheel // the slowest first
	columns  []string
	template *Template
	warnings []Warning
}

// wheel is what moves together when combinations are counted through: a column of the sweep,
// or all columns of the zip.
type wheel struct {
	names  []string
	series []series
	first  int // place of its first column
}

func (w wheel) len() int { return w.series[0].len() }

// Open checks a job's items and placeholders. Files are read up to their columns only; All
// and Survey read the rest. An error is a *KeyError.
func Open(spec Spec) (*List, error) {
	l := &List{spec: spec}
	for _, step := range []func() error{l.openTable, l.openZip, l.openSweep, l.checkColumns, l.checkTypes, l.checkSize} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	var err error
	l.template, err = NewTemplate(spec, l.columns)
	return l, err
}

// Columns are the names of the values of each item: the file's, then the zip's, then the sweep's.
func (l *List) Columns() []string { return l.columns }

// Template expands the placeholders of the list's command.
func (l *List) Template() *Template { return l.template }

// Invocation is what runs for an item.
func (l *List) Invocation(it Item) (Invocation, error) { return l.template.Invocation(it) }

func (l *List) openTable() error {
	if l.spec.File == "" {
		return nil
	}
	t, err := openTable(l.spec)
	if err != nil {
		return err
	}
	l.table, l.columns = t, append(l.columns, t.columns()...)
	return nil
}

func (l *List) openZip() error {
	if len(l.spec.Zip) == 0 {
		return nil
	}
	w, err := l.wheel("zip", l.spec.Zip)
	if err != nil {
		return err
	}
	for i, s := range w.series {
		if s.len() != w.len() {
			return keyErrorf("zip", "%q has %d values and %q has %d; they stand side by side, so give them equally many, or move one to [sweep]",
				w.names[0], w.len(), w.names[i], s.len())
		}
	}
	return nil
}

func (l *List) openSweep() error {
	for _, c := range l.spec.Sweep {
		if _, err := l.wheel("sweep", []Column{c}); err != nil {
			return err
		}
	}
	return nil
}

func (l *List) wheel(key string, columns []Column) (wheel, error) {
	w := wheel{first: len(l.columns)}
	for _, c := range columns {
		name := key + "." + c.Name
		s, warning, err := c.expand(l.spec.Dir)
		if err != nil {
			return w, &KeyError{Key: name, Err: err}
		}
		if warning != "" {
			l.warnings = append(l.warnings, Warning{Rule: "range-end", Text: name + " " + warning})
		}
		w.names, w.series = append(w.names, c.Name), append(w.series, s)
	}
	l.columns = append(l.columns, w.names...)
	l.wheels = append(l.wheels, w)
	return w, nil
}

// expand makes the values of a column of a sweep or zip.
func (c Column) expand(dir string) (s series, warning string, err error) {
	switch {
	case c.Range != nil && c.Glob == "" && c.Values == nil:
		return c.Range.expand()
	case c.Glob != "" && c.Range == nil && c.Values == nil:
		s, err = glob(dir, c.Glob)
		return s, "", err
	case c.Range != nil || c.Glob != "":
		return nil, "", errors.New("want one of a list, a range or a glob, got two of them")
	case len(c.Values) == 0:
		return nil, "", errors.New("the list is empty; name at least one value")
	}
	for _, v := range c.Values {
		if strings.Contains(v.Text, "\x00") {
			return nil, "", errNUL(v.Text)
		}
	}
	return list(c.Values), "", nil
}

func errNUL(text string) error {
	return fmt.Errorf("%s holds a NUL byte, which no argument can", clip(text))
}

func (l *List) checkColumns() error {
	seen := map[string]int{}
	for i, name := range l.columns {
		first, twice := seen[name]
		switch {
		case name == "":
			return keyErrorf(l.keyOf(i), "a column without a name")
		case twice && l.keyOf(first) == l.keyOf(i):
			return keyErrorf(l.keyOf(i), "two columns are called %q", name)
		case twice:
			return keyErrorf(l.keyOf(i), "column %q stands in %s too; rename one", name, l.keyOf(first))
		}
		seen[name] = i
	}
	return nil
}

// keyOf is the table or key of job.toml that column i comes from.
func (l *List) keyOf(i int) string {
	file := len(l.columns) - len(l.spec.Zip) - len(l.spec.Sweep)
	switch {
	case i < file:
		return "items"
	case i < file+len(l.spec.Zip):
		return "zip"
	}
	return "sweep"
}

// checkTypes refuses types for what is no column of a file.
func (l *List) checkTypes() error {
	for _, name := range slices.Sorted(maps.Keys(l.spec.Types)) {
		for i, column := range l.columns {
			if column == name && l.keyOf(i) != "items" {
				return keyErrorf("types."+name, "%q is a column of [%s], whose values have types already", name, l.keyOf(i))
			}
		}
		if !slices.Contains(l.columns, name) {
			return keyErrorf("types."+name, "no column %q%s", name, didYouMean(name, l.columns))
		}
	}
	return nil
}

// checkSize refuses what nobody can mean, before a loop over it begins.
func (l *List) checkSize() error {
	if l.spec.Repeat < 0 {
		return keyErrorf("repeat", "want 1 or more, got %d", l.spec.Repeat)
	}
	if n := l.product(); n > maxItems {
		return keyErrorf("sweep", "%.4g combinations; at most %d items fit a run", n, maxItems)
	}
	return nil
}

// product is how many items there are for one row of the file.
func (l *List) product() float64 {
	n := float64(max(1, l.spec.Repeat))
	for _, w := range l.wheels {
		n = math.Min(n*float64(w.len()), math.MaxFloat64)
	}
	return n
}
