//go:build integration

package regret

import (
	"os"
	"path/filepath"
	"testing"

	"hpcsub/integration"
)

func TestMain(m *testing.M) { os.Exit(integration.Main(m)) }

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
