package worker

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hpcsub/items"
)

func TestClaim(t *testing.T) {
	tests := []struct {
		name, there string // there = the claim that is found; OWN is replaced by ours
		job         string
		restart     int
		taken       bool
	}{
		{"first", "", "7", 0, false},
		{"sent twice by NFS", "OWN", "7", 0, false},
		{"another job", "8.0.abcd", "7", 3, true},
		{"the id was given out again", "7.0.abcd", "7", 0, true},
		{"an earlier life", "7.0.abcd", "7", 1, false},
		{"a later life", "7.2.abcd", "7", 1, true},
		{"an array task, an earlier life", "7_3.0.abcd", "7_3", 1, false},
		{"another task of the array", "7_3.0.abcd", "7_4", 1, true},
		{"no job at all", ".0.abcd", "", 1, true},
		{"no claim of ours", "garbage", "7", 1, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newClaim(filepath.Join(t.TempDir(), "0"), tt.job, tt.restart)
			if tt.there != "" {
				must(t, os.Symlink(strings.Replace(tt.there, "OWN", c.target(), 1), c.path))
			}
			err := c.take()
			taken := (*takenError)(nil)
			if got := errors.As(err, &taken); got != tt.taken || err != nil && !got {
				t.Fatalf("take: %v, want taken %v", err, tt.taken)
			}
			if target, _ := os.Readlink(c.path); !tt.taken && target != c.target() {
				t.Errorf("the claim is %q, want %q", target, c.target())
			}
		})
	}
}

// TestClaimRace: of many workers that come at once, one gets the part.
func TestClaimRace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "0")
	var won sync.Map
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			if newClaim(path, "7", 0).take() == nil {
				won.Store(i, true)
			}
		})
	}
	all.Wait()
	n := 0
	won.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d workers won", n)
	}
}

func FuzzParseClaim(f *testing.F) {
	f.Add("12_3.0.abcd")
	f.Add("..")
	f.Fuzz(func(t *testing.T, target string) {
		job, restart, ok := parseClaim(target)
		if ok && !strings.HasPrefix(target, fmt.Sprintf("%s.", job)) || restart < 0 && ok {
			t.Errorf("%q: %q, %d", target, job, restart)
		}
	})
}

// TestDoubleStart: two Slurm jobs get the same part; its items run once.
func TestDoubleStart(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers("echo {n} >> ran; sleep 0.01", 50), 1)
	var lives []*life
	for i := range 4 {
		lives = append(lives, r.start(lifeOptions{slots: 2, job: fmt.Sprint(100 + i/2)}))
	}
	hints := 0
	for _, l := range lives {
		if got := l.wait(30 * time.Second); got != ExitDone {
			t.Errorf("exit code %d: %s", got, &l.stderr)
		}
		if s := l.stderr.String(); strings.Contains(s, "is run by Slurm job 10") && strings.Count(s, "\n") == 1 {
			hints++
		}
	}
	if got := len(r.lines("ran")); got != 50 || hints != 3 {
		t.Errorf("%d items ran, want 50; %d workers said that they had nothing to do, want 3", got, hints)
	}
}

// TestTakeover: a requeued job takes its part over; the life before stops, and ends its items.
func TestTakeover(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`echo $$ >> pids; test -e go || exec sleep 60; echo {n} >> ran`, 6), 1)
	first := r.start(lifeOptions{slots: 2})
	eventually(t, "two items run", func() bool { return len(r.lines("pids")) == 2 })
	old := r.pids("pids")
	must(t, os.WriteFile(filepath.Join(r.job, "go"), nil, 0o600))
	second := r.start(lifeOptions{slots: 2, restart: 1})
	if got := second.wait(20 * time.Second); got != ExitDone {
		t.Errorf("second life: exit code %d: %s", got, &second.stderr)
	}
	if got := first.wait(20 * time.Second); got != ExitUndone {
		t.Errorf("first life: exit code %d", got)
	}
	if got := first.stderr.String(); !strings.Contains(got, "taken over by Slurm job 100 (restart 1)") {
		t.Errorf("first life says %q", got)
	}
	for _, pid := range old {
		if alive(pid) {
			t.Errorf("process %d of the first life lives on", pid)
		}
	}
	if got := len(r.lines("ran")); got != 6 {
		t.Errorf("%d items ran to their end, want 6", got)
	}
}

func TestResumeSkipsSuccesses(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`echo {n} >> ran; test {n} != 2 || test -e go`, 5), 1)
	r.exits(ExitUndone, lifeOptions{})
	must(t, os.WriteFile(filepath.Join(r.job, "go"), nil, 0o600))
	r.exits(ExitDone, lifeOptions{restart: 3})
	if got := strings.Join(r.lines("ran"), " "); got != "0 1 2 3 4 2" {
		t.Errorf("ran %s, want 0 to 4 and then 2", got)
	}
	r.exits(ExitDone, lifeOptions{restart: 4})
	if got := len(r.lines("ran")); got != 6 {
		t.Errorf("%d runs, want 6", got)
	}
}

// TestKilledAnywhere: however often a worker is killed, each item runs to its end, and one that is
// recorded as done never again.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	r := freeze(t, numbers(`echo {n} >> ran; sleep 0.0{n}`, 300), 1)
	recorded := map[int]int{} // index → how often it had run when it was seen to be recorded
	for life := 0; ; life++ {
		l := r.start(lifeOptions{slots: 4, restart: life})
		kill := time.AfterFunc(time.Duration(random.IntN(700))*time.Millisecond, func() { l.cmd.Process.Signal(syscall.SIGKILL) })
		exit := l.wait(30 * time.Second)
		kill.Stop()
		runs := map[string]int{}
		for _, n := range r.lines("ran") {
			runs[n]++
		}
		for _, rec := range r.records() {
			if rec.State != items.Done {
				continue
			}
			if before, known := recorded[rec.Index]; known && before != runs[fmt.Sprint(rec.Index)] {
				t.Fatalf("item %d ran again after its success was recorded", rec.Index)
			}
			recorded[rec.Index] = runs[fmt.Sprint(rec.Index)]
		}
		if exit == ExitDone {
			break
		}
		if exit != -1 || life > 200 {
			t.Fatalf("life %d: exit code %d: %s", life, exit, &l.stderr)
		}
	}
	if len(recorded) != 300 {
		t.Errorf("%d items are done, want 300", len(recorded))
	}
}
