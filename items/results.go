package items

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
)

// Result is an item with what became of it: a line of `hpcsub results`.
type Result struct {
	Record
	Columns []string
	Values  []Value
	Writer  Writer // who recorded it; zero for an item that nobody has started
	Pickle  *Place // a returned value that JSON cannot hold
}

// Place is where a value lies: Length bytes of a file from Offset on.
type Place struct {
	File   string `json:"file"`
	Offset int64  `json:"offset"`
	Length int64  `json:"length"`
}

// resultJSON has the documented keys; unknown is null.
type resultJSON struct {
	ID      string          `json:"id"`
	Index   int             `json:"index"`
	Columns json.RawMessage `json:"columns"`
	Start   *float64        `json:"start"`
	Node    *string         `json:"node"`
	Record
	Attempt *int            `json:"attempt"`
	Kept    *Kept           `json:"kept,omitempty"` // hides the record's: Value or Pickle says it
	Value   json.RawMessage `json:"value"`          // what a function returned; a command returns nothing
	Pickle  *Place          `json:"pickle,omitempty"`
}

// MarshalJSON writes the keys that docs/scripting.md documents, the columns in their order.
func (r Result) MarshalJSON() ([]byte, error) {
	columns := []byte{'{'}
	for i, name := range r.Columns {
		if i > 0 {
			columns = append(columns, ',')
		}
		columns = append(appendString(columns, name), ':')
		columns = r.Values[i].appendJSON(columns)
	}
	j := resultJSON{ID: r.ID, Index: r.Index, Columns: append(columns, '}'), Record: r.Record, Value: r.Value, Pickle: r.Pickle}
	if r.Writer != (Writer{}) {
		j.Start, j.Node, j.Attempt = &r.Start, &r.Node, &r.Writer.Attempt
	}
	return json.Marshal(j)
}

// resultsWindow is how many results are held at once.
const resultsWindow = 20_000

// Results joins the items of the run with their records, in the order of the list. It goes
// over the list in windows and reads each file's records of a window together: a million
// results cost little memory, and thousands of files no more than one open file.
func (c *Collection) Results(run RunDir, columns []string) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		list, err := OpenFrozen(run)
		if err == nil {
			defer list.Close()
			err = c.results(list, columns, func(r Result) bool { return yield(r, nil) })
		}
		if err != nil {
			yield(Result{}, err)
		}
	}
}

func (c *Collection) results(list *Frozen, columns []string, yield func(Result) bool) error {
	var window []Record
	for it, err := range list.All() {
		if err != nil {
			return err
		}
		if it.Index >= len(c.items) || len(it.Values) != len(columns) {
			return fmt.Errorf("item %d does not belong to this run of %d items and columns %q", it.Index, len(c.items), columns)
		}
		at := it.Index % resultsWindow
		if at == 0 {
			if window, err = c.window(it.Index); err != nil {
				return err
			}
		}
		r := Result{Record: window[at], Columns: columns, Values: it.Values}
		r.ID, r.Index, r.State = it.ID, it.Index, c.State(it.Index)
		r.Writer, _ = c.Writer(it.Index)
		if err := r.fetch(c.dirs[r.Writer.Attempt]); err != nil { // the others are as good as before
			r.Cause = "its value cannot be read: " + err.Error()
		}
		if !yield(r) {
			return nil
		}
	}
	return nil
}

// fetch brings a value that stands beside the records, or says where it lies.
func (r *Result) fetch(dir AttemptDir) error {
	if r.Kept == nil {
		return nil
	}
	at := Place{dir.Values(r.Writer, r.Slot), r.Kept.Span[0], r.Kept.Span[1]}
	if r.Kept.Format != "json" {
		r.Pickle = &at
		return nil
	}
	f, err := os.Open(at.File)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.NewSectionReader(f, at.Offset, at.Length))
	switch {
	case err != nil:
		return err
	case int64(len(text)) != at.Length || !json.Valid(text):
		return fmt.Errorf("%s has changed at byte %d", at.File, at.Offset)
	}
	r.Value = text
	return nil
}

// window reads the records of the items from first on, file by file and in the order in which
// they stand there.
func (c *Collection) window(first int) ([]Record, error) {
	items := c.items[first:min(first+resultsWindow, len(c.items))]
	var places []int
	for i, o := range items {
		if o.state != unknownCode {
			places = append(places, i)
		}
	}
	slices.SortFunc(places, func(a, b int) int {
		return slices.Compare([]int64{int64(items[a].writer), items[a].offset}, []int64{int64(items[b].writer), items[b].offset})
	})
	records := make([]Record, len(items))
	var f *os.File
	open := int32(-1)
	for _, i := range places {
		if o := items[i]; o.writer != open {
			f.Close() // a nil file says so, which does not matter
			var err error
			if f, err = os.Open(c.writers[o.writer].path); err != nil {
				return nil, fmt.Errorf("reading results: %w", err)
			}
			open = o.writer
		}
		if err := readAt(f, items[i], &records[i]); err != nil {
			f.Close()
			return nil, err
		}
	}
	f.Close()
	return records, nil
}

func readAt(f *os.File, o outcome, r *Record) error {
	text := make([]byte, o.length)
	if _, err := f.ReadAt(text, o.offset); err != nil && err != io.EOF {
		return fmt.Errorf("reading results: %w", err)
	}
	var line recordLine
	if !line.parse(text) {
		return fmt.Errorf("reading results: %s has changed at byte %d", f.Name(), o.offset)
	}
	*r = line.record()
	return nil
}

// Record reads what the records say of one item last; an item of which they say nothing is pending.
func (c *Collection) Record(i int) (Record, error) {
	r, o := Record{Index: i}, c.items[i]
	if o.state != unknownCode {
		f, err := os.Open(c.writers[o.writer].path)
		if err != nil {
			return r, fmt.Errorf("reading results: %w", err)
		}
		defer f.Close()
		if err := readAt(f, o, &r); err != nil {
			return r, err
		}
	}
	r.State = c.State(i)
	return r, nil
}
