package worker

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hpcsub/items"
)

func stopAfter(n int) func(*items.Work) { return func(w *items.Work) { w.Failures = n } }

// TestStopsWhenTheFirstItemsFailAlike, in one part or over many.
func TestStopsWhenTheFirstItemsFailAlike(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, item string
		parts      int
		failures   int
		stop       string // "" = no stop
	}{
		{"all alike", "exit 3", 1, 5, "the first 5 items all failed alike (exit code 3)"},
		{"all alike, one item a part", "exit 3", 40, 5, "the first 5 items all failed alike (exit code 3)"},
		{"never", "exit 3", 1, 0, ""},
		{"one success", "test {n} = 2", 1, 5, ""},
		{"one success, one item a part", "test {n} = 2", 40, 5, ""},
		{"in two ways", "x={n}; exit $(( x % 2 + 1 ))", 1, 5, ""},
		{"a signal", "kill -SEGV $$", 1, 3, "the first 3 items all failed alike (signal SEGV)"},
		{"no output", "true", 1, 4, "the first 4 items all failed alike (no output)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			spec := numbers(tt.item, 40)
			if tt.name == "no output" {
				spec.Outputs = []string{"out/{n}"}
			}
			r := freeze(t, spec, tt.parts, stopAfter(tt.failures))
			for part := range tt.parts {
				l := r.start(lifeOptions{part: part})
				l.wait(30 * time.Second)
				if got := l.stderr.String(); tt.stop != "" && part == tt.parts-1 && !strings.Contains(got, "were not started: the run was stopped: "+tt.stop) {
					t.Errorf("stderr %q", got)
				}
			}
			reason, stopped, err := readReason(r.dir.Stop())
			must(t, err)
			if stopped != (tt.stop != "") || reason != tt.stop {
				t.Errorf("stop: %v, %q; want %q", stopped, reason, tt.stop)
			}
			if ends, want := len(r.ends()), map[bool]int{true: tt.failures, false: 40}[stopped]; ends != want {
				t.Errorf("%d items ended, want %d", ends, want)
			}
		})
	}
}

// TestOthersHeedTheStop: a worker that is at work looks for the file.
func TestOthersHeedTheStop(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers("echo {n} >> ran; sleep 0.1", 200), 1)
	l := r.start(lifeOptions{slots: 2})
	eventually(t, "an item ran", func() bool { return len(r.lines("ran")) > 1 })
	must(t, items.WriteStop(r.dir, "somebody said so"))
	if got := l.wait(20 * time.Second); got != ExitUndone {
		t.Errorf("exit code %d", got)
	}
	ran := len(r.lines("ran"))
	if ends := r.ends(); ran > 100 || len(ends) != ran {
		t.Errorf("%d items ran, %d ended", ran, len(ends))
	}
	if !strings.Contains(l.stderr.String(), "somebody said so") {
		t.Errorf("stderr %q", &l.stderr)
	}
}

// TestBadNodeIsLeft: where all fails at once what others do, no more items are taken.
func TestBadNodeIsLeft(t *testing.T) {
	t.Parallel()
	node := func(name string) []string { return []string{"SLURMD_NODENAME=" + name, "NODE=" + name} }
	tests := []struct {
		name      string
		elsewhere string // what items do on the good node
		failures  int
		slots     int
	}{
		{"others succeed", "true", 0, 2},
		{"others succeed, and alike failures would stop the run", "true", 10, 2},
		{"others have not ended yet", "sleep 60", 5, 4},
		{"others have just begun", "sleep 60", 5, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := freeze(t, numbers(`echo {n} >> ran.$NODE; if [ $NODE = good ]; then `+tt.elsewhere+`; else exit 9; fi`, 200), 2, stopAfter(tt.failures))
			good := r.start(lifeOptions{part: 0, slots: 2, env: node("good")})
			eventually(t, "the good node is at work", func() bool { return len(r.records()) >= 2 })
			if tt.name == "others have not ended yet" {
				time.Sleep(soon + 500*time.Millisecond)
			}
			bad := r.start(lifeOptions{part: 1, slots: tt.slots, env: node("bad")})
			if got := bad.wait(20 * time.Second); got != ExitUndone {
				t.Errorf("exit code %d: %s", got, &bad.stderr)
			}
			reason, found, err := readReason(r.dir.BadNode("bad"))
			must(t, err)
			if !found || !strings.Contains(reason, "items failed at once on this node (exit code 9)") {
				t.Errorf("the node is not named: %q; stderr %q", reason, &bad.stderr)
			}
			if _, stopped, _ := readReason(r.dir.Stop()); stopped {
				t.Error("the run was stopped")
			}
			if ran := len(r.lines("ran.bad")); ran < 3 || ran > 20 {
				t.Errorf("%d items failed on the bad node", ran)
			}
			next := r.exits(ExitUndone, lifeOptions{part: 1, restart: 1, env: node("bad")})
			if !strings.Contains(next.stderr.String(), "node bad is left") {
				t.Errorf("the next worker there says %q", &next.stderr)
			}
			good.cmd.Process.Kill()
			good.wait(20 * time.Second) // its items write into the folder that is removed now
		})
	}
}

// TestNodeThatGoesBad: a node that fails items at once after it did others well takes no more of a shared queue than a good one.
func TestNodeThatGoesBad(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`echo {n} >> ran; [ $NODE = good ] || [ ! -e broken ] || exit 9; sleep 0.5`, 120), 1)
	r.share(3, 0)
	var lives []*life
	for part, node := range []string{"bad", "good", "good"} {
		lives = append(lives, r.start(lifeOptions{part: part, slots: 2, job: fmt.Sprint(100 + part), env: []string{"SLURMD_NODENAME=" + node, "NODE=" + node}}))
	}
	eventually(t, "each node has done some", func() bool { return len(r.lines("ran")) >= 13 })
	must(t, os.WriteFile(filepath.Join(r.job, "broken"), nil, 0o600))
	for _, l := range lives {
		l.wait(60 * time.Second)
	}
	failed := 0
	for _, rec := range r.ends() {
		if rec.State == items.Failed {
			failed++
		}
	}
	if n := len(r.ends()); n != 120 || failed == 0 || failed > 60 { // a third of them is its share
		t.Errorf("%d of %d items failed", failed, n)
	}
}

// TestOneItemPartsOnABadNode: an array's tasks with one item each add up to the same.
func TestOneItemPartsOnABadNode(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`test $NODE = good`, 12), 12)
	for part := range 12 {
		name := []string{"good", "bad"}[min(1, part/2)]
		r.start(lifeOptions{part: part, env: []string{"SLURMD_NODENAME=" + name, "NODE=" + name}}).wait(10 * time.Second)
	}
	if _, err := os.Stat(r.dir.BadNode("bad")); err != nil {
		t.Error(err)
	}
	if got := len(r.ends()); got != 5 {
		t.Errorf("%d items ended, want 2 on the good node and 3 on the bad one", got)
	}
}

func TestFailureWords(t *testing.T) {
	code, signal := 3, "SEGV"
	tests := []struct {
		record items.Record
		want   string
	}{
		{items.Record{State: items.Failed, ExitCode: &code}, "exit code 3"},
		{items.Record{State: items.Failed, Signal: &signal}, "signal SEGV"},
		{items.Record{State: items.Timeout, Signal: &signal, Cause: "ran longer"}, "timeout, signal SEGV"},
		{items.Record{State: items.OutOfMemory, Cause: "1,234 MiB"}, "out of memory"},
		{items.Record{State: items.Failed, Cause: `no output "a"`}, "no output"},
	}
	for _, tt := range tests {
		if got := failureOf(&tt.record).String(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// TestNodeIsBadBeforeOthersBegin: a node that fails everything before the part of another node has begun waits a
// moment, and does not stop the whole run.
func TestNodeIsBadBeforeOthersBegin(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`test "$SLURMD_NODENAME" != bad`, 40), 2, stopAfter(5))
	bad := r.start(lifeOptions{part: 0, env: []string{"SLURMD_NODENAME=bad"}})
	eventually(t, "five items fail", func() bool { return len(r.ends()) >= 5 })
	r.exits(ExitDone, lifeOptions{part: 1, env: []string{"SLURMD_NODENAME=good"}})
	bad.wait(10 * time.Second)
	if reason, stopped, _ := readReason(r.dir.Stop()); stopped {
		t.Errorf("the run was stopped: %s", reason)
	}
	if reason, named, _ := readReason(r.dir.BadNode("bad")); !named || !strings.Contains(reason, "failed at once on this node") {
		t.Errorf("node bad: named %t, %q", named, reason)
	}
}
