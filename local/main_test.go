package local

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hpcsub/gpu"
	"hpcsub/slurm"
)

// TestMain lets the test program be what these tests start: the supervisor, and a caller of Submit
// that is another process.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == SupervisorCommand {
		if err := Supervise(context.Background(), os.Args[2], os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) > 3 && os.Args[1] == "submit-for-test" {
		id, err := New(Options{StateDir: os.Args[2], CPUs: 8, MemoryMiB: 1000, GPUs: cards(2)}).Submit(context.Background(), slurm.Submission{Script: os.Args[3], Dir: filepath.Dir(os.Args[3])})
		fmt.Println(id)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// lab is a client with a state folder and a work folder of its own.
type lab struct {
	*testing.T
	*Client
	dir string
	ids []string
}

func newLab(t *testing.T, opt Options) *lab {
	t.Helper()
	dir := t.TempDir()
	opt.StateDir = filepath.Join(dir, "state")
	if opt.CPUs == 0 {
		opt.CPUs = 8
	}
	if opt.MemoryMiB == 0 {
		opt.MemoryMiB = 1000
	}
	if opt.GPUs == nil {
		opt.GPUs = []gpu.Device{} // whatever this machine has
	}
	if opt.KillWait == 0 {
		opt.KillWait = 300 * time.Millisecond
	}
	l := &lab{T: t, Client: New(opt), dir: dir}
	t.Cleanup(l.close)
	return l
}

// close ends all jobs and looks at what the supervisors had to say.
func (l *lab) close() {
	l.Helper()
	if err := l.Cancel(context.Background(), l.ids); err != nil {
		l.Error(err)
	}
	logs, _ := filepath.Glob(filepath.Join(l.opt.StateDir, "jobs", "*", logFile))
	for _, path := range logs {
		if text, _ := os.ReadFile(path); len(text) > 0 {
			l.Errorf("%s: %s", path, text)
		}
	}
	for _, id := range l.ids {
		l.left(id)
	}
}

// left waits until the job's supervisor has ended, which it does soon after its job.
func (l *lab) left(id string) {
	l.Helper()
	f := l.folder(id)
	for start := time.Now(); f.life(time.Time{}, time.Now()) == alive; time.Sleep(time.Millisecond) {
		if time.Since(start) > 10*time.Second {
			l.Fatalf("the supervisor of job %s goes on after its end", id)
		}
	}
}

func (l *lab) folder(id string) folder {
	return folder(filepath.Join(l.opt.StateDir, "jobs", id))
}

// write makes a script of a body and #SBATCH options.
func (l *lab) write(body string, options ...string) string {
	l.Helper()
	text := "#!/bin/bash\n"
	for _, o := range options {
		text += "#SBATCH " + o + "\n"
	}
	path := filepath.Join(l.dir, "script.sh")
	if err := os.WriteFile(path, []byte(text+body+"\n"), 0o600); err != nil {
		l.Fatal(err)
	}
	return path
}

func (l *lab) submit(body string, options ...string) string {
	l.Helper()
	id, err := l.Submit(context.Background(), slurm.Submission{Script: l.write(body, options...), Dir: l.dir})
	if err != nil {
		l.Fatal(err)
	}
	l.ids = append(l.ids, id)
	return id
}

// submitAtOnce submits a script from so many processes at the same time.
func (l *lab) submitAtOnce(n int, script string) {
	l.Helper()
	var wait sync.WaitGroup
	var lock sync.Mutex
	for range n {
		wait.Go(func() {
			out, err := exec.Command(os.Args[0], "submit-for-test", l.opt.StateDir, script).Output()
			if err != nil {
				l.Errorf("%v: %s", err, out)
			}
			lock.Lock()
			defer lock.Unlock()
			l.ids = append(l.ids, strings.TrimSpace(string(out)))
		})
	}
	wait.Wait()
}

func (l *lab) jobs(ids ...string) []slurm.Job {
	l.Helper()
	jobs, err := l.Jobs(context.Background(), slurm.JobQuery{IDs: ids})
	if err != nil {
		l.Fatal(err)
	}
	return jobs
}

// await polls the job until it is as wanted.
func (l *lab) await(id, what string, ok func([]slurm.Job) bool) []slurm.Job {
	l.Helper()
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		jobs := l.jobs(id)
		if ok(jobs) {
			return jobs
		}
		if time.Since(start) > 30*time.Second {
			l.Fatalf("job %s: not %s after 30 s: %+v", id, what, jobs)
		}
	}
}

func (l *lab) ended(id string) []slurm.Job {
	l.Helper()
	return l.await(id, "ended", func(jobs []slurm.Job) bool {
		for _, j := range jobs {
			if !j.Ended() {
				return false
			}
		}
		return len(jobs) > 0
	})
}

// states joins the states of the job's tasks, in order.
func states(jobs []slurm.Job) string {
	var s []string
	for _, j := range jobs {
		s = append(s, j.State)
	}
	return strings.Join(s, " ")
}

func (l *lab) file(name string) string {
	l.Helper()
	text, err := os.ReadFile(filepath.Join(l.dir, name))
	if err != nil {
		l.Fatal(err)
	}
	return string(text)
}

// awaitFile waits until a script has written a whole line to the file.
func (l *lab) awaitFile(name string) string {
	l.Helper()
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		text, _ := os.ReadFile(filepath.Join(l.dir, name))
		if strings.HasSuffix(string(text), "\n") {
			return strings.TrimSpace(string(text))
		}
		if time.Since(start) > 30*time.Second {
			l.Fatalf("no %s after 30 s", name)
		}
	}
}

// gone waits until none of the processes, given by number, is there.
func (l *lab) gone(pids string) {
	l.Helper()
	for _, pid := range strings.Fields(pids) {
		for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
			text, err := os.ReadFile("/proc/" + pid + "/stat")
			if s, e := parseStat(string(text)); err != nil || e == nil && s.dead() {
				break
			}
			if time.Since(start) > 5*time.Second {
				l.Errorf("process %s is still there", pid)
				break
			}
		}
	}
}
