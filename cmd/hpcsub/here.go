package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"

	"hpcsub/gpu"
	"hpcsub/local"
	"hpcsub/slurm"
)

func hereFlag() cli.Flag {
	return &cli.BoolFlag{Name: "here", Usage: "what this node has, with all about its GPUs"}
}

// here is what `hpcsub cluster --here --json` prints: what this process may use of its node.
type here struct {
	Node           string   `json:"node"`
	Sockets        int      `json:"sockets"`
	CoresPerSocket int      `json:"cores_per_socket"`
	ThreadsPerCore int      `json:"threads_per_core"`
	CPUs           int      `json:"cpus"`
	MemoryMiB      int      `json:"memory_mib"`
	GPU            gpu.Node `json:"gpu"`
}

// showHere shows the node that one is on; no Slurm is asked.
func showHere(ctx context.Context, c *cli.Command, out *output) error {
	if c.String("cluster") != "" {
		return usageErrorf("--here --cluster %s: --here is about the node that one is on; leave one of them out", c.String("cluster"))
	}
	found := gpu.Here(ctx)
	machine, err := local.New(local.Options{GPUs: found.Devices}).Inspect(ctx, slurm.InspectOptions{})
	if err != nil {
		return err
	}
	n := machine.Nodes[0]
	h := here{n.Name, n.Sockets, n.CoresPerSocket, n.ThreadsPerCore, n.CPUs, n.MemoryMiB, found}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if c.Bool("json") {
		return out.json(h)
	}
	out.print(h.text())
	for _, gap := range h.GPU.Unknown {
		for line := range strings.Lines(gap) {
			out.warning("%s", strings.TrimSpace(line))
		}
	}
	out.hint("hpcsub cluster shows the whole cluster")
	return nil
}

func (h here) text() string {
	text := fmt.Sprintf("%s: %s (%s of %s with %s), %s of memory\n", h.Node, count(h.CPUs, "CPU"),
		count(h.Sockets, "socket"), count(h.CoresPerSocket, "core"), count(h.ThreadsPerCore, "thread"), memory(float64(h.MemoryMiB)))
	if len(h.GPU.Devices) == 0 {
		return text + "no GPUs: " + h.GPU.Reason + "\n"
	}
	text += fmt.Sprintf("%s, NVIDIA driver %s\n\n", count(len(h.GPU.Devices), "GPU"), h.GPU.Driver)
	return text + gpuTable(h.GPU.Devices) + linkText(h.GPU)
}

// gpuTable has a row a GPU, and one for each instance below it.
func gpuTable(devices []gpu.Device) string {
	t := table{head: []string{"GPU", "model", "memory", "nearest CPUs"}, left: []int{0, 3}}
	for _, d := range devices {
		model := d.Model
		if d.MIG {
			model += ", MIG"
		}
		t.add(fmt.Sprint(d.Index), model, memoryOr(d.MemoryMiB), orDash(d.CPUs))
		for _, i := range d.Instances {
			t.add(fmt.Sprintf("%d.%d", d.Index, i.Index), "  "+i.Profile, memoryOr(i.MemoryMiB), "")
		}
	}
	return t.String()
}

func memoryOr(mib int) string {
	if mib == 0 {
		return "-"
	}
	return memory(float64(mib))
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// linkText says how GPUs are connected: in a line where all are alike, else as a matrix.
func linkText(n gpu.Node) string {
	if len(n.Links) == 0 {
		return ""
	}
	alike, have := true, map[string]bool{}
	for _, l := range n.Links {
		alike = alike && l.String() == n.Links[0].String()
		have[l.Kind] = true
	}
	if alike {
		return fmt.Sprintf("\nlinks: %s between every two: %s\n", n.Links[0], linkWords(have))
	}
	return "\n" + linkTable(n) + "\n" + linkWords(have) + "\n"
}

func linkTable(n gpu.Node) string {
	t := table{head: []string{"links"}, left: []int{0}}
	between := map[[2]int]string{}
	for _, l := range n.Links {
		between[[2]int{l.From, l.To}], between[[2]int{l.To, l.From}] = l.String(), l.String()
	}
	for _, a := range n.Devices {
		t.head = append(t.head, fmt.Sprint(a.Index))
		row := []string{fmt.Sprint(a.Index)}
		for _, b := range n.Devices {
			row = append(row, orDash(between[[2]int{a.Index, b.Index}]))
		}
		t.add(row...)
	}
	return t.String()
}

// linkWords explains the kinds of links that there are.
func linkWords(have map[string]bool) string {
	var parts []string
	for _, k := range []struct{ kind, words string }{
		{"NVLink", "NV is so many NVLinks"}, {"PIX", "PIX one PCIe bridge"}, {"PXB", "PXB several PCIe bridges"},
		{"PHB", "PHB the CPU's PCIe host bridge"}, {"NODE", "NODE several host bridges of a NUMA node"}, {"SYS", "SYS another socket or NUMA node"},
	} {
		if have[k.kind] {
			parts = append(parts, k.words)
		}
	}
	return strings.Join(parts, ", ")
}
