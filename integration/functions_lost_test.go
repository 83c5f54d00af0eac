//go:build integration

package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestFunctionsFaults runs calls over nodes through a requeue and the loss of a node: all are done in the end, and
// what had returned is not called again.
func TestFunctionsFaults(t *testing.T) {
	lab := Start(t, Default)
	lab.Hurry(t)
	for _, way := range callWays {
		if way.nodes < 2 || !hasPackage(t, lab, way.pkg) {
			continue
		}
		t.Run(way.strategy, func(t *testing.T) {
			const calls = 200
			job := strings.Replace(callJob(way.name, way.strategy, 2, calls, "[environment]\nvariables = { LENGTH = \"1\" }\n"), "from = 1,", "from = 101,", 1)
			job = strings.Replace(job, "to = 200", "to = 300", 1)
			j := newJob(t, Default, job, map[string]string{"squares.py": squares})
			client := lab.Begin(t, Command{Folder: j.folder, Line: "hpcsub submit --wait", Timeout: 8 * time.Minute})
			await := func(n int) {
				t.Helper()
				WaitFor(t, fmt.Sprintf("%d calls are done", n), 2*time.Minute, func() bool { return j.doneSoFar(t) >= n })
			}
			await(20)
			lab.Must(t, Command{Host: "ctl", User: "root", Line: `scontrol requeue "$(squeue -h -t RUNNING -u alice -o %i | head -n 1)"`})
			await(60)
			lab.KillNode(t, "c2")
			WaitFor(t, "c2 down", 3*time.Minute, func() bool { return strings.HasPrefix(lab.State(t, "c2"), "down") })
			lab.StartNode(t, "c2")
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
		})
	}
}
