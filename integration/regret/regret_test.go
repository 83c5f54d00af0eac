//go:build integration

package regret

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"hpcsub/integration"
)

var (
	full  = flag.Bool("regret", false, "run all workloads, not the quick set")
	delay = flag.Int("delay", 0, "batch_sched_delay of the cluster: 0, 3 or 5")
	only  = flag.String("only", "", "a regular expression for the names of workloads")
	file  = flag.String("data", "regret.jsonl", "the file of measurements; what is in it is not measured again")
	times = flag.Int("runs", 3, "how often a way is measured that takes less than half a minute and is not far behind the best")
	undo  = flag.Bool("undisturbed", false, "measure again what was measured on a busy machine")
	trial = flag.Bool("trial", false, "declare nothing that a trial can find out: plan after one of a hundredth of the items, five at least")
)

func TestMain(m *testing.M) { os.Exit(integration.Main(m)) }

// TestRegret measures all workloads and prints the table. It asserts nothing of the choice: the table says.
func TestRegret(t *testing.T) {
	if !*full {
		t.Skip("`make regret` runs this: an hour or more")
	}
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
	if !*full {
		t.Skip("`make calibrated` runs this, after `make regret`: twenty minutes")
	}
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

// TestQuick holds the choice against every other feasible way, for workloads where a wrong one shows: it is never more
// than 1.25 times the best, but for what the first tick of the scheduler and a busy machine may add to either.
func TestQuick(t *testing.T) {
	const jitter = 2 // seconds: a tick of the lab's scheduler, and as much again for starts on a busy machine
	b := NewBench(t, integration.Start(t, integration.Default), filepath.Join(t.TempDir(), "quick.jsonl"), 0)
	b.Runs = 1
	for _, w := range Workloads() {
		if !w.Quick {
			continue
		}
		t.Run(w.Name, func(t *testing.T) {
			b.Measure(t, w)
			s := ScoreOf(b.known, b.View(), w)
			if s.Chosen == nil {
				t.Fatal("the chosen way did not run")
			}
			if most := 1.25*s.Ways[0].Actual + jitter; s.Chosen.Actual > most {
				t.Errorf("%s took %.1f s; the best, %s, %.1f s", s.Chosen.Strategy, s.Chosen.Actual, s.Ways[0].Strategy, s.Ways[0].Actual)
			}
		})
	}
}
