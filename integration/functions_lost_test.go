//go:build integration

package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestFunctionsFaults runs calls over nodes through a requeue and the loss of a node, after which Slurm starts the job
// again: all are done in the end, what had returned is not called again, and no job stays behind.
func TestFunctionsFaults(t *testing.T) {
	lab := Start(t, Default)
	lab.Must(t, Command{Host: "ctl", User: "root", Line: "scancel -u alice"}) // what other faults left behind on nodes that were killed
	for _, way := range callWays {
		if way.nodes < 2 || !hasPackage(t, lab, way.pkg) {
			continue
		}
		t.Run(way.strategy, func(t *testing.T) { loseNode(t, lab, way.strategy) })
	}
}

// held is squares that wait for leave from n = 251 on, so that calls are left whenever Slurm notices a loss.
const held = `import os, time
def square(n):
    with open("ran.txt", "a") as f:
        f.write("%d\n" % n)
    while n > 250 and not os.path.exists("leave"): time.sleep(0.1)
    time.sleep(0.5)
    return n * n
`

// loseNode runs 320 calls on two nodes, 8 CPUs each, and takes the second node away when 60 are done. It stays away, so
// the job goes on with another one.
func loseNode(t *testing.T, lab *Lab, strategy string) {
	const calls = 320
	job := strings.NewReplacer("from = 1, to = 320", "from = 101, to = 420", "nodes = 2", "nodes = 2\ncpus = 16", `"short"`, `"long"`).
		Replace(callJob("lost "+strategy, strategy, 2, calls, ""))
	j := newJob(t, Default, job, map[string]string{"squares.py": held})
	client := lab.Begin(t, Command{Folder: j.folder, Line: "hpcsub submit --wait", Timeout: 8 * time.Minute})
	await := func(n int) {
		t.Helper()
		WaitFor(t, fmt.Sprintf("%d calls are done", n), 2*time.Minute, func() bool { return j.doneSoFar(t) >= n })
	}
	own := "squeue -h -u alice -o '%i %j' | grep ' lost-" + strategy + "-' | cut -d ' ' -f 1"
	// startAgain does not wait for the two minutes after which Slurm starts a job again.
	startAgain := func() {
		t.Helper()
		WaitFor(t, "the job waits to start again", time.Minute, func() bool {
			return strings.Contains(j.shell(t, "squeue -h -u alice -t PENDING -o '%j %r'"), "BeginTime")
		})
		lab.Must(t, Command{Host: "ctl", User: "root", Line: "scontrol update StartTime=now jobid=$(" + own + ")"})
	}
	await(20)
	lab.Must(t, Command{Host: "ctl", User: "root", Line: "scontrol requeue $(" + own + ")"})
	startAgain()
	await(60)
	lost := strings.TrimSpace(j.shell(t, "scontrol show hostnames $(squeue -h -o %N -j $("+own+")) | tail -n 1"))
	lab.KillNode(t, lost)
	WaitFor(t, lost+" down", 3*time.Minute, func() bool { return lab.isDown(t, lost) })
	startAgain()
	if done := j.doneSoFar(t); done > 150 {
		t.Errorf("%d calls are done, of which 150 needed no leave", done)
	}
	j.shell(t, "touch leave")
	if r := client.Wait(t); r.Code != 0 {
		t.Errorf("submit --wait: exit code %d\n%s", r.Code, r.Stderr)
	}
	for _, c := range j.calls(t) {
		if n := c.Index + 101; c.State != "done" || string(c.Value) != fmt.Sprint(n*n) {
			t.Errorf("call %d: %s, value %s", n, c.State, c.Value)
		}
	}
	if ran := j.ran(t); len(ran) != calls {
		t.Errorf("%d different calls were made, want %d", len(ran), calls)
	}
	twice := j.shell(t, `cat .hpcsub/*/attempts/*/results/*.jsonl | jq -r 'select(.state == "done") | .index' | sort | uniq -d`)
	if strings.TrimSpace(twice) != "" {
		t.Errorf("calls that returned twice: %q", twice)
	}
	WaitFor(t, "the job's end", 30*time.Second, func() bool { return strings.TrimSpace(j.shell(t, own+" || true")) == "" })
}
