package local

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hpcsub/slurm"
)

// stay is a script that runs until it is told to end, and leaves its number.
const stay = `trap '' TERM; echo $$ >>pids; while :; do sleep 0.02; done`

func TestCancel(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		cancel string
		want   string
	}{
		{"a running task", "_1", "RUNNING CANCELLED RUNNING PENDING PENDING"},
		{"a waiting task", "_4", "RUNNING RUNNING PENDING PENDING CANCELLED"},
		{"all", "", "CANCELLED CANCELLED CANCELLED CANCELLED CANCELLED"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, Options{})
			id := l.submit(stay, "--array=0-4%2", "--output=/dev/null")
			l.await(id, "running", func(jobs []slurm.Job) bool {
				pids, _ := os.ReadFile(filepath.Join(l.dir, "pids"))
				return states(jobs) == "RUNNING RUNNING PENDING PENDING PENDING" && jobs[2].Reason == "JobArrayTaskLimit" && strings.Count(string(pids), "\n") == 2
			})
			for range 2 { // what has ended already is no error
				if err := l.Cancel(context.Background(), []string{id + test.cancel, "999"}); err != nil {
					t.Fatal(err)
				}
			}
			l.await(id, test.want, func(jobs []slurm.Job) bool { return states(jobs) == test.want })
			for _, j := range l.jobs(id + test.cancel) {
				if j.State != "CANCELLED" || !j.Start.IsZero() && j.Signal != 9 {
					t.Errorf("%+v", j)
				}
			}
		})
	}
}

func TestCancelOfWhatMakesNoSense(t *testing.T) {
	l := newLab(t, Options{})
	for _, id := range []string{"", "x", "-1", "0", "1_x", "1_", "1_2_3"} {
		if err := l.Cancel(context.Background(), []string{id}); err == nil {
			t.Errorf("Cancel(%q): no error", id)
		}
		if _, err := l.Jobs(context.Background(), slurm.JobQuery{IDs: []string{id}}); err == nil {
			t.Errorf("Jobs(%q): no error", id)
		}
	}
}

// The supervisor is the node's whole Slurm: when it dies, the node has failed.
func TestSupervisorKilled(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{})
	id := l.submit(`[ "$SLURM_ARRAY_TASK_ID" = 0 ] && exit 0
		(setsid bash -c 'echo $$ >>pids; exec sleep 100' &)
		bash -c 'echo $$ >>pids; exec sleep 100' &
		until [ "$(wc -l <pids)" = 2 ]; do sleep 0.01; done; echo $$ >script; touch ready; wait`, "--array=0-3%1", "--output=/dev/null")
	l.await(id, "at task 1", func([]slurm.Job) bool { _, err := os.Stat(filepath.Join(l.dir, "ready")); return err == nil })
	p, err := l.folder(id).supervisor()
	if err != nil {
		t.Fatal(err)
	}
	syscall.Kill(p.pid, syscall.SIGKILL)
	l.gone(l.file("script")) // though nobody looks
	jobs := l.ended(id)
	if got, want := states(jobs), "COMPLETED NODE_FAIL NODE_FAIL NODE_FAIL"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if j := jobs[1]; j.Start.IsZero() || j.End.IsZero() || j.Reason == "" {
		t.Errorf("got %+v", j)
	}
	l.gone(l.file("pids"))
	if err := l.Cancel(context.Background(), []string{id}); err != nil {
		t.Error(err)
	}
	if n := l.node(); n.CPUsAllocated != 0 {
		t.Errorf("the dead job still holds %d CPUs", n.CPUsAllocated)
	}
}

func (l *lab) node() slurm.Node {
	l.Helper()
	c, err := l.Inspect(context.Background(), slurm.InspectOptions{})
	if err != nil {
		l.Fatal(err)
	}
	return c.Nodes[0]
}

// What the supervisor file says is believed only of a process that is surely the one meant.
func TestSupervisorFile(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{})
	id := l.submit(stay)
	l.await(id, "running", func(jobs []slurm.Job) bool { return states(jobs) == "RUNNING" })
	f := l.folder(id)
	real, err := f.supervisor()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		change func(*process)
		age    time.Duration
		want   string
	}{
		{"the real one", func(*process) {}, 0, "RUNNING"},
		{"its number has been used again", func(p *process) { p.start += "1" }, 0, "NODE_FAIL"},
		{"nobody has its number", func(p *process) { p.pid = 1 << 30 }, 0, "NODE_FAIL"},
		{"the machine was started again", func(p *process) { p.boot = "another" }, 0, "NODE_FAIL"},
		{"on another machine, seen lately", func(p *process) { p.place = "far/away"; p.pid = 1 << 30 }, 0, "RUNNING"},
		{"on another machine, silent", func(p *process) { p.place = "far/away" }, time.Hour, "NODE_FAIL"},
	}
	for _, test := range tests {
		p := real
		test.change(&p)
		if p.boot == real.boot && p.here() && !p.runs() {
			if err := p.signal(syscall.SIGKILL); err != os.ErrProcessDone {
				t.Errorf("%s: signal: %v, want ErrProcessDone", test.name, err)
			}
		}
		when := time.Now().Add(-test.age)
		v := view{id: id, job: &job{}, life: lifeOf(t, p, when)}
		if got := v.entry(-1, outcome{state: "RUNNING", start: when}).State; got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

// lifeOf judges a supervisor file with this process in it, touched then.
func lifeOf(t *testing.T, p process, touched time.Time) life {
	t.Helper()
	f := folder(t.TempDir())
	if err := os.WriteFile(f.path(supervisorFile), []byte(p.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(f.path(supervisorFile), touched, touched); err != nil {
		t.Fatal(err)
	}
	return f.life(time.Now(), time.Now())
}

func TestAJobWithoutASupervisor(t *testing.T) {
	l := newLab(t, Options{})
	s, _ := l.store()
	j := &job{request: request{Name: "x"}, Submitted: time.Now()}
	id, err := s.create(j, []byte("#!/bin/bash\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := states(l.jobs("1")); got != "PENDING" {
		t.Errorf("a moment after its submission: %s, want PENDING", got)
	}
	f := s.folder(id)
	if got := f.life(j.Submitted, j.Submitted.Add(2*neverStarted)); got != gone {
		t.Errorf("long after its submission: life %v, want gone", got)
	}
	for range 2 {
		if err := l.Cancel(context.Background(), []string{"1"}); err != nil {
			t.Error(err)
		}
	}
	if j := l.jobs("1")[0]; j.State != "CANCELLED" || j.End.IsZero() {
		t.Errorf("cancelled before it had a supervisor: %+v", j)
	}
	if _, err := takeOver(f, os.Stderr); err == nil {
		t.Error("a cancelled job was taken over")
	}
	j.Submitted = time.Now().Add(-2 * latestStart)
	if _, err := s.create(j, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := takeOver(s.folder(2), os.Stderr); err == nil || !strings.Contains(err.Error(), "counts as lost") {
		t.Errorf("a supervisor that starts too late: %v", err)
	}
}

// What was handed in before the supervisor looks is obeyed as well.
func TestCancelBeforeTheStart(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{})
	s, _ := l.store()
	j, text, err := l.read(context.Background(), slurm.Submission{Script: l.write("touch ran", "--array=0-1"), Dir: l.dir})
	if err != nil {
		t.Fatal(err)
	}
	id, err := s.create(j, text)
	if err != nil {
		t.Fatal(err)
	}
	f := s.folder(id)
	if err := f.wish([]int{1}); err != nil {
		t.Fatal(err)
	}
	if err := l.launch(context.Background(), f, slurm.Submission{}); err != nil {
		t.Fatal(err)
	}
	l.ids = append(l.ids, "1")
	if got, want := states(l.ended("1")), "COMPLETED CANCELLED"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
