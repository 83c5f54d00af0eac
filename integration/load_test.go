//go:build integration

package integration

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// load is what a user asked of Slurm: how many commands were run, and how many calls they were to the
// controller (sdiag) and to the accounting database (sacctmgr show stats).
type load struct{ commands, controller, database int }

func (l load) minus(b load) load {
	return load{l.commands - b.commands, l.controller - b.controller, l.database - b.database}
}

var callsOfUser = regexp.MustCompile(`(?m)^\s+(\w+)\s+\(\s*\d+\)\s+count:(\d+)`)

// loadOf is what alice has asked of Slurm so far; root asks for it, so that it does not count itself.
func loadOf(t *testing.T, j *job) load {
	t.Helper()
	count := func(line string) int {
		for _, m := range callsOfUser.FindAllStringSubmatch(j.lab.Must(t, Command{Host: "ctl", User: "root", Line: line}), -1) {
			if m[1] == "alice" {
				n, _ := strconv.Atoi(m[2])
				return n
			}
		}
		return 0
	}
	lines := j.shell(t, "cat calls 2>/dev/null | wc -l")
	commands, err := strconv.Atoi(lines)
	if err != nil {
		t.Fatal(err)
	}
	return load{commands, count("sdiag"), count("sacctmgr show stats")}
}

// newLoadJob is a job with spies before Slurm's commands on the login node. No other test may run.
func newLoadJob(t *testing.T, toml string) *job {
	t.Helper()
	j := newJob(t, Default, toml, nil)
	j.lab.WaitIdle(t)
	putSpies(t, j.lab, j.folder)
	j.env = []string{"CALLS=" + j.folder + "/calls"}
	return j
}

const loadJobHead = `name = "load"
command = "sh -c 'sleep %v && command -v squeue >>where.txt' {n}"
[sweep]
n = { from = 1, to = %d }
[each]
time = "%s"
memory = "100MiB"
`

// waiting and tasks are how long TestLoad waits for a job, and how large its array is. `make load` has it wait for ten
// minutes, and a thousand tasks.
func waiting(t *testing.T) (wait time.Duration, tasks int) {
	t.Helper()
	wait, err := time.ParseDuration(cmp.Or(os.Getenv("WAIT"), "45s"))
	if err != nil {
		t.Fatalf("WAIT: %v", err)
	}
	if tasks, err = strconv.Atoi(cmp.Or(os.Getenv("TASKS"), "200")); err != nil {
		t.Fatalf("TASKS: %v", err)
	}
	return wait, tasks
}

// asksWithin is how often a run is asked for in so long: after 2 s, then 1.4 times as long each time, up to
// a minute; once more at the beginning, and twice at the end.
func asksWithin(wait time.Duration) int {
	asks := 3
	for at, pause := time.Duration(0), 2*time.Second; at+pause <= wait; asks++ {
		at += pause
		pause = min(time.Minute, time.Duration(1.4*float64(pause)))
	}
	return asks
}

// TestLoad counts what a plan, a submission, waiting and an array of many tasks ask of Slurm: the table of
// docs/benchmarks.md.
func TestLoad(t *testing.T) {
	wait, tasks := waiting(t)
	j := newLoadJob(t, fmt.Sprintf(loadJobHead, wait.Seconds(), 1, wait))
	array := newLoadJob(t, fmt.Sprintf(loadJobHead, 0, tasks, "1s")+"[plan]\nstrategy = \"array\"\n")
	for _, step := range []struct {
		what, line string
		job        *job
		most       int           // commands; 0 = as many as asking within the time that it took
		least      time.Duration // that it takes
	}{
		{"`plan`, nothing kept", "plan --fresh", j, mostCold, 0},
		{"`plan`", "plan", j, mostWarm, 0},
		{"`submit`", "submit", j, mostWarm + 3, 0},
		{"`watch` for " + wait.String(), "watch", j, 0, wait - 10*time.Second},
		{fmt.Sprintf("`submit --wait`, an array of %d tasks", tasks), "submit --wait", array, 0, 0},
	} {
		before, began := loadOf(t, j), time.Now()
		r := step.job.lab.Run(t, Command{Folder: step.job.folder, Env: j.env, Line: "PATH=" + j.folder + "/spies:$PATH hpcsub " + step.line, Timeout: wait + 8*time.Minute})
		took := time.Since(began)
		if r.Code != 0 || took < step.least {
			t.Fatalf("%s: exit code %d after %v\n%s", step.line, r.Code, took, r.Stderr)
		}
		got, most := loadOf(t, j).minus(before), step.most
		if most == 0 {
			most = asksWithin(took)
			if strings.HasPrefix(step.line, "submit") {
				most += mostWarm + 3
			}
		}
		if got.commands > most || got.controller > 5*got.commands {
			t.Errorf("%s: %+v in %v, want at most %d commands", step.what, got, took, most)
		}
		if got.commands == 0 {
			t.Errorf("%s: the spies saw no command", step.what)
		}
		t.Logf("| %s | %.0f s | %d | %d | %d |", step.what, took.Seconds(), got.commands, got.controller, got.database)
	}
}

// everyCommand are all of Slurm's that a job could call.
var everyCommand = append([]string{"srun", "sbcast", "sattach"}, slurmCommands...)

// spyOnNodes puts wrappers before Slurm's commands on every node, until the test ends.
func spyOnNodes(t *testing.T, j *job) {
	t.Helper()
	j.shell(t, "touch node-calls && chmod 666 node-calls")
	names := strings.Join(everyCommand, " ")
	wrapper := "#!/bin/bash\necho \"$(hostname) ${0##*/} $*\" >>" + j.folder + "/node-calls\nexec \"/usr/bin/${0##*/}\" \"$@\"\n"
	for _, node := range []string{"c1", "c2", "c3", "c4"} {
		j.lab.Must(t, Command{Host: node, User: "root", Stdin: wrapper,
			Line: "cat >/run/lab/spy && chmod 755 /run/lab/spy && cd /usr/local/bin && for name in " + names + "; do cp /run/lab/spy $name; done"})
		t.Cleanup(func() { j.lab.Exec(t, node, "root", "cd /usr/local/bin && rm -f "+names) })
	}
}

// TestNodesCallNothing: while a run goes on and nobody follows it, alice's account makes no call to the controller and no
// command of Slurm is started on a node, but for srun where a job spans nodes.
func TestNodesCallNothing(t *testing.T) {
	for _, way := range ways() {
		t.Run(way.name, func(t *testing.T) {
			j := newLoadJob(t, fmt.Sprintf(loadJobHead, 0.2, 60, "1s")+way.toml)
			spyOnNodes(t, j)
			j.expect(t, 0, "submit")
			before := loadOf(t, j)
			WaitFor(t, "the job is over", 2*time.Minute, func() bool {
				return j.lab.Exec(t, "ctl", "root", "squeue -h -u alice").Stdout == ""
			})
			got := loadOf(t, j).minus(before)
			if where := j.shell(t, "sort -u where.txt"); where != "/usr/local/bin/squeue" {
				t.Fatalf("an item would not have met the spies, but %q", where)
			}
			calls := strings.Fields(j.shell(t, "awk '{print $2}' node-calls | sort | uniq -c"))
			spans := strings.HasPrefix(way.name, "gnu-parallel") && way.most > 1
			switch {
			case !spans && (len(calls) != 0 || got.controller != 0 || got.database != 0):
				t.Errorf("got %q and %+v, want no call", calls, got)
			case spans && (len(calls) != 2 || calls[0] != "1" || calls[1] != "srun"):
				t.Errorf("got %q, want one srun", calls)
			}
			t.Logf("| %s | %s | %d |", way.name, strings.Join(calls, " "), got.controller)
			if s := j.status(t); s.State != "done" || s.Items.Done != 60 {
				t.Errorf("got %+v", s)
			}
		})
	}
}
