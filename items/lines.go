package items

import (
	"bytes"
	"io"
)

// lines is a text file with one value a line, in the column "line". Empty lines are passed over.
type lines struct {
	source
	types []string
}

func openLines(f source, types map[string]string) (table, error) {
	t := &lines{source: f}
	var err error
	t.types, err = columnTypes(t.columns(), types)
	return t, err
}

func (t *lines) columns() []string { return []string{"line"} }

func (t *lines) rows(visit func(row []Value) bool) (int, error) {
	r, err := t.open()
	if err != nil {
		return 0, err
	}
	defer r.close()
	blank, row := 0, make([]Value, 1)
	for {
		line, err := r.next()
		if err == io.EOF {
			return blank, nil
		}
		if err != nil {
			return blank, err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			blank++
			continue
		}
		if row[0], err = ParseValue(string(line), t.types[0]); err != nil {
			return blank, t.errorf(r.line, "%w", err)
		}
		if !visit(row) {
			return blank, nil
		}
	}
}

// columnTypes gives each column its type of [types], "text" where it has none.
func columnTypes(columns []string, types map[string]string) ([]string, error) {
	known := make([]string, len(columns))
	for i, name := range columns {
		known[i] = "text"
		if typ, ok := types[name]; ok {
			known[i] = typ
		}
		switch known[i] {
		case "text", "int", "float", "bool":
		default:
			return nil, keyErrorf("types."+name, `want "text", "int", "float" or "bool", got %q`, known[i])
		}
	}
	return known, nil
}
