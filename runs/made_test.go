package runs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hpcsub/configs"
	"hpcsub/items"
	"hpcsub/slurm"
	"hpcsub/strategies"
)

// order is what a run of n items in so many parts is made of, with its job.toml in dir.
func order(t testing.TB, dir string, n, parts int) Order {
	t.Helper()
	path := filepath.Join(dir, "job.toml")
	text := fmt.Sprintf("name = \"made\"\ncommand = \"true {n}\"\n[sweep]\nn = { from = 0, to = %d }\n", n-1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	job, err := configs.ReadJob(path)
	if err != nil {
		t.Fatal(err)
	}
	list, err := items.Open(job.Work)
	if err != nil {
		t.Fatal(err)
	}
	cluster := &slurm.Cluster{Name: "lab", Version: "24.11.5", Client: "commands"}
	in := NewInput(job, n, cluster)
	chosen := &strategies.Candidate{
		Strategy: "packed",
		Request:  strategies.Request{Partition: "short", Nodes: 1, Tasks: 1, CPUsPerTask: 1, TimeLimitS: 600, ArrayTasks: parts},
		Layout:   strategies.Layout{Parts: parts, Slots: 1, CPUsPerItem: 1, ItemsPerPart: n/parts + 1, Submissions: []strategies.IndexRange{{First: 0, Count: parts}}},
	}
	plan := strategies.Plan{Job: job.Name, Items: n, Chosen: chosen}
	return Order{Job: job, List: list, Items: n, Input: in, Plan: plan, Cluster: cluster, Program: Program{Path: path, Version: "test"}}
}

// made is a run as it stands on disk before Slurm hears of it.
func made(t testing.TB, dir string, n, parts int, set ...func(*strategies.Layout)) *Run {
	t.Helper()
	root := Root(dir)
	if err := makeRoot(root, ""); err != nil {
		t.Fatal(err)
	}
	o := order(t, dir, n, parts)
	for _, f := range set {
		f(&o.Plan.Chosen.Layout)
	}
	r, err := prepare(t.Context(), root, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// handedOver is a run of one part whose Slurm job is 7, and its attempt.
func handedOver(t testing.TB, n int) (*Run, *Attempt) {
	t.Helper()
	r := made(t, t.TempDir(), n, 1)
	attempts, err := r.Attempts()
	if err != nil {
		t.Fatal(err)
	}
	a := attempts[0]
	if err := a.log(event{Outcome: submitted, JobID: "7"}); err != nil {
		t.Fatal(err)
	}
	return r, a
}

// again adds an attempt at some of the items, which takes the place of those before it.
func again(t testing.TB, r *Run, n int, indices []int, set ...func(*strategies.Candidate)) {
	t.Helper()
	attempts, err := r.Attempts()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range attempts {
		if err := a.replaceStop(continuedBy); err != nil {
			t.Fatal(err)
		}
	}
	o := order(t, t.TempDir(), len(indices), 1)
	for _, f := range set {
		f(o.Plan.Chosen)
	}
	all := func(yield func(int) bool) {
		for _, i := range indices {
			if !yield(i) {
				return
			}
		}
	}
	if err := r.makeAttempt(r.dir, attemptPlan{n: n, items: all, input: o.Input, plan: o.Plan}); err != nil {
		t.Fatal(err)
	}
}

// record is an item's end, or with items.Running its start.
func record(i int, state items.State, start float64) *items.Record {
	rec := &items.Record{ID: fmt.Sprint(i), Index: i, State: state, Start: start, Node: "c1"}
	if state == items.Running {
		return rec
	}
	end, elapsed, code := start+1.5, 1.5, 0
	if state == items.Failed {
		code = 3
	}
	rec.End, rec.Elapsed, rec.CPU, rec.ExitCode, rec.MaxRSSTree = &end, &elapsed, &elapsed, &code, &elapsed
	return rec
}

// write has a worker's recorder write these records, and the end record where ended says so.
func write(t testing.TB, path string, ended bool, recs ...*items.Record) {
	t.Helper()
	w, err := items.NewRecorder(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range recs {
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
	}
	if !ended {
		err = w.Sync()
	} else {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// left are the names in a folder of runs, but for those that every run has.
func left(t testing.TB, root string) string {
	t.Helper()
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.Name() != "bin" && e.Name() != ".gitignore" {
			names = append(names, e.Name())
		}
	}
	return strings.Join(names, " ")
}
