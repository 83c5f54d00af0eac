//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// squares is a function that notes its calls, returns squares, and at some numbers ends otherwise.
const squares = `import os, signal, time
def square(n):
    with open("ran.txt", "a") as f:
        f.write("%d\n" % n)
    time.sleep(float(os.environ.get("LENGTH", "0.05")))
    if n == 7: raise ValueError("n is 7")
    if n == 9: os._exit(3)
    if n == 11: os.kill(os.getpid(), signal.SIGKILL)
    if n == 13: return {n}
    if n == 15: return os
    return n * n
`

// callWays are the strategies for functions; one that wants more than the lab's Python has is in lacking.
var callWays = []struct {
	name, strategy, pkg string
	nodes               int
}{
	{"pathos on 1", "pathos", "pathos", 1}, {"pathos on 2", "pathos", "pathos", 2},
	{"dask on 1", "dask", "distributed", 1}, {"dask on 2", "dask", "distributed", 2},
}

func callJob(name, strategy string, nodes, calls int, more string) string {
	return fmt.Sprintf("name = %q\nfunction = \"squares:square\"\n[sweep]\nn = { from = 1, to = %d }\n[each]\ntime = \"2s\"\n"+
		"[plan]\nstrategy = %q\n[limits]\nnodes = %d\n[slurm]\npartition = \"short\"\n%s", unsafe.ReplaceAllString(name, "-"), calls, strategy, nodes, more)
}

// hasPackage says whether the lab's Python has a package; older suites lack some.
func hasPackage(t *testing.T, lab *Lab, pkg string) bool {
	return lab.Exec(t, "c1", "alice", "python3 -c 'import "+pkg+"'").Code == 0
}

// TestFunctions makes 300 calls in every way: each once, with its value, and those that end badly alone. Where the
// lab's Python lacks a package, the run says so and what to do.
func TestFunctions(t *testing.T) {
	for _, way := range callWays {
		t.Run(way.name, func(t *testing.T) {
			j := newJob(t, Default, callJob(way.name, way.strategy, way.nodes, 300, ""), map[string]string{"squares.py": squares})
			if !hasPackage(t, j.lab, way.pkg) {
				r := j.expect(t, 5, "submit --wait")
				if !strings.Contains(r.Stderr, "needs the Python package") && !strings.Contains(r.Stderr, "ended and had not asked") {
					t.Errorf("without %s: submit --wait says\n%s", way.pkg, r.Stderr)
				}
				return
			}
			j.expect(t, 5, "submit --wait")
			j.eachOnce(t, 300)
			j.checkSquares(t, way.nodes)
		})
	}
}

// TestCallsOutOfMemory: on a cluster that holds jobs to their memory, the call that takes too much is told from the
// others, which go on, also those on its node.
func TestCallsOutOfMemory(t *testing.T) {
	const hungry = "import time\ndef f(n):\n    hog = bytearray((2500 << 20) if n == 5 else 1)\n    hog[::4096] = b'x' * len(hog[::4096])\n" +
		"    time.sleep(20 if n == 5 else 0.2)\n    return n\n"
	for _, way := range callWays {
		t.Run(way.name, func(t *testing.T) {
			job := strings.Replace(callJob(way.name, way.strategy, way.nodes, 40, ""), "squares:square", "hungry:f", 1)
			j := newJob(t, Cgroup, strings.Replace(job, "time = \"2s\"", "time = \"2s\"\nmemory = \"100MiB\"", 1), map[string]string{"hungry.py": hungry})
			if !hasPackage(t, j.lab, way.pkg) {
				return
			}
			j.expect(t, 5, "submit --wait")
			for _, r := range j.results(t) {
				want := "done"
				if r.Index == 4 {
					want = "out_of_memory"
				}
				if r.State != want {
					t.Errorf("call %d: %s, want %s", r.Index+1, r.State, want)
				}
			}
		})
	}
}

// TestCallsAtTheTimeLimit: what runs then is out of time, and nothing else is.
func TestCallsAtTheTimeLimit(t *testing.T) {
	const slow = "import os, time\ndef f(n):\n    time.sleep(300 if n == 1 and not os.path.exists('mended') else 0.2)\n    return n\n"
	j := newJob(t, Default, strings.Replace(callJob("slow", "pathos", 2, 40, ""), "squares:square", "slow:f", 1), map[string]string{"slow.py": slow})
	if !hasPackage(t, j.lab, "pathos") {
		return
	}
	j.expect(t, 5, "submit --wait")
	for _, r := range j.results(t) {
		want := "done"
		if r.Index == 0 {
			want = "timeout"
		}
		if r.State != want {
			t.Errorf("call %d: %s, want %s", r.Index+1, r.State, want)
		}
	}
	j.shell(t, "touch mended")
	j.expect(t, 0, "retry --wait")
}

// called is a result with what the call returned.
type called struct {
	row
	Value  json.RawMessage
	Pickle *struct {
		File           string
		Offset, Length int64
	}
}

func (j *job) calls(t *testing.T) (all []called) {
	t.Helper()
	for line := range strings.Lines(j.expect(t, 0, "results --json").Stdout) {
		var c called
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("results --json: %v in %q", err, line)
		}
		all = append(all, c)
	}
	return all
}

// checkSquares wants every call as squares makes it, on so many nodes.
func (j *job) checkSquares(t *testing.T, nodes int) {
	t.Helper()
	on := map[string]int{}
	for _, c := range j.calls(t) {
		n := c.Index + 1
		on[c.Node]++
		state, value := "done", fmt.Sprint(n*n)
		switch n {
		case 7, 9, 11, 15:
			state, value = "failed", "null"
		case 13:
			value = "null"
		}
		if c.State != state || string(c.Value) != value || (c.Pickle != nil) != (n == 13) {
			t.Errorf("call %d: %s, value %s, want %s, %s", n, c.State, c.Value, state, value)
		}
		if n == 11 && (c.Signal == nil || *c.Signal != "KILL") {
			t.Errorf("call 11: signal %v, want KILL", c.Signal)
		}
		least := 0.05
		if n == 9 || n == 11 { // timed by the worker, from when it heard that the call began
			least = 0.001
		}
		if c.Elapsed == nil || *c.Elapsed < least || c.RSS == nil || *c.RSS < 1 {
			t.Errorf("call %d lacks a measurement: %+v", n, c.row)
		}
	}
	if len(on) != nodes {
		t.Errorf("calls ran on %v, want %d nodes", on, nodes)
	}
	if got := j.expect(t, 0, "logs --item 6").Stdout; !strings.Contains(got, "ValueError: n is 7") {
		t.Errorf("logs of the call that raised: %q", got)
	}
	if got := j.expect(t, 0, "results --csv").Stdout; !strings.Contains(got, ",19,done,") || !strings.Contains(got, ",361\n") {
		t.Errorf("results --csv lacks the square of 19:\n%.500s", got)
	}
}

// doneSoFar is how many calls the records say are done.
func (j *job) doneSoFar(t *testing.T) int {
	t.Helper()
	var s status
	r := j.hpcsub(t, "status --json")
	if r.Code != 0 || json.Unmarshal([]byte(r.Stdout), &s) != nil { // it is not submitted yet
		return 0
	}
	return s.Items.Done
}
