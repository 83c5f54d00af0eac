package slurm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// restNode is a node as all versions write it, each with a part of the fields.
type restNode struct {
	Name         string     `json:"name"`
	Architecture restText   `json:"architecture"`
	Sockets      restNumber `json:"sockets"`
	Cores        restNumber `json:"cores"` // of a socket
	Threads      restNumber `json:"threads"`
	CPUs         restNumber `json:"cpus"`
	Effective    restNumber `json:"effective_cpus"` // from v0.0.40
	AllocCPUs    restNumber `json:"alloc_cpus"`     // from v0.0.37
	Memory       restNumber `json:"real_memory"`
	Reserved     restNumber `json:"specialized_memory"` // from v0.0.40
	AllocMemory  restNumber `json:"alloc_memory"`       // from v0.0.37
	State        restWords  `json:"state"`              // "idle"; from v0.0.40 ["IDLE", "DRAIN"]
	StateFlags   restWords  `json:"state_flags"`        // in v0.0.37 and v0.0.38
	Features     restWords  `json:"active_features"`
	GRES         restText   `json:"gres"`
	GRESUsed     restText   `json:"gres_used"`
	Weight       restNumber `json:"weight"`
	Reason       restText   `json:"reason"`
	ReasonBy     restText   `json:"reason_set_by_user"`
	ReasonAt     restNumber `json:"reason_changed_at"`
}

// readRESTNodes reads the answer of /nodes. Which partitions they are in is not taken from it: in
// v0.0.37 to v0.0.41 the lists are of other partitions.
func readRESTNodes(r io.Reader, v restVersion) ([]Node, restAnswer, error) {
	var p restNodeParser
	a, err := readAnswer(r, "nodes", p.each(v))
	return p.nodes, a, err
}

type restNodeParser struct {
	shared nodeParser
	nodes  []Node
}

func (p *restNodeParser) each(v restVersion) func(*json.Decoder) error {
	p.shared = nodeParser{texts: interner{}, lists: map[string][]string{}, gres: map[string][]GRES{}}
	return func(d *json.Decoder) error {
		var raw restNode
		if err := d.Decode(&raw); err != nil {
			return err
		}
		n, err := p.node(raw, v)
		if err != nil {
			return fmt.Errorf("node %q: %w", raw.Name, err)
		}
		p.nodes = append(p.nodes, n)
		return nil
	}
}

func (p *restNodeParser) node(raw restNode, v restVersion) (Node, error) {
	if raw.Name == "" || len(raw.State) == 0 || !raw.Sockets.set || !raw.Cores.set || !raw.Threads.set || !raw.CPUs.set ||
		!raw.Memory.set || v.tellsUse() && !(raw.AllocCPUs.set && raw.AllocMemory.set) || v.tellsReserved() && !raw.Effective.set {
		return Node{}, errors.New("a part of it is missing")
	}
	n := rawNode{Node: Node{Name: raw.Name, Arch: p.shared.texts.text([]byte(raw.Architecture)), Reason: raw.reason()}}
	n.gres, n.gresUsed = string(raw.GRES), string(raw.GRESUsed)
	var errs []error
	for _, f := range []struct {
		to   *int
		from restNumber
	}{
		{&n.Sockets, raw.Sockets}, {&n.CoresPerSocket, raw.Cores}, {&n.ThreadsPerCore, raw.Threads},
		{&n.cpuTotal, raw.CPUs}, {&n.cpuEffective, raw.Effective}, {&n.CPUsAllocated, raw.AllocCPUs},
		{&n.MemoryMiB, raw.Memory}, {&n.memoryReserved, raw.Reserved}, {&n.MemoryAllocatedMiB, raw.AllocMemory},
		{&n.Weight, raw.Weight},
	} {
		var err error
		*f.to, err = f.from.count()
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return Node{}, err
	}
	n.Features = p.shared.list([]byte(strings.Join(raw.Features, ",")))
	words := append(raw.State[:len(raw.State):len(raw.State)], raw.StateFlags...)
	n.State, n.Flags = p.shared.state([]byte(strings.ToUpper(strings.Join(words, "+"))))
	if err := p.shared.finish(&n); err != nil {
		return Node{}, err
	}
	n.Partitions = nil // they come from the partitions
	if !v.tellsUse() {
		n.guess()
	}
	return n.Node, nil
}

// reason is written as scontrol writes it: "bad fan [root@1795341096]".
func (raw restNode) reason() string {
	if raw.Reason == "" || raw.ReasonBy == "" || raw.ReasonAt.moment().IsZero() {
		return string(raw.Reason)
	}
	return fmt.Sprintf("%s [%s@%d]", raw.Reason, raw.ReasonBy, raw.ReasonAt.n)
}

// guess fills in what v0.0.36 does not tell, so that nothing is promised that may be taken: a node
// in use is full, and one that somebody gave a reason for takes no jobs.
func (n *rawNode) guess() {
	switch n.State {
	case "IDLE", "DOWN", "UNKNOWN", "FUTURE":
	default:
		n.CPUsAllocated, n.MemoryAllocatedMiB = n.CPUs, n.MemoryMiB
	}
	if n.Reason != "" && n.State != "DOWN" {
		n.Flags = append(n.Flags[:len(n.Flags):len(n.Flags)], "DRAIN")
	}
}
