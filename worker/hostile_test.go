package worker

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hpcsub/items"
)

// hostile are values that something on the way might split, expand or run.
func hostile() (values []items.Value) {
	for _, text := range []string{
		"", " ", "a b  c", "'", `"`, `'"'"'`, "$(touch pwned)", "`touch pwned`", "; touch pwned", "| touch pwned", "&& touch pwned",
		"> pwned", "new\nline", "\n", "tab\t", "-n", "--help", "--", "*", "?", "[a-z]", "~", "$HOME", "${x}", `\`, `\n`, "%s%d", "!!", "#",
		"ÄÖÜ ß 漢字 🎉", "\u202e", "{}", "{n}", "{{", strings.Repeat("x y", 3334), "\x01\x7f", "a=b", "10", "0x10", "1e3", "true", "null",
	} {
		values = append(values, items.Value{Text: text})
	}
	return values
}

// TestHostileValues: they arrive byte for byte, and nothing of them is executed.
func TestHostileValues(t *testing.T) {
	t.Parallel()
	kinds := map[string]items.Spec{
		"argument list": {Command: []string{"/usr/bin/printf", "%s|%s", "{value}", "x{value}x"}},
		"shell":         {Shell: `printf '%s|%s' {value} x{value}x`},
	}
	ways := map[string][]string{"queue": nil, "gnu parallel": parallelCommand(3)}
	for kind, spec := range kinds {
		for way, dispatcher := range ways {
			t.Run(kind+"/"+way, func(t *testing.T) {
				values := hostile()
				spec.Sweep = []items.Column{{Name: "value", Values: values}}
				spec.Dir = ""
				r := freeze(t, spec, 1)
				r.exits(ExitDone, lifeOptions{slots: 3, dispatcher: dispatcher})
				ends := r.ends()
				for i, v := range values {
					rec := ends[i]
					got := r.output(rec, items.Writer{Attempt: 1}, "out", rec.Stdout)
					if want := v.Text + "|x" + v.Text + "x"; got != want {
						t.Errorf("value %.60q arrived as %.60q", v.Text, got)
					}
				}
				if found, _ := filepath.Glob(filepath.Join(r.job, "pwned*")); len(found) > 0 {
					t.Errorf("something was executed: %v", found)
				}
			})
		}
	}
}

// TestLongArguments: more than the system takes is the item's failure, and the others run.
func TestLongArguments(t *testing.T) {
	t.Parallel()
	spec := items.Spec{Command: []string{"/bin/true"}, Sweep: []items.Column{{Name: "value", Values: []items.Value{
		{Text: "a"}, {Text: strings.Repeat("x", 120<<10)}, {Text: "b"}}}}}
	for range 30 {
		spec.Command = append(spec.Command, "{value}")
	}
	r := freeze(t, spec, 1)
	r.exits(ExitUndone, lifeOptions{})
	ends := r.ends()
	if rec := ends[1]; rec.State != items.Failed || text(rec.ExitCode) != "126" || !strings.Contains(rec.Cause, "too long") {
		t.Errorf("got %s, exit code %s, cause %q", rec.State, text(rec.ExitCode), rec.Cause)
	}
	if ends[0].State != items.Done || ends[2].State != items.Done {
		t.Errorf("the others: %s, %s; want done", ends[0].State, ends[2].State)
	}
}

// TestTruncatedLog: a shell's `> /dev/stderr` empties the log of its slot. Each item has its own output all the same, or
// zeros where it is gone, whether the log is shorter or longer afterwards.
func TestTruncatedLog(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("much more\n", 20000)
	for _, tt := range []struct{ name, rest, want string }{
		{"shorter", "echo end >&2", "new\nend\n"},
		{"as long", "printf x >&2", "new\nx"},
		{"longer", "yes 'much more' | head -n 20000 >&2", "new\n" + many},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := freeze(t, numbers("test {n} = 1 || { echo {n}234 >&2; exit; }; echo old >&2; echo new > /dev/stderr; "+tt.rest, 4), 1)
			r.exits(ExitDone, lifeOptions{})
			log, err := os.ReadFile(r.dir.Log(items.Writer{Attempt: 1}, 0, "err"))
			must(t, err)
			ends := r.ends()
			for n, want := range map[int]string{1: tt.want, 2: "2234\n", 3: "3234\n"} {
				span := ends[n].Stderr
				if got := string(log[span[0] : span[0]+span[1]]); got != want {
					t.Errorf("item %d: %q, want %q", n, clip(got), clip(want))
				}
			}
			if span := ends[0].Stderr; !items.Gone(log[span[0] : span[0]+span[1]]) {
				t.Errorf("item 0: %q, want it known as gone", log[span[0]:span[0]+span[1]])
			}
		})
	}
}

func clip(s string) string { return s[:min(len(s), 60)] }
