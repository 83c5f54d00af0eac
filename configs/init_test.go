package configs

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"hpcsub/items"
)

// What init writes must run as it stands: it is the first job of a newcomer.
func TestInitIsAJob(t *testing.T) {
	path := filepath.Join(t.TempDir(), "job.toml")
	if err := os.WriteFile(path, []byte(Init()), 0o644); err != nil {
		t.Fatal(err)
	}
	job, err := ReadJob(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(job.Warnings) > 0 {
		t.Errorf("warnings %v", job.Warnings)
	}
	list, err := items.Open(job.Work)
	if err != nil {
		t.Fatal(err)
	}
	if got := list.Columns(); !reflect.DeepEqual(got, []string{"n"}) {
		t.Errorf("columns %q, want n", got)
	}
}

// offLine is a key, or the header of a table, that the annotated file has switched off.
var (
	offLine  = regexp.MustCompile(`^#([a-z_]+) = (.+)$`)
	offTable = regexp.MustCompile(`^#\[\[?([a-z]+)\]\]?$`)
	onTable  = regexp.MustCompile(`^\[([a-z]+)\]$`)
	onLine   = regexp.MustCompile(`^([a-z_]+) = `)
)

// documented walks the annotated file and returns the path of each key in it, on or off, with the
// number of its line.
func documented(t *testing.T) map[string][]int {
	t.Helper()
	at := make(map[string][]int)
	table, comment := "", false
	for i, line := range strings.Split(Init(), "\n") {
		path := ""
		if m := onTable.FindStringSubmatch(line); m != nil {
			table, path = m[1], m[1]
		} else if m := offTable.FindStringSubmatch(line); m != nil {
			table, path = m[1], m[1]
		} else if m := offLine.FindStringSubmatch(line); m != nil {
			path = strings.TrimPrefix(table+"."+m[1], ".")
		} else if m := onLine.FindStringSubmatch(line); m != nil {
			path = strings.TrimPrefix(table+"."+m[1], ".")
		}
		if path != "" && !comment && len(at[path]) == 0 && (path == table || !free(table)) {
			t.Errorf("line %d: %s stands below no comment", i+1, path)
		}
		if path != "" {
			at[path] = append(at[path], i)
		}
		comment = strings.HasPrefix(line, "# ")
	}
	return at
}

// free tables have keys that the user names.
func free(table string) bool {
	return table == "sweep" || table == "zip" || table == "types" || table == "variant"
}

func TestEveryKeyIsDocumented(t *testing.T) {
	at := documented(t)
	known := newVocabulary((&reader{job: &Job{}}).keys())
	for path := range known.byPath {
		if len(at[path]) == 0 {
			t.Errorf("%s is not documented", path)
		}
	}
	for path := range at {
		table, _ := splitPath(path)
		if _, ok := known.byPath[path]; !ok && !known.isTable(path) && !free(table) {
			t.Errorf("%s is documented, and there is no such key", path)
		}
	}
}

// Every line that is off must be right when its # is taken away.
func TestEveryLineCanBeSwitchedOn(t *testing.T) {
	lines := strings.Split(Init(), "\n")
	for path, numbers := range documented(t) {
		for _, i := range numbers {
			if !strings.HasPrefix(lines[i], "#") {
				continue
			}
			text := switchedOn(lines, i)
			if path == "types" || strings.HasPrefix(path, "types.") {
				text = "items = 'a.txt'\n" + text
			}
			if _, err := ParseJob("job.toml", []byte(text)); err != nil {
				t.Errorf("line %d, %s: %v", i+1, lines[i], err)
			}
		}
	}
}

// switchedOn takes the # from line i, and from what is off around a table's header; what is
// on already with the same key goes.
func switchedOn(lines []string, i int) string {
	key := offLine.FindStringSubmatch(lines[i])
	var b strings.Builder
	for j, line := range lines {
		together := strings.HasPrefix(lines[blockOf(lines, i)+2], "#[[") && blockOf(lines, j) == blockOf(lines, i) && offLine.MatchString(line)
		near := j == i || together || offTable.MatchString(line) && blockOf(lines, j) == blockOf(lines, i)
		switch {
		case near:
			line = strings.TrimPrefix(line, "#")
		case key != nil && strings.HasPrefix(line, key[1]+" = ") && tableOf(lines, j) == tableOf(lines, i):
			continue
		case key != nil && key[1] == "function" && strings.HasPrefix(line, "command = "): // one or the other
			continue
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// tableOf is the number of the last header of a table before line i.
func tableOf(lines []string, i int) int {
	for ; i > 0 && !onTable.MatchString(lines[i]) && !offTable.MatchString(lines[i]); i-- {
	}
	return i
}

// blockOf is the number of the last empty line before line i.
func blockOf(lines []string, i int) int {
	for ; i > 0 && lines[i] != ""; i-- {
	}
	return i
}

// The documented default must be the one that is used.
func TestDocumentedDefaults(t *testing.T) {
	if !strings.Contains(Init(), "#failures = 10\n") || DefaultFailures != 10 {
		t.Errorf("failures: the annotated file and DefaultFailures (%d) differ", DefaultFailures)
	}
}

// TestInitNamesOutputs: the line for what an item makes stands there, and holds when it is switched on.
func TestInitNamesOutputs(t *testing.T) {
	for command, want := range map[string]string{
		"python f.py {n} --out results/{n}.txt":    `outputs = ["results/{n}.txt"]`,
		"python f.py --output=results/{n}.txt {n}": `outputs = ["results/{n}.txt"]`,
		"sort -o {n}.sorted {n}":                   `outputs = ["{n}.sorted"]`,
		"python f.py {n} --out all.txt":            "",
		"python f.py {n} --out":                    "",
		"python f.py {n} --out '{n} a'":            "",
	} {
		text, err := InitLines(command, []string{"n=1:3"})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(text, "#outputs"); got != (want != "") || !strings.Contains(text, "#"+want) {
			t.Errorf("%s: want %q in\n%s", command, want, text)
		}
		path := filepath.Join(t.TempDir(), "job.toml")
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "#outputs", "outputs")), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadJob(path); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
}

func TestInitLines(t *testing.T) {
	got, err := InitLines("python f.py {image} {n}", []string{"image=*.jpg", "n=1:100"})
	if err != nil {
		t.Fatal(err)
	}
	want := `command = "python f.py {image} {n}"

[sweep]  # every combination, the first column slowest
image = { glob = "*.jpg" }
n = { from = 1, to = 100, step = 1 }

[each]  # what one item needs; take the # away from what you know
#time = "1m"
#memory = "1GiB"
#cpus = 1
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestInitColumns(t *testing.T) {
	for over, want := range map[string]items.Spec{
		"n=1:100":              {Sweep: []items.Column{{Name: "n", Range: &items.Range{From: "1", To: "100", Step: "1"}}}},
		"n=0.1:0.50:.1":        {Sweep: []items.Column{{Name: "n", Range: &items.Range{From: "0.1", To: "0.5", Step: "0.1"}}}},
		"n=10:1:-3":            {Sweep: []items.Column{{Name: "n", Range: &items.Range{From: "10", To: "1", Step: "-3"}}}},
		"n=007:010":            {Sweep: []items.Column{{Name: "n", Range: &items.Range{From: "7", To: "10", Step: "1"}}}},
		"n=1,2.5,0.30,007,a b": {Sweep: []items.Column{{Name: "n", Values: []items.Value{items.IntValue(1), items.FloatValue(2.5), items.TextValue("0.30"), items.TextValue("007"), items.TextValue("a b")}}}},
		"n=1e-05,1e5,true,inf": {Sweep: []items.Column{{Name: "n", Values: []items.Value{items.FloatValue(1e-5), items.TextValue("1e5"), items.TextValue("true"), items.TextValue("inf")}}}},
		"n=x":                  {Sweep: []items.Column{{Name: "n", Values: []items.Value{items.TextValue("x")}}}},
		"n=a:b":                {Sweep: []items.Column{{Name: "n", Values: []items.Value{items.TextValue("a:b")}}}},
		"n=a=b":                {Sweep: []items.Column{{Name: "n", Values: []items.Value{items.TextValue("a=b")}}}},
		"my col=img/[ab]?.png": {Sweep: []items.Column{{Name: "my col", Glob: "img/[ab]?.png"}}},
		`n='"\`:                {Sweep: []items.Column{{Name: "n", Values: []items.Value{items.TextValue(`'"\`)}}}},
		"a.csv":                {File: "a.csv"},
		"dir/my list.TXT":      {File: "dir/my list.TXT"},
	} {
		text, err := InitLines("echo", []string{over})
		if err != nil {
			t.Errorf("%q: %v", over, err)
			continue
		}
		job, err := ParseJob("job.toml", []byte(text))
		if err != nil {
			t.Errorf("%q: reading what was written: %v\n%s", over, err, text)
			continue
		}
		want.Dir, want.Command = job.Dir, []string{"echo"}
		if !reflect.DeepEqual(job.Work, want) {
			t.Errorf("%q: got %+v, want %+v", over, job.Work, want)
		}
	}
}

func TestInitRefuses(t *testing.T) {
	for _, c := range []struct {
		command string
		over    []string
		want    string
	}{
		{"", nil, "the command is empty"},
		{"echo 'a", nil, `never closed`},
		{"echo \xff", nil, "not valid UTF-8"},
		{"echo a\x00", nil, "zero byte"},
		{"echo", []string{"n"}, "want a column and its values"},
		{"echo", []string{"n="}, "no value stands after the ="},
		{"echo", []string{"=1:2"}, "cannot stand between the braces"},
		{"echo", []string{"n=1,,2"}, "a value is missing at a comma"},
		{"echo", []string{"n=1", "n=2"}, "given twice"},
		{"echo", []string{"n=params.csv"}, "write --over params.csv"},
		{"echo", []string{"a.csv", "b.csv"}, "there is a list file already"},
		{"echo", []string{"n=a\x00"}, "zero byte"},
		{"echo", []string{"n=\xff"}, "not valid UTF-8"},
	} {
		text, err := InitLines(c.command, c.over)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q over %q: got %q, %v; want an error with %q", c.command, c.over, text, err, c.want)
		}
	}
}

func TestInitForBash(t *testing.T) {
	text, err := InitLines("python f.py {n} > out/{n}.txt && gzip out/{n}.txt", []string{"n=1:3"})
	if err != nil {
		t.Fatal(err)
	}
	job, err := ParseJob("job.toml", []byte(text))
	if err != nil || job.Work.Shell != "python f.py {n} > out/{n}.txt && gzip out/{n}.txt" {
		t.Errorf("got %+v, %v", job, err)
	}
}

// hostile are words that quoting gets wrong easily.
var hostile = []string{
	`'`, `"`, `\`, `\\`, "a b", "\t", "\r", "#", "$(touch pwned)", "`id`", ";", "|", "~", "*", "-rf", "é", "日本", "\u2028", "\x7f", "\x01", "\ufeff", "'''", `"""`, `\u0041`,
	"{n}", "{{", "=", "[each]", "", "\f", "\v", "\u00a0", "\u0085", strings.Repeat("x'\"", 500),
}

// What init writes, ReadJob reads back to the argument list that was meant.
func TestInitRoundTrip(t *testing.T) {
	for _, a := range hostile {
		checkRoundTrip(t, a)
		checkRoundTrip(t, "run "+a)
		for _, b := range hostile {
			checkRoundTrip(t, "run "+shellQuote(a)+" "+shellQuote(a+b))
		}
	}
}

func shellQuote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

func checkRoundTrip(t *testing.T, command string) {
	t.Helper()
	want, err := items.ParseCommand(command)
	text, initErr := InitLines(command, nil)
	if err != nil || initErr != nil {
		if err == nil {
			t.Errorf("%q: %v", command, initErr)
		}
		return
	}
	job, err := ParseJob("job.toml", []byte(text))
	if err != nil {
		t.Errorf("%q: reading what was written: %v\n%s", command, err, text)
		return
	}
	if !reflect.DeepEqual(job.Work.Command, want) {
		t.Errorf("%q: got %q, want %q", command, job.Work.Command, want)
	}
}
