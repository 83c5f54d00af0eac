//go:build integration && regret

package regret

import (
	"cmp"
	"flag"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hpcsub/integration"
)

var (
	delay = flag.Int("delay", 0, "batch_sched_delay of the cluster: 0, 3 or 5")
	only  = flag.String("only", "", "a regular expression for the names of workloads")
	file  = flag.String("data", "regret.jsonl", "the file of measurements; what is in it is not measured again")
	times = flag.Int("runs", 3, "how often a way is measured that takes less than half a minute and is not far behind the best")
	undo  = flag.Bool("undisturbed", false, "measure again what was measured on a busy machine")
	costs = flag.String("costs", "", "a site.toml with the costs of this cluster: plan with them, too, to compare; where it is not there they are measured first")
	slow  = flag.Int("prolog", 0, "so many seconds each job of the cluster waits for a prolog")
	trial = flag.Bool("trial", false, "declare nothing that a trial can find out: plan after one of a hundredth of the items, five at least")
)

// TestRegret measures all workloads and prints the tables. It asserts nothing of the choice: the table says.
func TestRegret(t *testing.T) {
	names := regexp.MustCompile(*only)
	b := NewBench(t, integration.Start(t, integration.Default), *file, *delay)
	b.Undo, b.Runs = *undo, *times
	if *slow > 0 {
		b.SlowStart(t, *slow)
	}
	switch {
	case *trial:
		b.Declared = Nothing
	case *costs != "":
		b.Costs(t, *costs)
	}
	for _, w := range Workloads() {
		if names.MatchString(w.Name) {
			t.Run(w.Name, func(t *testing.T) { b.Measure(t, w) })
		}
	}
	printTables(t, b.known, b.View())
}

// TestTables prints the tables of all that has been measured. It needs no cluster.
func TestTables(t *testing.T) {
	known, err := Read(*file)
	if err != nil {
		t.Fatal(err)
	}
	views := map[View]bool{}
	for _, m := range known {
		views[View{m.Scheduler, m.Declared}] = true
	}
	for _, v := range slices.SortedFunc(maps.Keys(views), func(a, b View) int {
		return cmp.Or(strings.Compare(a.Declared, b.Declared), strings.Compare(a.Scheduler, b.Scheduler))
	}) {
		printTables(t, known, v)
	}
}

func printTables(t *testing.T, known []Measurement, v View) {
	t.Logf("\n%s", Table(known, v, Workloads()))
	if v.Declared == "" {
		t.Logf("\n%s", ForecastTable(known, v, Workloads()))
	}
}
