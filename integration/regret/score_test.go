package regret

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// took are runs of one way.
func took(strategy string, predicted float64, seconds ...float64) []Measurement {
	var all []Measurement
	for _, s := range seconds {
		all = append(all, Measurement{Scheduler: "delay 0", Workload: "w", Strategy: strategy, Request: "8 × 8", Predicted: predicted, Seconds: s})
	}
	return all
}

func chosen(all []Measurement) []Measurement {
	for i := range all {
		all[i].Chosen = true
	}
	return all
}

func TestScore(t *testing.T) {
	slower := took("packed", 10, 9, 9, 9)
	disturbed := took("array", 10, 40)
	disturbed[0].LoadBefore = 9
	other := took("array", 10, 1)
	other[0].Scheduler = "delay 5"
	failed := took("array", 10, 1)
	failed[0].Failed = "exit code 5"
	old := took("array", 10, 1)
	old[0].Request = "one that is not planned any more"
	cut := took("array", 10, 24)
	cut[0].Cut = true
	tests := []struct {
		name        string
		all         []Measurement
		regret, off float64
		best        string
	}{
		{"the best is chosen", slices.Concat(chosen(took("packed", 11, 10, 10, 10)), took("array", 10, 12)), 0, 0.1, "packed"},
		{"another is better", slices.Concat(chosen(took("packed", 8, 10, 10, 10)), took("array", 10, 8)), 0.25, -0.2, "array"},
		{"within the spread of its runs", slices.Concat(chosen(took("packed", 10, 9.6, 10, 10.4)), took("array", 10, 9.3)), 0, 0, "array"},
		{"beyond it", slices.Concat(chosen(took("packed", 10, 9.9, 10, 10.1)), took("array", 10, 9)), 1. / 9, 0, "array"},
		{"the median counts", slices.Concat(chosen(took("array", 10, 50, 10, 10)), slower), 0, 0, "packed"},
		{"what was disturbed gives way", slices.Concat(chosen(slices.Concat(disturbed, took("array", 10, 10))), slower), 1. / 9, 0, "packed"},
		{"another scheduler, a failure, another shape", slices.Concat(other, failed, old, chosen(took("array", 10, 10)), slower), 1. / 9, 0, "packed"},
		{"one that was ended", slices.Concat(cut, chosen(took("packed", 6, 6))), 0, 0, "packed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := ScoreOf(tt.all, View{Scheduler: "delay 0"}, Workload{Name: "w"})
			if s.Chosen == nil || math.Abs(s.Regret-tt.regret) > 1e-9 || math.Abs(s.Error-tt.off) > 1e-9 || s.Ways[0].Strategy != tt.best {
				t.Errorf("got %+v; want a regret of %v, an error of %v, and %s as the best", s, tt.regret, tt.off, tt.best)
			}
		})
	}
}

// planned is a choice that rests on a trial.
func planned(strategy, request string, predicted float64) Measurement {
	return Measurement{Scheduler: "delay 0", Declared: Nothing, Workload: "w", Strategy: strategy, Request: request, Predicted: predicted,
		Chosen: true, Trial: &Trial{Items: 5, Seconds: 12}}
}

// undeclared are runs that were planned after a trial.
func undeclared(request string, all []Measurement) []Measurement {
	for i := range all {
		all[i].Request, all[i].Declared = request, Nothing
	}
	return all
}

// TestScoreOfNothingDeclared: what a plan chose after a trial is held against the best run of either kind, in its own shape.
func TestScoreOfNothingDeclared(t *testing.T) {
	known := slices.Concat(chosen(took("packed", 11, 10)), took("array", 10, 15))
	tests := []struct {
		name        string
		all         []Measurement
		state       State
		regret, off float64
		best        string
	}{
		{"the same choice", append(slices.Clip(known), planned("packed", "8 × 8", 12)), State{}, 0, 0.2, "packed 8 × 8"},
		{"a worse one", append(slices.Clip(known), planned("array", "8 × 8", 15)), State{}, 0.5, 0, "packed 8 × 8"},
		{"the newest one", append(slices.Clip(known), planned("array", "8 × 8", 15), planned("packed", "8 × 8", 5)), State{}, 0, -0.5, "packed 8 × 8"},
		{"in a shape of its own", slices.Concat(known, undeclared("4 × 8", took("packed", 0, 20)), []Measurement{planned("packed", "4 × 8", 20)}), State{}, 1, 0, "packed 8 × 8"},
		{"that is better", slices.Concat(known, undeclared("4 × 8", took("packed", 0, 5)), []Measurement{planned("packed", "8 × 8", 10)}), State{}, 1, 0, "packed 4 × 8"},
		{"in a hole its time limit is another, too", slices.Concat(known, undeclared("8 × 8", took("packed", 0, 40)), []Measurement{planned("packed", "8 × 8", 40)}), State{Hole: true}, 3, 0, "packed 8 × 8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := Workload{Name: "w", State: tt.state}
			s := ScoreOf(tt.all, View{"delay 0", Nothing}, w)
			if s.Chosen == nil || s.Trial == nil || math.Abs(s.Regret-tt.regret) > 1e-9 || math.Abs(s.Error-tt.off) > 1e-9 || s.Ways[0].Strategy+" "+s.Ways[0].Request != tt.best {
				t.Errorf("got %+v; want a regret of %v, an error of %v, and %s as the best", s, tt.regret, tt.off, tt.best)
			}
			if s := ScoreOf(tt.all, View{Scheduler: "delay 0"}, w); s.Chosen == nil || s.Chosen.Actual != 10 || s.Chosen.Predicted != 11 || len(s.Ways) != 2 || s.Trial != nil {
				t.Errorf("with all declared: got %+v, want what it was without the trial", s)
			}
		})
	}
	if s := ScoreOf(append(slices.Clip(known), planned("packed", "one that never ran", 12)), View{"delay 0", Nothing}, Workload{Name: "w"}); s.Chosen != nil {
		t.Errorf("a choice that never ran: got %+v", s)
	}
}

// TestNewestShape: the runs of an older hpcsub, which asked for another shape, do not count, however quiet the machine was.
func TestNewestShape(t *testing.T) {
	old, now := chosen(took("packed", 60, 60)), chosen(took("packed", 30, 30))
	old[0].Request, now[0].LoadBefore = "one that keeps to few CPUs", quiet+1
	s := ScoreOf(slices.Concat(old, took("array", 30, 31), now), View{Scheduler: "delay 0"}, Workload{Name: "w"})
	if s.Chosen == nil || s.Chosen.Actual != 30 || !s.Chosen.Disturbed || s.Regret != 0 {
		t.Errorf("got %+v, want the newest shape's 30 s", s)
	}
}

// TestPredictionIsTheFirst: what a later run of the same way predicted may rest on the one before.
func TestPredictionIsTheFirst(t *testing.T) {
	all := chosen(took("packed", 12, 10, 10, 10))
	all[1].Predicted, all[2].Predicted = 10, 10
	if s := ScoreOf(all, View{Scheduler: "delay 0"}, Workload{Name: "w"}); math.Abs(s.Error-0.2) > 1e-9 {
		t.Errorf("got an error of %v, want that of the first, 0.2", s.Error)
	}
}

// TestRange: what came is held against the range that the first run of the way predicted, in seconds even where CPU-hours are to be least.
func TestRange(t *testing.T) {
	ranged := func(low, high float64, all []Measurement) []Measurement {
		for i := range all {
			all[i].Low, all[i].High = low, high
		}
		return all
	}
	cut := ranged(8, 30, chosen(took("packed", 10, 20)))
	cut[0].Cut = true
	later := ranged(8, 12, chosen(took("packed", 10, 15, 15)))
	later[1].Low, later[1].High = 14, 16
	cost := ranged(8, 12, chosen(took("packed", 10, 10)))
	cost[0].CPUHours = 3
	tried := planned("packed", "8 × 8", 10)
	tried.Low, tried.High = 8, 12
	tests := []struct {
		name     string
		all      []Measurement
		declared string
		cost     bool
		want     int
		row      string
		summary  string
	}{
		{"within", ranged(8, 12, chosen(took("packed", 10, 8, 12, 12))), "", false, 0, "| 12.0 s | -17 %", "range: 1 of 1"},
		{"longer", ranged(8, 12, chosen(took("packed", 10, 12.5))), "", false, 1, "| 12.5 s ↑ | -20 %", "range: 0 of 1"},
		{"shorter", ranged(8, 12, chosen(took("packed", 10, 7.5))), "", false, -1, "| 7.5 s ↓ | +33 %", "range: 0 of 1"},
		{"ended before its high end", cut, "", false, 1, "| > 20.0 s ↑ | -50 %", "range: 0 of 1"},
		{"the first run's range", later, "", false, 1, "| 15.0 s ↑ |", "range: 0 of 1"},
		{"CPU-hours", cost, "", true, 0, "| 10800 CPU-s | ", "range: 1 of 1"},
		{"after a trial, the plan's range", append(ranged(20, 30, chosen(took("packed", 25, 11))), tried), Nothing, false, 0, "| 11.0 s | -9 %", "range: 1 of 1"},
		{"none was kept", chosen(took("packed", 10, 90)), "", false, 0, "| 90.0 s | -89 %", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, v := Workload{Name: "w", Cost: tt.cost}, View{"delay 0", tt.declared}
			if s := ScoreOf(tt.all, v, w); s.Chosen == nil || s.Chosen.Outside() != tt.want {
				t.Errorf("got %+v, want it outside by %d", s.Chosen, tt.want)
			}
			text := Table(tt.all, v, []Workload{w})
			if !strings.Contains(text, tt.row) || !strings.Contains(text, tt.summary) || tt.summary == "" && strings.Contains(text, "predicted range") {
				t.Errorf("no %q and %q in\n%s", tt.row, tt.summary, text)
			}
		})
	}
}

func TestCostIsScoredByHours(t *testing.T) {
	cheap, quick := took("single", 0, 90), took("packed", 0, 10)
	cheap[0].CPUHours, cheap[0].PredictedHours, cheap[0].Chosen = 1, 1.1, true
	quick[0].CPUHours = 2
	s := ScoreOf(append(cheap, quick...), View{Scheduler: "delay 0"}, Workload{Name: "w", Cost: true})
	if s.Regret != 0 || s.Ways[0].Strategy != "single" || math.Abs(s.Error-0.1) > 1e-9 {
		t.Errorf("got %+v", s)
	}
}

func TestFixedPolicies(t *testing.T) {
	s := ScoreOf(slices.Concat(chosen(took("array", 10, 10)), took("packed", 10, 15)), View{Scheduler: "delay 0"}, Workload{Name: "w"})
	if regret, ok := s.Fixed("packed"); !ok || regret != 0.5 || !s.PackedLoses() {
		t.Errorf("always packed: got %v, %v, and that it loses: %v", regret, ok, s.PackedLoses())
	}
	if _, ok := s.Fixed("dask"); ok {
		t.Error("always dask: it cannot be taken")
	}
}

// TestTable: every workload is in it, run or not, and it counts what is wanted.
func TestTable(t *testing.T) {
	workloads := []Workload{
		{Name: "w", Items: 7, Seconds: 20, About: "few"}, {Name: "gpus", Needs: "GPUs in a request"}, {Name: "later"}}
	text := Table(slices.Concat(chosen(took("array", 12, 10)), took("packed", 10, 15)), View{Scheduler: "delay 0"}, workloads)
	for _, want := range []string{
		"| w: 7 × 20 s, few | array | 12.0 s | 10.0 s | +20 % | array | 0 % | 15.0 s | 10.0 s | – |  |",
		"another strategy than packed is best in 1", "within 5 % of the best in 1 (100 %;", "off by 20 % in the median",
		"| always packed | 0 | 0 of 1 | 50 % |", "Not yet run: gpus (needs GPUs in a request); later (not measured).",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestTableOfNothingDeclared has what the trial took, and where the choice is another.
func TestTableOfNothingDeclared(t *testing.T) {
	known := slices.Concat(chosen(took("packed", 11, 10)), took("single", 10, 15), undeclared("2 × 1", took("single", 0, 30)))
	text := Table(append(slices.Clip(known), planned("single", "8 × 8", 12)), View{"delay 0", Nothing}, []Workload{{Name: "w", Items: 7, Seconds: 20}})
	for _, want := range []string{
		"### delay 0, nothing declared", "| workload | trial | chosen |",
		"| w: 7 × 20 s | 5 items, 12 s | single | 12.0 s | 15.0 s | -20 % | packed | 50 % | 10.0 s | – | – | single 15.0 s |",
		"A trial took 12 s in the median, 12 s at most. The choice is another than with all declared in 1: w (single, not packed).",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestMeasurementsAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.jsonl")
	if all, err := Read(path); err != nil || all != nil {
		t.Errorf("no file: got %v, %v", all, err)
	}
	want := took("packed", 10, 9, 8)
	for _, m := range want {
		if err := Append(path, m); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := Read(path); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if err := os.WriteFile(path, []byte("{}\n{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a torn line: got %v, want its number", err)
	}
}

func TestForecasts(t *testing.T) {
	other := took("array", 7, 8)
	other[0].Request = "another shape"
	cut := took("single", 90, 25)
	cut[0].Cut = true
	var now []Measurement
	for strategy, seconds := range map[string]float64{"packed": 9, "gnu-parallel": 8.8, "array": 8, "single": 80} {
		m := took(strategy, seconds, 0)[0]
		m.Costs, m.Chosen = Calibrated, strategy == "gnu-parallel"
		now = append(now, m)
	}
	all := slices.Concat(chosen(took("packed", 5, 10, 10, 10)), took("gnu-parallel", 12, 11), other, cut, now)
	got := ForecastTable(all, View{Scheduler: "delay 0"}, []Workload{{Name: "w"}})
	for _, want := range []string{
		"| w | packed | 10 | 5 | -50 % | 9 | -10 % |", "| the chosen ways (1) | 50 %, 50 % | 10 %, 10 % |", "| all ways (2) | ", "1 workloads", "1.38 times",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "gnu-parallel") {
		t.Errorf("a way that is not chosen has a row:\n%s", got)
	}
}
