//go:build realgpu

package local

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"hpcsub/gpu"
)

// TestRealGPUs has the GPUs of this machine dealt to an array with four tasks for each, without Options that say what there is.
func TestRealGPUs(t *testing.T) {
	l := newLab(t, Options{})
	l.opt.GPUs = nil
	have := 0
	for _, g := range l.gres() {
		if t.Logf("%+v", g); g.Type == "" || g.Used != 0 {
			t.Errorf("got %+v, want a type and none in use", g)
		}
		have += g.Count
	}
	if have == 0 {
		t.Fatal("no GPUs")
	}
	list, err := exec.Command("nvidia-smi", "-L").Output()
	if err != nil {
		t.Fatal(err)
	}
	if all := strings.Count(string(list), "(UUID: "); !strings.Contains(string(list), "MIG") && all != have {
		t.Errorf("%d GPUs are handed out, nvidia-smi lists\n%s", have, list)
	}
	l.ended(l.submit(onItsGPUs, "--gres=gpu:1", fmt.Sprintf("--array=1-%d", 4*have), "--output=/dev/null"))
	seen := strings.Split(l.sights(4*have), "; ")
	t.Logf("tasks had %q", seen)
	found := gpu.Devices(t.Context()).Devices
	for _, line := range seen {
		name, _, _ := strings.Cut(line, " ")
		if len(gpu.UUIDs([]string{name}, found)) != 1 {
			t.Errorf("a task had CUDA_VISIBLE_DEVICES=%q, which is no GPU of %+v", name, found)
		}
	}
}
