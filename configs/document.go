package configs

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// node is one key of a TOML file: a value, or a table with keys of its own.
type node struct {
	name     string
	path     toml.Key // from the top
	line     int      // where the value begins, or the table's header
	value    any      // as the library decodes it; a table has one too, for messages
	table    bool
	children []*node // of a table, in the file's order
}

func (n *node) key() string { return n.path.String() }

// find returns the node at a path below n, or nil.
func (n *node) find(path ...string) *node {
	for _, name := range path {
		i := slices.IndexFunc(n.children, func(c *node) bool { return c.name == name })
		if i < 0 {
			return nil
		}
		n = n.children[i]
	}
	return n
}

// maxDepth is more than any key has: each level costs the reading of all below it once more.
const maxDepth = 16

// parseTOML reads a file into nodes. Decoding into structs would lose what a message needs:
// the order of the keys, their lines, and whether a key's case is the right one.
func parseTOML(text string) (*node, error) {
	var top map[string]toml.Primitive
	md, err := toml.Decode(text, &top)
	if err != nil {
		return nil, err
	}
	b := &builder{md: &md}
	for _, key := range md.Keys() {
		if len(key) > maxDepth {
			line := cmp.Or(b.line(top[key[0]]), deepestLine(text))
			return nil, &Problem{Line: line, Key: key[:maxDepth].String() + ".…", Text: "tables stand in tables here deeper than any key of this file: remove it"}
		}
	}
	b.rank = ranks(md.Keys())
	children, err := b.table(nil, top)
	return &node{table: true, children: children}, err
}

// deepestLine is the line with the most dots: the library does not tell where a table stands that dotted keys imply.
func deepestLine(text string) int {
	number, most := 1, 0
	for i, line := range strings.Split(text, "\n") {
		if dots := strings.Count(line, "."); dots > most {
			number, most = i+1, dots
		}
	}
	return number
}

// ranks numbers every key, and every table that a dotted key implies, in the file's order.
func ranks(keys []toml.Key) map[string]int {
	rank := make(map[string]int)
	for i, key := range keys {
		for depth := 1; depth <= len(key); depth++ {
			if name := key[:depth].String(); rank[name] == 0 {
				rank[name] = i + 1
			}
		}
	}
	return rank
}

type builder struct {
	md   *toml.MetaData
	rank map[string]int
}

func (b *builder) table(path toml.Key, fields map[string]toml.Primitive) ([]*node, error) {
	nodes := make([]*node, 0, len(fields))
	for name, primitive := range fields {
		n, err := b.node(append(slices.Clip(path), name), primitive)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	slices.SortFunc(nodes, func(x, y *node) int { return cmp.Compare(b.rank[x.key()], b.rank[y.key()]) })
	return nodes, nil
}

func (b *builder) node(path toml.Key, primitive toml.Primitive) (*node, error) {
	n := &node{name: path[len(path)-1], path: path, line: b.line(primitive)}
	if err := b.md.PrimitiveDecode(primitive, &n.value); err != nil {
		return nil, err
	}
	if _, n.table = n.value.(map[string]any); !n.table {
		return n, nil
	}
	if kind := b.md.Type(path...); kind != "Hash" && kind != "" {
		// The library takes `each.time = "1m"` and then `each = 5`, and forgets the 5.
		return nil, &Problem{Line: n.line, Key: n.key(), Text: "stands in the file twice, as a table and as a value: keep one"}
	}
	var fields map[string]toml.Primitive
	if err := b.md.PrimitiveDecode(primitive, &fields); err != nil {
		return nil, err
	}
	var err error
	n.children, err = b.table(path, fields)
	if n.line == 0 && len(n.children) > 0 {
		n.line = n.children[0].line // a table that only dotted keys imply
	}
	return n, err
}

// line asks the library where a value stands. It tells that only in an error.
func (b *builder) line(primitive toml.Primitive) int {
	var where toml.ParseError
	if !errors.As(b.md.PrimitiveDecode(primitive, &probe{}), &where) {
		return 0
	}
	return where.Position.Line
}

// probe refuses every value.
type probe struct{}

var errProbe = errors.New("probe")

func (*probe) UnmarshalTOML(any) error { return errProbe }
