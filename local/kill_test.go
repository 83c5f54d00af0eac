package local

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hpcsub/slurm"
)

// Whoever submits and whoever supervises is killed at any moment: a job is there whole or not at all, it
// ends, what it says of its tasks is what they did, and nothing of it goes on after its end.
func TestRandomKills(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	l := newLab(t, Options{})
	script := l.write(`echo "$SLURM_ARRAY_JOB_ID $SLURM_ARRAY_TASK_ID" >>did; sleep 0.01; (setsid sleep 50 &); sleep 0.01`, "--array=0-9%2", "--output=/dev/null")
	for range 20 {
		cmd := exec.Command(os.Args[0], "submit-for-test", l.opt.StateDir, script)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(random.IntN(30)) * time.Millisecond)
		cmd.Process.Kill()
		cmd.Wait()
		l.killSupervisors(random)
	}
	s, err := l.store()
	if err != nil {
		t.Fatal(err)
	}
	ids, err := s.ids()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		l.ids = append(l.ids, strconv.Itoa(id))
		if _, err := s.folder(id).supervisor(); err == nil {
			l.ended(strconv.Itoa(id))
		}
	}
	if err := l.Cancel(context.Background(), l.ids); err != nil { // those that have no supervisor
		t.Error(err)
	}
	l.compare()
}

// killSupervisors kills about half of those that there are.
func (l *lab) killSupervisors(random *rand.Rand) {
	files, _ := filepath.Glob(filepath.Join(l.opt.StateDir, "jobs", "*", supervisorFile))
	for _, path := range files {
		if p, err := folder(filepath.Dir(path)).supervisor(); err == nil && random.IntN(2) == 0 {
			p.signal(syscall.SIGKILL)
		}
	}
}

// compare holds the recorded states against what the tasks wrote themselves.
func (l *lab) compare() {
	l.Helper()
	did := map[string]int{}
	text, _ := os.ReadFile(filepath.Join(l.dir, "did"))
	for line := range strings.Lines(string(text)) {
		did[strings.ReplaceAll(strings.TrimSpace(line), " ", "_")]++
	}
	jobs, err := l.Jobs(context.Background(), slurm.JobQuery{})
	if err != nil {
		l.Fatal(err)
	}
	counts := map[string]int{}
	for _, j := range jobs {
		counts[j.State]++
		if n := did[j.ID]; n > 1 || j.State == "COMPLETED" && n != 1 || !j.Ended() || j.State == "CANCELLED" && j.Start.IsZero() && n != 0 {
			l.Errorf("task %s is %s and ran %d times", j.ID, j.State, n)
		}
	}
	l.Logf("%v", counts)
	for _, p := range processes() {
		if carriesState(p.pid, l.dir) {
			l.Errorf("process %d goes on", p.pid)
		}
	}
}

// carriesState says whether a process is a task of a job that was submitted in the folder.
func carriesState(pid int, dir string) bool {
	return carries(pid, markName+"=") && carries(pid, "SLURM_SUBMIT_DIR="+dir+"\x00")
}
