package items

import (
	"bytes"
	"fmt"
	"regexp"
	"sort"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// shellArgs turns a bash line into an argument list in which no value is seen by a shell: the
// script names positional parameters, and the values follow it. Outside quotes {x} becomes
// "${1}", inside double quotes and here-documents ${1}. Braces that hold no name are bash's:
// ${HOME}, {a,b}, {1..5}, {}, { …; }. Inside single quotes all are, unless every one is doubled.
func shellArgs(script string, columns []string) ([]text, []Warning, error) {
	s := &shellScript{source: script, columns: columns}
	s.find()
	if err := s.locate(); err != nil {
		return nil, nil, err
	}
	line, err := s.build()
	if err != nil {
		return nil, nil, err
	}
	if _, err := parseBash(line); err != nil {
		return nil, nil, fmt.Errorf("bash would not understand %s: %w", clip(line), err)
	}
	args := []text{}
	for _, word := range []string{"bash", "-c", line, "hpcsub"} {
		args = append(args, text{{literal: word, column: noColumn}})
	}
	for _, p := range s.values {
		args = append(args, text{p})
	}
	return args, s.warnings, nil
}

func parseBash(script string) (*syntax.File, error) {
	return syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(script), "")
}

// shellScript is a script on its way: its placeholders, and what surrounds each place.
type shellScript struct {
	source  string
	columns []string
	refs    []ref
	around  []span
	values  []piece // the positional parameters, from $1

	warnings []Warning
}

// ref is a pair of braces with a name in it.
type ref struct {
	from, to int
	piece    piece
	err      error // it names no column
}

// span is a piece of the script in one surrounding.
type span struct {
	from, to int
	where    surrounding
}

type surrounding string

// The surroundings that matter. The last ones are errors, worded to follow "{x} stands ".
const (
	nowhere    surrounding = ""
	bare       surrounding = "outside quotes"
	inDouble   surrounding = "inside double quotes"
	inSingle   surrounding = "inside single quotes, where bash sees no values; use double quotes"
	arithmetic surrounding = "where bash counts, and would run a command hidden in the value; put it in a variable that you check first"
	inFunction surrounding = "inside a function, where ${1} is the function's own argument; pass it as one"
)

var nameLike = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// find lists the placeholders. A brace after $ or \ is bash's.
func (s *shellScript) find() {
	for i := 0; i < len(s.source); i++ {
		if s.source[i] != '{' || s.escaped(i) {
			continue
		}
		if strings.HasPrefix(s.source[i:], "{{") {
			i++
			continue
		}
		end := strings.IndexAny(s.source[i+1:], "{}")
		if end < 0 || s.source[i+1+end] != '}' {
			continue
		}
		name := s.source[i+1 : i+1+end]
		p, err := placeholder(name, s.columns)
		if err != nil && (!nameLike.MatchString(name) || strings.Contains(name, "..")) {
			continue
		}
		s.refs = append(s.refs, ref{from: i, to: i + end + 2, piece: p, err: err})
		i += end + 1
	}
}

// escaped says whether the character at i belongs to a ${ or has an odd number of backslashes before it.
func (s *shellScript) escaped(i int) bool {
	backslashes := 0
	for i > backslashes && s.source[i-1-backslashes] == '\\' {
		backslashes++
	}
	return backslashes%2 == 1 || i > 0 && s.source[i-1] == '$' && !s.escaped(i-1)
}

// locate asks bash's grammar what surrounds each place. The placeholders are masked by letters
// of the same length, so that every offset is true and ${y:-{x}} ends where it should.
func (s *shellScript) locate() error {
	masked := []byte(s.source)
	for _, r := range s.refs {
		copy(masked[r.from:r.to], bytes.Repeat([]byte("x"), r.to-r.from))
	}
	file, err := parseBash(string(masked))
	if err != nil {
		return fmt.Errorf("bash would not understand it: %w", err)
	}
	s.walk(file, bare)
	sort.Slice(s.around, func(i, j int) bool { return s.around[i].from < s.around[j].from })
	return nil
}

// walk notes the surrounding of each literal below a node.
func (s *shellScript) walk(top syntax.Node, where surrounding) {
	syntax.Walk(top, func(n syntax.Node) bool {
		if n == nil || n == top {
			return true
		}
		if inside := surroundingOf(n, where); inside != where {
			s.walk(n, inside)
			s.note(n, inside)
			return false
		}
		s.note(n, where)
		switch n := n.(type) {
		case *syntax.CallExpr:
			s.nested(n)
		case *syntax.Redirect:
			return s.redirect(n, where)
		case *syntax.ParamExp:
			if n.Index != nil || n.Slice != nil {
				s.walk(n, arithmetic)
				return false
			}
		case *syntax.Assign:
			return s.indexed(n.Index, n.Value, where)
		case *syntax.ArrayElem:
			return s.indexed(n.Index, n.Value, where)
		}
		return true
	})
}

// indexed walks a[index]=value, whose index bash computes. It says true where there is none.
func (s *shellScript) indexed(index syntax.ArithmExpr, value *syntax.Word, where surrounding) bool {
	if index == nil {
		return true
	}
	s.walk(index, arithmetic)
	if value != nil {
		s.walk(value, where)
	}
	return false
}

func (s *shellScript) note(n syntax.Node, where surrounding) {
	switch n.(type) {
	case *syntax.Lit, *syntax.SglQuoted:
		s.around = append(s.around, span{int(n.Pos().Offset()), int(n.End().Offset()), where})
	}
}

// surroundingOf is what a node makes of its insides.
func surroundingOf(n syntax.Node, where surrounding) surrounding {
	switch n.(type) {
	case *syntax.SglQuoted:
		return inSingle
	case *syntax.FuncDecl:
		return inFunction
	}
	if where == inFunction {
		return where
	}
	switch n := n.(type) {
	case *syntax.CmdSubst, *syntax.ProcSubst:
		return bare
	case *syntax.DblQuoted:
		if where == bare {
			return inDouble
		}
	case *syntax.ArithmExp, *syntax.ArithmCmd, *syntax.LetClause, *syntax.CStyleLoop:
		return arithmetic
	case *syntax.BinaryTest:
		switch n.Op {
		case syntax.TsEql, syntax.TsNeq, syntax.TsLeq, syntax.TsGeq, syntax.TsLss, syntax.TsGtr:
			return arithmetic
		}
	}
	return where
}

// redirect walks a here-document: with a quoted delimiter its text is as if in single quotes.
func (s *shellScript) redirect(r *syntax.Redirect, where surrounding) bool {
	if r.Hdoc == nil {
		return true
	}
	inside := inDouble
	if where == inFunction {
		inside = where
	}
	quoted := r.Word != nil && strings.ContainsAny(s.source[r.Word.Pos().Offset():r.Word.End().Offset()], `'"\`)
	if quoted {
		inside = inSingle
	}
	s.walk(r.Hdoc, inside)
	return false
}

// at is what surrounds a place; nowhere is a comment.
func (s *shellScript) at(offset int) surrounding {
	for _, a := range s.around {
		if a.from <= offset && offset < a.to {
			return a.where
		}
	}
	return nowhere
}

// build writes the script that bash gets.
func (s *shellScript) build() (string, error) {
	var out strings.Builder
	from, depth := 0, 0
	for _, r := range s.refs {
		with, err := s.replacement(r)
		if err != nil {
			return "", err
		}
		if with != "" {
			s.copy(&out, from, r.from, &depth)
			out.WriteString(with)
			from = r.to
		}
	}
	s.copy(&out, from, len(s.source), &depth)
	return out.String(), nil
}

// copy writes a piece without placeholders, with its doubled braces single.
func (s *shellScript) copy(out *strings.Builder, from, to int, depth *int) {
	for _, a := range s.around {
		if a.where != inSingle || a.from < from || a.to > to {
			continue
		}
		out.WriteString(undouble(s.source[from:a.from], depth))
		text := s.source[a.from:a.to]
		if t, err := parseText(text, nil); err == nil { // every brace is doubled
			text = t[0].literal
		}
		out.WriteString(text)
		from = a.to
	}
	out.WriteString(undouble(s.source[from:to], depth))
}

// undouble makes {{ and the }} that closes one single. Other }} are bash's: {a,{b,c}}.
func undouble(text string, depth *int) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], "{{"):
			*depth++
			i++
		case strings.HasPrefix(text[i:], "}}") && *depth > 0:
			*depth--
			i++
		}
		out.WriteByte(text[i])
	}
	return out.String()
}

// replacement is what stands in the script for a placeholder; "" leaves it alone.
func (s *shellScript) replacement(r ref) (string, error) {
	where := s.at(r.from)
	switch {
	case where == nowhere || r.err != nil && where == inSingle:
		return "", nil
	case r.err != nil:
		return "", r.err
	}
	switch where {
	case bare:
		return fmt.Sprintf(`"${%d}"`, s.parameter(r.piece)), nil
	case inDouble:
		return fmt.Sprintf(`${%d}`, s.parameter(r.piece)), nil
	}
	return "", fmt.Errorf("%s stands %s", s.source[r.from:r.to], where)
}

// parameter is the number of the positional parameter that holds a value.
func (s *shellScript) parameter(p piece) int {
	for i, have := range s.values {
		if have == p {
			return i + 1
		}
	}
	s.values = append(s.values, p)
	return len(s.values)
}
