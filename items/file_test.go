package items

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// put writes a file into a folder and makes the folders that it needs.
func put(t testing.TB, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// show writes rows as "a=1|b=2; …" with a letter for each kind that is not text.
func show(columns []string, rows [][]Value) string {
	var all []string
	for _, row := range rows {
		var fields []string
		for i, v := range row {
			fields = append(fields, columns[i]+"="+v.Text+[...]string{"", ":i", ":f", ":b"}[v.Kind])
		}
		all = append(all, strings.Join(fields, "|"))
	}
	return strings.Join(all, "; ")
}

func readTable(dir, name string, types map[string]string) (string, int, error) {
	table, err := openTable(Spec{Dir: dir, File: name, Types: types})
	if err != nil {
		return "", 0, err
	}
	var rows [][]Value
	blank, err := table.rows(func(row []Value) bool {
		rows = append(rows, append([]Value(nil), row...))
		return true
	})
	return show(table.columns(), rows), blank, err
}

func TestTables(t *testing.T) {
	types := map[string]string{"n": "int", "f": "float", "b": "bool"}
	tests := []struct {
		name, file, text string
		types            map[string]string
		want             string
		blank            int
	}{
		{"csv", "a.csv", "x,y\n1,2\n3,4\n", nil, "x=1|y=2; x=3|y=4", 0},
		{"csv from Windows", "a.csv", "\xef\xbb\xbfx,y\r\n1,2\r\n3,4\r\n", nil, "x=1|y=2; x=3|y=4", 0},
		{"csv without a last line end", "a.csv", "x,y\n1,2", nil, "x=1|y=2", 0},
		{"csv with empty lines and values", "a.csv", "x,y\n\n,\n\n1,\n", nil, "x=|y=; x=1|y=", 0},
		{"csv with an empty value alone", "a.csv", "x\n\"\"\n", nil, "x=", 0},
		{"csv with quotes", "a.csv", "x,y\n\"a,b\",\"c\"\"d\"\n", nil, `x=a,b|y=c"d`, 0},
		{"csv with lines in quotes", "a.csv", "x,y\n\"a\nb\",\"c\r\nd\"\r\n", nil, "x=a\nb|y=c\r\nd", 0},
		{"csv with empty lines in quotes", "a.csv", "x,y\n\"\n\n\",2\n", nil, "x=\n\n|y=2", 0},
		{"csv with a quote in a value", "a.csv", "x,y\n5\" disk,it's\n", nil, `x=5" disk|y=it's`, 0},
		{"csv with spaces", "a.csv", "x , y\n a , b\n", nil, "x= a |y= b", 0},
		{"csv with types", "a.csv", "n,f,b,t\n007,3,TRUE,007\n", types, "n=7:i|f=3.0:f|b=true:b|t=007", 0},
		{"csv with names of its own", "A.CSV", "sample id,a.stem\n1,2\n", nil, "sample id=1|a.stem=2", 0},
		{"csv without UTF-8", "a.csv", "x\n\xe9\n", nil, "x=\xe9", 0},
		{"tsv", "a.tsv", "x\ty\na,b\tc d\n", nil, "x=a,b|y=c d", 0},
		{"tsv with quotes", "a.tsv", "x\ty\n\"a\tb\"\tc\n", nil, "x=a\tb|y=c", 0},
		{"jsonl", "a.jsonl", "{\"x\": \"a\", \"y\": 1}\n{\"y\":0.10,\"x\":\"b\"}\n", nil, "x=a|y=1:i; x=b|y=0.10:f", 0},
		{"jsonl with all kinds", "a.jsonl", `{"t":"é\n","i":-1,"f":1e5,"b":true}`, nil, "t=é\n|i=-1:i|f=1e5:f|b=true:b", 0},
		{"jsonl with empty lines", "a.jsonl", "\ufeff\n{\"x\":1}\r\n\r\n", nil, "x=1:i", 2},
		{"lines", "a.txt", "one\ntwo words\n", nil, "line=one; line=two words", 0},
		{"lines from Windows", "a.txt", "\xef\xbb\xbfone\r\ntwo\r\n", nil, "line=one; line=two", 0},
		{"lines without a last line end", "list", "one\ntwo", nil, "line=one; line=two", 0},
		{"lines with empty ones", "a.txt", "\none\n \t\n\ntwo\n", nil, "line=one; line=two", 3},
		{"lines that are hostile", "a.txt", "  $(x)  \n-n\n\xff\n", nil, "line=  $(x)  ; line=-n; line=\xff", 0},
		{"lines with a type", "a.txt", "1\n2\n", map[string]string{"line": "int"}, "line=1:i; line=2:i", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, tt.file, tt.text)
			got, blank, err := readTable(dir, tt.file, tt.types)
			if err != nil || got != tt.want || blank != tt.blank {
				t.Errorf("got %q, %d empty lines, %v, want %q and %d", got, blank, err, tt.want, tt.blank)
			}
		})
	}
}

func TestTableErrors(t *testing.T) {
	tests := []struct {
		name, file, text string
		types            map[string]string
		key, want        string
	}{
		{"empty csv", "a.csv", "", nil, "items", `"a.csv" is empty; its first line names the columns`},
		{"ragged csv", "a.csv", "x,y\n1,2\n\n3\n", nil, "items", "a.csv: line 4: 1 column where the header has 2"},
		{"ragged csv after lines in quotes", "a.csv", "x,y\n\"a\nb\",2\n1,2,3\n", nil, "items", "a.csv: line 4: 3 columns where the header has 2"},
		{"csv with an open quote", "a.csv", "x,y\n1,2\n3,\"4\n5,6\n", nil, "items", "a.csv: line 3: a quote is never closed"},
		{"csv with text after a quote", "a.csv", "x,y\n\"a\"b,2\n", nil, "items", `a.csv: line 2: "b,2" stands after a closing quote; a quote inside a quoted value is written twice`},
		{"csv without a name", "a.csv", "x,,z\n1,2,3\n", nil, "items", "a.csv: line 1: column 2 of the header has no name"},
		{"csv with semicolons", "a.csv", "x;y\n1;2\n", nil, "items", `a.csv: line 1: the header is one column, "x;y"; values are separated by commas`},
		{"tsv with commas", "a.tsv", "x,y\n1,2\n", nil, "items", "by tabs in a .tsv"},
		{"csv with a bad value", "a.csv", "x,n\na,1\nb,ten\n", map[string]string{"n": "int"}, "items", `a.csv: line 3: column "n": "ten" is no int`},
		{"an unknown type", "a.csv", "x\n1\n", map[string]string{"x": "number"}, "types.x", `want "text", "int", "float" or "bool", got "number"`},
		{"UTF-16", "a.csv", "\xff\xfex\x00", nil, "items", `"a.csv" is UTF-16; save it as UTF-8`},
		{"a bad line", "a.txt", "1\n2\nx\n", map[string]string{"line": "int"}, "items", `a.txt: line 3: "x" is no int`},
		{"a line without end", "a.txt", strings.Repeat("x", maxLine+1), nil, "items", "a.txt: line 1: longer than 16 MiB"},
		{"empty jsonl", "a.jsonl", "\n\n", nil, "items", `"a.jsonl" is empty; it wants a JSON object on each line`},
		{"jsonl without keys", "a.jsonl", "{}\n", nil, "items", "a.jsonl: line 1: want keys, which name the columns, got {}"},
		{"jsonl with a list", "a.jsonl", "[1]\n", nil, "items", `a.jsonl: line 1: want a JSON object on one line, got "[1]"`},
		{"jsonl with a nested value", "a.jsonl", "{\"x\":1}\n{\"x\":[1]}\n", nil, "items", `a.jsonl: line 2: key "x": want a string, a number, true or false, got "[1]}"`},
		{"jsonl with null", "a.jsonl", "{\"x\":null}\n", nil, "items", `line 1: key "x": want a string, a number, true or false, got "null}"`},
		{"jsonl with another key", "a.jsonl", "{\"x\":1}\n{\"y\":1}\n", nil, "items", `line 2: key "y" is not on the first line, which has x; every line wants the same keys`},
		{"jsonl with a key less", "a.jsonl", "{\"x\":1,\"y\":2}\n{\"x\":1}\n", nil, "items", `line 2: no key "y"; every line wants the same keys`},
		{"jsonl with a key twice", "a.jsonl", "{\"x\":1,\"x\":2}\n", nil, "items", `line 1: key "x" stands twice`},
		{"jsonl with a key twice, later", "a.jsonl", "{\"x\":1}\n{\"x\":1,\"x\":2}\n", nil, "items", `line 2: key "x" stands twice`},
		{"jsonl over two lines", "a.jsonl", "{\"x\":\n1}\n", nil, "items", "a.jsonl: line 1: want a JSON object on one line"},
		{"jsonl with more behind it", "a.jsonl", "{\"x\":1} 2\n", nil, "items", "want a JSON object on one line"},
		{"jsonl with types", "a.jsonl", "{\"x\":1}\n", map[string]string{"x": "int"}, "types.x", "have types already"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, tt.file, tt.text)
			_, _, err := readTable(dir, tt.file, tt.types)
			wantKeyError(t, err, tt.key, tt.want)
		})
	}
}

func TestTableFiles(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"params.csv":        `items: "params.csv": no such file in ` + dir,
		"data":              `items: "data" is a folder; for its files write [sweep] and below it: file = { glob = "data/*" }`,
		"/dev/null":         "is no ordinary file",
		"/nowhere/list.txt": "no such file",
	} {
		_, err := openTable(Spec{Dir: dir, File: name})
		wantKeyError(t, err, "items", want)
	}
}

// FuzzTable checks that no file makes a reader fail in another way than by an error, that rows
// have as many values as there are columns, and that a second reading gives the same.
func FuzzTable(f *testing.F) {
	for kind, text := range []string{"x,y\n1,\"2\"\n", "x\ty\r\n1\t2\r\n", "{\"x\":1}\n{\"x\":\"a\"}\n", "one\n\ntwo"} {
		f.Add(kind, text)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, kind int, text string) {
		name := "f" + []string{".csv", ".tsv", ".jsonl", ".txt"}[uint(kind)%4]
		put(t, dir, name, text)
		first, _, err := readTable(dir, name, nil)
		second, _, again := readTable(dir, name, nil)
		if first != second || (err == nil) != (again == nil) {
			t.Errorf("%q: read %q, %v and then %q, %v", text, first, err, second, again)
		}
	})
}
