// Package gpu answers: what GPU is here? It looks at the node that it runs on and at no other:
// what GPUs a cluster has is Slurm's to say (GRES). With cgo it asks NVML, else nvidia-smi.
package gpu

import (
	"context"
	"fmt"
	"time"
)

// Node is what a node has of GPUs.
type Node struct {
	Driver  string   `json:"driver"` // its version, "" when not known
	Devices []Device `json:"devices"`
	Links   []Link   `json:"links"`   // between every two of them
	Reason  string   `json:"reason"`  // why there are no devices, in words; "" where there are
	Unknown []string `json:"unknown"` // what could not be found out, and why
}

// Device is one GPU.
type Device struct {
	Index     int        `json:"index"`
	UUID      string     `json:"uuid"` // "GPU-…"
	Model     string     `json:"model"`
	MemoryMiB int        `json:"memory_mib"` // 0 = not known
	Bus       string     `json:"pci_bus_id"`
	CPUs      string     `json:"cpu_affinity"` // the CPUs nearest to it, "48-63,176-191"; "" = not known
	MIG       bool       `json:"mig"`          // split into instances; only these can be used then
	Instances []Instance `json:"instances"`
}

// Instance is a part of a GPU in MIG mode.
type Instance struct {
	Index     int    `json:"index"`
	UUID      string `json:"uuid"`       // "MIG-…"
	Profile   string `json:"profile"`    // "1g.10gb"
	MemoryMiB int    `json:"memory_mib"` // 0 = not known
}

// Link is how two GPUs are connected. Kind is NVLink, with the number of links, or a path over
// PCIe in nvidia-smi's words: PIX (one bridge), PXB (several), PHB (the host bridge), NODE
// (several host bridges), SYS (between sockets).
type Link struct {
	From  int    `json:"from"` // indices, From < To
	To    int    `json:"to"`
	Kind  string `json:"kind"`
	Count int    `json:"count,omitempty"`
}

// String words a link as nvidia-smi does: "NV12", "SYS".
func (l Link) String() string {
	if l.Kind == nvLink {
		return fmt.Sprintf("NV%d", l.Count)
	}
	return l.Kind
}

const nvLink = "NVLink"

// patience is how long a driver may take to answer. One that has not been loaded yet takes seconds.
const patience = 20 * time.Second

// Here looks at this node. A node without a GPU, or whose driver is broken, has no devices and a
// reason; so does one whose driver does not answer.
func Here(ctx context.Context) Node { return patiently(ctx, look) }

// Devices is the same without links and nearest CPUs, which take nvidia-smi as long again.
func Devices(ctx context.Context) Node { return patiently(ctx, lookAtDevices) }

func patiently(ctx context.Context, look func(context.Context) Node) Node {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found := make(chan Node, 1)
	go func() { found <- look(ctx) }()
	select {
	case n := <-found:
		return n.filled()
	case <-ctx.Done():
		return Node{Reason: fmt.Sprintf("the GPU's driver does not answer: %v", ctx.Err())}.filled()
	}
}

// filled has empty lists for nil ones, which JSON shows as null.
func (n Node) filled() Node {
	n.Devices, n.Links, n.Unknown = orEmpty(n.Devices), orEmpty(n.Links), orEmpty(n.Unknown)
	for i := range n.Devices {
		n.Devices[i].Instances = orEmpty(n.Devices[i].Instances)
	}
	return n
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
