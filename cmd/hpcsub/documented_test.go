package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// form is what docs/scripting.md says of a JSON value: the keys of an object; of a list, those of its elements. Where
// nothing is said the value may be anything.
type form struct {
	keys []string
	of   map[string]form
	list bool
}

// documented is the command "documented 'COMMAND' [KEY…]" of the scripts: the JSON that the last command printed must have
// every key that docs/scripting.md lists for COMMAND, in each element of a list, but for KEYs.
func documented(ts *testscript.TestScript, neg bool, args []string) {
	text, err := os.ReadFile(scriptingGuide)
	ts.Check(err)
	want, err := documentedForm(string(text), args[0])
	ts.Check(err)
	var value any
	ts.Check(json.NewDecoder(strings.NewReader(ts.ReadFile("stdout"))).Decode(&value))
	gaps := slices.DeleteFunc(want.missing(value, ""), func(path string) bool { return slices.Contains(args[1:], path) })
	if len(gaps) > 0 != neg {
		ts.Fatalf("%s: these keys of docs/scripting.md are not there: %q", args[0], gaps)
	}
}

// missing are the paths of keys that a value does not have.
func (s form) missing(value any, path string) (gaps []string) {
	if list, isList := value.([]any); isList {
		for _, element := range list {
			gaps = append(gaps, form{keys: s.keys, of: s.of}.missing(element, path)...)
		}
		slices.Sort(gaps)
		return slices.Compact(gaps)
	}
	object, isObject := value.(map[string]any)
	if value == nil || len(s.keys) == 0 {
		return nil
	}
	if !isObject || s.list {
		return []string{path + " is no " + map[bool]string{true: "list", false: "object"}[s.list]}
	}
	for _, key := range s.keys {
		at := strings.TrimPrefix(path+"."+key, ".")
		inner, there := object[key]
		if !there {
			gaps = append(gaps, at)
		}
		gaps = append(gaps, s.of[key].missing(inner, at)...)
	}
	return gaps
}

// documentedForm reads the form behind `COMMAND`: in backticks on the same line, or in the indented lines that follow. There
// "name  {…}" says what name is, wherever it stands without braces of its own.
func documentedForm(guide, command string) (form, error) {
	_, text, found := strings.Cut(guide, "`"+command+"`")
	if !found {
		return form{}, fmt.Errorf("docs/scripting.md says nothing of %q", command)
	}
	if inline := regexp.MustCompile("^[^\n]*?: `([^`]*)`").FindStringSubmatch(text); inline != nil {
		text = inline[1]
	} else {
		_, text, _ = strings.Cut(text, "\n\n")
		text = regexp.MustCompile(`^(?: {4}.*\n|\n(?: {4}))+`).FindString(text)
		text = regexp.MustCompile(`\([^)]*\)`).ReplaceAllString(text, "")
	}
	words := regexp.MustCompile(`\w+|[{}\[\]]`).FindAllString(text, -1)
	whole, rest := parseForm(words)
	parts := map[string]form{}
	for len(rest) > 2 && rest[1] == "{" {
		name := rest[0]
		parts[name], rest = parseForm(rest[1:])
	}
	return whole.with(parts), nil
}

// parseForm reads "{key, key{…}, key[{…}]}" or "[{…}]" and returns what is left of the words.
func parseForm(words []string) (s form, rest []string) {
	if len(words) == 0 {
		return s, nil
	}
	switch words[0] {
	case "[":
		s, words = parseForm(words[1:])
		s.list = true
		for words[0] != "]" { // "same"
			words = words[1:]
		}
		return s, words[1:]
	case "{":
		s.of = map[string]form{}
		for words = words[1:]; words[0] != "}"; {
			key := words[0]
			s.keys = append(s.keys, key)
			if words = words[1:]; words[0] == "{" || words[0] == "[" {
				s.of[key], words = parseForm(words)
			}
			if words[0] == "or" && words[1] == "null" {
				words = words[2:]
			}
		}
		return s, words[1:]
	}
	return s, words
}

// with fills in the parts that are described apart.
func (s form) with(parts map[string]form) form {
	for _, key := range s.keys {
		if part, apart := parts[key]; apart && len(s.of[key].keys) == 0 {
			s.of[key] = part
		}
		s.of[key] = s.of[key].with(parts)
	}
	return s
}

func TestDocumentedForm(t *testing.T) {
	guide := "`x --json`\n\n    {a, b{c, …}, chosen{part} or null, l[{k, m[]}],\n     same[same]}\n    part  {p, q{}}     (of one: it)\n\nText {z}.\n\n`y --json`: `[{u, v}]`; lists {w}.\n"
	x, err := documentedForm(guide, "x --json")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		text string
		want string
	}{
		{`{"a": 1, "b": {"c": 1}, "chosen": null, "l": [], "same": null}`, "[]"},
		{`{"a": 1, "b": {}, "chosen": {"part": {"p": 1}}, "l": [{"k": 1, "m": []}, {"k": 1}], "same": 1}`, "[b.c chosen.part.q l.m]"},
		{`{"a": 1, "b": 2, "chosen": 3, "l": {}, "same": 1}`, "[b is no object chosen is no object l is no list]"},
	} {
		var value any
		if err := json.Unmarshal([]byte(test.text), &value); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(x.missing(value, "")); got != test.want {
			t.Errorf("%s: got %s, want %s", test.text, got, test.want)
		}
	}
	if y, _ := documentedForm(guide, "y --json"); !y.list || !slices.Equal(y.keys, []string{"u", "v"}) {
		t.Errorf("got %+v", y)
	}
	if _, err := documentedForm(guide, "z --json"); err == nil {
		t.Error("a command that is not documented was found")
	}
}
