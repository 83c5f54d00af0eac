//go:build realgpu

package gpu

import (
	"context"
	"encoding/json"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestRealGPU holds what is found here against nvidia-smi -L, in the build with cgo and without.
func TestRealGPU(t *testing.T) {
	n := Here(context.Background())
	shown, _ := json.MarshalIndent(n, "", "  ")
	t.Logf("%s", shown)
	if len(n.Devices) == 0 {
		t.Fatalf("no GPU: %s", n.Reason)
	}
	list, err := exec.Command("nvidia-smi", "-L").Output()
	if err != nil {
		t.Fatal(err)
	}
	uuids, parts := 0, 0
	for _, d := range n.Devices {
		uuids += strings.Count(string(list), "(UUID: "+d.UUID+")")
		for _, i := range d.Instances {
			parts += strings.Count(string(list), "(UUID: "+i.UUID+")")
		}
		if d.Model == "" || d.Bus == "" || n.Driver == "" {
			t.Errorf("not all is known of %+v", d)
		}
	}
	if all := strings.Count(string(list), "(UUID: "); uuids != len(n.Devices) || uuids+parts != all {
		t.Errorf("found %d GPUs and %d instances, nvidia-smi lists %d of both:\n%s", uuids, parts, all, list)
	}
	if want := len(n.Devices) * (len(n.Devices) - 1) / 2; len(n.Links) != want {
		t.Errorf("got %d links, want %d", len(n.Links), want)
	}
	if len(n.Unknown) > 0 {
		t.Errorf("unknown: %q", n.Unknown)
	}
}

func TestRealUse(t *testing.T) {
	n := Here(context.Background())
	if len(n.Devices) == 0 {
		t.Fatalf("no GPU: %s", n.Reason)
	}
	name, whole := n.Devices[0].UUID, true
	if n.Devices[0].MIG && len(n.Devices[0].Instances) > 0 {
		name, whole = n.Devices[0].Instances[0].UUID, false
	}
	var mu sync.Mutex
	var got []Reading
	var at []time.Time
	s := Watch([]string{name}, func(r Reading) {
		mu.Lock()
		defer mu.Unlock()
		got, at = append(got, r), append(at, time.Now())
	})
	time.Sleep(8 * time.Second)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	t.Logf("%d readings: %v", len(got), got)
	if len(got) < 2 || at[len(at)-1].Sub(at[0]) < time.Second {
		t.Fatal("want readings that come one after another: is what nvidia-smi prints held back?")
	}
	if got[0].MemoryMiB < 0 || whole && got[0].Util < 0 {
		t.Errorf("not all is known of %s: %+v", name, got[0])
	}
}
