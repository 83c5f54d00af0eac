package strategies

import (
	"math"
	"slices"
	"testing"
	"time"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6*(1+math.Abs(b)) }

func evenly(seconds float64) lengths { return lengths{seconds: []float64{seconds}, mean: seconds} }

// unevenly are the same lengths as a list, so that they are laid on slots one by one.
func unevenly(seconds ...float64) lengths {
	l := lengths{seconds: seconds}
	for _, s := range seconds {
		l.mean += s / float64(len(seconds))
	}
	return l
}

// atOnce starts all parts at time 0 where there is a place.
func atOnce(places int) starting { return starting{places: places} }

func makespan(w work, s starting) float64 { return s.run(w.spans(1)).end }

func TestClosedForms(t *testing.T) {
	tests := []struct {
		name   string
		w      work
		places int
		want   float64
	}{
		{"p = 1: the sum", work{items: 7, parts: 1, slots: 1, lengths: evenly(3)}, 1, 21},
		{"one item", work{items: 1, parts: 1, slots: 8, lengths: evenly(3)}, 1, 3},
		{"whole rounds", work{items: 40, parts: 1, slots: 8, lengths: evenly(3)}, 1, 15},
		{"a last round that is not full", work{items: 41, parts: 1, slots: 8, lengths: evenly(3)}, 1, 18},
		{"p = N", work{items: 8, parts: 1, slots: 8, lengths: evenly(3)}, 1, 3},
		{"p beyond N", work{items: 8, parts: 1, slots: 1000, lengths: evenly(3)}, 1, 3},
		{"an array: ceil(N/p) rounds", work{items: 41, parts: 41, slots: 1, lengths: evenly(3)}, 8, 18},
		{"packs side by side", work{items: 41, parts: 4, slots: 2, lengths: evenly(3)}, 4, 18},
		{"packs of 18, 15, 15, 15 s that take turns", work{items: 41, parts: 4, slots: 2, lengths: evenly(3)}, 2, 18 + 15},
		{"uneven, one slot: the sum", work{items: 4, parts: 1, slots: 1, lengths: unevenly(1, 2, 3, 4)}, 1, 10},
		{"uneven, two slots: 1+3, 2+4", work{items: 4, parts: 1, slots: 2, lengths: unevenly(1, 2, 3, 4)}, 1, 6},
		{"uneven, dealt in turn: 1+3 | 2+4", work{items: 4, parts: 2, slots: 1, lengths: unevenly(1, 2, 3, 4)}, 2, 6},
		{"uneven, as many slots as items: the longest", work{items: 4, parts: 1, slots: 4, lengths: unevenly(1, 2, 3, 4)}, 1, 4},
		{"p to infinity: what is serial is left (Amdahl)",
			work{items: 1000, parts: 1, slots: 1 << 20, lengths: evenly(3), overhead: overhead{item: 0.01}}, 1, 1000*0.01 + 3},
		{"serial before and after", work{items: 1, parts: 1, slots: 1, lengths: evenly(3), overhead: overhead{begin: 1, item: 0.5, end: 2}}, 1, 6.5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := makespan(tt.w, atOnce(tt.places)); !near(got, tt.want) {
				t.Errorf("got %v s, want %v s", got, tt.want)
			}
		})
	}
}

// TestEvenSpan holds the closed form against the simulation that it stands for.
func TestEvenSpan(t *testing.T) {
	for _, length := range []float64{0, 0.001, 0.1, 1} {
		for _, dispatch := range []float64{0, 0.001, 0.05} {
			for slots := 1; slots < 40; slots += 3 {
				for n := 1; n < 200; n += 7 {
					w := work{items: n, parts: 1, slots: slots, lengths: unevenly(length, length), overhead: overhead{item: dispatch}}
					want := w.listSpan(0, n, 1)
					if got := evenSpan(n, slots, length, dispatch); math.Abs(got-want) > dispatch*float64(slots)+1e-9 {
						t.Fatalf("%d items of %v s on %d slots, %v s a dispatch: got %v, simulated %v", n, length, slots, dispatch, got, want)
					}
				}
			}
		}
	}
}

// TestMeasuredMakespans holds the model against what was measured on the lab: 64 slots, three configurations of
// the scheduler (batch_sched_delay 0, 3, and 5 with defer). Left out is what two real cores could not
// carry: 2,000 starts of GNU Parallel in 3 s.
func TestMeasuredMakespans(t *testing.T) {
	c := builtIn()
	tests := []struct {
		name                string
		items, parts, slots int
		seconds             float64
		over                overhead
		measured            [3]float64 // 0: not measured
		tolerance           float64
	}{
		{"array 192 x 5 s", 192, 192, 1, 5, workerCosts(c), [3]float64{18.5, 22, 27}, 0.06},
		{"array 640 x 1 s", 640, 640, 1, 1, workerCosts(c), [3]float64{21.4, 31, 50}, 0.06},
		{"array 640 x 0.1 s", 640, 640, 1, 0.1, workerCosts(c), [3]float64{15, 28, 0}, 0.15},
		{"packed 640 x 1 s", 640, 8, 8, 1, workerCosts(c), [3]float64{10.7, 10.4, 11}, 0.20},
		{"packed 2000 x 0.1 s", 2000, 8, 8, 0.1, workerCosts(c), [3]float64{4, 0, 0}, 0.10},
		{"GNU Parallel, 4 nodes, 640 x 1 s", 640, 4, 16, 1, parallelCosts(c), [3]float64{11.7, 0, 0}, 0.10},
	}
	for _, tt := range tests {
		for i, delay := range []float64{1, 3, 5} {
			if tt.measured[i] == 0 {
				continue
			}
			w := work{items: tt.items, parts: tt.parts, slots: tt.slots, lengths: evenly(tt.seconds), overhead: tt.over}
			s := starting{first: delay / 2, delay: c.JobStart, period: delay, rate: c.ArrayRate, hold: c.ArrayHold, places: 64 / tt.slots}
			got := makespan(w, s)
			t.Logf("%-34s delay %v: measured %5.1f, predicted %5.1f (%+.0f %%)", tt.name, delay, tt.measured[i], got, 100*(got/tt.measured[i]-1))
			if math.Abs(got/tt.measured[i]-1) > tt.tolerance {
				t.Errorf("%s, delay %v: predicted %.1f s, measured %.1f s, more than %.0f %% apart", tt.name, delay, got, tt.measured[i], 100*tt.tolerance)
			}
		}
	}
}

// TestMoreIsNeverSlower: neither more slots nor more places make a makespan longer.
func TestMoreIsNeverSlower(t *testing.T) {
	tail := draw([]float64{0.5, 0.6, 0.7, 1, 1, 1.2, 9}, 700)
	for _, l := range []lengths{evenly(1), unevenly(tail...)} {
		for _, s := range []starting{{}, {period: 1, rate: 80, hold: 0.25, first: 0.5}, {period: 5, rate: 3, hold: 0.25}} {
			last := math.Inf(1)
			for slots := 1; slots < 100; slots++ {
				w := work{items: 700, parts: 5, slots: slots, lengths: l, overhead: overhead{begin: 0.1, item: 0.002}}
				s.places = 5
				if got := makespan(w, s); got > last+1e-9 {
					t.Fatalf("%d slots: %v s, one fewer: %v s", slots, got, last)
				} else {
					last = got
				}
			}
			last = math.Inf(1)
			for places := 1; places < 100; places++ {
				w := work{items: 700, parts: 100, slots: 2, lengths: l}
				s.places = places
				if got := makespan(w, s); got > last+1e-9 {
					t.Fatalf("%+v: %d places: %v s, one fewer: %v s", s, places, got, last)
				} else {
					last = got
				}
			}
		}
	}
}

// TestBounds: no schedule beats the longest item, nor the work over the slots; and a list schedule is
// never worse than their sum (Graham).
func TestBounds(t *testing.T) {
	l := unevenly(draw([]float64{0.1, 0.2, 0.3, 2, 7}, 501)...)
	total, longest := 0.0, 0.0
	for i := range 501 {
		total += l.of(i, 1)
		longest = max(longest, l.of(i, 1))
	}
	for slots := 1; slots < 64; slots++ {
		got := makespan(work{items: 501, parts: 1, slots: slots, lengths: l}, atOnce(1))
		if got < max(longest, total/float64(slots))-1e-9 || got > longest+total/float64(slots)+1e-9 {
			t.Errorf("%d slots: %v s, outside [%v, %v]", slots, got, max(longest, total/float64(slots)), longest+total/float64(slots))
		}
	}
}

// TestHeavyTail: small packs that share nothing wait for the longest item of one of them.
func TestHeavyTail(t *testing.T) {
	l := unevenly(draw([]float64{0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 20}, 640)...)
	shared := makespan(work{items: 640, parts: 1, slots: 64, lengths: l}, atOnce(1))
	packs := makespan(work{items: 640, parts: 8, slots: 8, lengths: l}, atOnce(8))
	alone := makespan(work{items: 640, parts: 64, slots: 1, lengths: l}, atOnce(64))
	if shared > packs || packs > alone || alone < 1.3*shared {
		t.Errorf("one queue %v s, 8 packs %v s, 64 packs %v s: want them in this order, the last far off", shared, packs, alone)
	}
}

// TestLongPartsAreExtrapolated: what is simulated of a long part and the rest at its rate is as good as all of it.
func TestLongPartsAreExtrapolated(t *testing.T) {
	l := unevenly(draw([]float64{0.5, 0.6, 0.7, 1, 1, 1.2, 3}, 60000)...)
	w := work{items: 60000, parts: 1, slots: 16, lengths: l, overhead: overhead{item: 0.001}}
	want := w.listSpan(0, 60000, 1)
	if got := w.span(0, 1); math.Abs(got/want-1) > 0.005 {
		t.Errorf("got %v s, all items simulated %v s", got, want)
	}
}

func TestMillionItems(t *testing.T) {
	sample := []float64{0.5, 0.6, 0.7, 1, 1, 1.2, 3}
	tests := []struct {
		name string
		w    work
	}{
		{"packed", work{items: 1e6, parts: 16, slots: 64}},
		{"many packs", work{items: 1e6, parts: 10000, slots: 8}},
		{"an array task each", work{items: 1e6, parts: 1e6, slots: 1}},
		{"one node", work{items: 1e6, parts: 1, slots: 128}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			start := cpuTime(t)
			tt.w.lengths = unevenly(draw(sample, 1e6)...)
			tt.w.overhead = overhead{item: 0.001}
			out := starting{first: 1, period: 1, rate: 80, hold: 0.25, places: 1000}.run(tt.w.spans(1))
			if took := cpuTime(t) - start; took > time.Second {
				t.Errorf("took %v, want less than a second", took)
			}
			if out.busy < 1e6/float64(tt.w.slots) {
				t.Errorf("got %v s of work, want all of it", out.busy)
			}
		})
	}
}

func TestTicks(t *testing.T) {
	s := starting{first: 0.5, period: 2, rate: 2, hold: 0.25, places: 3}
	// The first tick starts three, at 0.5, 1 and 1.5, whose places are free again at 2.5, 3 and 3.5. The tick at 2.5
	// takes the first of these; the one at 4.5 the other two, at 4.5 and 5.
	out := s.run([]float64{1.75, 1.75, 1.75, 1, 1, 1})
	if !near(out.end, 6) || out.start != 0.5 || out.longest != 1.75 || !near(out.busy, 8.25) {
		t.Errorf("got %+v, want an end at 6", out)
	}
}

func TestTogether(t *testing.T) {
	out := starting{first: 1, delay: 0.5}.together([]float64{3, 5, 4}, 3)
	if out.end != 6.5 || out.busy != 16.5 || out.start != 1.5 {
		t.Errorf("got %+v, want the longest part and its start to hold all three nodes", out)
	}
}

// TestHole: what would start too late for another's planned start waits for that; what is there in time does not.
func TestHole(t *testing.T) {
	spans := []float64{10, 10, 10, 10, 10}
	tests := []struct {
		name          string
		closes, opens float64
		want          float64
	}{
		{"nobody waits", 0, 0, 30},
		{"all start in time", 20, 100, 30},
		{"the last does not", 19, 100, 110},
		{"one place after the other", 5, 100, 120},
	}
	for _, tt := range tests {
		s := starting{places: 2, closes: tt.closes, opens: tt.opens}
		if got := s.run(spans).end; got != tt.want {
			t.Errorf("%s: got %v s, want %v s", tt.name, got, tt.want)
		}
	}
}

// TestLag: what a tick starts behind its first part begins later by the lag, at each tick anew; the first does not.
func TestLag(t *testing.T) {
	s := starting{first: 0.5, period: 10, rate: 100, lag: 1, places: 2}
	for _, tt := range []struct {
		parts int
		want  float64
	}{{1, 0.5 + 5}, {2, 0.5 + 0.01 + 1 + 5}, {3, 10.5 + 5}, {4, 10.5 + 0.01 + 1 + 5}} {
		if got := s.run(slices.Repeat([]float64{5}, tt.parts)).end; !near(got, tt.want) {
			t.Errorf("%d parts end after %v s, want %v s", tt.parts, got, tt.want)
		}
	}
}

// TestSharedQueue: a scheduler over nodes serves uneven calls from one queue, where shares of the nodes would wait for
// the longest of one of them; all nodes are held until the last.
func TestSharedQueue(t *testing.T) {
	in := job(640, 0)
	in.Sample = heavy
	p, no := newProblem(in)
	if no != nil {
		t.Fatal(no.Reason)
	}
	dealt := shape{strategy: dask(), pool: p.pools[0], parts: 4, slots: 8, nodes: 4}
	shared := dealt
	shared.shared = true
	a, b := p.simulate(dealt, places{first: 1}, p.may.middle), p.simulate(shared, places{first: 1}, p.may.middle)
	if b.end >= a.end {
		t.Errorf("one queue takes %v s, shares %v s: want the queue to be quicker", b.end, a.end)
	}
	if span := b.end - b.start + p.may.middle.costs.JobStart; !near(b.busy, 4*span) {
		t.Errorf("got %v s of nodes at work, want four nodes for %v s", b.busy, span)
	}
	one := p.averaged(p.may.middle, func(may scenario) outcome {
		w := work{items: 640, parts: 1, slots: 32, lengths: p.lengths.under(may), overhead: daskCosts(p.may.middle.costs)}
		return outcome{longest: w.span(0, 1)}
	})
	if !near(b.longest, one.longest) {
		t.Errorf("got a span of %v s, want %v s, that of 32 slots in one place", b.longest, one.longest)
	}
}

// TestOrders: of uneven items one order may fill parts well by chance, as one throw of a die may be a six; what is predicted is the mean
// over several.
func TestOrders(t *testing.T) {
	in := job(40, 0)
	in.Sample = heavy
	p, no := newProblem(in)
	if no != nil {
		t.Fatal(no.Reason)
	}
	if got := len(p.lengths.orders) + 1; got != mostOrders {
		t.Errorf("got %d orders of 40 uneven items, want %d", got, mostOrders)
	}
	for i, o := range p.lengths.orders {
		if !slices.Equal(slices.Sorted(slices.Values(o)), slices.Sorted(slices.Values(p.lengths.seconds))) || slices.Equal(o, p.lengths.seconds) {
			t.Errorf("order %d is not another one of the same lengths", i+1)
		}
	}
	many := job(20000, 0)
	many.Sample = heavy
	for _, in := range []Input{job(40, 3*time.Second), many} {
		p, no := newProblem(in)
		if no != nil {
			t.Fatal(no.Reason)
		}
		if len(p.lengths.orders) > 0 {
			t.Errorf("%d items of %d lengths are simulated in more than one order", in.Items, len(p.lengths.seconds))
		}
	}
}

// TestShare: parts that start together and share a queue are as good as one part with all of their slots, but that each hands out its own
// items; and the closed form for even items is what simulating them one by one gives.
func TestShare(t *testing.T) {
	tail := unevenly(draw([]float64{0.5, 0.6, 0.7, 1, 1, 1.2, 9}, 700)...)
	for slots := 1; slots < 20; slots++ {
		w := work{items: 700, parts: 5, slots: slots, lengths: tail}
		one := w
		one.parts, one.slots = 1, 5*slots
		if got, want := atOnce(5).share(w, 1).end, makespan(one, atOnce(1)); !near(got, want) {
			t.Errorf("%d slots: got %v s, one part with all slots takes %v s", slots, got, want)
		}
	}
	starts := []starting{{places: 3}, {places: 7, first: 1, delay: 0.1, period: 1, rate: 80, lag: 0.9, hold: 1}, {places: 40, period: 5, rate: 3}}
	for _, s := range starts {
		for _, length := range []float64{0.01, 1, 30} {
			for _, dispatch := range []float64{0, 0.001, 0.02} {
				for slots := 1; slots < 12; slots += 2 {
					for items := 1; items < 500; items += 37 {
						w := work{items: items, parts: 40, slots: slots, lengths: evenly(length), overhead: overhead{begin: 0.02, item: dispatch, end: 0.05}}
						each := w
						each.lengths = unevenly(length, length)
						got, want := s.share(w, 1), s.share(each, 1)
						if slack := 2*float64(slots)*dispatch + 1e-6; math.Abs(got.end-want.end) > slack || math.Abs(got.longest-want.longest) > slack+length {
							t.Fatalf("%+v, %+v: got end %v and longest %v, simulated %v and %v", s, w, got.end, got.longest, want.end, want.longest)
						}
						if math.Abs(got.busy-want.busy) > float64(min(s.places, 40))*(length+2*float64(slots)*dispatch)+1e-6 {
							t.Fatalf("%+v, %+v: got busy %v, simulated %v", s, w, got.busy, want.busy)
						}
					}
				}
			}
		}
	}
}

// TestShareMoreIsNeverSlower: neither more slots nor more places make a shared queue slower.
func TestShareMoreIsNeverSlower(t *testing.T) {
	tail := unevenly(draw([]float64{0.5, 0.6, 0.7, 1, 1, 1.2, 9}, 700)...)
	for _, l := range []lengths{evenly(1), tail} {
		for _, s := range []starting{{}, {period: 1, rate: 80, first: 0.5}, {period: 5, rate: 3}} {
			last := math.Inf(1)
			for places := 1; places < 60; places++ {
				s.places = places
				got := s.share(work{items: 700, parts: 60, slots: 2, lengths: l}, 1).end
				if got > last+1e-6 {
					t.Fatalf("%+v: %d places: %v s, one fewer: %v s", s, places, got, last)
				}
				last = got
			}
		}
	}
}

// TestShareMillions: a million items in a shared queue are simulated fast, and many of them as well as all.
func TestShareMillions(t *testing.T) {
	l := unevenly(draw([]float64{0.5, 0.6, 0.7, 1, 1, 1.2, 3}, 1e6)...)
	for _, tt := range []struct{ parts, slots int }{{16, 64}, {10_000, 8}, {10_000, 64}, {4, 1}} {
		for _, l := range []lengths{l, evenly(1)} {
			start := cpuTime(t)
			w := work{items: 1e6, parts: tt.parts, slots: tt.slots, lengths: l, overhead: overhead{item: 0.001}}
			got := starting{first: 1, period: 1, rate: 80, hold: 0.25, places: tt.parts}.share(w, 1)
			if took := cpuTime(t) - start; took > time.Second/2 {
				t.Errorf("%+v: took %v", tt, took)
			}
			ideal := 1e6 * l.mean / float64(tt.parts*tt.slots)
			begins := float64(tt.parts) / 80 // the parts begin one after another
			if got.end < ideal || got.end > 1.05*ideal+begins+4 {
				t.Errorf("%+v: %v s, ideal is %v s", tt, got.end, ideal)
			}
		}
	}
}
