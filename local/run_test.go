package local

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hpcsub/slurm"
)

// most is how many tasks ran at once at the most, by the job's own states file.
func (l *lab) most(id string) int {
	l.Helper()
	text, err := os.ReadFile(l.folder(id).path(statesFile))
	if err != nil {
		l.Fatal(err)
	}
	running, most := 0, 0
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, " RUNNING ") {
			running++
		} else {
			running--
		}
		most = max(most, running)
	}
	return most
}

func TestHowManyTasksRunAtOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		options []string
		want    int
	}{
		{"throttle", []string{"--array=0-19%3"}, 3},
		{"CPUs", []string{"--array=0-19"}, 4},
		{"CPUs of a task", []string{"--array=0-9", "--cpus-per-task=2"}, 2},
		{"tasks times CPUs", []string{"--array=0-5", "--ntasks=2", "--cpus-per-task=2"}, 1},
		{"more than there is: one", []string{"--array=0-3", "--cpus-per-task=100"}, 1},
		{"memory", []string{"--array=0-9", "--mem=300M"}, 3},
		{"more memory than there is: one", []string{"--array=0-3", "--mem=10G"}, 1},
		{"all memory", []string{"--array=0-3", "--mem=0"}, 1},
		{"the whole node", []string{"--array=0-3", "--exclusive"}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, Options{CPUs: 4})
			id := l.submit(`sleep 0.05; echo "$SLURM_ARRAY_TASK_ID" >>seen`, append(test.options, "--output=/dev/null")...)
			jobs := l.ended(id)
			if got := l.most(id); got != test.want {
				t.Errorf("at most %d tasks ran at once, want %d", got, test.want)
			}
			if got := len(strings.Fields(l.file("seen"))); got != len(jobs) {
				t.Errorf("%d of %d tasks ran", got, len(jobs))
			}
			for _, j := range jobs {
				if j.State != "COMPLETED" {
					t.Errorf("%+v, want COMPLETED", j)
				}
			}
		})
	}
}

func TestHowAJobEnds(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{})
	tests := []struct {
		name, body   string
		options      []string
		state        string
		exit, signal int
		reason       string
	}{
		{"well", "true", nil, "COMPLETED", 0, 0, ""},
		{"with an exit code", "exit 3", nil, "FAILED", 3, 0, ""},
		{"by a signal", "kill -9 $$", nil, "FAILED", 0, 9, ""},
		{"by a command that is not there", "exec /no/such/program", nil, "FAILED", 127, 0, ""},
		{"no place for its output", "true", []string{"--output=/no/such/folder/x"}, "FAILED", 0, 53, "open /no/such/folder/x: no such file or directory"},
		{"no folder to run in", "true", []string{"--chdir=gone", "--output=/dev/null"}, "FAILED", 0, 53, "starting /bin/bash in "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j := l.ended(l.submit(test.body, append(test.options, "--job-name='a name'")...))[0]
			if j.State != test.state || j.ExitCode != test.exit || j.Signal != test.signal || !strings.HasPrefix(j.Reason, test.reason) {
				t.Errorf("got %+v, want %s %d:%d %s", j, test.state, test.exit, test.signal, test.reason)
			}
			if j.Name != "a name" || j.TaskID != -1 || j.ID != j.ArrayID || j.Partition != "local" {
				t.Errorf("got %+v", j)
			}
			if j.Submit.IsZero() || j.End.Before(j.Submit.Truncate(time.Millisecond)) {
				t.Errorf("times: %v %v %v", j.Submit, j.Start, j.End)
			}
		})
	}
}

func TestATaskEndsWithAllThatItStarted(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{})
	// One stays in the session, one leaves it, one leaves it without a variable of its environment.
	id := l.submit(`sleep 100 & echo $! >>pids
		setsid bash -c 'echo $$ >>pids; exec sleep 100' &
		setsid env -i bash -c 'echo $$ >>pids; sleep 100; true' &
		until [ "$(wc -l <pids)" = 3 ]; do sleep 0.01; done`)
	if got := states(l.ended(id)); got != "COMPLETED" {
		t.Errorf("got %s", got)
	}
	l.gone(l.file("pids"))
}

// A task that ends takes its own processes along and nobody else's.
func TestATaskLeavesOtherTasksAlone(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{})
	id := l.submit(`(setsid bash -c 'echo $$ >pid.'$SLURM_ARRAY_TASK_ID'; exec sleep 100' &)
		until [ -s pid.$SLURM_ARRAY_TASK_ID ]; do sleep 0.01; done
		if [ "$SLURM_ARRAY_TASK_ID" = 0 ]; then until [ -e go ]; do sleep 0.01; done; fi`, "--array=0-2", "--output=/dev/null")
	l.await(id, "two ended", func(jobs []slurm.Job) bool { return states(jobs) == "RUNNING COMPLETED COMPLETED" })
	l.gone(l.file("pid.1") + l.file("pid.2"))
	if _, err := os.Stat("/proc/" + l.awaitFile("pid.0")); err != nil {
		t.Errorf("the daemon of the running task was ended: %v", err)
	}
	if err := os.WriteFile(filepath.Join(l.dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l.ended(id)
	l.gone(l.file("pid.0"))
}

func TestTimeLimit(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{})
	obeys := l.submit(`trap 'echo heard >heard; exit 0' TERM; while :; do sleep 0.01; done`, "--time=0:01")
	ignores := l.submit(`trap '' TERM; setsid env -i bash -c 'trap "" TERM; echo $$ >pids; sleep 100; true' &
		echo $$ >>pids; while :; do sleep 0.01; done`, "--time=0:01")
	j := l.ended(obeys)[0]
	if j.State != "TIMEOUT" || j.Signal != 0 || l.file("heard") != "heard\n" {
		t.Errorf("a script that obeys: %+v", j)
	}
	j = l.ended(ignores)[0]
	if took := j.End.Sub(j.Start); j.State != "TIMEOUT" || j.Signal != 9 || took < 1300*time.Millisecond || took > 20*time.Second {
		t.Errorf("a script that does not: %+v after %v", j, took)
	}
	l.gone(l.file("pids"))
}

func TestOneJobWaitsForAnother(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{CPUs: 2})
	first := l.submit(`until [ -e go ]; do sleep 0.01; done`, "--cpus-per-task=1", "--mem=100")
	l.await(first, "running", func(jobs []slurm.Job) bool { return states(jobs) == "RUNNING" })
	whole := l.submit("true", "--cpus-per-task=2")
	small := l.submit("true") // fits, and still goes after the one that came before it
	time.Sleep(400 * time.Millisecond)
	for _, id := range []string{whole, small} {
		if j := l.jobs(id)[0]; j.State != "PENDING" || j.Reason != "Resources" || !j.Start.IsZero() {
			t.Errorf("job %s: %+v, want it to wait for resources", id, j)
		}
	}
	cluster, err := l.Inspect(context.Background(), slurm.InspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if n := cluster.Nodes[0]; n.CPUs != 2 || n.CPUsAllocated != 1 || n.MemoryMiB != 1000 || n.MemoryAllocatedMiB != 100 || n.State != "MIXED" {
		t.Errorf("while one CPU is held: %+v", n)
	}
	if err := os.WriteFile(filepath.Join(l.dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	one, two := l.ended(whole)[0], l.ended(small)[0]
	if two.Start.Before(one.Start) {
		t.Errorf("job %s started at %v, before job %s at %v", small, two.Start, whole, one.Start)
	}
}

// BenchmarkArrayTask is what one task of an array costs besides its work.
func BenchmarkArrayTask(b *testing.B) {
	for _, script := range []string{"#!/bin/bash\ntrue\n", "#!/bin/true\n"} {
		b.Run(strings.Fields(script)[0][2:], func(b *testing.B) {
			dir := b.TempDir()
			path := filepath.Join(dir, "s.sh")
			script = strings.Replace(script, "\n", "\n#SBATCH --array=0-9999 --output=/dev/null\n", 1)
			if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				c := New(Options{StateDir: filepath.Join(dir, "state")})
				id, err := c.Submit(context.Background(), slurm.Submission{Script: path, Dir: dir})
				if err != nil {
					b.Fatal(err)
				}
				for ended := false; !ended; time.Sleep(300 * time.Millisecond) {
					jobs, err := c.Jobs(context.Background(), slurm.JobQuery{IDs: []string{id}})
					if err != nil {
						b.Fatal(err)
					}
					ended = jobs[len(jobs)-1].Ended() && states(jobs[9990:]) == strings.TrimSpace(strings.Repeat("COMPLETED ", 10))
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N)/10000, "µs/task")
		})
	}
}

// BenchmarkJobs is one look at an array of 10,000 tasks that have all ended.
func BenchmarkJobs(b *testing.B) {
	s := store(b.TempDir())
	id, err := s.create(&job{request: request{Array: "0-9999"}}, nil)
	if err != nil {
		b.Fatal(err)
	}
	var text []byte
	for task := range 10000 {
		text = record{at: time.Now(), task: task, state: "RUNNING"}.append(text)
		text = record{at: time.Now(), task: task, state: "COMPLETED"}.append(text)
	}
	if err := os.WriteFile(s.folder(id).path(statesFile), text, 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if jobs, err := s.folder(id).tasks(); err != nil || len(jobs) != 10000 {
			b.Fatal(len(jobs), err)
		}
	}
}
