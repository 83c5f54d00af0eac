//go:build !cgo || !linux

package worker

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hpcsub/gpu"
	"hpcsub/items"
)

// fakeGPUs has two GPUs: the first works and the second has nothing to do.
func fakeGPUs(t *testing.T, visible string) []string {
	t.Helper()
	dir := t.TempDir()
	const script = `#!/bin/sh
echo "$*" >> "$FAKE_LOG"
case "$1" in
--query-gpu=index,*) echo "0, GPU-aaaa, 81920, 00000000:07:00.0, 550.54.15, Disabled, Test"
	echo "1, GPU-bbbb, 81920, 00000000:0F:00.0, 550.54.15, Disabled, Test" ;;
--query-gpu=uuid,*) while sleep 0.05; do echo "GPU-aaaa, 80, 2000"; echo "GPU-bbbb, 0, 3"; done ;;
esac
`
	must(t, os.WriteFile(filepath.Join(dir, "nvidia-smi"), []byte(script), 0o700))
	return []string{"PATH=" + dir + ":" + os.Getenv("PATH"), gpu.Variable + "=" + visible, "FAKE_LOG=" + filepath.Join(dir, "log")}
}

func TestGPUsAreDealtAndWatched(t *testing.T) {
	r := freeze(t, numbers("sleep 1.5; echo $CUDA_VISIBLE_DEVICES >> seen", 2), 1)
	l := r.exits(ExitDone, lifeOptions{slots: 2, env: fakeGPUs(t, "GPU-bbbb,0")})
	if seen := r.lines("seen"); !slices.Contains(seen, "0") || !slices.Contains(seen, "GPU-bbbb") || len(seen) != 2 {
		t.Errorf("the items saw the GPUs %q, want one each", seen)
	}
	if l.stderr.Len() > 0 {
		t.Errorf("stderr: %s", &l.stderr)
	}
	for i, rec := range r.ends() {
		if rec.GPUs == nil || rec.GPUMean == nil {
			t.Fatalf("item %d: nothing of GPUs: %+v", i, rec)
		}
		want := []float64{1, 0, 0, 0, 3} // slot 0 has GPU-bbbb
		if rec.Slot == 1 {
			want = []float64{1, 1, 80, 80, 2000}
		}
		got := []float64{float64(*rec.GPUs), float64(*rec.GPUsUsed), *rec.GPUMean, *rec.GPUPeak, *rec.GPUMemory}
		if !slices.Equal(got, want) {
			t.Errorf("item %d in slot %d: got %v, want %v", i, rec.Slot, got, want)
		}
	}
}

// TestGPUsThatCannotBeDivided: each item has all.
func TestGPUsThatCannotBeDivided(t *testing.T) {
	r := freeze(t, numbers("sleep 1.2; echo $CUDA_VISIBLE_DEVICES >> seen", 3), 1)
	r.exits(ExitDone, lifeOptions{slots: 3, env: fakeGPUs(t, "0,1")})
	if seen := r.lines("seen"); !slices.Equal(seen, []string{"0,1", "0,1", "0,1"}) {
		t.Errorf("the items saw the GPUs %q", seen)
	}
	for i, rec := range r.ends() {
		if rec.GPUs == nil || *rec.GPUs != 2 || *rec.GPUsUsed != 1 || *rec.GPUMemory != 2003 || *rec.GPUPeak != 80 {
			t.Errorf("item %d: got %+v", i, rec)
		}
	}
}

// TestNoGPUsNoLooking: a job without GPUs does not even start nvidia-smi.
func TestNoGPUsNoLooking(t *testing.T) {
	for _, visible := range []string{"", "NoDevFiles"} {
		r := freeze(t, numbers("sleep 0.7; echo x$CUDA_VISIBLE_DEVICES >> seen", 1), 1)
		env := fakeGPUs(t, visible)
		r.exits(ExitDone, lifeOptions{slots: 2, env: env})
		if log, err := os.ReadFile(strings.TrimPrefix(env[2], "FAKE_LOG=")); err == nil {
			t.Errorf("%q: nvidia-smi was asked %s", visible, log)
		}
		if rec := r.ends()[0]; rec.GPUs != nil || rec.GPUMemory != nil {
			t.Errorf("%q: got %+v", visible, rec)
		}
		if seen := r.lines("seen"); !slices.Equal(seen, []string{"x" + visible}) {
			t.Errorf("got %q", seen)
		}
	}
}

// TestShortItemsOnGPUs: no figure rather than one of the item before, and the end is not late.
func TestShortItemsOnGPUs(t *testing.T) {
	r := freeze(t, numbers(": {n}", 20), 1)
	start := time.Now()
	r.exits(ExitDone, lifeOptions{slots: 1, env: fakeGPUs(t, "0")})
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	for i, rec := range r.ends() {
		if rec.GPUs != nil && *rec.Elapsed < 0.4 {
			t.Errorf("item %d of %v s: got %+v", i, *rec.Elapsed, rec)
		}
	}
}

// TestGPUsWithoutADriver: the items run, and the worker says why there are no figures.
func TestGPUsWithoutADriver(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "nvidia-smi"), []byte("#!/bin/sh\necho 'NVIDIA-SMI has failed because'\nexit 9\n"), 0o700))
	r := freeze(t, numbers("sleep 0.7; : {n}", 2), 1)
	l := r.exits(ExitDone, lifeOptions{slots: 1, env: []string{"PATH=" + dir + ":" + os.Getenv("PATH"), gpu.Variable + "=0"}})
	if !strings.Contains(l.stderr.String(), "NVIDIA-SMI has failed") {
		t.Errorf("stderr: %q", &l.stderr)
	}
}

// TestTheSamplerIsNoOrphan: it is the worker's child and no item, and is not to be counted or ended as
// what an item left behind.
func TestTheSamplerIsNoOrphan(t *testing.T) {
	r := freeze(t, numbers("sleep 2", 1), 1)
	l := r.start(lifeOptions{slots: 1, env: fakeGPUs(t, "0")})
	of := newTree()
	of.self = l.cmd.Process.Pid
	eventually(t, "the item and nvidia-smi run", func() bool { return len(of.children(nil, of.self, 0)) == 2 })
	item := func(pid int) bool { return !of.hasVariable(pid, gpu.Mark) && of.hasVariable(pid, "HPCSUB_SLOT=0") }
	eventually(t, "neither is an orphan", func() bool { return len(of.orphans(item)) == 0 })
	if got := l.wait(30 * time.Second); got != ExitDone {
		t.Errorf("exit code %d: %s", got, &l.stderr)
	}
	if rec := r.ends()[0]; rec.GPUs == nil {
		t.Errorf("got %+v", rec)
	}
}

func needs(gpus int) func(*items.Work) { return func(w *items.Work) { w.GPUs = gpus } }

// TestEachItemHasGPUsOfItsOwn: whatever the node gave, no two that run at once have the same GPU.
func TestEachItemHasGPUsOfItsOwn(t *testing.T) {
	tests := []struct {
		name, visible string
		slots, each   int
		shares        []string // in the order of slots
		warns         string
	}{
		{"one each", "0,1,2", 3, 1, []string{"0", "1", "2"}, ""},
		{"two each", "4,5,6,7", 2, 2, []string{"4,5", "6,7"}, ""},
		{"a whole node gives more than was asked for", "0,1,2,3", 3, 1, []string{"0", "1", "2"}, ""},
		{"more, and no multiple", "0,1,2,3,4,5,6", 2, 3, []string{"0,1,2", "3,4,5"}, ""},
		{"fewer than was asked for", "0,1", 4, 1, []string{"0", "1"}, "2 items side by side instead of 4: the job has 2 GPUs"},
		{"MIG", "MIG-a,MIG-b", 2, 1, []string{"MIG-a", "MIG-b"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := freeze(t, numbers("echo $HPCSUB_SLOT:$CUDA_VISIBLE_DEVICES:$ROCR_VISIBLE_DEVICES >> seen; sleep 0.2; : {n}", 3*tt.slots), 1, needs(tt.each))
			env := append(fakeGPUs(t, tt.visible), "ROCR_VISIBLE_DEVICES="+tt.visible)
			l := r.exits(ExitDone, lifeOptions{slots: tt.slots, env: env})
			for _, line := range r.lines("seen") {
				f := strings.Split(line, ":")
				slot, err := strconv.Atoi(f[0])
				if err != nil || len(f) != 3 || slot >= len(tt.shares) || f[1] != tt.shares[slot] || f[2] != f[1] {
					t.Errorf("an item saw %q, want the share of its slot among %q", line, tt.shares)
				}
			}
			if got := l.stderr.String(); !strings.Contains(got, tt.warns) || tt.warns == "" && strings.Contains(got, "side by side") {
				t.Errorf("stderr: %q, want %q", got, tt.warns)
			}
		})
	}
}

// TestTooFewGPUs: rather than to share GPUs that were asked for alone, nothing runs.
func TestTooFewGPUs(t *testing.T) {
	for _, tt := range []struct {
		visible     string
		slots, each int
	}{{"", 2, 1}, {"NoDevFiles", 4, 1}, {"0", 1, 2}, {"0,1,2", 2, 4}} {
		r := freeze(t, numbers("touch ran; : {n}", 2), 1, needs(tt.each))
		l := r.exits(ExitFailed, lifeOptions{slots: tt.slots, env: fakeGPUs(t, tt.visible)})
		if got := l.stderr.String(); !strings.Contains(got, "and an item needs "+strconv.Itoa(tt.each)) || !strings.Contains(got, "gres.conf") {
			t.Errorf("%q: stderr: %q", tt.visible, got)
		}
		if _, err := os.Stat(filepath.Join(r.job, "ran")); err == nil {
			t.Errorf("%q: an item ran", tt.visible)
		}
	}
}

func TestGPUUseOfMIG(t *testing.T) {
	g, _, err := shareGPUs(from(map[string]string{gpu.Variable: "MIG-a"}), 1, 0)
	must(t, err)
	for range 2 {
		g.uses[0][0].add(gpu.Reading{Util: -1, MemoryMiB: 12})
	}
	var r items.Record
	g.measure(&r)
	if r.GPUMean != nil || r.GPUPeak != nil || *r.GPUs != 1 || *r.GPUsUsed != 0 || *r.GPUMemory != 12 {
		t.Errorf("got %+v", r)
	}
	g.reset(0)
	r = items.Record{}
	if g.measure(&r); r.GPUs != nil {
		t.Errorf("after a reset: got %+v", r)
	}
}
