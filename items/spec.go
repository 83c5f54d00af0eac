// Package items answers: what are the pieces? It turns job.toml's lists, sweeps and
// placeholders into a stream of items with stable ids, and holds the format of the frozen
// item list and of the result records.
package items

// Spec says where items come from and what is run for each: Command, Shell or Function. It is
// frozen into run.json, so that a worker expands the same placeholders that were checked.
type Spec struct {
	Dir      string            `json:"dir"`                // job.toml's folder, absolute: relative paths start here and items run here
	Command  []string          `json:"command,omitempty"`  // argument list with placeholders; empty when Shell is set
	Shell    string            `json:"shell,omitempty"`    // a bash command line with placeholders (shell = true)
	Function string            `json:"function,omitempty"` // a Python function, "module:name"; columns are keyword arguments
	Outputs  []string          `json:"outputs,omitempty"`  // files that an item makes, with placeholders
	File     string            `json:"file,omitempty"`     // items = "…": .csv, .tsv, .jsonl, else lines
	Repeat   int               `json:"repeat,omitempty"`   // 0 and 1: once
	Sweep    []Column          `json:"sweep,omitempty"`    // in the file's order, the first the slowest
	Zip      []Column          `json:"zip,omitempty"`      // side by side; together one column, the slowest (before Sweep)
	Types    map[string]string `json:"types,omitempty"`    // column → "int", "float", "bool", "text"
}

// Column is one column of a sweep or zip: a list, a range or a glob; exactly one is set.
type Column struct {
	Name   string  `json:"name"`
	Values []Value `json:"values,omitempty"`
	Range  *Range  `json:"range,omitempty"`
	Glob   string  `json:"glob,omitempty"` // relative to Spec.Dir, sorted by name
}

// Range is { from, to, step } or { from, to, count, scale = "linear"|"log" }; to is included.
// The numbers are kept as written, so that decimal steps stay decimal.
type Range struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Step  string `json:"step,omitempty"`
	Count int    `json:"count,omitempty"`
	Scale string `json:"scale,omitempty"`
}

// Value is one value as it stands in an argument, with the JSON kind that it came from.
type Value struct {
	Text string // what a command sees
	Kind Kind
}

// Kind is a value's type.
type Kind uint8

// The kinds of values.
const (
	Text Kind = iota
	Int
	Float
	Bool
)

// Item is one piece of the user's work.
type Item struct {
	ID     string  // hash of what runs, "#n" for the nth identical one (n from 2)
	Index  int     // place in the list, from 0
	Values []Value // in the order of the list's columns
}

// Invocation is what is executed for one item.
type Invocation struct {
	Argv    []string // the program and its arguments, as the kernel gets them; nil for a function
	Outputs []string // the files that must exist afterwards, relative to Spec.Dir or absolute
	Call    *Call    // of a function; nil for a program
}
