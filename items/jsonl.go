package items

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// jsonlTable is a .jsonl file: an object a line, with the same keys on each. The first line
// gives the columns their order.
type jsonlTable struct {
	source
	names []string
	place map[string]int
}

func openJSONL(f source, types map[string]string) (table, error) {
	for name := range types {
		return nil, keyErrorf("types."+name, "the values of %q have types already; write them there as they are meant", f.name)
	}
	r, err := f.open()
	if err != nil {
		return nil, err
	}
	defer r.close()
	t := &jsonlTable{source: f, place: map[string]int{}}
	line, _, err := nonBlank(r)
	if err == io.EOF {
		return nil, keyErrorf("items", "%q is empty; it wants a JSON object on each line", f.name)
	}
	if err == nil {
		err = t.header(line)
	}
	if err != nil && !errors.As(err, new(*KeyError)) {
		err = f.errorf(r.line, "%w", err)
	}
	return t, err
}

// header takes the columns from the first line.
func (t *jsonlTable) header(line []byte) error {
	err := readObject(line, func(key []byte, _ Value) error {
		name := string(key)
		if _, twice := t.place[name]; twice {
			return fmt.Errorf("key %q stands twice", key)
		}
		t.place[name] = len(t.names)
		t.names = append(t.names, name)
		return nil
	})
	if err == nil && len(t.names) == 0 {
		err = errors.New("want keys, which name the columns, got {}")
	}
	return err
}

func (t *jsonlTable) columns() []string { return t.names }

func (t *jsonlTable) rows(visit func(row []Value) bool) (int, error) {
	r, err := t.open()
	if err != nil {
		return 0, err
	}
	defer r.close()
	row, seen := make([]Value, len(t.names)), make([]int, len(t.names))
	blank := 0
	for {
		line, skipped, err := nonBlank(r)
		blank += skipped
		if err == io.EOF {
			return blank, nil
		}
		if err != nil {
			return blank, err
		}
		if err := t.read(line, row, seen, r.line); err != nil {
			return blank, t.errorf(r.line, "%w", err)
		}
		if !visit(row) {
			return blank, nil
		}
	}
}

// read puts a line's values in the columns' order. seen holds the line that set each last.
func (t *jsonlTable) read(line []byte, row []Value, seen []int, number int) error {
	have := 0
	err := readObject(line, func(key []byte, v Value) error {
		i, known := t.place[string(key)]
		switch {
		case !known:
			return fmt.Errorf("key %q is not on the first line, which has %s; every line wants the same keys", key, strings.Join(t.names, ", "))
		case seen[i] == number:
			return fmt.Errorf("key %q stands twice", key)
		}
		row[i], seen[i] = v, number
		have++
		return nil
	})
	if err != nil || have == len(row) {
		return err
	}
	for i, name := range t.names {
		if seen[i] != number {
			return fmt.Errorf("no key %q; every line wants the same keys", name)
		}
	}
	return nil
}

func nonBlank(r *lineReader) (line []byte, blank int, err error) {
	for {
		line, err = r.next()
		if err != nil || len(bytes.TrimSpace(line)) > 0 {
			return line, blank, err
		}
		blank++
	}
}

// readObject reads an object of plain values.
func readObject(line []byte, member func(key []byte, v Value) error) error {
	s := scanner{b: line}
	var problem error
	ok := s.object(func(key []byte) bool {
		s.space()
		if rest := s.b[s.i:]; len(rest) > 0 && (rest[0] == '{' || rest[0] == '[' || rest[0] == 'n') {
			problem = fmt.Errorf("key %q: want a string, a number, true or false, got %s", key, clip(string(rest)))
			return false
		}
		v, ok := s.scalar()
		if ok {
			problem = member(key, v)
		}
		return ok && problem == nil
	})
	if problem != nil {
		return problem
	}
	if ok && s.end() {
		return nil
	}
	return notAnObject(line)
}

// notAnObject lets encoding/json say what is wrong with a line.
func notAnObject(line []byte) error {
	var object map[string]any
	var syntax *json.SyntaxError
	if err := json.Unmarshal(line, &object); errors.As(err, &syntax) {
		return fmt.Errorf("want a JSON object on one line, got %s: %w", clip(string(line)), err)
	}
	return fmt.Errorf("want a JSON object on one line, got %s", clip(string(line)))
}
