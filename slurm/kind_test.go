package slurm

import "testing"

func TestSameKind(t *testing.T) {
	base := Node{Name: "c1", Arch: "x86_64", Sockets: 2, CoresPerSocket: 8, ThreadsPerCore: 2, CPUs: 32, MemoryMiB: 64000}
	tests := []struct {
		name   string
		change func(*Node)
		want   bool
	}{
		{"another of them", func(n *Node) { n.Name = "c2"; n.CPUsAllocated, n.State = 4, "MIXED" }, true},
		{"a little memory is kept back", func(n *Node) { n.MemoryMiB = 62000 }, true},
		{"twice the memory", func(n *Node) { n.MemoryMiB = 128000 }, false},
		{"half the memory", func(n *Node) { n.MemoryMiB = 32000 }, false},
		{"more cores", func(n *Node) { n.CoresPerSocket = 16 }, false},
		{"one thread a core", func(n *Node) { n.ThreadsPerCore = 1 }, false},
		{"other processors", func(n *Node) { n.Arch = "aarch64" }, false},
	}
	for _, tt := range tests {
		other := base
		tt.change(&other)
		if got := base.SameKind(other); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
		if got := other.SameKind(base); got != tt.want {
			t.Errorf("%s, the other way round: got %v, want %v", tt.name, got, tt.want)
		}
	}
}
