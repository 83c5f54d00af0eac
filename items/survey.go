package items

import (
	"context"
	"fmt"
	"hash/maphash"
	"path/filepath"
	"slices"
	"strings"
)

// Survey is what one pass over all items tells.
type Survey struct {
	Count      int
	Duplicates int            // items that run exactly what an earlier one does, repeat apart
	Examples   []Duplicate    // the first few of them
	Unused     []UnusedColumn // columns that neither the command nor an output needs
	First      []Sample       // the first three items as they will run
	Warnings   []Warning
}

// Duplicate is an item that runs what an earlier one does.
type Duplicate struct {
	First, Index int    // places of the two in the list
	Command      string // what both run
}

// UnusedColumn is a column that changes nothing.
type UnusedColumn struct {
	Name string
	// Times is how many times over everything runs because of it; 1 for a column of a file.
	Times int
}

// Sample is an item as it will run.
type Sample struct {
	Item       Item
	Invocation Invocation
}

// Warning is doubtful, not broken. Rule is a stable word for scripts.
type Warning struct {
	Rule string `json:"rule"`
	Text string `json:"text"`
}

// samples is how many items, and how many duplicates, a survey shows.
const samples = 3

// Survey goes over all items once: it counts them and finds what makes no sense. Two items with
// one output are an error, a *KeyError like everything else that is wrong with the items.
func (l *List) Survey(ctx context.Context) (Survey, error) {
	s := Survey{Unused: l.unused()}
	outputs := newOutputs(l)
	blank, err := l.each(func(m *made) error {
		if m.Index%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		s.Count++
		if err := l.note(&s, m); err != nil {
			return err
		}
		return outputs.add(m)
	})
	if err != nil {
		return Survey{}, err
	}
	s.Warnings = l.warn(s, blank)
	return s, nil
}

// note takes up an item that is to be shown.
func (l *List) note(s *Survey, m *made) error {
	duplicate := m.nth > 1 && m.pass == 0
	if duplicate {
		s.Duplicates++
	}
	first, example := len(s.First) < samples, duplicate && len(s.Examples) < samples
	if !first && !example {
		return nil
	}
	inv, err := l.Invocation(m.Item)
	if err != nil {
		return err
	}
	if first {
		s.First = append(s.First, Sample{m.Item, inv})
	}
	if example {
		s.Examples = append(s.Examples, Duplicate{m.first, m.Index, inv.String()})
	}
	return nil
}

// unused lists the columns without effect. A column of a zip multiplies only where the whole
// zip has none.
func (l *List) unused() []UnusedColumn {
	var unused []UnusedColumn
	used := l.template.uses()
	times := make([]int, len(used))
	for _, w := range l.wheels {
		inWheel := used[w.first : w.first+len(w.names)]
		for i := range inWheel {
			times[w.first+i] = 1
			if i == 0 && !anyOf(inWheel) {
				times[w.first] = w.len()
			}
		}
	}
	for i, name := range l.columns {
		if !used[i] {
			unused = append(unused, UnusedColumn{Name: name, Times: max(1, times[i])})
		}
	}
	return unused
}

func anyOf(all []bool) bool {
	for _, b := range all {
		if b {
			return true
		}
	}
	return false
}

func (l *List) warn(s Survey, blank int) []Warning {
	warnings := slices.Concat(l.template.warnings, l.warnings)
	var idle []string
	times := 1
	for _, u := range s.Unused {
		if u.Times == 1 {
			idle = append(idle, fmt.Sprintf("%q", u.Name))
			continue
		}
		times *= u.Times
		warnings = append(warnings, Warning{"unused-column",
			fmt.Sprintf("column %q is not used: every item runs %d times the same; write {%s} in the command, or use repeat", u.Name, u.Times, u.Name)})
	}
	if len(idle) > 0 {
		warnings = append(warnings, Warning{"unused-column", "not used by the command: " + columnsText(idle)})
	}
	once := s.Count / max(1, l.spec.Repeat)
	if s.Duplicates > once-once/times { // else the unused columns say it all
		warnings = append(warnings, duplicatesWarning(s))
	}
	if blank > 0 {
		warnings = append(warnings, Warning{"blank-lines", fmt.Sprintf("%s: %d empty lines were passed over", l.spec.File, blank)})
	}
	return warnings
}

func columnsText(names []string) string {
	if len(names) == 1 {
		return "column " + names[0]
	}
	if len(names) > 8 {
		return fmt.Sprintf("%d columns: %s …", len(names), strings.Join(names[:8], ", "))
	}
	return "columns " + strings.Join(names, ", ")
}

func duplicatesWarning(s Survey) Warning {
	e := s.Examples[0]
	return Warning{"duplicates", fmt.Sprintf("%d of %d items run exactly what an earlier one does, first items %d and %d: %s",
		s.Duplicates, s.Count, e.First, e.Index, clip(e.Command))}
}

// outputs finds files that two items would both make. It keeps hashes, not names.
type outputs struct {
	list  *List
	seen  counter
	seeds [2]maphash.Seed
	room  []byte
	clean []byte
}

func newOutputs(l *List) *outputs {
	return &outputs{list: l, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
}

func (o *outputs) add(m *made) error {
	for _, t := range o.list.template.outputs {
		o.room = t.append(o.room[:0], &m.Item)
		if err := checkOutput(o.room); err != nil {
			return &KeyError{Key: "each.outputs", Err: fmt.Errorf("item %d: %w", m.Index, err)}
		}
		path := o.full(o.room)
		first, count := o.seen.add(key{maphash.Bytes(o.seeds[0], path), maphash.Bytes(o.seeds[1], path)}, m.Index)
		if count > 1 && first != m.Index {
			return o.collision(m, first, string(o.room))
		}
	}
	return nil
}

// full cleans a path, so that two spellings of one file meet.
func (o *outputs) full(path []byte) []byte {
	name := filepath.Clean(string(path))
	if !filepath.IsAbs(name) {
		name = filepath.Join(o.list.spec.Dir, name)
	}
	o.clean = append(o.clean[:0], name...)
	return o.clean
}

func checkOutput(path []byte) error {
	if len(path) == 0 {
		return fmt.Errorf("an output without a name")
	}
	return checkArgument(path)
}

func (o *outputs) collision(m *made, first int, path string) error {
	why := "put a column or {index} into its name"
	switch {
	case m.pass > 0:
		why = "repeat runs each item again; put {index} into its name"
	case m.nth > 1 && m.first == first:
		why = "the two run exactly the same; drop one, or put {index} into its name"
	}
	return keyErrorf("each.outputs", "items %d and %d both make %q; %s", first, m.Index, path, why)
}
