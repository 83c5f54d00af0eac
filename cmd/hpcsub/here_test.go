package main

import (
	"strings"
	"testing"

	"hpcsub/gpu"
)

func TestHereText(t *testing.T) {
	h := here{Node: "g1", Sockets: 2, CoresPerSocket: 28, ThreadsPerCore: 1, CPUs: 56, MemoryMiB: 512 * 1024}
	h.GPU = gpu.Node{Reason: "no NVIDIA driver here"}
	none := "g1: 56 CPUs (2 sockets of 28 cores with 1 thread), 512 GiB of memory\nno GPUs: no NVIDIA driver here\n"
	if got := h.text(); got != none {
		t.Errorf("got  %q\nwant %q", got, none)
	}
	h.GPU = gpu.Node{
		Driver: "565.57.01",
		Devices: []gpu.Device{
			{Index: 0, Model: "NVIDIA H100 80GB HBM3", MemoryMiB: 81559, CPUs: "0-13,28-41", MIG: true,
				Instances: []gpu.Instance{{Index: 1, Profile: "1g.10gb", MemoryMiB: 9984}, {Index: 2, Profile: "3g.40gb"}}},
			{Index: 1, Model: "NVIDIA H100 80GB HBM3", MemoryMiB: 81559},
		},
		Links: []gpu.Link{{From: 0, To: 1, Kind: "SYS"}},
	}
	want := `g1: 56 CPUs (2 sockets of 28 cores with 1 thread), 512 GiB of memory
2 GPUs, NVIDIA driver 565.57.01

GPU  model                         memory  nearest CPUs
0    NVIDIA H100 80GB HBM3, MIG  79.6 GiB  0-13,28-41
0.1    1g.10gb                   9.75 GiB
0.2    3g.40gb                          -
1    NVIDIA H100 80GB HBM3       79.6 GiB  -

links: SYS between every two: SYS another socket or NUMA node
`
	if got := h.text(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestLinksOfEightFit: eight GPUs with links of all kinds stay within 80 columns.
func TestLinksOfEightFit(t *testing.T) {
	var n gpu.Node
	kinds := []string{"NVLink", "PIX", "PXB", "PHB", "NODE", "SYS"}
	for i := range 8 {
		n.Devices = append(n.Devices, gpu.Device{Index: i})
		for j := range i {
			n.Links = append(n.Links, gpu.Link{From: j, To: i, Kind: kinds[(i+j)%6], Count: 18})
		}
	}
	text := linkText(n)
	rows := strings.Split(text, "\n")
	if rows[2] != "0      -     PIX   PXB   PHB   NODE  SYS   NV18  PIX" {
		t.Errorf("got %q in\n%s", rows[2], text)
	}
	for _, row := range rows[:10] {
		if len(row) > 80 {
			t.Errorf("%d columns: %s", len(row), row)
		}
	}
}
