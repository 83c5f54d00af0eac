package strategies

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// kinds are distributions of lengths, in units of ten minutes. Of all jobs of all sizes the makespan has to lie in the range in the share all, of those
// that rest on twelve items or more in the share many. The high end may be so many times the middle, in the mean.
var kinds = []struct {
	name             string
	draw             func(*rand.Rand) float64
	all, many, width float64
}{
	{"even", func(r *rand.Rand) float64 { return 1 + 0.03*r.NormFloat64() }, 0.99, 0.99, 1.1},
	{"uniform", func(r *rand.Rand) float64 { return 0.5 + r.Float64() }, 0.95, 0.95, 1.5},
	{"uniform from 0", func(r *rand.Rand) float64 { return 2 * r.Float64() }, 0.94, 0.95, 2},
	{"1 or 4", func(r *rand.Rand) float64 { return 1 + 3*float64(r.IntN(2)) }, 0.94, 0.95, 2.2},
	{"lognormal 0.5", func(r *rand.Rand) float64 { return math.Exp(0.5 * r.NormFloat64()) }, 0.93, 0.95, 2.6},
	{"lognormal 1", func(r *rand.Rand) float64 { return math.Exp(r.NormFloat64()) }, 0.9, 0.94, 4},
	{"exponential", func(r *rand.Rand) float64 { return r.ExpFloat64() }, 0.93, 0.95, 3.7},
	// As in integration/regret. Of five items often none is long, and nothing tells them from even ones.
	{"Pareto 1.3 to 20", func(r *rand.Rand) float64 { return min(20, math.Pow(1-r.Float64(), -1/1.3)) }, 0.87, 0.92, 4},
}

// covered are figures over many jobs: in what share of them the makespan was in the range, less, and over none of the time
// limits, and how many times the middle the high end was, in the mean.
type covered struct{ within, less, inTime, width float64 }

func (c *covered) add(o covered, weight float64) {
	c.within += weight * o.within
	c.less += weight * o.less
	c.inTime += weight * o.inTime
	c.width += weight * o.width
}

// TestRangeCoversTheTail simulates jobs of 24 to 1,000 items on 8 slots, planned by the lengths of 5 to 32 of them.
func TestRangeCoversTheTail(t *testing.T) {
	sizes := [][2]int{{5, 24}, {8, 24}, {12, 24}, {5, 48}, {8, 48}, {12, 48}, {32, 48}, {5, 200}, {8, 200}, {12, 200}, {32, 200}, {5, 1000}, {8, 1000}, {12, 1000}, {32, 1000}}
	for _, kind := range kinds {
		var before, all, many covered
		for _, size := range sizes {
			b, a := simulated(t, kind.draw, size[0], size[1])
			before.add(b, 1/float64(len(sizes)))
			all.add(a, 1/float64(len(sizes)))
			if size[0] >= 12 {
				many.add(a, 1./7)
			}
			t.Logf("%-16s %2d of %4d: within %3.0f %% (as sampled %3.0f %%), less %.0f %%, in time %3.0f %% (%3.0f %%), high end %.2f (%.2f) times the middle", kind.name,
				size[0], size[1], 100*a.within, 100*b.within, 100*a.less, 100*a.inTime, 100*b.inTime, a.width, b.width)
		}
		t.Logf("%-16s all: within %.1f %% (as sampled %.1f %%), of 12 and more %.1f %%, less %.1f %%, in time %.1f %% (%.1f %%), high end %.2f (%.2f) times the middle", kind.name,
			100*all.within, 100*before.within, 100*many.within, 100*all.less, 100*all.inTime, 100*before.inTime, all.width, before.width)
		if all.within < kind.all || many.within < kind.many {
			t.Errorf("%s: %.3f are within the range, of those planned by 12 items and more %.3f; want %v and %v", kind.name, all.within, many.within, kind.all, kind.many)
		}
		if all.width > kind.width || kind.name == "even" && all.width > before.width+1e-9 {
			t.Errorf("%s: the high end is %.2f times the middle, and %.2f times as sampled; want no more than %v", kind.name, all.width, before.width, kind.width)
		}
		if all.within < before.within || all.inTime < before.inTime {
			t.Errorf("%s: got %+v, and %+v as sampled: want no worse", kind.name, all, before)
		}
	}
}

// simulated runs jobs of n items on one node of eight slots, each planned by its first k: as if no item were longer than these, and as it is.
func simulated(t *testing.T, draw func(*rand.Rand) float64, k, n int) (asSampled, asPlanned covered) {
	t.Helper()
	const jobs = 200
	r := rand.New(rand.NewPCG(uint64(n), uint64(k)))
	in := job(n, 0)
	in.Slurm.Partition = "long"
	for range jobs {
		real := make([]float64, n)
		for i := range real {
			real[i] = 600 * draw(r)
		}
		in.Sample = slices.Clone(real[:k])
		r.Shuffle(n, func(i, j int) { real[i], real[j] = real[j], real[i] })
		p, no := newProblem(in)
		if no != nil {
			t.Fatal(no.Reason)
		}
		p.pools[0].wall = nil
		s := shape{strategy: packed(), pool: p.pools[0], parts: 1, slots: 8, nodes: 1, array: true}
		w := s.work(p, p.may.middle)
		w.lengths = unevenly(real...)
		took := p.starts(s, places{first: 1}, p.may.middle).run(w.spans(1))
		asPlanned.add(p.covers(s, took), 1./jobs)
		p.lengths.far, p.spans = nil, map[spanKey][]float64{}
		asSampled.add(p.covers(s, took), 1./jobs)
	}
	return asSampled, asPlanned
}

// covers holds what is planned of a shape against what came.
func (p *problem) covers(s shape, took outcome) covered {
	e := p.estimate(s, places{first: 1, ever: 1})
	limit, _, _ := s.timeLimit(p)
	return covered{
		within: yes(e.MakespanLow <= took.end && took.end <= e.MakespanHigh), less: yes(took.end < e.MakespanLow),
		inTime: yes(took.longest <= float64(limit)), width: e.MakespanHigh / e.Makespan,
	}
}

func TestTailOf(t *testing.T) {
	tests := []struct {
		name               string
		sample             []float64
		from, share, index float64
	}{
		{"even", []float64{1, 1.1, 1.2, 1.3, 1.5}, 0, 0, 0},
		{"skewed to the left", []float64{1, 5, 6, 6, 7, 7}, 0, 0, 0},
		{"two say nothing of a tail", []float64{1, 9}, 0, 0, 0},
		{"the longest few are as long as each other", []float64{1, 1, 1, 1, 4, 4, 4, 4, 4}, 0, 0, 0},
		{"a tail", []float64{1, 1, 1, 1, 1, 1, math.E, math.E, math.Exp(4)}, 1, 1. / 3, steepest},
		{"a short one", []float64{1, 1, 1, 1, 1, 1, 1, 2, 2}, 1, 1. / 3, 2. / 3 * math.Ln2 * (1 + doubted/math.Sqrt(3))},
		{"lengths of nothing", []float64{0, 0, 0, 0, 1}, 0, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			from, share, index := tailOf(tt.sample)
			if !near(from, tt.from) || !near(share, tt.share) || !near(index, tt.index) {
				t.Errorf("got %v, %v, %v; want %v, %v, %v", from, share, index, tt.from, tt.share, tt.index)
			}
		})
	}
}

// TestBeyondIsBounded: by so many times the longest of the sample, and by each.timeout; and nothing is beyond a sample of all.
func TestBeyondIsBounded(t *testing.T) {
	in := job(1000, 0)
	in.Sample = heavy
	if got := lengthsOf(in).longestFar(); !near(got, furthest*5) {
		t.Errorf("got up to %v s, want %v times the longest", got, furthest)
	}
	in.Each.Timeout = 12 * time.Second
	if got := lengthsOf(in).longestFar(); got != 12 {
		t.Errorf("got up to %v s, want what each.timeout allows", got)
	}
	in.Items = len(heavy)
	if l := lengthsOf(in); l.far != nil {
		t.Errorf("all items are known: got up to %v s", l.longestFar())
	}
	in.Items = len(heavy) + 1
	if l := lengthsOf(in); l.far == nil || l.longestFar() > 12 || l.longest != 5 {
		t.Errorf("one item is not known: got %+v", l)
	}
}

// TestTailIsTold: in a warning where it matters, in the line of --explain, and the time limit goes with it.
func TestTailIsTold(t *testing.T) {
	in := job(48, 0)
	in.Sample = []float64{60, 66, 70, 72, 80, 90, 100, 110, 150, 180, 240, 400}
	tail := Choose(in)
	in.Sample = []float64{100, 101, 102, 103, 100, 99, 98, 100, 101, 102, 100, 100}
	even := Choose(in)
	rule := func(p Plan) bool {
		return slices.ContainsFunc(p.Warnings, func(w Warning) bool { return w.Rule == "unseen-tail" })
	}
	if !rule(tail) || rule(even) {
		t.Errorf("got %v and %v, want a warning of the tail alone", tail.Warnings, even.Warnings)
	}
	if c := tail.Chosen; float64(c.Request.TimeLimitS) < 1.2*4*400 || c.Estimate.MakespanHigh < 4*400 {
		t.Errorf("got a limit of %d s and a high end of %.0f s, want room for an item four times the longest", c.Request.TimeLimitS, c.Estimate.MakespanHigh)
	}
	// Where the partition allows less, its maximum is asked for, and that is said.
	short := job(48, 0)
	short.Sample, short.Slurm.Partition = []float64{60, 66, 70, 72, 80, 90, 100, 110, 150, 180, 240, 400}, "short"
	if plan := Choose(short); plan.Chosen.Request.TimeLimitS != 1800 || !slices.ContainsFunc(plan.Warnings, func(w Warning) bool { return w.Rule == "time-limit" }) {
		t.Errorf("got a limit of %d s and %v, want the partition's 30 minutes and a warning", plan.Chosen.Request.TimeLimitS, plan.Warnings)
	}
	if got := HighEnds(in); !strings.Contains(got, "the 12 measured items show no tail, so that all may take up to 5 % longer") {
		t.Errorf("even: got %q", got)
	}
	in.Sample = heavy
	if got := HighEnds(in); !strings.Contains(got, "the longest took 5 s; of the other 38 one may well take longer") || !strings.Contains(got, "up to 40 s") {
		t.Errorf("a tail: got %q", got)
	}
	if got := HighEnds(job(48, time.Minute)); got != "" {
		t.Errorf("nothing measured: got %q", got)
	}
}
