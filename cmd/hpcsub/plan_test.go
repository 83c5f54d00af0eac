package main

import (
	"slices"
	"strings"
	"testing"

	"hpcsub/strategies"
)

func TestRejectionLines(t *testing.T) {
	got := rejectionLines([]strategies.Rejection{{Strategy: "single", Reason: "a"}, {Strategy: "array", Reason: "a"}, {Strategy: "packed", Reason: "b"},
		{Strategy: "gnu-parallel", Reason: "a"}, {Strategy: "pathos", Reason: "c"}, {Strategy: "dask", Reason: "c"}})
	want := []string{"single, array, gnu-parallel: rejected: a", "packed: rejected: b", "pathos: rejected: c", "dask: rejected: c"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOrderNote(t *testing.T) {
	now := 0.0
	way := func(makespan float64, nodes int, wait *float64) strategies.Candidate {
		return strategies.Candidate{Request: strategies.Request{Nodes: nodes}, Estimate: strategies.Estimate{Makespan: makespan, QueueWait: wait}}
	}
	tests := []struct {
		name string
		ways []strategies.Candidate
		want string
	}{
		{"one", []strategies.Candidate{way(100, 1, &now)}, ""},
		{"in order", []strategies.Candidate{way(100, 1, &now), way(200, 1, &now)}, ""},
		{"a tie", []strategies.Candidate{way(100, 1, &now), way(97, 1, &now)}, "less than 5 %"},
		{"two nodes at once, some time", []strategies.Candidate{way(100, 1, nil), way(90, 2, nil)}, "a quarter longer"},
		{"the same to the eye", []strategies.Candidate{way(100.2, 1, &now), way(99.8, 1, &now)}, ""},
		{"the column start says it", []strategies.Candidate{way(100, 1, &now), way(97, 1, nil)}, ""},
	}
	for _, tt := range tests {
		got := orderNote(strategies.Plan{Candidates: tt.ways})
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
