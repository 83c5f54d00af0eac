package slurm

import (
	"slices"
	"strings"
	"testing"
)

func TestExpandHosts(t *testing.T) {
	tests := []struct{ input, want string }{
		{"c1", "c1"},
		{"c[1-4]", "c1 c2 c3 c4"},
		{"c[1-2,04-06],gpu1", "c1 c2 c04 c05 c06 gpu1"},
		{"c[1,3]", "c1 c3"},
		{"n[098-101]", "n098 n099 n100 n101"},
		{"n[1-2]x[3-4]", "n1x3 n1x4 n2x3 n2x4"},
		{"rack[1-2]-ib", "rack1-ib rack2-ib"},
		{"a,b[1-2],c", "a b1 b2 c"},
		{"[1-2]", "1 2"},
		{"", ""}, {"(null)", ""}, {"None assigned", ""},
	}
	for _, tt := range tests {
		got, err := ExpandHosts(tt.input)
		if err != nil || strings.Join(got, " ") != tt.want {
			t.Errorf("ExpandHosts(%q) = %q, %v; want %q", tt.input, got, err, tt.want)
		}
	}
}

func TestExpandHostsRefuses(t *testing.T) {
	for _, input := range []string{
		"c[1-2", "c1-2]", "c[2-1]", "c[a-b]", "c[]", "c[1--2]", "c[1-]", "c[[1-2]]", "c1,,c2", "c 1",
		"c[1-99999999]", "c[0-9999]x[0-9999]", "c[1-2],d]", ",",
	} {
		if got, err := ExpandHosts(input); err == nil {
			t.Errorf("ExpandHosts(%q) = %q, want an error", input, got[:min(len(got), 5)])
		}
	}
}

func TestCompressHosts(t *testing.T) {
	tests := []struct{ input, want string }{
		{"c1 c2 c3", "c[1-3]"},
		{"c3 c1 c2 c1", "c[1-3]"},
		{"c1 c3", "c[1,3]"},
		{"n098 n099 n100", "n100,n[098-099]"},
		{"c1 c01", "c01,c1"},
		{"login gpu1", "gpu1,login"},
		{"n1x3 n1x4", "n1x[3-4]"},
		{"", ""},
	}
	for _, tt := range tests {
		if got := CompressHosts(strings.Fields(tt.input)); got != tt.want {
			t.Errorf("CompressHosts(%q) = %q, want %q", tt.input, got, tt.want)
		}
	}
}

func TestCompressedHostsExpandToTheSame(t *testing.T) {
	for _, input := range []string{"a b1 b2 b03 b04 c9 c10 c11", "n00001 n00002 n10000", "x"} {
		names := strings.Fields(input)
		got, err := ExpandHosts(CompressHosts(names))
		slices.Sort(got)
		slices.Sort(names)
		if err != nil || !slices.Equal(got, names) {
			t.Errorf("%q: got %q, %v", names, got, err)
		}
	}
}

func TestExpandIndices(t *testing.T) {
	tests := []struct {
		input string
		want  []int
	}{
		{"4", []int{4}},
		{"0-3", []int{0, 1, 2, 3}},
		{"1,3-5%2", []int{1, 3, 4, 5}},
		{"0-20:5", []int{0, 5, 10, 15, 20}},
		{"13-49:12%2", []int{13, 25, 37, 49}},
	}
	for _, tt := range tests {
		if got, err := expandIndices(tt.input); err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("expandIndices(%q) = %v, %v; want %v", tt.input, got, err, tt.want)
		}
	}
	for _, input := range []string{"", "a", "3-1", "0-9:0", "1,", "0-99999999999", "1-2-3"} {
		if got, err := expandIndices(input); err == nil {
			t.Errorf("expandIndices(%q) = %v, want an error", input, got)
		}
	}
}
