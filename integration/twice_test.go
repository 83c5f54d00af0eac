//go:build integration

package integration

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSubmitTwiceAtOnce has two shells submit the same job at the same moment: there is one run, and the other
// shell is told so.
func TestSubmitTwiceAtOnce(t *testing.T) {
	j := newFew(t, "")
	var both []*Process
	for range 2 {
		both = append(both, j.lab.Begin(t, Command{Folder: j.folder, Line: "hpcsub submit"}))
	}
	codes := []int{both[0].Wait(t).Code, both[1].Wait(t).Code}
	slices.Sort(codes)
	if codes[0] != 0 || codes[1] != 2 {
		t.Errorf("exit codes %v, want 0 and 2\n%s\n%s", codes, both[0].stderr.String(), both[1].stderr.String())
	}
	var y tally
	j.finish(t, &y)
	y.check(t, j, 8)
	if runs := strings.Fields(j.shell(t, "ls -d .hpcsub/few-*")); len(runs) != 1 {
		t.Errorf("there are %d runs, want one: %v", len(runs), runs)
	}
}

// TestBadNode is a node on which the program is missing: it is named and left, the others go on, and retry stays
// away from it.
func TestBadNode(t *testing.T) {
	for _, strategy := range []string{"packed", "gnu-parallel"} {
		t.Run(strategy, func(t *testing.T) {
			j := newJob(t, Default, "name = \"bad-node\"\ncommand = \"/opt/tally.sh {n} 0.3\"\n[sweep]\nn = { from = 1, to = 60 }\n[each]\ntime = \"1s\"\ncpus = 3\n"+
				"[limits]\nnodes = 2\n[slurm]\npartition = \"short\"\n[plan]\nstrategy = \""+strategy+"\"\n", nil)
			j.lab.WaitIdle(t)
			j.lab.Must(t, Command{Host: "c1", User: "root", Stdin: "#!/bin/sh\n" + tallyScript, Line: "cat >/opt/tally.sh && chmod 755 /opt/tally.sh"})
			r := j.expect(t, 5, "submit --wait")
			if !strings.Contains(r.Stderr, "node c2") || !strings.Contains(r.Stderr, "stays away") {
				t.Errorf("submit --wait does not name c2 and say that retry stays away from it:\n%s", r.Stderr)
			}
			var y tally
			y.mark(t, j)
			if got := len(y.recorded); got < 30 {
				t.Errorf("%d items are done after the first attempt, want the half of c1", got)
			}
			if r := j.expect(t, 0, "retry --wait"); !strings.Contains(r.Stderr, "not on c2") {
				t.Errorf("retry does not say that it stays away from c2:\n%s", r.Stderr)
			}
			y.check(t, j, 60)
		})
	}
}

// TestDiskFillsUp has the disk of a run fill up while items run: no more are started, it is said why, and when there
// is room again retry does the rest.
func TestDiskFillsUp(t *testing.T) {
	j := newFew(t, "")
	small := j.lab.Must(t, Command{Line: "mktemp -d /small/fills-XXXXXX"})
	t.Cleanup(func() { j.lab.Run(t, Command{User: "root", Line: "rm -rf " + small}) })
	j.shell(t, "sed 's/0.2/0.5/; s/to = 8/to = 60/' job.toml >"+small+"/job.toml; cp tally.sh "+small+"; touch tally.txt; ln -s $PWD/tally.txt "+small)
	j.folder = small
	client := j.lab.Begin(t, Command{Folder: small, Line: "hpcsub submit --wait"})
	var y tally
	WaitFor(t, "the first items are recorded", time.Minute, func() bool { y.read(t, j); return len(y.ended) >= 2 && j.status(t).Items.Done >= 2 })
	y.mark(t, j)
	j.shell(t, "cat /dev/zero >filler 2>/dev/null; true")
	r := client.Wait(t)
	y.read(t, j)
	if got := len(y.begun); r.Code != 5 || got == 60 {
		t.Errorf("%d items began and submit --wait ended with %d, want fewer than 60 and 5\n%s", got, r.Code, r.Stderr)
	}
	if !strings.Contains(r.Stderr, "no space left") {
		t.Errorf("submit --wait does not say that the disk is full:\n%s", r.Stderr)
	}
	j.shell(t, "rm filler; touch go")
	j.expect(t, 0, "retry --wait")
	y.mark(t, j)
	for item := 1; item <= 60; item++ {
		if was, recorded := y.recorded[item]; y.ended[item] == 0 || !recorded || was != y.begun[item] {
			t.Errorf("item %d ended %d times; recorded as done: %t, when it had begun %d of now %d times", item, y.ended[item], recorded, was, y.begun[item])
		}
	}
}

// TestSubmitLimit: QOS fast takes 50 jobs of a user. When they come in after the plan, Slurm refuses the run, in its own
// words, and nothing is left of it.
func TestSubmitLimit(t *testing.T) {
	j := newFew(t, `]
qos = "fast"
#`)
	hpcsub := j.wrapSbatch(t, "/usr/bin/sbatch --qos=fast --begin=now+1hour --array=1-50 --wrap true >/dev/null\nexec /usr/bin/sbatch \"$@\"\n")
	t.Cleanup(func() { j.lab.Exec(t, "login", "alice", "scancel --qos=fast -u alice") })
	r := j.lab.Run(t, Command{Folder: j.folder, Line: hpcsub + "submit"})
	const words = "Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)"
	if r.Code != 4 || !strings.Contains(r.Stderr, words) {
		t.Errorf("exit code %d, want 4 and %q\n%s", r.Code, words, r.Stderr)
	}
	if got := j.shell(t, "hpcsub runs --json; squeue -h -o %j | grep few || true"); got != "[\n]" && got != "[]" {
		t.Errorf("it left a run or a job: %s", got)
	}
}
