// Package hpcsub_test holds the rules that concern all packages at once.
package hpcsub_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed says which of our packages each package may import: arrows point down only.
var allowed = map[string][]string{
	"items":      {},
	"slurm":      {},
	"gpu":        {},
	"configs":    {"items", "slurm"},
	"strategies": {"configs", "items", "slurm"},
	"templates":  {"strategies", "configs", "items", "slurm"},
	"trials":     {"strategies", "configs", "items", "slurm"},
	"runs":       {"templates", "trials", "strategies", "configs", "items", "slurm"},
	"sites":      {"runs", "templates", "trials", "strategies", "configs", "items", "slurm"},
	"worker":     {"trials", "items", "gpu"},
	"local":      {"slurm", "gpu"},
	"cmd/hpcsub": {"sites", "runs", "templates", "trials", "strategies", "configs", "items", "slurm", "worker", "local", "gpu"},
}

// owners says which packages alone may import an outside package.
var owners = map[string][]string{
	"github.com/urfave/cli/v3":                   {"cmd/hpcsub"},
	"github.com/BurntSushi/toml":                 {"configs"},
	"github.com/NVIDIA/go-nvml":                  {"gpu"},
	"os/exec":                                    {"slurm", "local", "worker", "gpu"},
	"github.com/rogpeppe/go-internal/testscript": {},
}

func TestImportsPointDown(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(fields[0], "hpcsub/")
		for _, imported := range fields[1:] {
			check(t, pkg, imported)
		}
	}
}

func check(t *testing.T, pkg, imported string) {
	t.Helper()
	if ours, ok := strings.CutPrefix(imported, "hpcsub/"); ok {
		may, known := allowed[pkg]
		if known && !slices.Contains(may, ours) {
			t.Errorf("%s imports %s, which is not below it", pkg, ours)
		}
	}
	for outside, may := range owners {
		if (imported == outside || strings.HasPrefix(imported, outside+"/")) && !slices.Contains(may, pkg) && !strings.HasPrefix(pkg, "integration") {
			t.Errorf("%s imports %s, which is for %v alone", pkg, imported, may)
		}
	}
}

// TestNoVagueNames keeps out the packages in which everything ends up.
func TestNoVagueNames(t *testing.T) {
	out, err := exec.Command("go", "list", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for pkg := range strings.Lines(string(out)) {
		last := strings.TrimSpace(pkg[strings.LastIndex(pkg, "/")+1:])
		if slices.Contains([]string{"util", "utils", "common", "helpers", "types", "models"}, last) {
			t.Errorf("package %s: name it after its question", pkg)
		}
	}
}
