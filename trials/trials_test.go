package trials

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// TestOrder: each beginning is spread over the list, and nothing comes twice.
func TestOrder(t *testing.T) {
	for _, n := range []int{1, 2, 5, 7, 40, 1000, 1_000_000} {
		order := Order(n, 1000)
		if got := slices.Compact(slices.Sorted(slices.Values(order))); len(got) != min(n, 1000) || got[0] < 0 || got[len(got)-1] >= n {
			t.Errorf("%d items: %d of them, %d to %d", n, len(got), got[0], got[len(got)-1])
		}
	}
	for _, n := range []int{100, 999} {
		for _, k := range []int{5, 8, 20} {
			first := slices.Sorted(slices.Values(Order(n, 1000)[:k]))
			for i := range k - 1 {
				if gap := first[i+1] - first[i]; gap > 3*n/k {
					t.Errorf("the first %d of %d leave %d items between two", k, n, gap)
				}
			}
		}
	}
	// A sweep whose fastest column has ten values is not always met at the same one.
	seen := map[int]bool{}
	for _, i := range Order(1000, 1000)[:10] {
		seen[i%10] = true
	}
	if len(seen) < 6 {
		t.Errorf("the first ten of a sweep meet %d of the 10 values of a column", len(seen))
	}
	if got := Order(0, 10); len(got) != 0 {
		t.Errorf("of no items: %v", got)
	}
}

func TestMedianAndInterval(t *testing.T) {
	tests := []struct {
		name              string
		figures           []float64
		median, low, high float64
	}{
		{"one", []float64{3}, 3, 3, 3},
		{"five are too few for 95 %: the least and the greatest", []float64{5, 1, 4, 2, 3}, 3, 1, 5},
		{"six: 1 - 2/64 = 97 %", []float64{6, 5, 4, 3, 2, 1}, 3.5, 1, 6},
		{"nine: the second and the eighth, 96 %", []float64{1, 2, 3, 4, 5, 6, 7, 8, 9}, 5, 2, 8},
		{"twenty: the sixth and the fifteenth, 96 %", upTo(20), 10.5, 6, 15},
	}
	for _, tt := range tests {
		low, high := MedianInterval(tt.figures)
		if got := Median(tt.figures); got != tt.median || low != tt.low || high != tt.high {
			t.Errorf("%s: got %v (%v to %v), want %v (%v to %v)", tt.name, got, low, high, tt.median, tt.low, tt.high)
		}
	}
	if low, high := MedianInterval(nil); !math.IsNaN(Median(nil)) || !math.IsNaN(low) || !math.IsNaN(high) {
		t.Error("nothing has a median")
	}
}

func upTo(n int) (all []float64) {
	for i := range n {
		all = append(all, float64(i+1))
	}
	return all
}

func TestSpread(t *testing.T) {
	if got := Variation([]float64{9, 10, 11}); math.Abs(got-0.1) > 1e-12 {
		t.Errorf("variation of 9, 10, 11: %v", got)
	}
	if got := Variation([]float64{4}); got != 0 {
		t.Errorf("variation of one: %v", got)
	}
	tests := []struct {
		name    string
		figures []float64
		want    int
	}{
		{"none", []float64{1, 1.02, 0.98, 1.01, 0.99}, 0},
		{"one", []float64{1, 1.02, 0.98, 1.01, 5}, 1},
		{"two sizes are no outliers", []float64{1, 3, 1, 3, 1, 3}, 0},
		{"all the same but for a hair", []float64{1, 1, 1, 1, 1, 1.01}, 0},
		{"too few to tell", []float64{1, 1, 9}, 0},
	}
	for _, tt := range tests {
		if got := Outliers(tt.figures); got != tt.want {
			t.Errorf("outliers, %s: got %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestDrift(t *testing.T) {
	rising := []float64{1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0}
	if got := Drift(upTo(11), rising); math.Abs(got-1/1.5) > 1e-9 {
		t.Errorf("rising from 1 to 2: got %v, want %v", got, 1/1.5)
	}
	slices.Reverse(rising)
	if got := Drift(upTo(11), rising); math.Abs(got+1/1.5) > 1e-9 {
		t.Errorf("falling: got %v", got)
	}
	noise := []float64{1, 1.3, 0.9, 1.2, 1, 1.1, 1.3, 0.9, 1, 1.2, 1.1}
	if got := Drift(upTo(11), noise); got != 0 {
		t.Errorf("noise: got %v", got)
	}
	if got := Drift(upTo(4), []float64{1, 2, 3, 4}); got != 0 {
		t.Errorf("four figures may be chance: got %v", got)
	}
}

// play has a trial run items of these lengths to its end.
func play(r Rules, length func(s Step, run int) (float64, string)) (done []Measurement, end string) {
	spent := 0.0
	for range 10000 {
		s, end := r.Next(done, spent)
		if end != "" {
			return done, end
		}
		took, state := length(s, len(done))
		if spent+took > r.Budget {
			took, state = r.Budget-spent, Cut
		}
		m := Measurement{Phase: s.Phase, Place: s.Place, Round: s.Round, Threads: s.Threads, Variant: s.Variant, State: state, Start: spent, Elapsed: took}
		if s.Phase == Startup {
			m.Startup = ptr(0.2)
		}
		spent += took
		done = append(done, m)
	}
	return done, "never"
}

func always(length float64) func(Step, int) (float64, string) {
	return func(Step, int) (float64, string) { return length, Done }
}

func count(done []Measurement, phase string) (n int) {
	for _, m := range done {
		if m.Phase == phase {
			n++
		}
	}
	return n
}

func TestNext(t *testing.T) {
	tests := []struct {
		name    string
		rules   Rules
		length  func(Step, int) (float64, string)
		end     string
		samples int
	}{
		{"even items: twice each is enough", Rules{Available: 1000, Budget: 120}, always(1), EndKnown, 10},
		{"as many as were asked for, when they are needed", Rules{Available: 6, Items: 6, Repeats: 3, Budget: 1e6},
			func(s Step, _ int) (float64, string) { return float64(1 + s.Place), Done }, EndAll, 18},
		{"one item: rounds until it is known", Rules{Available: 1, Budget: 1e6}, always(1), EndKnown, 5},
		{"one item that varies: no more than twelve", Rules{Available: 1, Budget: 1e6},
			func(_ Step, run int) (float64, string) { return float64(1 + run%3), Done }, EndAll, 12},
		{"uneven items: more of them until the median is known", Rules{Available: 1000, Budget: 1e6},
			func(s Step, _ int) (float64, string) { return 10 + 5*math.Mod(float64(s.Place)*0.618, 1), Done }, EndKnown, 0},
		{"the budget ends it before an item that would be cut", Rules{Available: 1000, Budget: 120}, always(50), EndBudget, 1},
		{"an item longer than the budget is cut", Rules{Available: 1000, Budget: 120}, always(500), EndBudget, 0},
		{"everything fails: three are enough", Rules{Available: 1000, Budget: 120},
			func(Step, int) (float64, string) { return 0.1, "failed" }, EndFailing, 2},
		{"items that fail are not tried again", Rules{Available: 5, Items: 5, Repeats: 2, Budget: 120},
			func(s Step, _ int) (float64, string) {
				if s.Place == 3 {
					return 1, "failed"
				}
				return 1, Done
			}, EndKnown, 9},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			done, end := play(tt.rules, tt.length)
			if end != tt.end {
				t.Errorf("ended because %s, want %s", end, tt.end)
			}
			if got := count(done, Sample); tt.samples > 0 && got != tt.samples {
				t.Errorf("%d runs of the sample, want %d", got, tt.samples)
			}
			if count(done, WarmUp) != 1 || done[0].Phase != WarmUp {
				t.Errorf("want one warm-up, and first")
			}
		})
	}
}

// TestStartup is asked for three times where it and the items are short, once where one of them is not, and not of items for which it
// does not matter. Its median counts.
func TestStartup(t *testing.T) {
	uneven := func(s Step, _ int) (float64, string) { return float64(1 + s.Place%7), Done }
	for _, tt := range []struct {
		name   string
		rules  Rules
		length func(Step, int) (float64, string)
		want   int
	}{
		{"short", Rules{Available: 10, Budget: 120, Startup: true}, always(1), 3},
		{"where the sample would take all of the budget", Rules{Available: 1000, Budget: 60, Startup: true}, uneven, 3},
		{"long items", Rules{Available: 10, Budget: 500, Startup: true}, always(8), 1},
		{"very long items", Rules{Available: 10, Budget: 1e6, Startup: true}, always(100), 0},
	} {
		done, _ := play(tt.rules, tt.length)
		if got := count(done, Startup); got != tt.want {
			t.Errorf("%s: asked %d times, want %d", tt.name, got, tt.want)
		}
		if r := Evaluate(done, ""); tt.want > 0 && (r.Startup == nil || *r.Startup != 0.2) {
			t.Errorf("%s: start-up %v", tt.name, r.Startup)
		}
	}
	alone := Measurement{Phase: Startup, State: Done, Elapsed: 1}
	for _, tt := range []struct {
		name   string
		first  *float64
		told   []float64
		again  bool
		median float64
	}{
		{"a long start is known from the first", ptr(2.5), nil, false, 2.5},
		{"a program that does not tell is not asked again", nil, nil, false, 0},
		{"one of three on a busy machine", ptr(0.9), []float64{0.2, 0.3}, false, 0.3},
		{"two are not enough", ptr(0.2), []float64{0.4}, true, 0.3},
	} {
		alone.Startup = tt.first
		done := []Measurement{{Phase: WarmUp, State: Done, Elapsed: 1}, alone}
		for _, told := range tt.told {
			alone.Startup = &told
			done = append(done, alone)
		}
		if got := tallied(done).startupLacks(); got != tt.again {
			t.Errorf("%s: asked again: %v", tt.name, got)
		}
		r := Evaluate(done, "")
		if got := r.Startup; (got == nil) != (tt.median == 0) || got != nil && math.Abs(*got-tt.median) > 1e-9 {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.median)
		}
	}
}

func TestEvaluate(t *testing.T) {
	flat := Rules{Available: 1000, Budget: 1e9, Items: 10, Repeats: 3}
	tests := []struct {
		name       string
		length     func(Step, int) (float64, string)
		median     float64
		consistent bool
		known      bool
		varies     string // in what makes it vary; "" = nothing does
	}{
		{"even", always(2), 2, true, true, ""},
		{"a slow first run does not count", func(s Step, _ int) (float64, string) {
			if s.Phase == WarmUp {
				return 10, Done
			}
			return 2, Done
		}, 2, true, true, "the first run took 5.0 times as long"},
		{"items of two kinds: each is consistent", func(s Step, _ int) (float64, string) {
			return float64(1 + 2*(s.Place%2)), Done
		}, 2, true, false, "the longest takes 3.0 times as long as the shortest"},
		{"the same item varies", func(s Step, _ int) (float64, string) {
			return 1 + 0.3*float64((s.Place+s.Round)%2), Done
		}, 1.15, false, true, "runs of the same item differ"},
		{"drift", func(_ Step, run int) (float64, string) { return 1 + 0.1*float64(run), Done }, 0, false, false, "it drifts"},
		{"a few much longer", func(s Step, run int) (float64, string) {
			if run == 17 {
				return 9, Done
			}
			return 1 + 0.001*float64(run%3), Done
		}, 0, false, true, "1 of 20 runs took much longer than others of the same item, up to 9.0 times"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			done, end := play(flat, tt.length)
			r := Evaluate(done, end)
			if tt.median > 0 && math.Abs(*r.Elapsed.Median-tt.median) > 1e-9 {
				t.Errorf("median %v, want %v", *r.Elapsed.Median, tt.median)
			}
			if r.Consistent == nil || *r.Consistent != tt.consistent {
				t.Errorf("consistent: got %v, want %v", r.Consistent, tt.consistent)
			}
			if r.Elapsed.Known != tt.known { // what drifts is never known, however close its figures are
				t.Errorf("known: got %v (%v to %v)", r.Elapsed.Known, *r.Elapsed.Low, *r.Elapsed.High)
			}
			if r.Drifts != (tt.name == "drift") {
				t.Errorf("drifts: got %v", r.Drifts)
			}
			if all := strings.Join(r.Varies, "; "); tt.varies == "" && all != "" || !strings.Contains(all, tt.varies) {
				t.Errorf("varies: %q, want %q", all, tt.varies)
			}
		})
	}
}

// TestLowerBound: of an item that is longer than the budget one thing is known.
func TestLowerBound(t *testing.T) {
	done, end := play(Rules{Available: 10, Budget: 120}, always(500))
	r := Evaluate(done, end)
	if !r.Longer || r.Elapsed.Low == nil || *r.Elapsed.Low != 120 || r.Elapsed.Median != nil || r.Samples != 0 || len(r.Lengths) != 0 {
		t.Errorf("got %+v", r)
	}
	done, end = play(Rules{Available: 10, Budget: 120}, always(70)) // the warm-up is all
	if r := Evaluate(done, end); r.Longer || *r.Elapsed.Median != 70 || r.Samples != 1 || r.Consistent != nil {
		t.Errorf("of one run: %+v", r)
	}
}

// TestOutlasting: an item that the budget ends after a typical one would be over counts as long as it ran, for a plan as well: a sample
// without it would say that all items are short. One that had no time to be long tells nothing.
func TestOutlasting(t *testing.T) {
	for _, tt := range []struct {
		name   string
		length float64 // of the fourth item of the sample, until the budget ends it
		want   bool
	}{{"much longer", 100, true}, {"ended early", 0.5, false}} {
		done := []Measurement{{Phase: WarmUp, State: Done, Elapsed: 1}}
		for place := range 3 {
			done = append(done, Measurement{Phase: Sample, Place: place, Round: 1, State: Done, Elapsed: 1})
		}
		r := Evaluate(append(done, Measurement{Phase: Sample, Place: 3, Round: 1, State: Cut, Elapsed: tt.length}), EndBudget)
		if got := r.Outlasting != nil && *r.Outlasting == tt.length; got != tt.want {
			t.Errorf("%s: outlasting: got %v, want %v", tt.name, got, tt.want)
		}
		if got := len(r.Lengths) == 4 && slices.Max(r.Lengths) == tt.length; got != tt.want {
			t.Errorf("%s: lengths: got %v", tt.name, r.Lengths)
		}
		if got := strings.Contains(strings.Join(r.Varies, "; "), "an item had run for 100.0 s, 100.0 times as long as the median"); got != tt.want {
			t.Errorf("%s: varies: %q", tt.name, r.Varies)
		}
	}
	// Of an item that was measured before, the end of its second run says nothing of its length.
	done := []Measurement{{Phase: Sample, State: Done, Elapsed: 1}, {Phase: Sample, Round: 2, State: Cut, Elapsed: 9}}
	if r := Evaluate(done, EndBudget); r.Outlasting != nil || len(r.Lengths) != 1 {
		t.Errorf("of one that had run: %v, %v", r.Outlasting, r.Lengths)
	}
}

func TestSameOutputs(t *testing.T) {
	made := func(hashes ...string) (all []Measurement) {
		for _, h := range hashes {
			all = append(all, Measurement{Phase: Sample, State: Done, Outputs: []Output{{Name: "a", Hash: h}}})
		}
		return all
	}
	if got := Evaluate(made("x"), "").SameOutput; got != nil {
		t.Errorf("once: %v", *got)
	}
	if got := Evaluate(made("x", "x"), "").SameOutput; got == nil || !*got {
		t.Errorf("alike: %v", got)
	}
	if got := Evaluate(made("x", "y"), "").SameOutput; got == nil || *got {
		t.Errorf("different: %v", got)
	}
	items := made("x", "y") // "1" and "11.txt" were taken for "11" and "1.txt"
	items[0].Place, items[0].Outputs[0].Name = 1, "11.txt"
	items[1].Place, items[1].Outputs[0].Name = 11, "1.txt"
	if got := Evaluate(items, "").SameOutput; got != nil {
		t.Errorf("of different items: %v", *got)
	}
}

// TestLog: what was written is read back, and a torn line spoils nothing.
func TestLog(t *testing.T) {
	text, err := Measurement{Phase: Sample, Place: 3, State: Done, Elapsed: 1.5, CPU: ptr(1.0)}.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	end, _ := EndLine(EndKnown)
	log, err := ReadLog(strings.NewReader(string(text) + `{"phase":"sam` + "\n" + string(text) + string(end) + `{"pha`))
	if err != nil || len(log.Measurements) != 2 || log.Measurements[1].Elapsed != 1.5 || *log.Measurements[0].CPU != 1 || log.End != EndKnown {
		t.Errorf("got %+v, %v", log, err)
	}
}

func FuzzReadLog(f *testing.F) {
	f.Add(`{"phase":"sample","elapsed_s":1}` + "\n" + `{"end":"x"}`)
	f.Fuzz(func(t *testing.T, text string) {
		log, err := ReadLog(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		Evaluate(log.Measurements, log.End)
		Rules{Available: 10, Budget: 120}.Next(log.Measurements, 1)
	})
}

// TestProfileAndCheckHaveTheirTime also where items vary so much that the sample would take all of the budget.
func TestProfileAndCheckHaveTheirTime(t *testing.T) {
	uneven := func(s Step, _ int) (float64, string) { return float64(1 + s.Place%7), Done }
	done, _ := play(Rules{Available: 1000, Budget: 60, Profile: true, Check: true}, uneven)
	for _, phase := range []string{Profiling, Check} {
		if got := count(done, phase); got != 1 {
			t.Errorf("%s ran %d times, want 1", phase, got)
		}
	}
}
