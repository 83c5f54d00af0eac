package templates

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestQuote(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", "''"},
		{"plain", "a-b_c.d/e:1,2+3@x", "a-b_c.d/e:1,2+3@x"},
		{"space", "a b", "'a b'"},
		{"single quote", "it's", `'it'\''s'`},
		{"dollar", "$HOME", "'$HOME'"},
		{"tilde", "~", "'~'"},
		{"assignment", "A=b", "'A=b'"},
		{"line break", "a\nb'c\\", `$'a\x0ab\'c\\'`},
		{"non-ASCII", "é", "'é'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Quote(tt.in); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestQuoteArrivesInBash(t *testing.T) {
	for _, s := range slices.Concat(hostile, control, []string{"\xff\xfe", "\x01\x02"}) {
		if got := echo(t, Quote(s)); got != s {
			t.Errorf("got %q, want %q", got, s)
		}
	}
}

// echo is what bash makes of a word.
func echo(t *testing.T, word string) string {
	t.Helper()
	out, err := exec.Command("bash", "-c", "printf %s "+word).Output()
	if err != nil {
		t.Fatalf("bash refuses %s: %v", word, err)
	}
	return string(out)
}

func FuzzQuote(f *testing.F) {
	for _, s := range slices.Concat(hostile[:20], control) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsRune(s, 0) || len(s) > 1000 || strings.HasPrefix(s, "-") {
			return
		}
		if got := echo(t, Quote(s)); got != s {
			t.Errorf("got %q, want %q", got, s)
		}
		if strings.ContainsAny(Quote(s), "\n\r") {
			t.Errorf("%q takes more than a line", s)
		}
	})
}

func FuzzDirective(f *testing.F) {
	for _, s := range slices.Concat(hostile[:20], control) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		line, err := directive("comment", s)
		if bad := strings.IndexFunc(s, isControl) >= 0; bad != (err != nil) {
			t.Fatalf("%q: got %v, want an error: %v", s, err, bad)
		}
		if err != nil {
			return
		}
		if got := sbatchWords(t, " "+line+"\n"); len(got) != 1 || got[0] != "--comment="+s {
			t.Errorf("sbatch would read %q, want %q", got, "--comment="+s)
		}
	})
}

func FuzzSetup(f *testing.F) {
	for _, s := range []string{"source env.sh", "true\n}\n{ true", "echo \\", "cat <<E\nx\nE", "a &", "(b)", "case x in y) ;; esac", "f() { :; }"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := shellLines(s); err != nil || len(s) > 1000 {
			return
		}
		sc := example("single", "24.11.5")
		sc.Environment.Setup = s
		text, err := Render(sc)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, "\n} || fail ") || !strings.HasSuffix(text, "--time-limit-s 1980\n") {
			t.Errorf("%q changed the rest of the script:\n%s", s, text)
		}
	})
}
