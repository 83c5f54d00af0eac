//go:build integration

package integration

import (
	"fmt"
	"strings"
	"testing"
)

// primes counts the primes below n, writes them to a file, and appends a line of its own to
// ran.txt: so it is counted by what the items did.
const primes = `import sys
n, out = int(sys.argv[1]), sys.argv[2]
found = [p for p in range(2, n) if all(p % d for d in range(2, int(p ** 0.5) + 1))]
with open(out, "w") as f:
    f.write(" ".join(map(str, found)))
with open("ran.txt", "a") as f:
    f.write(f"{n}\n")
print(len(found))
`

const primesJob = `name = "primes"
command = "python3 primes.py {n} out/{n}.txt"
[sweep]
n = { from = 1, to = 300 }
[each]
time = "2s"
outputs = ["out/{n}.txt"]
`

// TestMainJob runs 300 items that compute something and write a file: all results, right
// values, each once.
func TestMainJob(t *testing.T) {
	for _, way := range ways() {
		t.Run(way.name, func(t *testing.T) {
			j := newJob(t, Default, primesJob+way.toml, map[string]string{"primes.py": primes})
			r := j.expect(t, 0, "submit --wait")
			if !strings.Contains(r.Stderr, "all 300 items done") {
				t.Errorf("submit --wait ends with\n%s", r.Stderr)
			}
			j.eachOnce(t, 300)
			checkRows(t, j.results(t), way.most)
			for n, want := range map[int]string{2: "", 3: "2", 12: "2 3 5 7 11", 30: "2 3 5 7 11 13 17 19 23 29"} {
				if got := j.shell(t, fmt.Sprintf("cat out/%d.txt", n)); got != want {
					t.Errorf("out/%d.txt: got %q, want %q", n, got, want)
				}
			}
			if got := j.expect(t, 0, "logs --item 99").Stdout; !strings.Contains(got, "25") {
				t.Errorf("logs --item 99: got %q, want 25, the primes below 100", got)
			}
		})
	}
}

func checkRows(t *testing.T, rows []row, mostNodes int) {
	t.Helper()
	if len(rows) != 300 {
		t.Fatalf("got %d results, want 300", len(rows))
	}
	nodes := map[string]int{}
	for i, r := range rows {
		if r.Index != i || r.State != "done" || r.ExitCode == nil || *r.ExitCode != 0 {
			t.Errorf("result %d: got %+v", i, r)
		}
		if r.Columns["n"] != float64(i+1) {
			t.Errorf("result %d: got columns %v, want n = %d", i, r.Columns, i+1)
		}
		if r.Elapsed == nil || *r.Elapsed <= 0 || r.CPU == nil || *r.CPU <= 0 || r.RSS == nil || *r.RSS < 1 {
			t.Errorf("result %d lacks a measurement: %+v", i, r)
		}
		nodes[r.Node]++
	}
	if len(nodes) > mostNodes {
		t.Errorf("it ran on %v, want at most %d nodes", nodes, mostNodes)
	}
}

// hostile are values that a shell, a CSV reader or a script could get wrong.
var hostile = []string{
	"plain", "two words", "", "'single'", `"double"`, "both ' and \"", "$(touch pwned)", "`touch pwned`",
	"; touch pwned;", "a\nb", "\n", "-n", "--help", "ünïcödé ☃ 日本", strings.Repeat("x", 10000), "*", "?", "~", "$HOME",
	"\\", "\\n", "a\\", "a,b", "|cat", ">pwned", "&", "#no comment", "{n}", "{{}}", "%d %s", "\t", "!!", "a=b", "{", "\u00a0",
}

// echo writes its argument, as it came, to a file and appends its number to ran.txt.
const echo = `import os, sys
with open(os.path.join("out", sys.argv[1]), "wb") as f:
    f.write(os.fsencode(sys.argv[2]))
with open("ran.txt", "a") as f:
    f.write(sys.argv[1] + "\n")
`

// TestHostileValues sends values through every strategy: they arrive byte for byte, and
// nothing is executed.
func TestHostileValues(t *testing.T) {
	var lines strings.Builder
	for i, value := range hostile {
		fmt.Fprintf(&lines, "{\"k\": %d, \"v\": %s}\n", i+1, quoteJSON(value))
	}
	toml := "name = \"hostile\"\ncommand = [\"python3\", \"echo.py\", \"{k}\", \"{v}\"]\nitems = \"values.jsonl\"\n[each]\noutputs = [\"out/{k}\"]\n"
	for _, way := range ways() {
		t.Run(way.name, func(t *testing.T) {
			j := newJob(t, Default, toml+way.toml, map[string]string{"echo.py": echo, "values.jsonl": lines.String()})
			j.expect(t, 0, "submit --wait")
			j.eachOnce(t, len(hostile))
			for i, value := range hostile {
				if got := j.lab.Get(t, fmt.Sprintf("%s/out/%d", j.folder, i+1)); got != value {
					t.Errorf("value %d: got %.80q, want %.80q", i, got, value)
				}
			}
			if got := j.shell(t, "find / -name 'pwned*' -not -path '/proc/*' 2>/dev/null || true"); got != "" {
				t.Errorf("a value was executed: %s", got)
			}
		})
	}
}
