package items

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// piece is literal text, or a placeholder where column is not noColumn.
type piece struct {
	literal string
	column  int
	part    string // "", or stem, name, dir, ext
	json    bool   // the value as JSON has it, which tells 1 from "1"
}

const (
	noColumn    = -1
	indexColumn = -2
)

// pathParts are what can be asked of a value that is a path.
var pathParts = [...]string{"stem", "name", "dir", "ext"}

// text is one argument or output with its placeholders found.
type text []piece

// parseText finds the placeholders of an argument. Braces are written twice to stand for themselves.
func parseText(s string, columns []string) (text, error) {
	var t text
	literal := ""
	for s != "" {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			i = len(s)
		}
		literal, s = literal+s[:i], s[i:]
		switch {
		case s == "":
		case strings.HasPrefix(s, "{{") || strings.HasPrefix(s, "}}"):
			literal, s = literal+s[:1], s[2:]
		case s[0] == '}':
			return nil, fmt.Errorf("%s: a } without a {; for the character itself write }}", clip(s))
		default:
			name, rest, closed := strings.Cut(s[1:], "}")
			if !closed {
				return nil, fmt.Errorf("%s: a { without a }; for the character itself write {{; a placeholder with a space in it wants quotes around the word", clip(s))
			}
			p, err := placeholder(name, columns)
			if err != nil {
				return nil, err
			}
			if literal != "" {
				t = append(t, piece{literal: literal, column: noColumn})
			}
			t, literal, s = append(t, p), "", rest
		}
	}
	if literal != "" || t == nil {
		t = append(t, piece{literal: literal, column: noColumn})
	}
	return t, nil
}

// placeholder resolves what stands between braces: a column's exact name, a column and a
// part, or index.
func placeholder(name string, columns []string) (piece, error) {
	if i := slices.Index(columns, name); i >= 0 {
		return piece{column: i}, nil
	}
	if name == "index" {
		return piece{column: indexColumn}, nil
	}
	if name == "" {
		return piece{}, fmt.Errorf("{} names no column%s; for the braces themselves write {{}}", didYouMean("", columns))
	}
	dot := strings.LastIndexByte(name, '.')
	if dot > 0 {
		if i := slices.Index(columns, name[:dot]); i >= 0 {
			if !slices.Contains(pathParts[:], name[dot+1:]) {
				return piece{}, fmt.Errorf("{%s}: of a column there are .stem, .name, .dir and .ext, not %q", name, name[dot:])
			}
			return piece{column: i, part: name[dot+1:]}, nil
		}
		name = name[:dot]
	}
	return piece{}, fmt.Errorf("{%s} is no column%s; for the braces themselves write {{%s}}", name, didYouMean(name, columns), name)
}

// constant says whether the text is the same for every item.
func (t text) constant() bool { return len(t) == 1 && t[0].column == noColumn }

// append writes the text for an item.
func (t text) append(dst []byte, it *Item) []byte {
	for _, p := range t {
		switch {
		case p.column == noColumn:
			dst = append(dst, p.literal...)
		case p.column == indexColumn:
			dst = strconv.AppendInt(dst, int64(it.Index), 10)
		case p.json:
			dst = it.Values[p.column].appendJSON(dst)
		default:
			dst = append(dst, pathPart(it.Values[p.column].Text, p.part)...)
		}
	}
	return dst
}

// pathPart takes a path apart as Python's pathlib does; stem and ext together are the name.
func pathPart(path, part string) string {
	if part == "" {
		return path
	}
	trimmed := strings.TrimRight(path, "/")
	slash := strings.LastIndexByte(trimmed, '/')
	name := trimmed[slash+1:]
	dot := strings.LastIndexByte(name, '.')
	if dot <= 0 || dot == len(name)-1 {
		dot = len(name)
	}
	switch part {
	case "stem":
		return name[:dot]
	case "ext":
		return name[dot:]
	case "name":
		return name
	}
	switch dir := strings.TrimRight(trimmed[:slash+1], "/"); {
	case dir != "":
		return dir
	case strings.HasPrefix(path, "/"):
		return "/"
	}
	return "."
}

// maxArgument is what execve takes of one argument, its final NUL apart (MAX_ARG_STRLEN, 32 pages).
const maxArgument = 128<<10 - 1

// checkArgument refuses what the kernel would.
func checkArgument(arg []byte) error {
	if len(arg) > maxArgument {
		return fmt.Errorf("%s is longer than the %d bytes that an argument can have; put it in a file and pass the file's name", clip(string(arg)), maxArgument)
	}
	for _, c := range arg {
		if c == 0 {
			return errNUL(string(arg))
		}
	}
	return nil
}

var errNoCommand = errors.New("there is no command")
