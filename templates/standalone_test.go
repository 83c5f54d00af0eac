package templates

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hpcsub/items"
)

// Every script that needs hpcsub has one that does not, which bash and shellcheck read.
func TestStandaloneScripts(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for name, s := range goldens() {
		s.Function = s.Strategy == "dask" || s.Strategy == "pathos"
		text, err := RenderStandalone(Standalone{Script: s, List: "/home/alice/fourier/fourier.items", TimeoutS: 600})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "#") && strings.Contains(line, "worker") || strings.Contains(line, "$hpcsub") || strings.Contains(line, "# hpcsub knows") {
				t.Errorf("%s needs hpcsub, or says so: %s", name, line)
			}
		}
		path := filepath.Join(dir, name+".sh")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	if out, err := exec.Command("shellcheck", paths...).CombinedOutput(); err != nil {
		t.Errorf("shellcheck: %v\n%.3000s", err, out)
	}
}

func TestLine(t *testing.T) {
	got, err := Line("", items.Invocation{Argv: []string{"python", "a b.py", "x\ny"}, Outputs: []string{"out/a b/1", "2"}})
	if want := `mkdir -p -- 'out/a b' && python 'a b.py' $'x\x0ay'`; err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}
