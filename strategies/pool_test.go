package strategies

import (
	"slices"
	"testing"
	"time"

	"hpcsub/slurm"
)

func TestHasFeatures(t *testing.T) {
	n := slurm.Node{Features: []string{"intel", "small"}}
	for constraint, want := range map[string]bool{
		"": true, "intel": true, "amd": false, "intel&small": true, "intel&big": false, "intel,small": true,
		"amd|intel": true, "amd|arm": false, "amd&big|intel&small": true,
		"[rack1|rack2]": true, "intel*4": true, "(amd|arm)&big": true, // nothing is concluded of these
	} {
		if got := hasFeatures(n, constraint); got != want {
			t.Errorf("%q: got %v, want %v", constraint, got, want)
		}
	}
}

func TestPartitionsLookedAt(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Input)
		want   []string
	}{
		{"the default first, GPU nodes left to others", func(in *Input) {}, []string{"short", "long"}},
		{"the default first, wherever it stands", func(in *Input) { slices.Reverse(in.Cluster.Partitions) }, []string{"short", "long"}},
		{"GPU nodes where there is nothing else", func(in *Input) {
			in.Cluster.Partitions[0].Usable, in.Cluster.Partitions[1].Usable = false, false
		}, []string{"gpu"}},
		{"GPU nodes that are the default", func(in *Input) {
			in.Cluster.Partitions[0].Default, in.Cluster.Partitions[2].Default = false, true
		}, []string{"gpu", "short", "long"}},
		{"those that are named", func(in *Input) { in.Slurm.Partition = "gpu,long" }, []string{"long", "gpu"}},
		{"only those that hold an item", func(in *Input) { in.Each.CPUs = 10 }, []string{"long"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := job(10, time.Minute)
			tt.change(&in)
			p, no := newProblem(in)
			if no != nil {
				t.Fatal(no.Reason)
			}
			var got []string
			for _, o := range p.pools {
				got = append(got, o.Name)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestNodesAreGrouped(t *testing.T) {
	in := job(10, time.Minute)
	in.Slurm.Partition = "long"
	in.Cluster.Nodes[1].CPUsAllocated = 3
	in.Cluster.Nodes = append(in.Cluster.Nodes, node("c5", 2, 4, 1, 16000, "long"), node("c6", 2, 4, 1, 16000, "long"))
	in.Cluster.Nodes[3].Weight = 0 // Slurm fills it first
	in.Cluster.Queue = []slurm.Queued{{Start: labTime.Add(time.Hour), Nodes: []string{"c6"}}}
	p, no := newProblem(in)
	if no != nil {
		t.Fatal(no.Reason)
	}
	var counts []int
	for _, g := range p.pools[0].groups {
		counts = append(counts, g.count)
	}
	// c4; c1 and c5; c2, which is partly taken; c3; c6, which is planned for.
	if !slices.Equal(counts, []int{1, 2, 1, 1, 1}) || p.pools[0].groups[0].Name != "c4" || p.pools[0].size != 6 {
		t.Errorf("got groups of %v nodes, the first with %s", counts, p.pools[0].groups[0].Name)
	}
}

func TestSizes(t *testing.T) {
	in := job(1000, time.Minute)
	in.Slurm.Partition = "long"
	occupy(in.Cluster, 0, 5, 0, 29)
	p, _ := newProblem(in)
	o := p.pools[0]
	if got := p.slotsOfNodes(o, false); !slices.Equal(got, []int{32, 32, 8, 8}) {
		t.Errorf("of empty nodes: got %v", got)
	}
	if got := p.slotsOfNodes(o, true); !slices.Equal(got, []int{32, 8, 3, 3}) {
		t.Errorf("of what is free: got %v", got)
	}
	if got := p.packSizes(o); !slices.Equal(got, []int{1, 2, 3, 4, 8, 16, 32}) {
		t.Errorf("pack sizes: got %v", got)
	}
	if got := nodeCounts(20); !slices.Equal(got, []int{2, 3, 4, 6, 9, 13, 19, 20}) {
		t.Errorf("node counts: got %v", got)
	}
	if got := thin([]int{1, 2, 3, 4, 5, 6, 7, 8, 9}, 3); !slices.Equal(got, []int{1, 5, 9}) {
		t.Errorf("thinned: got %v", got)
	}
}
