//go:build integration

package integration

import (
	"strings"
	"testing"
	"time"
)

const plain = "name = \"plain\"\ncommand = \"sh -c 'echo $0 >>ran.txt' {n}\"\n[sweep]\nn = { from = 1, to = 8 }\n[each]\ntime = \"1s\"\n"

// TestRefusals shows for each way in which a job cannot run the exit code and what is said, Slurm's own
// words among it, and that nothing was submitted.
func TestRefusals(t *testing.T) {
	tests := []struct {
		name, user, toml string
		code             int
		want             []string
	}{
		{"a bad spec", "alice", "comand = \"true\"\n", 2, []string{"job.toml", "line 1", "comand", "command"}},
		{"an unknown partition", "alice", plain + "[slurm]\npartition = \"nope\"\n", 3, []string{"nope"}},
		{"an account that is not ours", "alice", plain + "[slurm]\naccount = \"chem\"\n", 3, []string{"chem"}},
		{"what only Slurm knows to be wrong", "alice", plain + "[slurm]\noptions = [\"--gres=nope:1\"]\n", 3,
			[]string{"sbatch refuses it", "generic resource"}},
		{"more items than a QOS takes jobs", "alice", strings.Replace(plain, "to = 8", "to = 80", 1) + "[plan]\nstrategy = \"array\"\n[slurm]\nqos = \"fast\"\n", 0,
			[]string{"fast"}},
		{"longer than a QOS allows", "alice", strings.Replace(plain, "1s", "20m", 1) + "[slurm]\nqos = \"fast\"\n", 3, []string{"fast", "10 min"}},
		{"more CPUs than any node has", "alice", plain + "cpus = 500\n", 3, []string{"500 CPUs"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j := newJob(t, Default, test.toml, nil)
			args := "submit"
			if test.code == 0 { // it can run, in another shape than asked for at first
				args = "plan"
			}
			r := j.expect(t, test.code, args)
			said := strings.Join(strings.Fields(r.Stdout+r.Stderr), " ") // long sentences are wrapped
			for _, want := range test.want {
				if !strings.Contains(said, want) {
					t.Errorf("it does not say %q:\n%s%s", want, r.Stdout, r.Stderr)
				}
			}
			j.nothingSubmitted(t)
		})
	}
}

// nothingSubmitted checks that neither Slurm nor the folder has anything of a run.
func (j *job) nothingSubmitted(t *testing.T) {
	t.Helper()
	if got := j.shell(t, "squeue -h -u alice -o %j | grep -E '^(plain|full)-' || true"); got != "" {
		t.Errorf("Slurm has %s", got)
	}
	if got := j.expect(t, 0, "runs --json").Stdout; strings.TrimSpace(got) != "[]" {
		t.Errorf("hpcsub runs: got %s, want none", got)
	}
}

// TestNoSlurm is a machine without Slurm's commands: exit code 4, and the way to go on.
func TestNoSlurm(t *testing.T) {
	j := newJob(t, Default, plain, nil)
	r := j.lab.Run(t, Command{Folder: j.folder, Line: "PATH=/usr/local/bin /usr/local/bin/hpcsub submit"})
	if r.Code != 4 || !strings.Contains(r.Stderr, "--cluster local") {
		t.Errorf("got exit code %d and %q, want 4 and the hint --cluster local", r.Code, r.Stderr)
	}
}

// TestSilentController is a controller that takes connections and answers none: it is given up
// after a time, with Slurm's words.
func TestSilentController(t *testing.T) {
	j := newJob(t, Default, plain, nil)
	j.lab.Freeze(t, Slurmctld)
	began := time.Now()
	r := j.hpcsub(t, "submit")
	j.lab.Thaw(t, Slurmctld)
	if r.Code != 4 || !strings.Contains(r.Stderr, "hpcsub: error: ") {
		t.Errorf("got exit code %d and %q, want 4 and an error", r.Code, r.Stderr)
	}
	if took := time.Since(began); took > 90*time.Second {
		t.Errorf("it took %v to give up", took)
	}
	j.nothingSubmitted(t)
	j.expect(t, 0, "submit --wait")
	j.eachOnce(t, 8)
}

// TestInterrupted is Ctrl-C during submit --wait: exit code 130, the job goes on, and watch
// follows it to its end.
func TestInterrupted(t *testing.T) {
	j := newJob(t, Default, strings.Replace(plain, ">>ran.txt'", ">>ran.txt; sleep 2'", 1)+"[limits]\ncpus = 2\n", nil)
	p := j.lab.Begin(t, Command{Folder: j.folder, Line: "exec hpcsub submit --wait"})
	WaitFor(t, "the first item", time.Minute, func() bool { return len(j.ran(t)) > 0 })
	p.Signal(t, "INT")
	if r := p.Wait(t); r.Code != 130 || !strings.Contains(r.Stderr, "hpcsub watch") {
		t.Errorf("got exit code %d and %q, want 130 and how to go on", r.Code, r.Stderr)
	}
	j.expect(t, 2, "submit") // one run at a time
	j.expect(t, 0, "watch")
	j.eachOnce(t, 8)
}

// TestCancel ends a run while items run: they are recorded as cancelled, nothing starts
// afterwards, and retry does the rest.
func TestCancel(t *testing.T) {
	j := newJob(t, Default, strings.Replace(plain, ">>ran.txt'", ">>ran.txt; test -e go || sleep 60'", 1)+"[limits]\ncpus = 2\n", nil)
	j.expect(t, 0, "submit")
	WaitFor(t, "the first items", time.Minute, func() bool { return len(j.ran(t)) == 2 })
	j.expect(t, 0, "cancel")
	WaitFor(t, "the run to end", time.Minute, func() bool { return j.status(t).State == "cancelled" })
	for _, r := range j.results(t) {
		want := "pending"
		if r.Index < 2 {
			want = "cancelled"
		}
		if r.State != want {
			t.Errorf("item %d: got %q, want %q", r.Index, r.State, want)
		}
	}
	j.shell(t, "touch go")
	j.expect(t, 0, "retry --wait")
	if got := len(j.ran(t)); got != 8 {
		t.Errorf("%d items ran in all, want 8", got)
	}
}

// TestStopsEarly is a run whose first items all fail alike: it stops and says so.
func TestStopsEarly(t *testing.T) {
	for _, way := range ways() {
		t.Run(way.name, func(t *testing.T) {
			toml := strings.Replace(strings.Replace(plain, "to = 8", "to = 200", 1), ">>ran.txt'", ">>ran.txt; exit 7'", 1)
			j := newJob(t, Default, toml+way.toml, nil)
			r := j.expect(t, 5, "submit --wait")
			if got := len(j.ran(t)); got >= 150 {
				t.Errorf("%d of 200 items ran, though the first ten had failed alike", got)
			}
			for _, want := range []string{"stopped", "exited 7"} {
				if !strings.Contains(r.Stderr, want) {
					t.Errorf("it does not say %q:\n%s", want, r.Stderr)
				}
			}
		})
	}
}
