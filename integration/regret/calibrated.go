package regret

import (
	"fmt"
	"math"
	"strings"
)

// A Forecast is what is predicted of a way that was measured: with the built-in costs, as it was then, and with those
// that were measured on the cluster.
type Forecast struct {
	Workload   string
	Strategy   string
	Took       float64 // the median; seconds, or CPU-hours where these are to be least
	BuiltIn    float64
	Calibrated float64
	Chosen     bool // with the built-in costs
	ChosenNow  bool // with the calibrated ones
	Regret     float64
}

// off is how far a prediction is off, of what came.
func (f Forecast) off(predicted float64) float64 { return predicted/f.Took - 1 }

// Forecasts pairs what was predicted with the cluster's own costs with the ways of a score. A way that was ended, or that was planned in
// another shape, has nothing to be held against and is left out.
func (s Score) Forecasts(all []Measurement, v View) []Forecast {
	var out []Forecast
	for _, w := range s.Ways {
		for _, m := range all {
			if w.Cut || !v.forecasts(m, s.Workload) || m.Strategy != w.Strategy || m.Request != w.Request {
				continue
			}
			out = append(out, Forecast{
				Workload: s.Workload.Name, Strategy: w.Strategy, Took: w.Actual, BuiltIn: w.Predicted, Calibrated: m.predicted(s.Workload),
				Chosen: w.Chosen, ChosenNow: m.Chosen, Regret: s.Of(w),
			})
		}
	}
	return out
}

// forecasts says whether a measurement is a prediction for the workload with the cluster's own costs.
func (v View) forecasts(m Measurement, w Workload) bool {
	return m.Scheduler == v.Scheduler && m.Workload == w.Name && m.Costs == Calibrated
}

// ForecastTable is built-in against calibrated, as Markdown: the chosen way of each workload, and then all ways together.
func ForecastTable(measured []Measurement, v View, workloads []Workload) string {
	var b strings.Builder
	var all []Forecast
	for _, w := range workloads {
		all = append(all, ScoreOf(measured, v, w).Forecasts(measured, v)...)
	}
	fmt.Fprintf(&b, "### %s: built-in costs and calibrated ones\n\n| workload | chosen | took | built-in | off | calibrated | off |\n"+
		"| --- | --- | --- | --- | --- | --- | --- |\n", v.Scheduler)
	var chosen []Forecast
	for _, f := range all {
		if !f.Chosen {
			continue
		}
		chosen = append(chosen, f)
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %+.0f %% | %s | %+.0f %% |\n", f.Workload, f.Strategy, digits(f.Took),
			digits(f.BuiltIn), 100*f.off(f.BuiltIn), digits(f.Calibrated), 100*f.off(f.Calibrated))
	}
	b.WriteString("\n| off by, median and 90th percentile | built-in | calibrated |\n| --- | --- | --- |\n")
	b.WriteString(offRow("the chosen ways", chosen))
	b.WriteString(offRow("all ways", all))
	closer, farther := 0, 0
	for _, f := range all {
		switch gain := math.Abs(f.off(f.BuiltIn)) - math.Abs(f.off(f.Calibrated)); {
		case gain > 0.01:
			closer++
		case gain < -0.01:
			farther++
		}
	}
	fmt.Fprintf(&b, "\nBy more than one per cent the calibrated costs come closer in %d of %d ways, and are farther off in %d.\n", closer, len(all), farther)
	otherwise := 0
	var regrets []float64
	for _, f := range all {
		if f.ChosenNow {
			regrets = append(regrets, f.Regret)
			if !f.Chosen {
				otherwise++
			}
		}
	}
	fmt.Fprintf(&b, "\nWith calibrated costs %d workloads are run in another way than with the built-in ones; the choice is at worst %.2f times the best.\n",
		otherwise, 1+quantile(regrets, 1))
	return b.String()
}

func offRow(name string, all []Forecast) string {
	var builtIn, calibrated []float64
	for _, f := range all {
		builtIn = append(builtIn, math.Abs(f.off(f.BuiltIn)))
		calibrated = append(calibrated, math.Abs(f.off(f.Calibrated)))
	}
	return fmt.Sprintf("| %s (%d) | %.0f %%, %.0f %% | %.0f %%, %.0f %% |\n", name, len(all),
		100*median(builtIn), 100*quantile(builtIn, 0.9), 100*median(calibrated), 100*quantile(calibrated, 0.9))
}

// digits has three digits: seconds, or CPU-hours.
func digits(v float64) string { return fmt.Sprintf("%.3g", v) }
