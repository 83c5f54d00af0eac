package items

import (
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

func values(texts ...string) []Value {
	var all []Value
	for _, t := range texts {
		all = append(all, TextValue(t))
	}
	return all
}

func column(name string, texts ...string) Column { return Column{Name: name, Values: values(texts...)} }

// collectItems opens a list and returns its items.
func collectItems(t *testing.T, spec Spec) (*List, []Item) {
	t.Helper()
	l, err := Open(spec)
	if err != nil {
		t.Fatal(err)
	}
	var all []Item
	for it, err := range l.All() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, it)
	}
	return l, all
}

func rowsOf(all []Item) [][]Value {
	var rows [][]Value
	for _, it := range all {
		rows = append(rows, it.Values)
	}
	return rows
}

func TestList(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "p.csv", "a,b\n1,2\n3,4\n")
	put(t, dir, "in/b.jpg", "")
	put(t, dir, "in/a.jpg", "")
	put(t, dir, "in/.hidden.jpg", "")
	tests := []struct {
		name string
		spec Spec
		want string
	}{
		{"nothing runs once", Spec{}, ""},
		{"nothing, repeated", Spec{Repeat: 3}, "; ; "},
		{"a file", Spec{File: "p.csv"}, "a=1|b=2; a=3|b=4"},
		{"a file with types", Spec{File: "p.csv", Types: map[string]string{"b": "int"}}, "a=1|b=2:i; a=3|b=4:i"},
		{"a sweep, the first the slowest", Spec{Sweep: []Column{column("x", "1", "2"), column("y", "a", "b")}}, "x=1|y=a; x=1|y=b; x=2|y=a; x=2|y=b"},
		{"a range", Spec{Sweep: []Column{{Name: "n", Range: &Range{From: "1", To: "3"}}}}, "n=1:i; n=2:i; n=3:i"},
		{"a glob, sorted", Spec{Sweep: []Column{{Name: "f", Glob: "in/*.jpg"}}}, "f=in/a.jpg; f=in/b.jpg"},
		{"a glob of hidden files", Spec{Sweep: []Column{{Name: "f", Glob: "in/.*.jpg"}}}, "f=in/.hidden.jpg"},
		{"a zip", Spec{Zip: []Column{column("x", "1", "2"), column("y", "a", "b")}}, "x=1|y=a; x=2|y=b"},
		{"a zip is a slow column", Spec{Zip: []Column{column("x", "1", "2"), column("y", "a", "b")}, Sweep: []Column{column("z", "p", "q")}},
			"x=1|y=a|z=p; x=1|y=a|z=q; x=2|y=b|z=p; x=2|y=b|z=q"},
		{"a file with a sweep", Spec{File: "p.csv", Sweep: []Column{column("z", "p", "q")}}, "a=1|b=2|z=p; a=1|b=2|z=q; a=3|b=4|z=p; a=3|b=4|z=q"},
		{"repeated as a whole", Spec{Repeat: 2, Sweep: []Column{column("x", "1", "2")}}, "x=1; x=2; x=1; x=2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.spec.Dir, tt.spec.Command = dir, []string{"true"}
			l, all := collectItems(t, tt.spec)
			if got := show(l.Columns(), rowsOf(all)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			for i, it := range all {
				if it.Index != i {
					t.Errorf("item %d has index %d", i, it.Index)
				}
			}
		})
	}
}

func TestGlob(t *testing.T) {
	dir := t.TempDir() + "/a [b]*"
	for _, name := range []string{"job/x", "job/in/1/a.jpg", "job/in/2/b.jpg", "job/in/2/.c.jpg", "job/in/2/[d].jpg", "data/1.txt"} {
		put(t, dir, name, "")
	}
	if err := os.Symlink(dir+"/data", dir+"/job/link"); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ pattern, want string }{
		{"*", "in link x"}, {"./x", "./x"}, {"../data/*.txt", "../data/1.txt"}, {"in/*/*.jpg", "in/1/a.jpg in/2/[d].jpg in/2/b.jpg"},
		{"in/[12]/?.jpg", "in/1/a.jpg in/2/b.jpg"}, {"in/2/.*", "in/2/.c.jpg"}, {`in/2/\[*`, "in/2/[d].jpg"}, {"i*/2/b.jpg", "in/2/b.jpg"},
		{"*/", "in/ link/"}, {"link/../data/*", "link/../data/1.txt"}, {"/proc/self/stat*", "/proc/self/stat /proc/self/statm /proc/self/status"}, {"x/*", ""}, {"y", ""},
	}
	for _, tt := range tests {
		got, err := glob(dir+"/job", tt.pattern)
		if texts(got) != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%q: got %s, %v, want %s", tt.pattern, texts(got), err, tt.want)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "p.csv", "a,b\n1,2\n")
	put(t, dir, "twice.csv", "a,a\n1,2\n")
	put(t, dir, "header.csv", "a,b\n")
	put(t, dir, "nul.txt", "a\x00b\n")
	tests := []struct {
		name      string
		spec      Spec
		key, want string
	}{
		{"unequal zip", Spec{Zip: []Column{column("x", "1"), column("y", "1", "2")}}, "zip", `"x" has 1 values and "y" has 2`},
		{"an empty list", Spec{Sweep: []Column{column("x")}}, "sweep.x", "the list is empty"},
		{"two sources", Spec{Sweep: []Column{{Name: "x", Glob: "*", Range: &Range{}}}}, "sweep.x", "want one of a list, a range or a glob"},
		{"a bad range", Spec{Sweep: []Column{{Name: "x", Range: &Range{From: "1", To: "z"}}}}, "sweep.x", `to: want a number, got "z"`},
		{"a glob of nothing", Spec{Sweep: []Column{{Name: "x", Glob: "*.jpg"}}}, "sweep.x", `glob "*.jpg" matches no file in ` + dir},
		{"a glob with braces", Spec{Sweep: []Column{{Name: "x", Glob: "*.{jpg,png}"}}}, "sweep.x", "{ } mean nothing in a glob"},
		{"a glob through folders", Spec{Sweep: []Column{{Name: "x", Glob: "a/**/b"}}}, "sweep.x", "** is not known"},
		{"a glob of home", Spec{Sweep: []Column{{Name: "x", Glob: "~/b"}}}, "sweep.x", "~ is not expanded"},
		{"a bad glob", Spec{Sweep: []Column{{Name: "x", Glob: "[a"}}}, "sweep.x", "syntax error in pattern"},
		{"a NUL in a list", Spec{Sweep: []Column{column("x", "a\x00")}}, "sweep.x", "holds a NUL byte"},
		{"no name", Spec{Sweep: []Column{column("", "1")}}, "sweep", "a column without a name"},
		{"a column twice", Spec{File: "twice.csv"}, "items", `two columns are called "a"`},
		{"a column in two places", Spec{File: "p.csv", Sweep: []Column{column("b", "1")}}, "sweep", `column "b" stands in items too; rename one`},
		{"a type of nothing", Spec{File: "p.csv", Types: map[string]string{"aa": "int"}}, "types.aa", `no column "aa"; did you mean "a"?`},
		{"a type of a sweep", Spec{Sweep: []Column{column("x", "1")}, Types: map[string]string{"x": "int"}}, "types.x", "a column of [sweep]"},
		{"negative repeat", Spec{Repeat: -1}, "repeat", "want 1 or more, got -1"},
		{"too many", Spec{Sweep: []Column{{Name: "x", Range: &Range{From: "1", To: "100000"}}, {Name: "y", Range: &Range{From: "1", To: "100000"}}}}, "sweep", "1e+10 combinations"},
		{"no rows", Spec{File: "header.csv"}, "items", `"header.csv" holds no items`},
		{"a NUL in a file", Spec{File: "nul.txt"}, "items", `item 0: column "line": "a\x00b" holds a NUL byte`},
		{"a value that is too long", Spec{Command: []string{"{x}"}, Sweep: []Column{column("x", strings.Repeat("x", 1<<17))}}, "command", "item 0: \"xxxx"},
		{"no such placeholder", Spec{Command: []string{"{y}"}, Sweep: []Column{column("x", "1")}}, "command", `{y} is no column; did you mean "x"?`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.spec.Dir = dir
			if tt.spec.Command == nil {
				tt.spec.Command = []string{"true"}
			}
			l, err := Open(tt.spec)
			if err == nil {
				_, err = l.Survey(t.Context())
			}
			wantKeyError(t, err, tt.key, tt.want)
		})
	}
}

func TestAllEndsAfterAnError(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "p.csv", "a\n1\n2,3\n4\n")
	l, err := Open(Spec{Dir: dir, File: "p.csv", Command: []string{"true"}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for it, err := range l.All() {
		got = append(got, fmt.Sprint(it.Index, err != nil))
	}
	if want := []string{"0 false", "0 true"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAllCanBeLeft(t *testing.T) {
	l, err := Open(Spec{Command: []string{"true"}, Sweep: []Column{{Name: "x", Range: &Range{From: "1", To: "900000000"}}}})
	if err != nil {
		t.Fatal(err)
	}
	for it, err := range l.All() {
		if err != nil || it.Index == 2 {
			break
		}
	}
}

func TestItemsMayBeKept(t *testing.T) {
	_, all := collectItems(t, Spec{Command: []string{"true"}, Sweep: []Column{{Name: "x", Range: &Range{From: "0", To: "1999"}}, column("y", "a")}})
	for i, it := range all {
		if it.Values[0].Text != fmt.Sprint(i) || it.Values[1].Text != "a" {
			t.Fatalf("item %d has the values %v", i, it.Values)
		}
	}
}

func TestIDs(t *testing.T) {
	_, all := collectItems(t, Spec{Command: []string{"echo", "{x}"}, Sweep: []Column{column("x", "a", "b", "a", "a")}})
	// docs: base32 of SHA-256 over "<length>:<argument>" for each argument
	sum := sha256.Sum256([]byte("4:echo1:a"))
	id := idLetters.EncodeToString(sum[:])[:idLength]
	if all[0].ID != id || all[2].ID != id+"#2" || all[3].ID != id+"#3" || all[1].ID == id || len(all[1].ID) != idLength {
		t.Errorf("got %s %s %s %s, want %s first", all[0].ID, all[1].ID, all[2].ID, all[3].ID, id)
	}
}

func TestIDsSayWhatRuns(t *testing.T) {
	first := func(spec Spec) string {
		_, all := collectItems(t, spec)
		return all[0].ID
	}
	base := first(Spec{Command: []string{"echo", "a", "b"}})
	same := []Spec{
		{Command: []string{"echo", "{x}", "b"}, Sweep: []Column{column("x", "a")}},
		{Command: []string{"echo", "a", "b"}, Dir: "/elsewhere"},
		{Command: []string{"echo", "a", "b"}, Sweep: []Column{column("unused", "1")}},
	}
	other := []Spec{{Command: []string{"echo", "ab"}}, {Command: []string{"echo", "a b"}}, {Command: []string{"echo", "a", "b", ""}},
		{Command: []string{"echo", "1:a", "b"}}, {Shell: "echo a b"}}
	for _, spec := range same {
		if got := first(spec); got != base {
			t.Errorf("%+v: got %s, want %s", spec, got, base)
		}
	}
	for _, spec := range other {
		if got := first(spec); got == base {
			t.Errorf("%+v: has the id of another command", spec)
		}
	}
}

func TestIDsOfAShellAreOfItsValues(t *testing.T) {
	_, all := collectItems(t, Spec{Shell: "echo {x}", Sweep: []Column{column("x", "a", "b", "a")}})
	sum := sha256.Sum256([]byte("4:bash2:-c11:echo \"${1}\"6:hpcsub1:a"))
	if want := idLetters.EncodeToString(sum[:])[:idLength]; all[0].ID != want || all[2].ID != want+"#2" || all[1].ID == want {
		t.Errorf("got %s %s %s, want %s first", all[0].ID, all[1].ID, all[2].ID, want)
	}
}

func TestIDsStayWhereTheListGrows(t *testing.T) {
	_, before := collectItems(t, Spec{Command: []string{"echo", "{x}"}, Sweep: []Column{column("x", "a", "b")}})
	_, after := collectItems(t, Spec{Command: []string{"echo", "{x}"}, Sweep: []Column{column("x", "new", "a", "b")}})
	if before[0].ID != after[1].ID || before[1].ID != after[2].ID {
		t.Errorf("got %v, want those of %v", after, before)
	}
}
