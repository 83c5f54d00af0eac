package configs

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden parts of testdata/errors")

// TestErrors holds every message against testdata/errors: a case is a job.toml, and after a line
// "==" what is said of it. -update writes what is said now.
func TestErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range archive.Files {
			text, want, _ := bytes.Cut(c.Data, []byte("==\n"))
			got := said(t, text)
			archive.Files[i].Data = []byte(string(text) + "==\n" + got)
			t.Run(filepath.Base(file)+"/"+c.Name, func(t *testing.T) {
				checkVoice(t, got)
				if !*update && got != string(want) {
					t.Errorf("got\n%swant\n%s", got, want)
				}
			})
		}
		if *update {
			if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// said is the error of a job.toml, or its warnings.
func said(t *testing.T, text []byte) string {
	t.Helper()
	job, err := ParseJob("job.toml", text)
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	for _, w := range job.Warnings {
		b.WriteString("warning: " + w.Error() + "\n")
	}
	return b.String()
}

// checkVoice holds what every message promises: it begins with the file, blames nobody's code,
// and there are ten lines at most.
func checkVoice(t *testing.T, text string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if text == "" || len(lines) > maxShown {
		t.Errorf("%d lines, want 1 to %d", len(lines), maxShown)
	}
	for _, line := range lines {
		line = strings.TrimPrefix(line, "warning: ")
		if !strings.HasPrefix(line, "job.toml: ") && !strings.HasPrefix(line, "and ") {
			t.Errorf("does not begin with the file: %q", line)
		}
		for _, word := range []string{"failed to", " toml: line", "%!", "<nil>", "interface", "int64"} {
			if strings.Contains(line, word) {
				t.Errorf("%q in %q", word, line)
			}
		}
	}
}
