package worker

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hpcsub/items"
)

// holding is a shell line that holds memory for a while.
func holding(mib int, seconds float64) string {
	return fmt.Sprintf(`%s=allocate "$SELF" %d %g`, actAs, mib, seconds)
}

// TestGuard: when the allocation runs out, the hog goes and the others finish.
func TestGuard(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, hog string
		env       []string
	}{
		{"one process", holding(400, 60), []string{"SLURM_MEM_PER_NODE=300"}},
		{"two processes", holding(160, 60) + " & " + holding(160, 60) + "; wait", []string{"SLURM_MEM_PER_NODE=300"}},
		{"by CPU", holding(400, 60), []string{"SLURM_MEM_PER_CPU=100", "SLURM_CPUS_ON_NODE=3"}},
		{"an orphan out of the group", "(setsid bash -c '" + holding(400, 60) + "; :' &); sleep 60", []string{"SLURM_MEM_PER_NODE=300"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := freeze(t, numbers("if [ {n} = 1 ]; then "+tt.hog+"; else "+holding(50, 1.5)+"; fi", 3), 1,
				func(w *items.Work) { w.MemoryMiB = 60 })
			start := time.Now()
			r.exits(ExitUndone, lifeOptions{slots: 3, env: tt.env})
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %s", took)
			}
			ends := r.ends()
			if ends[0].State != items.Done || ends[2].State != items.Done {
				t.Errorf("the others: %s, %s; want done", ends[0].State, ends[2].State)
			}
			hog := ends[1]
			if hog.State != items.OutOfMemory || !strings.Contains(hog.Cause, " MiB used of 300 MiB in the allocation") || !strings.Contains(hog.Cause, "each.memory is 60 MiB") {
				t.Errorf("the hog: %s, %q", hog.State, hog.Cause)
			}
		})
	}
}

// TestGuardCountsSharedMemoryOnce: a pool that shares what its parent holds is not a
// hog. (Perl keeps the string twice.)
func TestGuardCountsSharedMemoryOnce(t *testing.T) {
	t.Parallel()
	fork := `exec perl -e '$b = "x" x (75<<20); for (1..4) { last unless fork } sleep 2'`
	r := freeze(t, numbers("if [ {n} = 0 ]; then "+fork+"; fi", 2), 1)
	r.exits(ExitDone, lifeOptions{slots: 2, env: []string{"SLURM_MEM_PER_NODE=400"}})
	if peak := *r.ends()[0].MaxRSSTree; peak < 150 || peak > 250 {
		t.Errorf("peak of the tree %.0f MiB, want 150 and little more", peak)
	}
}

// TestGuardAndMappedFiles: what items read from one file is neither counted thrice nor, where the
// kernel guards the memory, at all.
func TestGuardAndMappedFiles(t *testing.T) {
	read := actAs + `=map exec "$SELF" data 1.5`
	tests := []struct {
		name    string
		env     func(t *testing.T) []string
		dataMiB int
	}{
		{"Slurm alone", func(*testing.T) []string { return []string{"SLURM_MEM_PER_NODE=300"} }, 150},
		{"the kernel", func(t *testing.T) []string {
			group := newGroup(t)
			must(t, os.WriteFile(filepath.Join(group.dir, group.limitFile()), []byte("300M"), 0o600))
			return []string{"HPCSUB_TEST_CGROUP=" + group.dir}
		}, 280},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := freeze(t, numbers("sleep 0.{n}; "+read, 3), 1)
			must(t, os.WriteFile(filepath.Join(r.job, "data"), make([]byte, tt.dataMiB<<20), 0o600))
			r.exits(ExitDone, lifeOptions{slots: 3, env: tt.env(t)})
		})
	}
}

// TestGuardUnderTheKernelsLimit: the worker finds the limit by itself and acts before the kernel does.
func TestGuardUnderTheKernelsLimit(t *testing.T) {
	group := newGroup(t)
	must(t, os.WriteFile(filepath.Join(group.dir, group.limitFile()), []byte("300M"), 0o600))
	r := freeze(t, numbers("if [ {n} = 1 ]; then "+holding(283, 60)+"; else sleep 1; fi", 3), 1)
	r.exits(ExitUndone, lifeOptions{slots: 3, env: []string{"HPCSUB_TEST_CGROUP=" + group.dir}})
	if hog := r.ends()[1]; hog.State != items.OutOfMemory || !strings.Contains(hog.Cause, "of 300 MiB in the allocation") {
		t.Errorf("the hog: %s, %q", hog.State, hog.Cause)
	}
}

// TestPeaks: the largest process, from the kernel, and the whole tree.
func TestPeaks(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(fmt.Sprintf(`case {n} in 0) %s & %s; wait ;; 1) %s ;; esac`, holding(80, 1), holding(80, 1), holding(80, 0.1)), 3), 1)
	r.exits(ExitDone, lifeOptions{slots: 1})
	tests := []struct {
		index      int
		rss, tree  float64 // MiB, at least
		most       float64 // of the tree
		treeSource string
	}{
		{0, 80, 160, 220, "sampled"},
		{1, 80, 80, 120, "sampled"},
		{2, 0.5, 0.5, 30, ""},
	}
	ends := r.ends()
	for _, tt := range tests {
		rec := ends[tt.index]
		if *rec.MaxRSS < tt.rss || *rec.MaxRSSTree < tt.tree || *rec.MaxRSSTree > tt.most || rec.TreeSource != tt.treeSource {
			t.Errorf("item %d: %.1f MiB, tree %.1f MiB %q; want %g, %g to %g %q", tt.index, *rec.MaxRSS, *rec.MaxRSSTree, rec.TreeSource, tt.rss, tt.tree, tt.most, tt.treeSource)
		}
	}
	if cpu := *ends[1].CPU; cpu <= 0 || cpu > 5 {
		t.Errorf("CPU time %g s", cpu)
	}
}

// TestKills tells who sent SIGKILL: the kernel for want of memory, or somebody.
func TestKills(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers("kill -9 $$", 1), 1)
	r.exits(ExitUndone, lifeOptions{})
	if rec := r.ends()[0]; rec.State != items.Failed || deref(rec.Signal) != "KILL" {
		t.Errorf("killed by hand: %s, %q", rec.State, deref(rec.Signal))
	}
}

// TestKernelKill has the kernel kill an item in a control group with a limit. The limit comes after
// the worker has looked for one, so that its guard does not act first.
func TestKernelKill(t *testing.T) {
	group := newGroup(t)
	spec := numbers(`case {n} in 0) until test -e go; do sleep 0.1; done; `+holding(600, 60)+`; exit $? ;; 1) sleep 4; kill -9 $$ ;; 2) sleep 4 ;; esac`, 3)
	r := freeze(t, spec, 1)
	l := r.start(lifeOptions{slots: 3, env: []string{"HPCSUB_TEST_CGROUP=" + group.dir}})
	eventually(t, "the items run", func() bool { return len(r.records()) == 3 })
	must(t, os.WriteFile(filepath.Join(group.dir, group.limitFile()), []byte("200M"), 0o600))
	must(t, os.WriteFile(filepath.Join(r.job, "go"), nil, 0o600))
	if got := l.wait(30 * time.Second); got != ExitUndone {
		t.Errorf("exit code %d: %s", got, &l.stderr)
	}
	ends := r.ends()
	if hog := ends[0]; hog.State != items.OutOfMemory || !strings.Contains(hog.Cause, "by the kernel") {
		t.Errorf("the hog: %s %q, want out_of_memory by the kernel", hog.State, hog.Cause)
	}
	if ends[1].State != items.Failed || ends[2].State != items.Done {
		t.Errorf("killed by hand: %s, want failed; the innocent: %s", ends[1].State, ends[2].State)
	}
}

// newGroup makes a memory control group: below our own, or in version 2, where a group with
// processes holds no others, at the top.
func newGroup(t *testing.T) cgroup {
	t.Helper()
	own := ownCgroup()
	above := own.dir
	if own.unified {
		above = own.top
	}
	c := cgroup{dir: filepath.Join(above, fmt.Sprintf("hpcsub-test-%d", os.Getpid())), unified: own.unified}
	if err := os.Mkdir(c.dir, 0o755); err != nil {
		t.Fatalf("making a control group (this test wants root): %v", err)
	}
	t.Cleanup(func() { os.Remove(c.dir) })
	return c
}

func TestGuardChooses(t *testing.T) {
	slots := []*slot{{pid: 1, usage: usage{now: 300}}, {pid: 0, usage: usage{now: 9000}}, {pid: 3, usage: usage{now: 500}}}
	tests := []struct {
		name   string
		limit  int64
		others int64
		victim *slot
		want   *slot
	}{
		{"no limit", 0, 0, nil, nil},
		{"room", 1000, 100, nil, nil},
		{"over the brim", 1000, 151, nil, slots[2]},
		{"one is dying already", 1000, 500, slots[0], nil},
		{"one has died", 1000, 500, slots[1], slots[2]},
	}
	for _, tt := range tests {
		g := guard{limit: tt.limit, victim: tt.victim}
		got, short := g.choose(slots, tt.others)
		if !short {
			got = nil
		}
		if got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1234: "1,234", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %q, want %q", n, got, want)
		}
	}
}
