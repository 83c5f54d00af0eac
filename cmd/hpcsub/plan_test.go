package main

import (
	"slices"
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
