package strategies

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestBest(t *testing.T) {
	makespan := rule{func(c prediction) float64 { return c.Estimate.Makespan }, tie}
	hours := rule{func(c prediction) float64 { return c.Estimate.CPUHours }, tie}
	of := func(figures ...[2]float64) []prediction {
		var all []prediction
		for _, f := range figures {
			all = append(all, prediction{Candidate: Candidate{Estimate: Estimate{Makespan: f[0], CPUHours: f[1]}}})
		}
		return all
	}
	tests := []struct {
		name string
		all  []prediction
		want int
	}{
		{"the least", of([2]float64{100, 1}, [2]float64{90, 9}), 1},
		{"within 5 % the next rule decides", of([2]float64{100, 9}, [2]float64{104, 1}), 1},
		{"beyond it does not", of([2]float64{100, 9}, [2]float64{106, 1}), 0},
		{"5 % of the best, not of a chain", of([2]float64{100, 3}, [2]float64{104, 2}, [2]float64{108, 1}), 1},
		{"all alike: the first", of([2]float64{100, 1}, [2]float64{100, 1}), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := best(tt.all, []rule{makespan, hours}); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

// TestCostOfGPUs: where nothing is charged the fewest GPU-hours are cheapest, and CPU-hours decide what ties there.
func TestCostOfGPUs(t *testing.T) {
	of := func(gpu, cpu float64, cost *float64) prediction {
		return prediction{Candidate: Candidate{Estimate: Estimate{GPUHours: gpu, CPUHours: cpu, Cost: cost}}}
	}
	low, high := 1.0, 2.0
	p := &problem{in: Input{Items: 2}}
	p.in.Plan.Minimize = "cost"
	for _, tt := range []struct {
		name string
		all  []prediction
		want int
	}{
		{"fewer GPU-hours, more CPU-hours", []prediction{of(4, 8, nil), of(2, 16, nil)}, 1},
		{"GPU-hours tie", []prediction{of(4, 8, nil), of(4.1, 4, nil)}, 1},
		{"no GPUs", []prediction{of(0, 8, nil), of(0, 4, nil)}, 1},
		{"the site charges", []prediction{of(4, 8, &low), of(2, 16, &high)}, 0},
	} {
		if got := best(tt.all, p.rules(tt.all)); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestStartsNowGoesFirst: a wait that nobody knows is no number, but a start now is worth something.
func TestStartsNowGoesFirst(t *testing.T) {
	in := job(30, 5*time.Minute)
	in.Slurm.Partition = "long"
	occupy(in.Cluster, 8, 8, 32, 22)
	plan := Choose(in)
	if w := plan.Chosen.Estimate.QueueWait; w == nil || *w != 0 {
		t.Errorf("got a wait of %v for %s, want a start now: %s", w, plan.Chosen.Strategy, plan.Why)
	}
	// One free CPU for what keeps to it is no start: it would take thirty times as long.
	in.Plan.Strategy = "gnu-parallel"
	occupy(in.Cluster, 8, 8, 32, 31)
	if c := Choose(in).Chosen; c.Estimate.QueueWait != nil {
		t.Errorf("got %+v, want a node that is worth waiting for", c)
	}
	// An array grows with what becomes free, so it starts with one.
	in.Plan.Strategy = ""
	plan = Choose(in)
	if c := plan.Chosen; c.Estimate.QueueWait == nil || c.Request.ArrayTasks < 10 {
		t.Errorf("got %+v, want an array that grows: %s", c, plan.Why)
	}
}

// TestTakesWhatBecomesFree: 100 items of 5 s kept to the 8 CPUs that were free and took 67 s, where 24 more became free after 15 s and an array
// took 34 s. More tasks than have room now cost next to nothing if none becomes free.
func TestTakesWhatBecomesFree(t *testing.T) {
	in := job(100, 5*time.Second)
	in.Slurm.Partition = "long"
	occupy(in.Cluster, 8, 8, 32, 24)
	plan := Choose(in)
	c := plan.Chosen
	if c.Request.ArrayTasks*c.Request.CPUsPerTask < 24 || c.Estimate.QueueWait == nil {
		t.Errorf("got %+v, want tasks for more CPUs than the 8 that are free: %s", c.Request, plan.Why)
	}
	if ideal := 100 * 5.0 / 8; c.Estimate.Makespan > 1.1*ideal {
		t.Errorf("got %.1f s if nothing becomes free, want little more than %.1f s", c.Estimate.Makespan, ideal)
	}
	if !strings.Contains(plan.Why, "become free meanwhile") {
		t.Errorf("got %q, want the reason", plan.Why)
	}
	// Where all of it fits what is free there is nothing to wait for.
	occupy(in.Cluster, 0, 0, 0, 0)
	if plan := Choose(in); strings.Contains(plan.Why, "become free meanwhile") {
		t.Errorf("got %q on an idle cluster", plan.Why)
	}
}

// TestManyNodesAtOnceWaitLonger: on a full cluster a job of 316 nodes for half a minute went before an array of as many.
func TestManyNodesAtOnceWaitLonger(t *testing.T) {
	of := func(nodes, tasks int, makespan float64, wait *float64) prediction {
		c := prediction{Candidate: Candidate{Request: Request{Nodes: nodes, ArrayTasks: tasks}, Estimate: Estimate{Makespan: makespan}}}
		c.places.wait = wait
		return c
	}
	makespan := []rule{{prediction.rankedMakespan, tie}}
	for _, tt := range []struct {
		name string
		all  []prediction
		want int
	}{
		{"nobody knows when", []prediction{of(316, 0, 31, nil), of(1, 157, 33, nil)}, 1},
		{"they start now", []prediction{of(316, 0, 31, new(float64)), of(1, 157, 33, new(float64))}, 0},
		{"the array takes much longer", []prediction{of(316, 0, 31, nil), of(1, 10_000, 156, nil)}, 0},
	} {
		if got := best(tt.all, makespan); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestOneItemIsSingle: a minute for one item made GNU Parallel the first.
func TestOneItemIsSingle(t *testing.T) {
	for _, length := range []time.Duration{0, time.Second, time.Minute, 3 * time.Hour} {
		in := job(1, length)
		in.Local, in.Tools = true, map[string]string{"parallel": "/usr/bin/parallel"}
		if plan := Choose(in); plan.Chosen.Strategy != "single" {
			t.Errorf("got %s for one item of %v, want single", plan.Chosen.Strategy, length)
		}
	}
}

func TestRanksAllCandidates(t *testing.T) {
	plan := Choose(job(300, time.Second))
	if len(plan.Candidates) != 4 {
		t.Fatalf("got %d candidates, want 4: %+v", len(plan.Candidates), plan.Rejections)
	}
	for i := 1; i < 4; i++ {
		a, b := plan.Candidates[i-1].Estimate.Makespan, plan.Candidates[i].Estimate.Makespan
		if b < a/(1+tie) {
			t.Errorf("%s (%v s) stands before %s (%v s)", plan.Candidates[i-1].Strategy, a, plan.Candidates[i].Strategy, b)
		}
	}
	if plan.Chosen != &plan.Candidates[0] {
		t.Error("the chosen one is not the first")
	}
}

// TestArrayOfOneGathersToo: an item over two nodes waits for both, in an array of one task as in a job of its own.
func TestArrayOfOneGathersToo(t *testing.T) {
	in := job(1, time.Hour)
	in.Each.CPUs, in.Each.Parallel, in.Slurm.Partition = 48, "mpi", "long"
	occupy(in.Cluster, 8, 8, 32, 32)
	plan := Choose(in)
	if plan.Chosen == nil || plan.Chosen.Strategy != "single" || plan.Chosen.Estimate.QueueWait != nil {
		t.Fatalf("got %+v, %v, want single at a time that nobody knows", plan.Chosen, plan.Rejections)
	}
	if strings.Contains(plan.Why, "free at the same time") {
		t.Errorf("got %q: both need two nodes", plan.Why)
	}
}

// TestJobsAreWorthTheirSaving: forty small tasks in place of ten save an eighth of the CPU time. Of seconds that is not worth thirty more jobs
// for the controller, of minutes it is.
func TestJobsAreWorthTheirSaving(t *testing.T) {
	for _, tt := range []struct {
		times float64
		want  int
	}{{1, 10}, {100, 40}} {
		in := job(640, 0)
		for _, s := range heavy {
			in.Sample = append(in.Sample, tt.times*s)
		}
		if c := Choose(in).Chosen; c.Strategy != "packed" || c.Request.ArrayTasks != tt.want {
			t.Errorf("items of %.0f s: got %s with %d tasks, want packed with %d", tt.times, c.Strategy, c.Request.ArrayTasks, tt.want)
		}
	}
}

// TestWholeRounds: where 12 of 20 nodes are free, 24 tasks take the other 8 as they become free, and are as quick as 12 where they do not.
func TestWholeRounds(t *testing.T) {
	in := job(4800, 0)
	in.Sample, in.Slurm.Partition = slices.Repeat([]float64{600}, 12), "long"
	in.Cluster.Nodes = nil
	for i := range 20 {
		n := node(fmt.Sprintf("n%d", i), 2, 4, 1, 16000, "long")
		if i >= 12 {
			n.CPUsAllocated = 8
		}
		in.Cluster.Nodes = append(in.Cluster.Nodes, n)
	}
	if c := Choose(in).Chosen; c.Strategy != "packed" || c.Layout.Parts != 24 || c.Layout.Slots != 8 {
		t.Errorf("got %s with %d tasks of %d, want packed with 24 of 8", c.Strategy, c.Layout.Parts, c.Layout.Slots)
	}
}
