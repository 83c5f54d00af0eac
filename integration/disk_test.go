//go:build integration

package integration

import (
	"fmt"
	"strings"
	"testing"
)

// TestFullDisk has a run on a disk that is full before the submission: a clear error, and
// nothing is left half submitted.
func TestFullDisk(t *testing.T) {
	j := newJob(t, Default, plain, nil)
	small := j.lab.Must(t, Command{Line: "mktemp -d /small/full-XXXXXX"})
	t.Cleanup(func() { j.lab.Run(t, Command{User: "root", Line: "rm -rf " + small}) })
	j.shell(t, fmt.Sprintf("cp job.toml %s; head -c 100M /dev/zero >%s/filler 2>/dev/null; true", small, small))
	j.folder = small
	r := j.expect(t, 1, "submit")
	if !strings.Contains(r.Stderr, "no space left on device") {
		t.Errorf("it does not say that the disk is full: %s", r.Stderr)
	}
	j.nothingSubmitted(t)
	j.shell(t, "rm filler")
	j.expect(t, 0, "submit --wait")
	j.eachOnce(t, 8)
}

// TestReadOnlyFolder has a job's folder that its user may not write to.
func TestReadOnlyFolder(t *testing.T) {
	j := newJob(t, Default, plain, nil)
	j.shell(t, "chmod a-w .")
	defer j.shell(t, "chmod u+w .")
	r := j.expect(t, 1, "submit")
	if !strings.Contains(r.Stderr, "permission denied") || !strings.Contains(r.Stderr, j.folder) {
		t.Errorf("it does not say which folder may not be written to: %s", r.Stderr)
	}
	j.nothingSubmitted(t)
}

// TestUnseenFolder has runs in folders that the nodes do not see: one that no cluster shares, which is refused at
// once, and one of the login node's own, where the end of the run says what to look at.
func TestUnseenFolder(t *testing.T) {
	t.Run("below /tmp", func(t *testing.T) {
		j := newJob(t, Default, plain, nil)
		j.folder = j.shell(t, "d=$(mktemp -d); cp job.toml $d; echo $d")
		r := j.expect(t, 3, "submit")
		if !strings.Contains(r.Stderr, "/tmp of its own") {
			t.Errorf("it does not say why: %s", r.Stderr)
		}
		j.nothingSubmitted(t)
	})
	t.Run("of the login node", func(t *testing.T) {
		j := newJob(t, Default, plain, nil)
		j.lab.Must(t, Command{User: "root", Line: "mkdir -p /data && chown alice /data"})
		j.shell(t, "cp job.toml /data")
		j.folder = "/data"
		t.Cleanup(func() { j.lab.Run(t, Command{User: "root", Line: "rm -rf /data"}) })
		r := j.expect(t, 5, "submit --wait")
		if !strings.Contains(r.Stderr, "nodes see") {
			t.Errorf("it does not ask whether the nodes see the folder: %s", r.Stderr)
		}
	})
}
