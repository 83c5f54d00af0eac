package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"hpcsub/configs"
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

// With every column that there is, long figures and long names, a plan has room in 80 columns, and nothing is cut.
func TestCandidatesFitIntoATerminal(t *testing.T) {
	now, later, cost := 0.0, 12*3600.0, 12345.67
	way := func(strategy string, wait *float64, gres string) strategies.Candidate {
		return strategies.Candidate{Strategy: strategy,
			Request: strategies.Request{Partition: "gpu-long", Nodes: 1, CPUsPerTask: 64, GRES: gres, ArrayTasks: 1200},
			Estimate: strategies.Estimate{QueueWait: wait, Makespan: 86000, MakespanLow: 43000, MakespanHigh: 180000, CPUHours: 123456, GPUHours: 12345,
				Efficiency: 1, Cost: &cost}}
	}
	in := strategies.Input{Site: configs.Rules{Charges: configs.Charges{Currency: "£"}}}
	for _, test := range []struct {
		name string
		ways []strategies.Candidate
		want string
	}{
		{"wide", []strategies.Candidate{way("gnu-parallel", &now, "gpu:a100:4"), way("packed", &later, "gpu:a100:4")},
			"1  gnu-parallel    23h53m  11h57m–2d02h  123,456  100 %  now      12,346  12,345\n" +
				"   1,200 × 64 CPUs + gpu:a100:4 on gpu-long\n"},
		{"narrow", []strategies.Candidate{{Strategy: "packed", Request: strategies.Request{Partition: "long", CPUsPerTask: 8, ArrayTasks: 12}}}, "1  packed    12 × 8 CPUs on long "},
	} {
		var b bytes.Buffer
		printCandidates(&output{stdout: &b}, in, strategies.Plan{Candidates: test.ways})
		if !strings.Contains(b.String(), test.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, &b, test.want)
		}
		for line := range strings.Lines(b.String()) {
			if n := cells(strings.TrimSuffix(line, "\n")); n > 80 {
				t.Errorf("%s: %d columns: %s", test.name, n, line)
			}
		}
	}
}
