package strategies

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"hpcsub/slurm"
)

// taker is a slot of an array task that takes items from the queue of all.
type taker struct {
	free  float64
	start float64 // of its task
	task  int
}

// taken is what came of a run in which tasks do as the worker does.
type taken struct {
	end          float64
	left, killed int // items that nobody had time for, and that a time limit ended
}

// inPlaces runs the shape's tasks on so many places, with a gap between the tasks of a place: each takes items until less of its time limit is left
// than the plan says an item may take, and to its end when the last task has begun. Its first items it takes in any case.
func inPlaces(s shape, q *Queue, limitS, places int, gap float64, items []float64) (out taken) {
	var slots []taker
	busy, took, begun := map[int]int{}, map[int]int{}, 0
	begin := func(t float64) {
		if begun == s.parts {
			return
		}
		for range s.slots {
			slots = append(slots, taker{t, t, begun})
		}
		busy[begun] = s.slots
		begun++
	}
	for range min(places, s.parts) {
		begin(0)
	}
	next := 0
	for len(slots) > 0 && next < len(items) {
		i := 0
		for k := range slots {
			if slots[k].free < slots[i].free {
				i = k
			}
		}
		w := &slots[i]
		left := float64(limitS) - (w.free - w.start)
		if left < 1 || left < q.ItemS && begun < s.parts && took[w.task] >= s.slots {
			task, at := w.task, w.free
			slots = slices.Delete(slots, i, i+1)
			if busy[task]--; busy[task] == 0 {
				begin(at + gap)
			}
			continue
		}
		took[w.task]++
		if items[next] > left {
			out.killed++
		}
		w.free += min(items[next], left)
		out.end = max(out.end, w.free)
		next++
	}
	out.left = len(items) - next
	return out
}

// onPlaces has a job of these lengths run in the tasks of a candidate, on so many places.
func onPlaces(in Input, c Candidate, places int) taken {
	items := make([]float64, in.Items)
	l := lengthsOf(in)
	for i := range items {
		items[i] = l.of(i, 1)
	}
	return inPlaces(shape{parts: c.Layout.Parts, slots: c.Layout.Slots}, c.Layout.Queue, c.Request.TimeLimitS, places, 1, items)
}

// TestTurnsEndTheRun: on a few places tasks end all items, about as soon as predicted, though each leaves to later ones what might not end in
// its time.
func TestTurnsEndTheRun(t *testing.T) {
	pareto := make([]float64, 300)
	for i := range pareto {
		pareto[i] = 60 * min(20, math.Pow((float64(i)+0.5)/300, -1/1.3))
	}
	for name, sample := range map[string][]float64{
		"even": nil, "uneven": {400, 500, 600, 700, 800}, "Pareto": pareto,
		"heavy tail": {60, 66, 70, 72, 80, 90, 100, 110, 150, 180, 240, 400}, "heavier": {60, 60, 60, 60, 60, 60, 60, 60, 70, 600},
	} {
		for _, tt := range []struct{ items, parts, slots, places int }{{400, 10, 4, 2}, {400, 50, 2, 3}, {5000, 50, 2, 7}, {8000, 100, 2, 5}, {4500, 150, 1, 10}, {1000, 25, 8, 1}} {
			in := job(tt.items, 10*time.Minute)
			in.Sample, in.Slurm.Partition = sample, "long"
			p, no := newProblem(in)
			if no != nil {
				t.Fatal(no.Reason)
			}
			p.pools[0].wall = nil
			s := shape{strategy: packed(), pool: p.pools[0], parts: tt.parts, slots: tt.slots, nodes: 1, array: true, shared: true}
			limitS, _, _ := s.timeLimit(p)
			s = s.inTurns(p, limitS)
			got := onPlaces(in, Candidate{Request: s.request(p, limitS), Layout: s.layout(p, limitS)}, tt.places)
			if got.left > 0 || got.killed > 0 {
				t.Errorf("%s, %+v: %d s each, queue %+v: %d items are left and %d were killed", name, tt, limitS, s.queue(p, limitS), got.left, got.killed)
			}
			if want := p.simulate(s, places{first: tt.places}, p.may.middle).end; math.Abs(got.end-want) > 0.05*want {
				t.Errorf("%s, %+v: ends after %.0f s, predicted were %.0f s", name, tt, got.end, want)
			}
		}
	}
}

// TestTurnsOfAShortPartition: where the partition's longest time limit is short and few tasks have a place, each leaves what it could not end, so
// that no item is killed because others came late.
func TestTurnsOfAShortPartition(t *testing.T) {
	for name, sample := range map[string][]float64{
		"even":       {100, 101, 102, 103, 100, 99, 98, 100, 101, 102, 100, 100},
		"uneven":     {200, 250, 300, 350, 400},
		"heavy tail": {60, 66, 70, 72, 80, 90, 100, 110, 150, 180, 240, 400},
	} {
		for _, items := range []int{100, 300, 1000, 3000} {
			in := job(items, 0)
			in.Sample, in.Slurm.Partition, in.Plan.Strategy = sample, "short", "packed"
			occupy(in.Cluster, 4, 5, 0, 0)
			plan := Choose(in)
			c := plan.Chosen
			if c == nil || c.Layout.Queue == nil {
				t.Fatalf("%s, %d items: got %+v, want tasks that share a queue", name, items, c)
			}
			for _, w := range plan.Warnings {
				if w.Rule == "time-limit" && !strings.Contains(w.Text, "left to later tasks") {
					t.Errorf("%s, %d items: got %q, want who runs what cannot end", name, items, w.Text)
				}
			}
			if got := onPlaces(in, *c, 7/c.Layout.Slots); got.left > 0 || got.killed > 0 {
				t.Errorf("%s, %d items in %d tasks of %d s, queue %+v: %d are left and %d were killed", name, items, c.Layout.Parts, c.Request.TimeLimitS,
					*c.Layout.Queue, got.left, got.killed)
			}
		}
	}
}

// TestThrottledTurns: of an array that is throttled not all tasks run at once, but each is asked for no longer than its share takes.
func TestThrottledTurns(t *testing.T) {
	in := job(5000, 20*time.Second) // 6250 s on 16 CPUs
	in.Slurm.Partition, in.Plan.Strategy, in.Limits.CPUs = "short", "packed", 16
	plan := Choose(in)
	if plan.Chosen == nil {
		t.Fatalf("refused: %+v", plan.Rejections)
	}
	c := plan.Chosen
	if c.Request.ArrayThrottle == 0 || c.Request.ArrayThrottle*c.Layout.Slots > 16 || c.Request.TimeLimitS > 1800 {
		t.Errorf("got %+v, want a throttle and what the partition allows", c.Request)
	}
	if got := onPlaces(in, *c, c.Request.ArrayThrottle); got.left > 0 || got.killed > 0 || math.Abs(got.end-c.Estimate.Makespan) > 0.05*got.end {
		t.Errorf("got %+v, predicted were %.0f s", got, c.Estimate.Makespan)
	}
}

// TestTurnsOfTooFewTasks: eight tasks that are left for twelve places end later than twelve would.
func TestTurnsOfTooFewTasks(t *testing.T) {
	in := job(6000, 0)
	in.Sample, in.Slurm.Partition = slices.Repeat([]float64{600}, 12), "long"
	p, no := newProblem(in)
	if no != nil {
		t.Fatal(no.Reason)
	}
	p.pools[0].wall = nil
	s := shape{strategy: packed(), pool: p.pools[0], parts: 20, slots: 2, nodes: 1, array: true, shared: true}
	limitS, _, _ := s.timeLimit(p) // a fifth more than the 90,000 s of a share; in twelve places it takes 150,000 s and more
	s = s.inTurns(p, limitS)
	got := p.simulate(s, places{first: 12}, p.may.middle).end
	if want := onPlaces(in, Candidate{Request: s.request(p, limitS), Layout: s.layout(p, limitS)}, 12).end; want < 160_000 || math.Abs(got-want) > 0.02*want {
		t.Errorf("predicted were %.0f s, it ends after %.0f s", got, want)
	}
}

// TestTurnsBehindAHole: tasks for which there is no place before another job's planned start go on after that.
func TestTurnsBehindAHole(t *testing.T) {
	in := job(400, time.Minute)
	in.Slurm.Partition = "long"
	occupy(in.Cluster, 8, 8, 32, 24)
	opens := 20 * time.Minute
	in.Cluster.Queue = []slurm.Queued{{Start: labTime.Add(opens), Nodes: []string{"c4"}}}
	p, no := newProblem(in)
	if no != nil {
		t.Fatal(no.Reason)
	}
	s := shape{strategy: packed(), pool: p.pools[0], parts: 8, slots: 8, nodes: 1, array: true, shared: true}
	c, no := p.predict(s) // eight tasks of seven rounds, of which one has a place now, for up to 18 minutes
	if no != nil {
		t.Fatal(no.Reason)
	}
	if c.places.now != 1 || c.places.opens != opens.Seconds() {
		t.Fatalf("got %+v, want one place before the planned start", c.places)
	}
	if got := c.Estimate.Makespan; got < opens.Seconds()+32*60 { // 50 minutes in all, of which the first turn does 17
		t.Errorf("got %.0f s, want what the first task leaves to follow the planned start after %.0f s", got, opens.Seconds())
	}
}

// TestShareOfMany: more items than are simulated one by one end as if all were, also where parts begin so slowly that the first do most, and
// where the longest item is among the first.
func TestShareOfMany(t *testing.T) {
	tail := draw([]float64{0.5, 0.6, 0.7, 1, 1, 1.2, 9}, 50_000)
	early := slices.Clone(tail)
	early[40_000] = 700
	for name, l := range map[string]lengths{"a tail": unevenly(tail...), "one that is much longer": unevenly(early...)} {
		for _, tt := range []struct {
			items, parts, slots int
			rate                float64
		}{{50_000, 4, 32, 80}, {50_000, 100, 8, 80}, {50_000, 300, 16, 10}, {300_000, 3000, 8, 80}} {
			w := work{items: tt.items, parts: tt.parts, slots: tt.slots, lengths: l, overhead: overhead{item: 0.001}}
			s := starting{period: 1, rate: tt.rate, places: tt.parts}
			var begins []float64
			for at := (tick{}); len(begins) < tt.parts; {
				begin, _ := at.start(s, 0)
				begins = append(begins, begin)
			}
			want := oneByOne(w, begins)
			if got := s.share(w, 1).end; math.Abs(got-want) > 0.05*want+1 {
				t.Errorf("%s, %+v: got %v s, one by one it is %v s", name, tt, got, want)
			}
		}
	}
}

// oneByOne gives every item to the slot that is free first.
func oneByOne(w work, begins []float64) (end float64) {
	var free heap
	for p, begin := range begins {
		free = append(free, slices.Repeat([]station{{begin, p}}, w.slots)...)
	}
	dispatched := slices.Clone(begins)
	for k := range w.items {
		p := free[0].part
		dispatched[p] = max(dispatched[p], free[0].free) + w.overhead.item
		done := dispatched[p] + w.lengths.of(k, 1)
		end = max(end, done)
		free.replaceFirst(done)
	}
	return end
}

// TestStandaloneIsDealt: a script that runs without hpcsub has no queue to share, and its time limit is that of the longest dealt share.
func TestStandaloneIsDealt(t *testing.T) {
	in := job(640, 0)
	in.Sample, in.Plan.Strategy = heavy, "packed"
	shared := Choose(in).Chosen
	in.Standalone = true
	dealt := Choose(in).Chosen
	if shared.Layout.Queue == nil || dealt.Layout.Queue != nil || dealt.Layout.Parts < 2 {
		t.Fatalf("got the queues %v and, standalone, %v in %d parts; want one, and none in several", shared.Layout.Queue, dealt.Layout.Queue, dealt.Layout.Parts)
	}
	if dealt.Estimate.Makespan <= shared.Estimate.Makespan {
		t.Errorf("dealt %v s, shared %v s: a queue that is shared is to be the shorter", dealt.Estimate.Makespan, shared.Estimate.Makespan)
	}
}
