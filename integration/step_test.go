//go:build integration

package integration

import (
	"fmt"
	"strings"
	"testing"
)

// TestVersionStepGivesUp: scripts rely on what srun --immediate does inside an allocation. It bounds the wait for a step
// that Slurm does not make, here since another one has all of the job, and not how long a step runs.
func TestVersionStepGivesUp(t *testing.T) {
	j := newJob(t, Default, countJob, nil)
	step := "srun --nodes=2 --ntasks=2 --ntasks-per-node=1 --exact --cpus-per-task=2 --mem=200M --wait=0 --kill-on-bad-exit=0 --mpi=none "
	script := `#!/bin/bash
#SBATCH --partition=short --nodes=2 --ntasks=2 --ntasks-per-node=1 --cpus-per-task=2 --mem=200M --time=3 --output=steps.log
` + step + `--immediate=4 sleep 30 & first=$!
sleep 2
SECONDS=0
` + step + `--immediate=8 true
echo "second $? after $SECONDS"
wait $first
echo "first $?"
`
	j.lab.Put(t, File{Path: j.folder + "/steps.sh", Content: script})
	j.shell(t, "sbatch --wait steps.sh")
	said := j.shell(t, "cat steps.log")
	var code, seconds, first int
	at := strings.Index(said, "second ")
	if _, err := fmt.Sscanf(said[max(0, at):], "second %d after %d\nfirst %d", &code, &seconds, &first); err != nil {
		t.Fatalf("%v:\n%s", err, said)
	}
	if code == 0 || seconds < 7 || seconds > 25 || first != 0 {
		t.Errorf("the second step gave up with %d after %d s, the first ended with %d; want a failure after 8 s and 0:\n%s", code, seconds, first, said)
	}
}
