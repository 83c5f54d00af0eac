//go:build integration

package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// lanes are a run for each way, so shaped that all fit on the lab at once, also after a requeue, and that packed and
// GNU Parallel on 2 do use two nodes: one has too little room for them. These two have to start first.
var lanes = []struct {
	name  string
	items int // until all faults are over; then they take no time
	toml  string
}{
	{"packed on 2", 240, "cpus = 3\n[slurm]\npartition = \"short\"\n"},
	{"gnu-parallel on 2", 240, "cpus = 13\n[limits]\nnodes = 2\n[slurm]\npartition = \"long\"\nconstraint = \"amd\"\n"},
	{"array on 2", 60, "[limits]\ncpus = 2\n[slurm]\npartition = \"short\"\n"},
	{"array on 1", 40, "[limits]\ncpus = 2\n[slurm]\npartition = \"long\"\nconstraint = \"big\"\n"},
	{"packed on 1", 120, "[limits]\ncpus = 2\n[slurm]\npartition = \"long\"\nconstraint = \"big\"\n"},
	{"gnu-parallel on 1", 120, "[limits]\ncpus = 2\n[slurm]\npartition = \"long\"\nconstraint = \"big\"\n"},
}

// A lane is a run and those who follow it.
type lane struct {
	*job
	tally
	name   string
	items  int
	client *Process // submit --wait
}

func startLane(t *testing.T, name string, items int, toml string) *lane {
	t.Helper()
	strategy, _, _ := strings.Cut(name, " ")
	l := &lane{name: name, items: items}
	seconds := 1.5
	if strategy == "array" {
		seconds = 4 // for most of the time an item is to run, not the start of a task
	}
	l.job = newJob(t, Default, fmt.Sprintf("name = %q\ncommand = \"sh tally.sh {n} %g\"\n[sweep]\nn = { from = 1, to = %d }\n[plan]\nstrategy = %q\n[each]\ntime = \"1s\"\n%s",
		unsafe.ReplaceAllString(name, "-"), seconds, items, strategy, toml), map[string]string{"tally.sh": tallyScript})
	l.client = l.lab.Begin(t, Command{Folder: l.folder, Line: "hpcsub submit --wait", Timeout: 5 * time.Minute})
	return l
}

// TestFaults runs every way through a restart of the controller, a requeue, and the loss of nodes. What was cut
// short is run again, and nothing else.
func TestFaults(t *testing.T) {
	lab := Start(t, Default)
	lab.Hurry(t)
	var all []*lane
	for _, way := range lanes {
		all = append(all, startLane(t, way.name, way.items, way.toml))
		if len(all) == 2 {
			all[0].await(t, 1)
			all[1].await(t, 1)
		}
	}
	during := func(name string, what func()) {
		for _, l := range all {
			l.await(t, 2)
			l.mark(t, l.job)
		}
		for _, l := range all {
			l.fault()
		}
		t.Log(name)
		what()
	}
	during("controller restarted", func() { lab.RestartDaemon(t, Slurmctld) })
	during("requeue", func() { requeueAll(t, lab, all) })
	during("c1 and c3 killed", func() { killNodes(t, lab, all, "c1", "c3") })
	for _, l := range all {
		l.shell(t, "touch go")
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			if r := l.client.Wait(t); r.Code != 0 && r.Code != 5 {
				t.Errorf("submit --wait: exit code %d\n%s", r.Code, r.Stderr)
			}
			l.finish(t, &l.tally)
			l.check(t, l.job, l.items)
		})
	}
}

// await waits until more items have ended than had before.
func (l *lane) await(t *testing.T, more int) {
	t.Helper()
	l.read(t, l.job)
	before := len(l.ended)
	WaitFor(t, "items of "+l.name+" end", time.Minute, func() bool {
		l.read(t, l.job)
		return len(l.ended) >= min(before+more, l.items)
	})
}

// requeueAll requeues a Slurm job of each run. Such a run is not over, and is not to be submitted again.
func requeueAll(t *testing.T, lab *Lab, all []*lane) {
	t.Helper()
	for _, l := range all {
		prefix := unsafe.ReplaceAllString(l.name, "-")
		WaitFor(t, l.name+" requeued", 20*time.Second, func() bool { // between two tasks of an array none may run
			return lab.Exec(t, "ctl", "root", `scontrol requeue "$(squeue -h -a -t RUNNING -o '%i %j' | sed -n 's/ `+prefix+`-.*//p' | head -n 1)"`).Code == 0
		})
	}
	for _, l := range all {
		if s := l.status(t); s.State != "running" {
			t.Errorf("%s: after a requeue it is %q, want running: %+v", l.name, s.State, s)
		}
	}
}

// allOn says whether an item of each run is running on one of these nodes. One command asks for all, since items are
// short.
func allOn(t *testing.T, lab *Lab, all []*lane, nodes []string) bool {
	t.Helper()
	line := ""
	for _, l := range all {
		line += "cat " + l.folder + "/tally.txt 2>/dev/null; echo ==; "
	}
	told := strings.Split(lab.Exec(t, "login", "alice", line).Stdout, "==\n")
	for i, l := range all {
		l.parse(t, told[i])
		if !slices.ContainsFunc(nodes, func(node string) bool { return l.open[node] > 0 }) {
			return false
		}
	}
	return true
}

// killNodes ends nodes on which items of all runs are running, until Slurm has seen it, and lets them come back.
func killNodes(t *testing.T, lab *Lab, all []*lane, nodes ...string) {
	t.Helper()
	WaitFor(t, "an item of each run on "+strings.Join(nodes, " or "), time.Minute, func() bool { return allOn(t, lab, all, nodes) })
	for _, node := range nodes {
		lab.KillNode(t, node)
	}
	for _, node := range nodes {
		WaitFor(t, node+" down", 3*time.Minute, func() bool { return lab.isDown(t, node) })
	}
	for _, node := range nodes {
		lab.StartNode(t, node)
	}
}
