package main

import (
	"strings"
	"testing"

	"hpcsub/slurm"
	"hpcsub/trials"
)

func TestOtherKind(t *testing.T) {
	node := func(name string, cores int, partitions ...string) slurm.Node {
		return slurm.Node{Name: name, Arch: "x86_64", Sockets: 1, CoresPerSocket: cores, ThreadsPerCore: 1, CPUs: cores, MemoryMiB: 1000 * cores, Partitions: partitions}
	}
	cluster := &slurm.Cluster{Name: "lab", Client: "commands", Nodes: []slurm.Node{
		node("c1", 8, "short", "long"), node("c2", 8, "short", "long"), node("c3", 32, "long"), node("c4", 32, "long", "big"), node("c5", 32, "big"),
	}}
	tests := []struct {
		name, node, partition string
		want                  string // "" is alike
	}{
		{"the same nodes", "c1", "short", ""},
		{"half of them", "c1", "long", ""},
		{"other nodes", "c1", "big", "most nodes of partition big are of another kind (c4, c5)"},
		{"most of all", "c1", "", "are of another kind (c3, c4, c5)"},
		{"a node that is gone", "c9", "short", "which lab no longer has"},
		{"nobody wrote down where", "", "short", ""},
	}
	for _, tt := range tests {
		got := otherKind(trials.Machine{Node: tt.node, CPUs: 8}, cluster, tt.partition)
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestOtherMachine(t *testing.T) {
	here := trials.Machine{Node: "desk", Model: "EPYC", CPUs: 8, MemoryMiB: 64000}
	tests := []struct {
		name  string
		then  trials.Machine
		alike bool
	}{
		{"the same", here, true},
		{"the same with more memory since", trials.Machine{Node: "desk", Model: "EPYC", CPUs: 8, MemoryMiB: 32000}, true},
		{"its twin", trials.Machine{Node: "table", Model: "EPYC", CPUs: 8, MemoryMiB: 63000}, true},
		{"another name and more processors", trials.Machine{Node: "table", Model: "EPYC", CPUs: 64, MemoryMiB: 64000}, false},
		{"the same name, and new processors", trials.Machine{Node: "desk", Model: "Xeon", CPUs: 8, MemoryMiB: 64000}, false},
	}
	for _, tt := range tests {
		if got := otherMachine(tt.then, here); (got == "") != tt.alike {
			t.Errorf("%s: got %q, want alike: %v", tt.name, got, tt.alike)
		}
	}
}
