package trials

import (
	"slices"
	"testing"
)

func TestCrowding(t *testing.T) {
	run := func(phase string, place int, elapsed float64) Measurement {
		return Measurement{Phase: phase, Place: place, State: Done, Elapsed: elapsed}
	}
	alone := []Measurement{run(WarmUp, 0, 9), run(Sample, 0, 2), run(Sample, 1, 4), run(Sample, 0, 2), run(Sample, 1, 4)}
	crowd := []Measurement{run(Crowd, 0, 3), run(Crowd, 1, 6), run(Crowd, 2, 60)}
	got := Evaluate(append(slices.Clone(alone), crowd...), EndAll).Crowding
	if got == nil || *got != (Crowding{Beside: 3, Factor: 1.5}) {
		t.Errorf("got %v, want 3 side by side that take 1.5 times as long; the third never ran alone", got)
	}
	if got := Evaluate(alone, EndAll).Crowding; got != nil {
		t.Errorf("without a crowd: got %v, want none", got)
	}
	crowd[2].State = "failed"
	if got := Evaluate(append(slices.Clone(alone), crowd...), EndAll).Crowding; got != nil {
		t.Errorf("where one failed: got %v, want none", got)
	}
}

// The crowd comes when the sample is done, once, of different items, and not where the budget is used up.
func TestForeseenCrowding(t *testing.T) {
	for _, tt := range []struct {
		name   string
		report Report
		want   *Crowding
	}{
		{"not measured", Report{}, nil},
		{"measured", Report{Crowding: &Crowding{4, 1.5}}, &Crowding{4, 1.5}},
		{"more than they can do to each other", Report{Crowding: &Crowding{2, 2.34}}, &Crowding{2, 2}},
		{"others used the CPUs", Report{Crowding: &Crowding{2, 1.5}, Waited: true}, nil},
	} {
		got := tt.report.Foreseen()
		if (got == nil) != (tt.want == nil) || got != nil && *got != *tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestCrowdIsScheduledOnce(t *testing.T) {
	r := Rules{Available: 10, Items: 2, Repeats: 2, Budget: 100, Beside: 3}
	var done []Measurement
	crowds, spent := 0, 0.0
	for range 20 {
		step, end := r.Next(done, spent)
		if end != "" {
			break
		}
		places := []int{step.Place}
		if step.Phase == Crowd {
			crowds++
			places = step.Beside
			if len(done) < 5 || !slices.Equal(places, []int{0, 1, 2}) {
				t.Errorf("a crowd of %v after %d runs, want one of 0, 1, 2 after the sample", places, len(done))
			}
		}
		spent++
		for _, place := range places {
			done = append(done, Measurement{Phase: step.Phase, Place: place, Round: step.Round, State: Done, Elapsed: 1})
		}
	}
	if crowds != 1 {
		t.Errorf("got %d crowds, want one", crowds)
	}
	// Items that vary take all of the budget, and the crowd comes before more of the same.
	r.Items, r.Repeats = 0, 0
	varied := []Measurement{{Phase: WarmUp, State: Done, Elapsed: 1}}
	for place := range 5 {
		for round := 1; round <= 2; round++ {
			varied = append(varied, Measurement{Phase: Sample, Place: place, Round: round, State: Done, Elapsed: float64(1 + 2*place)})
		}
	}
	if step, end := r.Next(varied, 50); step.Phase != Crowd || end != "" {
		t.Errorf("after two rounds of items that vary: got %+v, %q, want a crowd", step, end)
	}
	r.Items, r.Repeats = 2, 2
	if step, _ := r.Next(done[:5], 99.5); step.Phase == Crowd {
		t.Error("a crowd was begun with half a second left, of items that take one")
	}
}

// As many as there is memory for, by the greatest peak so far and a quarter more: 1000 MiB hold eight of 100 MiB.
func TestCrowdKeepsToTheMemory(t *testing.T) {
	done := []Measurement{{Phase: Sample, State: Done, Elapsed: 1, MaxRSSTree: ptr(40.0)}, {Phase: Sample, Place: 1, State: Done, Elapsed: 1, MaxRSSTree: ptr(100.0)}}
	for _, tt := range []struct{ room, want int }{{0, 16}, {1000, 8}, {100_000, 16}, {200, 1}, {50, 0}} {
		r := Rules{Available: 100, Beside: 16, RoomMiB: tt.room}
		if got := len(r.crowd(done, tallied(done))); got != tt.want {
			t.Errorf("%d MiB: got %d side by side, want %d", tt.room, got, tt.want)
		}
	}
}
