package strategies

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestCrowdSlows(t *testing.T) {
	c := Crowd{Beside: 8, Factor: 1.7}
	tests := []struct {
		name  string
		crowd Crowd
		side  int
		want  float64
	}{
		{"alone", c, 1, 1},
		{"as many as were measured", c, 8, 1.7},
		{"one neighbour of seven", c, 2, 1.1},
		{"more than were measured", c, 32, 1.7},
		{"not measured", Crowd{}, 8, 1},
		{"within what two identical runs differ by", Crowd{8, 1.04}, 8, 1},
		{"quicker among others is chance", Crowd{8, 0.8}, 8, 1},
	}
	for _, tt := range tests {
		if got := tt.crowd.slows(tt.side); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// 64 items of 100 s on nodes of 8 CPUs: where eight take twice as long as one alone, so does the run, and one item at a time is as before.
func TestCrowdLengthensARun(t *testing.T) {
	of := func(strategy string, crowd Crowd) Estimate {
		in := job(64, 0)
		in.Sample = []float64{100, 100, 100, 100, 100}
		in.Slurm.Partition, in.Plan.Strategy, in.Crowd = "short", strategy, crowd
		plan := Choose(in)
		if plan.Chosen == nil {
			t.Fatalf("%s: nothing fits: %v", strategy, plan.Rejections)
		}
		return plan.Chosen.Estimate
	}
	twice := Crowd{Beside: 8, Factor: 2}
	for _, strategy := range []string{"packed", "array", "gnu-parallel"} {
		alone, crowded := of(strategy, Crowd{}), of(strategy, twice)
		if ratio := crowded.Elapsed / alone.Elapsed; ratio < 1.9 || ratio > 2.01 {
			t.Errorf("%s: got %.0f s in a crowd and %.0f s without, want twice as long", strategy, crowded.Elapsed, alone.Elapsed)
		}
		sum := 0.0
		for _, term := range crowded.Parts {
			sum += term.Seconds
		}
		if math.Abs(sum-crowded.Makespan) > 1 {
			t.Errorf("%s: the parts add up to %.1f s, want the makespan, %.1f s", strategy, sum, crowded.Makespan)
		}
	}
	in := job(3, time.Minute)
	in.Plan.Strategy = "single"
	alone := Choose(in).Chosen.Estimate.Elapsed
	in.Crowd = twice
	if got := Choose(in).Chosen.Estimate.Elapsed; got != alone {
		t.Errorf("one item at a time: got %v s, want %v s as without a crowd", got, alone)
	}
}

// TestWhyNothingRunsSideBySide: the measured crowding is the reason, and is named.
func TestWhyNothingRunsSideBySide(t *testing.T) {
	in := job(100, time.Minute)
	in.Slurm.Partition, in.Cluster.Partitions[0].TimeLimitS = "short", nil
	in.Crowd = Crowd{Beside: 8, Factor: 30}
	plan := Choose(in)
	if want := "slow each other down here, 30 times as measured with 8"; plan.Chosen == nil || plan.Chosen.Strategy != "single" || !strings.Contains(plan.Why, want) {
		t.Errorf("got %+v and %q, want single and %q", plan.Chosen, plan.Why, want)
	}
}

// TestCrowdedTasksEndInTime: where items side by side take longer, more tasks share what each could not end within the partition's limit.
func TestCrowdedTasksEndInTime(t *testing.T) {
	in := job(5000, 20*time.Second)
	in.Slurm.Partition, in.Plan.Strategy, in.Crowd = "short", "packed", Crowd{Beside: 8, Factor: 3}
	plan := Choose(in)
	if plan.Chosen == nil {
		t.Fatalf("refused: %+v", plan.Rejections)
	}
	if c := plan.Chosen; c.Layout.Queue.ItemS == 0 || len(plan.Warnings) > 0 {
		t.Errorf("got %+v and %+v, want tasks that can end their share", c.Layout, plan.Warnings)
	}
}
