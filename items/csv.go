package items

import (
	"bytes"
	"io"
	"strings"
)

// csvTable is a .csv or .tsv file. The first line names the columns.
type csvTable struct {
	source
	comma byte
	names []string
	types []string
}

func openCSV(f source, comma byte, types map[string]string) (table, error) {
	r, err := f.open()
	if err != nil {
		return nil, err
	}
	defer r.close()
	header := csvReader{lineReader: r, comma: comma}
	if err := header.next(); err == io.EOF {
		return nil, keyErrorf("items", "%q is empty; its first line names the columns", f.name)
	} else if err != nil {
		return nil, err
	}
	t := &csvTable{source: f, comma: comma}
	for _, name := range header.fields() {
		t.names = append(t.names, strings.TrimSpace(name))
	}
	if err := t.checkHeader(header.first); err != nil {
		return nil, err
	}
	t.types, err = columnTypes(t.names, types)
	return t, err
}

func (t *csvTable) checkHeader(line int) error {
	for i, name := range t.names {
		if name == "" {
			return t.errorf(line, "column %d of the header has no name", i+1)
		}
	}
	if only := t.names[0]; len(t.names) == 1 && strings.ContainsAny(only, ";\t,") {
		return t.errorf(line, "the header is one column, %q; values are separated by commas in a .csv and by tabs in a .tsv", only)
	}
	return nil
}

func (t *csvTable) columns() []string { return t.names }

func (t *csvTable) rows(visit func(row []Value) bool) (int, error) {
	r, err := t.open()
	if err != nil {
		return 0, err
	}
	defer r.close()
	c := csvReader{lineReader: r, comma: t.comma}
	if err := c.next(); err != nil { // the header
		return 0, err
	}
	row := make([]Value, len(t.names))
	for {
		if err := c.next(); err == io.EOF {
			return 0, nil
		} else if err != nil {
			return 0, err
		}
		if err := t.read(&c, row); err != nil {
			return 0, err
		}
		if !visit(row) {
			return 0, nil
		}
	}
}

func (t *csvTable) read(c *csvReader, row []Value) error {
	fields := c.fields()
	if len(fields) != len(row) {
		columns := "columns"
		if len(fields) == 1 {
			columns = "column"
		}
		return t.errorf(c.first, "%d %s where the header has %d; quote a value that holds the separator", len(fields), columns, len(row))
	}
	for i, field := range fields {
		v, err := ParseValue(field, t.types[i])
		if err != nil {
			return t.errorf(c.first, "column %q: %w", t.names[i], err)
		}
		row[i] = v
	}
	return nil
}

// csvReader reads rows by RFC 4180. encoding/csv would turn a quoted "\r\n" into "\n", and a
// value is to arrive byte for byte. A quote inside an unquoted value stands for itself.
type csvReader struct {
	*lineReader
	comma byte
	first int    // line on which the row begins
	text  []byte // the fields of the row, end to end
	ends  []int
	row   []string
}

// next reads a row, passing over empty lines; io.EOF after the last.
func (c *csvReader) next() error {
	c.text, c.ends = c.text[:0], c.ends[:0]
	line, err := c.lineReader.next()
	for err == nil && len(line) == 0 {
		line, err = c.lineReader.next()
	}
	if err != nil {
		return err
	}
	c.first = c.line
	for {
		if line, err = c.field(line); err != nil {
			return err
		}
		c.ends = append(c.ends, len(c.text))
		if len(line) == 0 {
			return nil
		}
		line = line[1:]
	}
}

// field reads one field and returns the rest of its last line, which begins with the comma.
func (c *csvReader) field(line []byte) ([]byte, error) {
	if len(line) > 0 && line[0] == '"' {
		return c.quoted(line[1:])
	}
	end := bytes.IndexByte(line, c.comma)
	if end < 0 {
		end = len(line)
	}
	c.text = append(c.text, line[:end]...)
	return line[end:], nil
}

func (c *csvReader) quoted(line []byte) ([]byte, error) {
	opened, began := c.line, len(c.text)
	for {
		end := bytes.IndexByte(line, '"')
		switch {
		case end < 0: // the value goes on in the next line
			c.text = append(append(c.text, line...), c.end...)
			next, err := c.lineReader.next()
			if err == io.EOF || len(c.text)-began > maxLine {
				return nil, c.errorf(opened, "a quote is never closed; a quote inside a quoted value is written twice")
			}
			if err != nil {
				return nil, err
			}
			line = next
		case end+1 < len(line) && line[end+1] == '"':
			c.text = append(c.text, line[:end+1]...)
			line = line[end+2:]
		case end+1 < len(line) && line[end+1] != c.comma:
			return nil, c.errorf(c.line, "%s stands after a closing quote; a quote inside a quoted value is written twice", clip(string(line[end+1:])))
		default:
			c.text = append(c.text, line[:end]...)
			return line[end+1:], nil
		}
	}
}

// fields are the values of the row. They share one string.
func (c *csvReader) fields() []string {
	all, start := string(c.text), 0
	c.row = c.row[:0]
	for _, end := range c.ends {
		c.row = append(c.row, all[start:end])
		start = end
	}
	return c.row
}
