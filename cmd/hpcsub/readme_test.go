package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/shell"
)

// TestReadme types what README.md says. Its job.toml is right as it stands, and so is what its init writes.
func TestReadme(t *testing.T) {
	readme := guide(t, "README.md")
	t.Setenv("HOME", t.TempDir())
	t.Chdir(t.TempDir())
	for _, path := range []string{"images/a b.jpg", "images/c.jpg", "fit.py"} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	typed(t, regexp.MustCompile(`(?m)^hpcsub init .*`).FindString(readme))
	typed(t, "hpcsub check --cluster local --json")
	_, rest, _ := strings.Cut(readme, "```toml\n")
	job, _, _ := strings.Cut(rest, "```")
	if err := os.WriteFile("readme.toml", []byte(job), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := typed(t, "hpcsub check readme.toml --cluster local --json"); !strings.Contains(got, `"items": 600`) {
		t.Errorf("got %s, want 2 images, 3 and 100 values", got)
	}
}

// TestGuidesNameWhatIsThere asks for the help of each command that a guide names, and looks there for its flags.
func TestGuidesNameWhatIsThere(t *testing.T) {
	named := regexp.MustCompile("(?m)(?:^ *\\$? *|`)hpcsub ((?:site )?[a-z]+)((?: [^`\n#]*)?)")
	quoted := regexp.MustCompile(`'[^']*'`)
	for _, path := range []string{"README.md", "CONTRIBUTING.md", "docs/guide.md", "docs/admin.md", "docs/scripting.md", "examples/README.md"} {
		for _, m := range named.FindAllStringSubmatch(guide(t, path), -1) {
			var help bytes.Buffer
			args := append(append([]string{"hpcsub"}, strings.Fields(m[1])...), "--help")
			if code := run(t.Context(), args, &help, &help); code != exitDone {
				t.Errorf("%s: %q: exit code %d, %s", path, m[0], code, &help)
			}
			for _, flag := range regexp.MustCompile(`(?:^| )(--[a-z-]+)`).FindAllStringSubmatch(quoted.ReplaceAllString(m[2], ""), -1) {
				if !strings.Contains(help.String(), flag[1]) {
					t.Errorf("%s: %q: hpcsub %s has no flag %s", path, m[0], m[1], flag[1])
				}
			}
		}
	}
}

func guide(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// typed runs a line as a shell would, and returns what it printed.
func typed(t *testing.T, line string) string {
	t.Helper()
	args, err := shell.Fields(line, nil)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), args, &stdout, &stderr); code != exitDone || strings.Contains(stderr.String(), "warning") {
		t.Fatalf("%s: exit code %d, %s", line, code, &stderr)
	}
	return stdout.String()
}
