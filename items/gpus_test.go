package items

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"testing"
)

// withGPUs is an end record with what was seen of GPUs; -1 = not known.
func withGPUs(i, had, used int, peak, memory float64) *Record {
	r := endOf(i, Done)
	mean := peak / 2
	r.GPUs, r.GPUsUsed, r.GPUMemory = &had, &used, &memory
	if peak >= 0 {
		r.GPUMean, r.GPUPeak = &mean, &peak
	}
	return r
}

func TestRecordsOfGPUs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "0.0.jsonl")
	r := newRecorder(t, path)
	written := []*Record{withGPUs(1, 4, 1, 97.5, 31415), withGPUs(2, 1, 0, -1, 12), withGPUs(3, 1, 0, 0, 0), endOf(4, Done)}
	write(t, r, written...)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	got, bad := readAll(t, path)
	if bad != 0 || len(got) != 5 {
		t.Fatalf("got %d records, %d bad lines", len(got), bad)
	}
	for i, want := range written {
		if !reflect.DeepEqual(got[i], *want) {
			t.Errorf("got %+v, want %+v", got[i], *want)
		}
	}
	text, _ := json.Marshal(Result{Record: *written[0]})
	var keys map[string]any
	if err := json.Unmarshal(text, &keys); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]float64{"gpus": 4, "gpus_used": 1, "gpu_util_mean": 48.75, "gpu_util_peak": 97.5, "gpu_memory_mib": 31415} {
		if keys[key] != want {
			t.Errorf("%s: got %v, want %v", key, keys[key], want)
		}
	}
}

func TestGPUUse(t *testing.T) {
	files := map[string][]*Record{
		"attempts/1/results/0.0.jsonl": {startOf(0), withGPUs(0, 2, 0, 0, 3), withGPUs(1, 2, 1, -1, 12)},
		"attempts/1/results/1.0.jsonl": {endOf(2, Done), {ID: "", Count: new(int)}},
		"attempts/2/results/0.0.jsonl": {withGPUs(3, 4, 0, 5, 100), withGPUs(99, 1, 0, 0, 0)},
	}
	run := RunDir(t.TempDir())
	c, err := Collect(4)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.GPUs(); got != (GPUUse{}) {
		t.Errorf("nothing: got %+v", got)
	}
	for name, records := range files {
		put(t, string(run), name, jsonLines(records...))
	}
	if err := c.Update(run.Attempt(1), run.Attempt(2)); err != nil {
		t.Fatal(err)
	}
	want := GPUUse{Items: 4, Elapsed: 6, Seconds: 1.5 * 9, Had: 4, Used: 1, Peak: 5, MemoryMiB: 100}
	if got := c.GPUs(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if err := c.Update(); err != nil || c.GPUs() != want {
		t.Errorf("read again: got %+v, %v", c.GPUs(), err)
	}
}

// TestGPUUseOfMIG: no utilisation is known, and that is not 0 %.
func TestGPUUseOfMIG(t *testing.T) {
	run := RunDir(t.TempDir())
	put(t, string(run), "attempts/1/results/0.0.jsonl", jsonLines(withGPUs(0, 1, 0, -1, 12)))
	c, err := Collect(1, run.Attempt(1))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.GPUs(); got.Peak != -1 || got.MemoryMiB != 12 || got.Items != 1 {
		t.Errorf("got %+v", got)
	}
}
