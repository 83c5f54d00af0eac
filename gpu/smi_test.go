//go:build !cgo || !linux

package gpu

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// fake puts an nvidia-smi on PATH that prints the outputs of a folder of testdata.
func fake(t *testing.T, name string) {
	t.Helper()
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	t.Setenv("FAKE_GPU", filepath.Join(dir, name))
}

func TestEightGPUs(t *testing.T) {
	fake(t, "dgxa100")
	n := Here(context.Background())
	if n.Reason != "" || len(n.Unknown) > 0 || n.Driver != "550.54.15" || len(n.Devices) != 8 {
		t.Fatalf("got %+v", n)
	}
	want := Device{Index: 2, UUID: "GPU-5facdc8a-1b0c-4a5e-9d6f-012345678902", Model: "NVIDIA A100-SXM4-40GB", MemoryMiB: 40960,
		Bus: "00000000:47:00.0", CPUs: "16-31,144-159", Instances: []Instance{}}
	if !reflect.DeepEqual(n.Devices[2], want) {
		t.Errorf("got %+v\nwant %+v", n.Devices[2], want)
	}
	if len(n.Links) != 28 || n.Links[27] != (Link{6, 7, nvLink, 12}) {
		t.Errorf("got %d links, the last %+v", len(n.Links), n.Links)
	}
}

func TestInstances(t *testing.T) {
	fake(t, "migh100")
	n := Here(context.Background())
	want := []Instance{{0, "MIG-7839bf6f-ba33-59f0-89eb-01c8d8c4134d", "3g.40gb", 40448}, {1, "MIG-433a63e2-53a4-58c0-9b8d-a4dba3eb8f36", "1g.10gb", 9984}}
	if len(n.Devices) != 2 || !n.Devices[0].MIG || n.Devices[1].MIG || !reflect.DeepEqual(n.Devices[0].Instances, want) {
		t.Fatalf("got %+v", n)
	}
	if len(n.Links) != 1 || n.Links[0].String() != "SYS" || n.Devices[1].CPUs != "14-27,42-55" || len(n.Unknown) > 0 {
		t.Errorf("got %+v", n)
	}
}

func TestDevicesWithoutLinks(t *testing.T) {
	fake(t, "two")
	n := Devices(context.Background())
	if len(n.Devices) != 2 || n.Devices[1].Model != "NVIDIA GeForce RTX 3090" || n.Devices[1].MIG || len(n.Links) > 0 || len(n.Unknown) > 0 {
		t.Errorf("got %+v", n)
	}
	if n := Here(context.Background()); len(n.Links) != 1 || n.Devices[1].CPUs != "0-1" {
		t.Errorf("with links: got %+v", n)
	}
}

func TestAnOldDriverWithALostGPU(t *testing.T) {
	fake(t, "old")
	n := Here(context.Background())
	if len(n.Devices) != 1 || n.Devices[0].Model != "Tesla K80" || n.Devices[0].MemoryMiB != 11441 || n.Devices[0].CPUs != "0-11" || n.Driver != "418.87.00" {
		t.Errorf("got %+v", n)
	}
	if len(n.Unknown) != 1 || !strings.Contains(n.Unknown[0], "GPU is lost") {
		t.Errorf("got %q, want what nvidia-smi said of the lost one", n.Unknown)
	}
}

func TestNoGPU(t *testing.T) {
	tests := map[string]string{
		"none": "No devices were found", "mismatch": "Driver/library version mismatch", "unloaded": "NVIDIA-SMI has failed because",
		"garbage": `got "\x00\x01 what, is, this"`, "absent": "",
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			fake(t, name)
			n := Here(context.Background())
			if n.Reason == "" || !strings.Contains(n.Reason, want) || len(n.Devices) > 0 {
				t.Errorf("got %+v, want a reason with %q", n, want)
			}
		})
	}
	t.Setenv("PATH", t.TempDir())
	if n := Here(context.Background()); n.Reason != "no NVIDIA driver here: there is no nvidia-smi on PATH" {
		t.Errorf("got %+v", n)
	}
}

// TestADriverThatHangs: nvidia-smi waits for a broken GPU for ever.
func TestADriverThatHangs(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nvidia-smi"), []byte("#!/bin/sh\nexec sleep 60\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	n := Here(ctx)
	if !strings.Contains(n.Reason, "not answer") || time.Since(start) > 10*time.Second {
		t.Errorf("got %+v after %v", n, time.Since(start))
	}
}

// readings collects what is reported until there are so many.
func readings(t *testing.T, names []string, want int) []Reading {
	t.Helper()
	var mu sync.Mutex
	var got []Reading
	enough := make(chan bool)
	s := Watch(names, func(r Reading) {
		mu.Lock()
		defer mu.Unlock()
		if got = append(got, r); len(got) == want {
			close(enough)
		}
	})
	select {
	case <-enough:
	case <-time.After(20 * time.Second):
		t.Error("no readings after 20 s")
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
	mu.Lock()
	defer mu.Unlock()
	return got[:min(want, len(got))]
}

func TestWatch(t *testing.T) {
	tests := []struct {
		name, fake string
		names      []string
		want       []Reading
	}{
		{"by index and UUID", "dgxa100", []string{"5", "GPU-5d8aba68"}, []Reading{{1, 97, 31415}, {0, 0, 3}, {1, 97, 31415}, {0, 0, 3}}},
		{"twice the same", "dgxa100", []string{"0", "0"}, []Reading{{0, 97, 31415}, {1, 97, 31415}}},
		{"an instance", "migh100", []string{"MIG-433a63e2-53a4-58c0-9b8d-a4dba3eb8f36"}, []Reading{{0, -1, 12}, {0, -1, 12}}},
		{"no word of use", "old", []string{"0"}, []Reading{{0, -1, 11}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fake(t, tt.fake)
			if got := readings(t, tt.names, len(tt.want)); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestWatchSaysWhyItEnded(t *testing.T) {
	fake(t, "dgxa100")
	t.Setenv("FAKE_ROUNDS", "1")
	s := Watch([]string{"0"}, func(Reading) {})
	<-s.over
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), "ended by itself") {
		t.Errorf("got %v", err)
	}
	s = Watch([]string{"17"}, func(r Reading) { t.Errorf("got a reading %+v", r) })
	<-s.over
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), `no GPU "17" on this node`) {
		t.Errorf("got %v", err)
	}
}

func FuzzDevices(f *testing.F) {
	seed(f, "query")
	f.Fuzz(func(t *testing.T, text string) {
		n, err := parseDevices(text)
		if strings.TrimSpace(text) != "" && len(n.Devices) == 0 && err == nil {
			t.Errorf("%q: neither a GPU nor an error", text)
		}
		for _, d := range n.Devices {
			if !strings.HasPrefix(d.UUID, "GPU-") || d.Index < 0 || d.MemoryMiB < 0 {
				t.Errorf("%q: got %+v", text, d)
			}
		}
	})
}

func FuzzUse(f *testing.F) {
	seed(f, "use")
	f.Fuzz(func(t *testing.T, line string) {
		uuid, util, memory, ok := parseUse(line)
		if ok != (uuid != "") || util > 100 || util < -1 || memory < -1 {
			t.Errorf("%q: got %q %v %v %v", line, uuid, util, memory, ok)
		}
	})
}

func FuzzList(f *testing.F) {
	seed(f, "list")
	f.Fuzz(func(t *testing.T, text string) {
		for gpu, instances := range parseList(text) {
			for _, i := range instances {
				if gpu == "" || !strings.HasPrefix(i.UUID, "MIG-") || !strings.Contains(text, i.UUID) || i.Profile == "" {
					t.Errorf("%q: got %+v of %q", text, i, gpu)
				}
			}
		}
	})
}

func FuzzTopology(f *testing.F) {
	seed(f, "topo")
	f.Fuzz(func(t *testing.T, text string) {
		links, cpus, err := parseTopology(text)
		if err != nil && len(links)+len(cpus) > 0 {
			t.Errorf("%q: got an error and an answer", text)
		}
		for _, l := range links {
			if l.From >= l.To || l.Kind == "" || (l.Kind == nvLink) != (l.Count > 0) {
				t.Errorf("%q: got %+v", text, l)
			}
		}
	})
}

func FuzzInstances(f *testing.F) {
	const one = `<l><gpu><mig_devices><mig_device><index>%s</index><fb_memory_usage><total>9 MiB</total><used>%s</used></fb_memory_usage></mig_device></mig_devices><uuid>GPU-a</uuid></gpu></l>`
	f.Add(fmt.Sprintf(one, "0", "12 MiB"))
	f.Add(`<?xml version="1.0" ?><!DOCTYPE a SYSTEM "b">` + fmt.Sprintf(one, "x", "N/A") + fmt.Sprintf(one, "3", "-1 MiB"))
	f.Fuzz(func(t *testing.T, text string) {
		readInstances(strings.NewReader(text), func(u instanceUse) {
			if u.index < 0 || u.total < -1 || u.used < -1 {
				t.Errorf("%q: got %+v", text, u)
			}
		})
	})
}

// seed gives a fuzz target all recorded outputs of one kind, and pieces of them.
func seed(f *testing.F, kind string) {
	paths, err := filepath.Glob("testdata/*/" + kind)
	if err != nil || len(paths) == 0 {
		f.Fatal(paths, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
		f.Add(string(text[:len(text)/2]))
	}
	f.Add(fmt.Sprint("\n, , ", kind))
}
