package worker

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hpcsub/items"
)

// smallDisk mounts a file system of a few KiB where the run folder will be.
func smallDisk(t *testing.T, kib int) (job string) {
	t.Helper()
	job = t.TempDir()
	dir := filepath.Join(job, ".hpcsub")
	must(t, os.Mkdir(dir, 0o700))
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dk", kib)); err != nil {
		t.Fatalf("mounting a small file system (this test wants root): %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return job
}

// wantTrouble checks that a worker failed with one clear error, without burning CPU.
func wantTrouble(t *testing.T, l *life, exit int, words string) {
	t.Helper()
	errors := 0
	for line := range strings.Lines(l.stderr.String()) {
		if strings.HasPrefix(line, "hpcsub: error: ") {
			errors++
		}
	}
	if exit != ExitFailed || errors != 1 || strings.Count(l.stderr.String(), "\n") > 2 || !strings.Contains(l.stderr.String(), words) {
		t.Errorf("exit code %d, stderr %q; want 1 and one error with %q", exit, &l.stderr, words)
	}
	if cpu := l.cmd.ProcessState.UserTime() + l.cmd.ProcessState.SystemTime(); cpu > 2*time.Second {
		t.Errorf("it took %s of CPU", cpu)
	}
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	spec := trueItems(2000)
	spec.Dir = smallDisk(t, 400)
	r := freeze(t, spec, 1)
	l := r.start(lifeOptions{slots: 4})
	wantTrouble(t, l, l.wait(30*time.Second), "no space left on device")
	ends := r.ends()
	if len(ends) < 10 || len(ends) > 1900 {
		t.Errorf("%d items are recorded", len(ends))
	}
	for _, rec := range ends {
		if rec.State != items.Done {
			t.Errorf("item %d: %s", rec.Index, rec.State)
		}
	}
}

// TestFullDiskThatIsEmptied: what ran meanwhile is recorded after all.
func TestFullDiskThatIsEmptied(t *testing.T) {
	t.Parallel()
	spec := numbers("sleep 2; echo {n} >> ran", 60)
	spec.Dir = smallDisk(t, 100)
	r := freeze(t, spec, 1)
	ballast := filepath.Join(r.job, ".hpcsub", "ballast")
	l := r.start(lifeOptions{slots: 20})
	eventually(t, "the items are recorded as running", func() bool { return len(r.records()) == 20 })
	f, err := os.Create(ballast)
	must(t, err)
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	f.Close()
	time.Sleep(3 * time.Second) // the items end
	must(t, os.Remove(ballast))
	if got := l.wait(20 * time.Second); got != ExitFailed || !strings.Contains(l.stderr.String(), "no space left on device") {
		t.Errorf("exit code %d: %s", got, &l.stderr)
	}
	done := 0
	for _, rec := range r.ends() {
		if rec.State == items.Done {
			done++
		}
	}
	if ran := len(r.lines("ran")); done != ran || ran < 20 || ran == 60 {
		t.Errorf("%d items are recorded as done, %d ran; want all that were started before a record failed", done, ran)
	}
}

func TestFileSizeLimit(t *testing.T) {
	t.Parallel()
	r := freeze(t, trueItems(500), 1)
	l := r.start(lifeOptions{slots: 2, env: []string{"HPCSUB_TEST_FSIZE=20000"}})
	wantTrouble(t, l, l.wait(30*time.Second), "file too large")
	if n := len(r.ends()); n < 10 {
		t.Errorf("%d items are recorded", n)
	}
}

func TestReadOnlyRunFolder(t *testing.T) {
	t.Parallel()
	spec := trueItems(5)
	spec.Dir = smallDisk(t, 400)
	r := freeze(t, spec, 1)
	must(t, syscall.Mount("", filepath.Join(r.job, ".hpcsub"), "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	l := r.start(lifeOptions{})
	wantTrouble(t, l, l.wait(10*time.Second), "read-only file system")
}

// TestFolderVanishes: the run folder goes away while items run.
func TestFolderVanishes(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers("sleep 0.5", 100), 1)
	l := r.start(lifeOptions{slots: 2})
	eventually(t, "two items run", func() bool { return len(r.records()) >= 2 })
	must(t, os.Rename(string(r.dir.Run()), filepath.Join(r.job, "away")))
	wantTrouble(t, l, l.wait(20*time.Second), "no such file or directory")
}

func TestJobFolderVanishes(t *testing.T) {
	t.Parallel()
	spec := numbers("sleep 0.3", 100)
	spec.Dir = t.TempDir()
	r := freeze(t, spec, 1)
	r.work.Spec.Dir = filepath.Join(t.TempDir(), "job")
	must(t, os.Mkdir(r.work.Spec.Dir, 0o700))
	must(t, items.WriteWork(r.dir, r.work))
	l := r.start(lifeOptions{slots: 2})
	eventually(t, "two items run", func() bool { return len(r.records()) >= 2 })
	must(t, os.Remove(r.work.Spec.Dir))
	wantTrouble(t, l, l.wait(20*time.Second), "the folder is gone")
}

// TestNoLogCanBeMade: the worker ends, and does not wait for a driver that waits for the call that could not be started.
func TestNoLogCanBeMade(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, options func(*testRun) lifeOptions) {
		r := calls(t, "return n", 20, 1)
		must(t, os.MkdirAll(r.dir.Log(items.Writer{Attempt: 1}, 0, "out"), 0o700)) // where the first slot's log is to be
		l := r.start(options(r))
		wantTrouble(t, l, l.wait(30*time.Second), "opening a log: open ")
	})
}

// TestNodeSeesAnotherRun: what stands behind the path is not what the script was written for.
func TestNodeSeesAnotherRun(t *testing.T) {
	t.Parallel()
	r := freeze(t, trueItems(2), 1)
	tests := []struct {
		name  string
		flags []string
		spoil func()
		want  string
	}{
		{"another token", []string{"--token", "other"}, func() {}, "sees another run"},
		{"no such part", []string{"--part", "7"}, func() {}, "parts 0 to 0"},
		{"no job folder", nil, func() {
			w := r.work
			w.Spec.Dir = "/no/such/folder"
			must(t, items.WriteWork(r.dir, w))
		}, "does not see the job's folder"},
		{"no run", nil, func() { must(t, os.RemoveAll(string(r.dir))) }, "does not see the run"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.spoil()
			l := r.start(lifeOptions{flags: tt.flags})
			wantTrouble(t, l, l.wait(10*time.Second), tt.want)
		})
	}
}
