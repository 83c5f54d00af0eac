//go:build integration && regret

package regret

import (
	"flag"
	"regexp"
	"testing"

	"hpcsub/integration"
)

var (
	delay = flag.Int("delay", 0, "batch_sched_delay of the cluster: 0, 3 or 5")
	only  = flag.String("only", "", "a regular expression for the names of workloads")
	file  = flag.String("data", "regret.jsonl", "the file of measurements; what is in it is not measured again")
	times = flag.Int("runs", 3, "how often a way is measured that takes less than half a minute and is not far behind the best")
	undo  = flag.Bool("undisturbed", false, "measure again what was measured on a busy machine")
	trial = flag.Bool("trial", false, "declare nothing that a trial can find out: plan after one of a hundredth of the items, five at least")
)

// TestRegret measures all workloads and prints the table. It asserts nothing of the choice: the table says.
func TestRegret(t *testing.T) {
	names := regexp.MustCompile(*only)
	b := NewBench(t, integration.Start(t, integration.Default), *file, *delay)
	b.Undo, b.Runs = *undo, *times
	if *trial {
		b.Declared = Nothing
	}
	for _, w := range Workloads() {
		if names.MatchString(w.Name) {
			t.Run(w.Name, func(t *testing.T) { b.Measure(t, w) })
		}
	}
	t.Logf("\n%s", Table(b.known, b.View(), Workloads()))
}

// TestCalibrated plans all workloads with costs that it measures first, and prints what is predicted beside what was with
// the built-in costs and what came. Nothing but the plans is made.
func TestCalibrated(t *testing.T) {
	names := regexp.MustCompile(*only)
	b := NewBench(t, integration.Start(t, integration.Default), *file, *delay)
	t.Logf("\n%s", b.Calibrate(t))
	var all []Forecast
	for _, w := range Workloads() {
		if names.MatchString(w.Name) {
			t.Run(w.Name, func(t *testing.T) { all = append(all, b.Forecast(t, w)...) })
		}
	}
	t.Logf("\n%s", ForecastTable(b.Scheduler, all))
}
