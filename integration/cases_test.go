//go:build integration

package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// fewJob is a job of some short items, in one Slurm job.
const fewJob = `name = "few"
command = "sh tally.sh {n} 0.2"
[sweep]
n = { from = 1, to = 8 }
[each]
time = "1s"
[plan]
strategy = "packed"
[limits]
cpus = 2
[slurm]
options = [%s]
`

func newFew(t *testing.T, options string) *job {
	t.Helper()
	return newJob(t, Default, fmt.Sprintf(fewJob, options), map[string]string{"tally.sh": tallyScript})
}

// wrapSbatch puts a script before Slurm's sbatch: what it does with a submission. The line runs hpcsub with it.
func (j *job) wrapSbatch(t *testing.T, submission string) (line string) {
	t.Helper()
	script := "#!/bin/sh\ncase \"$*\" in *--test-only*) exec /usr/bin/sbatch \"$@\" ;; esac\n" + submission
	j.lab.Put(t, File{Path: j.folder + "/bin/sbatch", Content: script, Mode: "755"})
	return "PATH=$PWD/bin:$PATH hpcsub "
}

// TestSbatchReportsErrorButJobRuns: whatever sbatch says, one Slurm job runs each item once.
func TestSbatchReportsErrorButJobRuns(t *testing.T) {
	for name, says := range map[string]string{
		"time-out": "echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1",
		"nothing":  "exit 0",
		"killed":   "kill -KILL $$",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newFew(t, "")
			hpcsub := j.wrapSbatch(t, "echo called >>calls.txt\ncd \"$(dirname \"$0\")/..\"\n/usr/bin/sbatch \"$@\" >>calls.txt\n"+says+"\n")
			r := j.lab.Run(t, Command{Folder: j.folder, Line: hpcsub + "submit --wait"})
			if r.Code != 0 {
				t.Errorf("exit code %d\n%s", r.Code, r.Stderr)
			}
			if got := strings.Count(j.shell(t, "cat .hpcsub/*/attempts/1/submissions.jsonl"), `"outcome":"submitting"`); got != 1 {
				t.Errorf("sbatch was called %d times, want once: the job was there", got)
			}
			new(tally).check(t, j, 8)
		})
	}
}

// TestClientKilledWhileControllerHangs: the client is killed while sbatch waits for a controller that does not
// answer. The job appears when the controller goes on; the next submit takes it up.
func TestClientKilledWhileControllerHangs(t *testing.T) {
	for name, also := range map[string]string{"client alone": "", "client and sbatch": "pkill -KILL -u alice -x sbatch"} {
		t.Run(name, func(t *testing.T) {
			j := newFew(t, "")
			hpcsub := j.wrapSbatch(t, `cd "$(dirname "$0")/.."
touch about
while [ ! -e frozen ]; do sleep 0.05; done
exec /usr/bin/sbatch "$@"
`)
			client := j.lab.Begin(t, Command{Folder: j.folder, Line: hpcsub + "submit --wait"})
			WaitFor(t, "sbatch is about to submit", 30*time.Second, func() bool { return j.has(t, "about") })
			j.lab.Freeze(t, Slurmctld)
			j.shell(t, "touch frozen")
			WaitFor(t, "sbatch waits for its answer", 30*time.Second, func() bool {
				return j.lab.Exec(t, "login", "root", "ss -tnH state established dst :6817 2>/dev/null | grep -q . || grep -qi ':1AA1 01' /proc/net/tcp").Code == 0
			})
			client.Signal(t, "KILL")
			client.Wait(t)
			j.lab.Exec(t, "login", "alice", also)
			j.lab.Thaw(t, Slurmctld)
			if r := j.hpcsub(t, "submit --wait"); r.Code != 0 {
				t.Errorf("submit --wait again: exit code %d\n%s", r.Code, r.Stderr)
			}
			var y tally
			y.check(t, j, 8)
			if runs := strings.Fields(j.shell(t, "ls -d .hpcsub/few-*")); len(runs) != 1 {
				t.Errorf("there are %d runs, want one: %v", len(runs), runs)
			}
		})
	}
}

func (j *job) has(t *testing.T, file string) bool {
	t.Helper()
	return j.lab.Run(t, Command{Folder: j.folder, Line: "test -e " + file}).Code == 0
}

// TestControllerForgetsJob: slurmctld is killed soon after it has accepted a job and comes back as it was before. The
// job is forgotten, and its id is given to another one.
func TestControllerForgetsJob(t *testing.T) {
	t.Run("before it began", func(t *testing.T) {
		j := newFew(t, `"--begin=now+8"`)
		id := forget(t, j, func() {})
		other := j.shell(t, "while other=$(sbatch --parsable --partition=long --wrap 'sleep 300') && [ $other -lt "+id+" ]; do scancel $other; done; echo $other")
		t.Cleanup(func() { j.lab.Exec(t, "login", "alice", "scancel "+other) })
		if other != id {
			t.Fatalf("the id was not given out again: got %s, want %s", other, id)
		}
		if r := j.hpcsub(t, "watch"); r.Code != 0 {
			t.Errorf("watch: exit code %d\n%s", r.Code, r.Stderr)
		}
		new(tally).check(t, j, 8)
		if got := j.shell(t, "squeue -h -o %T -j "+other); got != "RUNNING" {
			t.Errorf("the other job of that id is %q, want RUNNING", got)
		}
	})
	t.Run("while it ran", func(t *testing.T) {
		j := newFew(t, "")
		j.shell(t, "sed -i 's/0.2/2/' job.toml")
		var y tally
		forget(t, j, func() {
			WaitFor(t, "the first items have ended", time.Minute, func() bool { y.read(t, j); return len(y.ended) >= 2 })
		})
		y.fault()
		j.shell(t, "touch go")
		y.mark(t, j)
		j.finish(t, &y)
		y.check(t, j, 8)
	})
}

// forget submits the job, and takes slurmctld back to what it knew before. The result is the id of the Slurm job.
func forget(t *testing.T, j *job, then func()) string {
	t.Helper()
	j.lab.WaitIdle(t)
	j.lab.RestartDaemon(t, Slurmctld) // it saves what it knows
	j.lab.waitNodes(t)
	j.lab.Must(t, Command{Host: "ctl", User: "root", Line: "tar -C /var/lib/slurm -cf /run/lab/before.tar ctld"})
	j.expect(t, 0, "submit")
	id := j.status(t).Attempts[0].JobID
	then()
	j.lab.StopDaemon(t, Slurmctld)
	j.lab.Must(t, Command{Host: "ctl", User: "root", Line: "rm -rf /var/lib/slurm/ctld && tar -C /var/lib/slurm -xf /run/lab/before.tar"})
	j.lab.StartDaemon(t, Slurmctld)
	j.lab.waitNodes(t)
	if got := j.lab.Exec(t, "ctl", "root", "scontrol show job "+id); got.Code == 0 {
		t.Fatalf("job %s is not forgotten:\n%s", id, got.Stdout)
	}
	return id
}
