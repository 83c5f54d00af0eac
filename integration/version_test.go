//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hpcsub/slurm"
	"hpcsub/trials"
)

// The tests whose names begin with TestVersion are about what differs between the releases of Slurm: what its
// commands and slurmrestd say of a cluster, of a submission and of its jobs. `make test` runs them on every release.

// labNodes are those of lab/conf/slurm.conf.
func labNodes() []slurm.Node {
	node := func(name string, sockets, cores, threads, memory int, features ...string) slurm.Node {
		return slurm.Node{Name: name, State: "IDLE", Flags: []string{}, Partitions: []string{"short", "long"}, Arch: "x86_64",
			Sockets: sockets, CoresPerSocket: cores, ThreadsPerCore: threads, CPUs: sockets * cores * threads, MemoryMiB: memory,
			GRES: []slurm.GRES{}, Features: features, Weight: 1}
	}
	nodes := []slurm.Node{node("c1", 2, 4, 1, 16000, "intel", "small"), node("c2", 2, 4, 1, 16000, "intel", "small"),
		node("c3", 2, 8, 2, 64000, "amd", "big"), node("c4", 2, 16, 1, 128000, "amd", "gpu")}
	nodes[2].Partitions = []string{"long"}
	nodes[2].GRES = []slurm.GRES{{Name: "gpu", Type: "v100", Count: 2, Sockets: []int{}}}
	nodes[3].Partitions = []string{"long", "gpu"}
	nodes[3].GRES = []slurm.GRES{{Name: "gpu", Type: "a100", Count: 4, Sockets: []int{}}}
	return nodes
}

// TestVersionCluster holds hpcsub cluster against what the lab's configuration says.
func TestVersionCluster(t *testing.T) {
	j := newJob(t, Default, countJob, nil)
	j.lab.WaitIdle(t)
	got, warnings := j.look(t, "commands")
	release := j.shell(t, "sinfo -V | sed 's/.* //'")
	if got.Name != "lab" || got.Version != release || got.Client != "commands" || got.User != "alice" {
		t.Errorf("got %q, version %q, client %q, user %q; want lab, %q, commands, alice", got.Name, got.Version, got.Client, got.User, release)
	}
	if len(got.Unknown) > 0 || strings.Contains(warnings, "warning") {
		t.Errorf("unknown: %q\n%s", got.Unknown, warnings)
	}
	for i, want := range labNodes() {
		if i >= len(got.Nodes) {
			t.Fatalf("got %d nodes, want 4", len(got.Nodes))
		}
		got.Nodes[i].Flags = append([]string{}, got.Nodes[i].Flags...)
		same(t, "node "+want.Name, got.Nodes[i], want)
	}
	for i, want := range []struct {
		name  string
		limit int
		nodes int
	}{{"short", 1800, 2}, {"long", 2 * 86400, 4}, {"gpu", 86400, 1}} {
		p := got.Partitions[i]
		if p.Name != want.name || p.Default != (i == 0) || p.TimeLimitS == nil || *p.TimeLimitS != want.limit || p.Nodes != want.nodes || !p.Usable {
			t.Errorf("partition %d: got %+v, want %+v", i, p, want)
		}
	}
	checkLabLimits(t, got.Limits)
}

// checkLabLimits holds alice's limits against lab/init-accounting.sh and lab/conf/slurm.conf.
func checkLabLimits(t *testing.T, l slurm.Limits) {
	t.Helper()
	for name, count := range map[string]*int{"array": l.MaxArraySize, "jobs": l.MaxJobCount, "submitted": l.MaxSubmitJobs} {
		want := map[string]int{"array": 10001, "jobs": 30000, "submitted": 12000}[name]
		if count == nil || *count != want {
			t.Errorf("limit %s: got %v, want %d", name, count, want)
		}
	}
	if len(l.Associations) != 1 || l.Associations[0].Account != "physics" || l.Associations[0].DefaultQOS != "normal" ||
		!reflect.DeepEqual(l.Associations[0].QOS, []string{"fast", "gpuq", "normal"}) {
		t.Errorf("got associations %+v", l.Associations)
	}
	for _, q := range l.QOS {
		if q.Name == "fast" && (q.Priority != 1000 || *q.Use.MaxWallS != 600 || *q.Use.MaxSubmitJobs != 50 || q.Use.MaxTRES["cpu"] != 16) ||
			q.Name == "gpuq" && q.Use.MaxTRES["gres/gpu"] != 2 {
			t.Errorf("got QOS %+v", q)
		}
	}
	if len(l.QOS) != 3 {
		t.Errorf("got %d QOS, want 3", len(l.QOS))
	}
}

// versionJob has an item that fails and one that is killed, until they are mended.
const versionJob = `name = "version"
command = "sh item.sh {n}"
[sweep]
n = { from = 1, to = 40 }
[each]
time = "1s"
[slurm]
partition = "short"
`

const versionItem = `echo $1 >>ran.txt
test -e wait && exec sleep 300
if [ ! -e mended ]; then
  case $1 in
  7) echo seven is not allowed >&2; exit 3 ;;
  9) kill -KILL $$ ;;
  esac
fi
echo $((2 * $1))
`

// newVersionJob is a job that is submitted through a client. That for slurmrestd finds no commands of
// Slurm, and so has a token in its environment.
func newVersionJob(t *testing.T, client, more string) *job {
	t.Helper()
	j := newJob(t, Default, versionJob+more, map[string]string{"item.sh": versionItem})
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("status: %s", j.shell(t, "hpcsub status --json"))
		}
	})
	if client == "rest" {
		token := j.lab.Must(t, Command{Line: "scontrol token lifespan=1800"})
		j.env, j.before = append([]string{token}, overREST...), "PATH=/usr/local/bin; "
	}
	return j
}

// onEachClient runs a test by the commands and over slurmrestd.
func onEachClient(t *testing.T, test func(t *testing.T, client string)) {
	for _, client := range []string{"commands", "rest"} {
		t.Run(client, func(t *testing.T) { test(t, client) })
	}
}

// TestVersionJob runs jobs in each way, by the commands and over slurmrestd: every item once, what failed told
// apart, and only that again.
func TestVersionJob(t *testing.T) {
	onEachClient(t, func(t *testing.T, client string) {
		for _, strategy := range []string{"single", "array", "packed", "gnu-parallel"} {
			t.Run(strategy, func(t *testing.T) {
				t.Parallel()
				j := newVersionJob(t, client, fmt.Sprintf("[plan]\nstrategy = %q\n", strategy))
				r := j.expect(t, 5, "submit --wait")
				if !strings.Contains(r.Stderr, "38 of 40") || strings.Contains(r.Stderr, "changed the request") {
					t.Errorf("submit --wait says\n%s", r.Stderr)
				}
				j.eachOnce(t, 40)
				checkVersionRows(t, j.results(t))
				if got := j.expect(t, 0, "logs --item 6").Stdout; !strings.Contains(got, "seven is not allowed") {
					t.Errorf("logs --item 6: got %q", got)
				}
				j.shell(t, "touch mended")
				j.expect(t, 0, "retry --wait")
				if times := j.ran(t); times["7"] != 2 || times["9"] != 2 || times["8"] != 1 || len(times) != 40 {
					t.Errorf("after retry: the items have run %v", times)
				}
				if s := j.status(t); s.State != "done" || s.Items.Done != 40 {
					t.Errorf("after retry: got %+v, want all 40 done", s)
				}
				if got := j.shell(t, "tr -d ' ' <$(ls .hpcsub/*/run.json)"); !strings.Contains(got, fmt.Sprintf(`"client":%q`, client)) {
					t.Errorf("the run does not say that it went through %s: %s", client, got)
				}
			})
		}
	})
}

func checkVersionRows(t *testing.T, rows []row) {
	t.Helper()
	if len(rows) != 40 {
		t.Fatalf("got %d results, want 40", len(rows))
	}
	for i, r := range rows {
		n, want := i+1, "done"
		if n == 7 || n == 9 {
			want = "failed"
		}
		if r.Index != i || r.State != want || r.Columns["n"] != float64(n) || r.Elapsed == nil || r.RSS == nil || r.Node == "" {
			t.Errorf("item %d: got %+v, want it %s, with its node and measurements", n, r, want)
		}
		if n == 7 && (r.ExitCode == nil || *r.ExitCode != 3) || n == 9 && (r.Signal == nil || *r.Signal != "KILL") {
			t.Errorf("item %d: got exit code %v, signal %v", n, r.ExitCode, r.Signal)
		}
	}
}

// TestVersionCancel cancels a run, and asks for its state on the way.
func TestVersionCancel(t *testing.T) {
	onEachClient(t, func(t *testing.T, client string) {
		j := newVersionJob(t, client, "[plan]\nstrategy = \"array\"\n")
		j.shell(t, "touch wait")
		j.expect(t, 0, "submit")
		WaitFor(t, "an item runs", time.Minute, func() bool { return len(j.ran(t)) > 0 })
		s := j.status(t)
		if s.State != "running" || len(s.Attempts) == 0 {
			t.Errorf("got %+v, want running", s)
		}
		j.expect(t, 0, "cancel")
		WaitFor(t, "no job is left", time.Minute, func() bool { return j.shell(t, "squeue -h -u $USER -o %j | grep '^version-' || true") == "" })
		WaitFor(t, "the run is cancelled", time.Minute, func() bool { return j.status(t).State == "cancelled" })
		j.expect(t, 0, "cancel") // what is over is no error
		states := map[string]bool{}
		for _, r := range j.results(t) {
			states[r.State] = true
		}
		if !states["cancelled"] || states["done"] || states["running"] {
			t.Errorf("the items are %v, want cancelled, and pending if they never began", states)
		}
	})
}

// TestVersionRefusal: what Slurm refuses is an error in its own words, and leaves no job.
func TestVersionRefusal(t *testing.T) {
	onEachClient(t, func(t *testing.T, client string) {
		j := newVersionJob(t, client, "reservation = \"nope\"\n")
		r := j.hpcsub(t, "submit")
		if !slices.Contains([]int{3, 4}, r.Code) || !strings.Contains(r.Stdout+r.Stderr, "reservation") {
			t.Errorf("got exit code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
		}
		if got := j.shell(t, "squeue -h -u $USER -o %j | grep '^version-' || true"); got != "" {
			t.Errorf("there is a job: %s", got)
		}
	})
}

// TestVersionDoctor looks at the cluster and at a node, by the commands and over slurmrestd: all is well.
func TestVersionDoctor(t *testing.T) {
	onEachClient(t, func(t *testing.T, client string) {
		j := newVersionJob(t, client, "")
		r := j.expect(t, 0, "doctor --node --partition short")
		said := strings.Join(strings.Fields(r.Stdout), " ")
		want := []string{"lab, Slurm " + j.shell(t, "sinfo -V | sed 's/.* //'") + ", through", "alice, may use:", "short", "account physics",
			"sees this folder, and runs hpcsub", "GNU Parallel 20", "Python 3."}
		if client == "commands" {
			want = append(want, "slurmctld answers in", "slurmdbd answers in", "it knows lab", "MPI types of srun: ")
		} else {
			want = append(want, "slurmrestd answers in", "version v0.0.")
		}
		for _, w := range want {
			if !strings.Contains(said, w) {
				t.Errorf("it does not say %q:\n%s%s", w, r.Stdout, r.Stderr)
			}
		}
		if got := j.shell(t, "ls -A | grep doctor || true; squeue -h -u $USER -n hpcsub-doctor"); got != "" {
			t.Errorf("something is left: %s", got)
		}
	})
}

// versionTrial has items of 0.3 s, with an output of their own.
const versionTrial = `name = "tried"
command = "sh item.sh {n}"
[sweep]
n = { from = 1, to = 40 }
[each]
outputs = ["out/{n}.txt"]
[trial]
budget = "40s"
[slurm]
partition = "short"
`

// TestVersionTrial: a trial's one job is as wide as items that run side by side, measures them, and a plan rests on it; the two ways that
// it ranks first are compared, and what was there before is there afterwards.
func TestVersionTrial(t *testing.T) {
	j := newJob(t, Default, versionTrial, map[string]string{"item.sh": "sleep 0.3; echo $1 >out/$1.txt\n"})
	j.shell(t, "mkdir out; echo before >out/1.txt")
	r := j.expect(t, 0, "trial --compare --json")
	var report trials.Report
	if err := json.Unmarshal([]byte(r.Stdout), &report); err != nil {
		t.Fatalf("%v in %s", err, r.Stdout)
	}
	if m := report.Elapsed.Median; m == nil || *m < 0.3 || *m > 0.45 || report.Node == "" || report.SameOutput == nil || !*report.SameOutput {
		t.Errorf("got %+v, want items of 0.3 s\n%s", report, r.Stderr)
	}
	if c := report.Crowding; c == nil || c.Beside < 2 || c.Factor > 2 {
		t.Errorf("side by side: got %+v", c)
	}
	c := report.Comparison
	if c == nil || len(c.Ways) != 2 || c.SameOutput == nil || !*c.SameOutput {
		t.Fatalf("got %+v, want two ways that made the same\n%s", c, r.Stderr)
	}
	for _, w := range c.Ways {
		if w.Failed != 0 || w.Actual <= 0 {
			t.Errorf("got %+v, want %d items done", w, c.Items)
		}
	}
	if got := j.shell(t, "cat out/*.txt"); got != "before" {
		t.Errorf("outputs afterwards: %q", got)
	}
	if plan := j.expect(t, 0, "plan"); !strings.Contains(plan.Stdout, "Item lengths are those of trial tried-") {
		t.Errorf("the plan does not rest on it:\n%s%s", plan.Stdout, plan.Stderr)
	}
}
