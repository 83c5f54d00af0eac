package templates

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ofSlurm are Slurm's commands but srun, called or named where a program's name can stand.
var ofSlurm = regexp.MustCompile(`\b(scontrol|squeue|sbatch|sacct|sacctmgr|sinfo|scancel|sstat|sprio|sshare|sdiag|salloc|sattach|sbcast|strigger|scrontab|sreport)\b`)

// TestScriptsCallOnlySrun: what runs on a node asks nothing of Slurm; the controller is everybody's.
func TestScriptsCallOnlySrun(t *testing.T) {
	scripts, _ := filepath.Glob("testdata/*.sh")
	drivers, _ := filepath.Glob("python/*.py")
	if len(scripts) < 10 || len(drivers) == 0 {
		t.Fatalf("got %d scripts and %d drivers", len(scripts), len(drivers))
	}
	calls := 0
	for _, path := range slices.Concat(scripts, drivers) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			code := strings.TrimSpace(line)
			if strings.HasPrefix(code, "#") {
				continue
			}
			if name := ofSlurm.FindString(code); name != "" {
				t.Errorf("%s calls %s: %s", path, name, code)
			}
			calls += strings.Count(code, "srun ")
		}
	}
	if calls == 0 {
		t.Error("no script calls srun: is this what is submitted?")
	}
}
