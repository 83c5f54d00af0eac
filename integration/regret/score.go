package regret

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// A Way is one strategy for one workload, as it was measured.
type Way struct {
	Strategy  string
	Actual    float64 // the median of its runs: seconds, or CPU-hours where these are to be least
	Spread    float64 // the longest run less the shortest
	Predicted float64 // the same figure, predicted
	Took      float64 // the median of its runs in seconds, whatever is to be least
	Low       float64 // the ends of the range in which that was predicted to lie
	High      float64 // 0: none was kept
	Runs      int
	Cut       bool // it was ended, so Actual is a lower bound
	Chosen    bool
	Disturbed bool
	Request   string
}

// A Score is what came of a workload.
type Score struct {
	Workload Workload
	Trial    *Trial  // that the choice rests on; nil: it rests on what was declared, or on an earlier run
	Ways     []Way   // the best first
	Chosen   *Way    // nil: nothing was chosen, or it has not run
	Regret   float64 // how much longer the chosen way took than the best: 0.1 is 10 %; 0 within their spread
	Error    float64 // how far the prediction of the chosen way was off, of the actual figure; with its sign
}

// ScoreOf sums up a workload's measurements.
func ScoreOf(all []Measurement, v View, w Workload) Score {
	s := Score{Workload: w}
	plan := v.planned(all, w)
	for name, runs := range v.ways(all, w) {
		way := wayOf(runs, w)
		if v.Declared == Nothing {
			if way.Chosen = plan != nil && name == w.way(*plan); way.Chosen {
				way.Predicted, s.Trial = plan.predicted(w), plan.Trial
				way.Low, way.High = plan.Low, plan.High
			}
		}
		s.Ways = append(s.Ways, way)
	}
	slices.SortFunc(s.Ways, func(a, b Way) int {
		switch {
		case a.Actual != b.Actual && a.Actual < b.Actual:
			return -1
		case a.Actual != b.Actual:
			return 1
		}
		return cmp.Or(slices.Index(order, a.Strategy)-slices.Index(order, b.Strategy), strings.Compare(a.Request, b.Request))
	})
	for i := range s.Ways {
		if s.Ways[i].Chosen {
			s.Chosen = &s.Ways[i]
			s.Regret = s.Of(*s.Chosen)
			s.Error = s.Chosen.Predicted/s.Chosen.Actual - 1
		}
	}
	return s
}

// order is how ways that took exactly as long are listed.
var order = []string{"single", "array", "packed", "gnu-parallel", "pathos", "dask"}

// wayOf sums up the runs of a way. What its first run predicted counts.
func wayOf(runs []Measurement, w Workload) Way {
	last := runs[len(runs)-1]
	var figures, seconds []float64
	for _, m := range runs {
		figures, seconds = append(figures, m.objective(w)), append(seconds, m.Seconds)
	}
	return Way{
		Strategy: last.Strategy, Actual: median(figures), Spread: slices.Max(figures) - slices.Min(figures),
		Predicted: runs[0].predicted(w), Took: median(seconds), Low: runs[0].Low, High: runs[0].High,
		Runs: len(figures), Cut: last.Cut, Chosen: last.Chosen,
		Disturbed: slices.ContainsFunc(runs, Measurement.Disturbed), Request: last.Request,
	}
}

// Outside says on which side of its predicted range a way came out: -1 it took less, 1 more. One that was ended counts as
// longer even where it had not reached the high end: nobody knows when it would have ended.
func (w Way) Outside() int {
	switch {
	case w.High == 0:
		return 0
	case w.Took > w.High || w.Cut:
		return 1
	case w.Took < w.Low:
		return -1
	}
	return 0
}

// Of is the regret of a way: what it took more than the best. What differs by less than the spread of either counts
// as equal.
func (s Score) Of(w Way) float64 {
	best := s.Ways[0]
	more := w.Actual - best.Actual
	if more <= max(w.Spread, best.Spread) {
		return 0
	}
	return more / best.Actual
}

// Fixed is the regret of always taking one strategy, in the best shape seen; ok is false where it cannot be taken.
func (s Score) Fixed(strategy string) (regret float64, ok bool) {
	i := slices.IndexFunc(s.Ways, func(w Way) bool { return w.Strategy == strategy })
	if i < 0 {
		return 0, false
	}
	return s.Of(s.Ways[i]), true
}

// PackedLoses says that another way beat packed by more than the spread and 5 %, or that packed could not be taken.
func (s Score) PackedLoses() bool {
	regret, ok := s.Fixed("packed")
	return len(s.Ways) > 0 && (!ok || regret > 0.05)
}

// quantile is the q-quantile of figures, between neighbours linearly; NaN of none.
func quantile(figures []float64, q float64) float64 {
	if len(figures) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(figures))
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

func median(figures []float64) float64 { return quantile(figures, 0.5) }
