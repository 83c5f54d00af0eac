package strategies

import (
	"strconv"

	"hpcsub/configs"
	"hpcsub/slurm"
)

// Costs are what it takes to run things here. Measured by the site; what is zero is taken from Slurm's
// configuration and the built-in figures.
type Costs = configs.Costs

// builtIn are figures measured on a small cluster (Slurm 24.11, medians). The ratios carry over to other
// clusters, the absolute figures less so: `hpcsub site calibrate` replaces them.
func builtIn() Costs {
	return Costs{
		JobStart:      0.1,
		ArrayRate:     80,
		ArrayHold:     0.25,
		StepStart:     0.2,
		WorkerStart:   0.02,
		WorkerItem:    0.001,
		ParallelStart: 0.112,
		ParallelItem:  0.005,
		PythonStart:   0.07,
		CallItem:      0.0002,
		PathosStart:   0.12,
		PathosItem:    0.0003,
		PathosServers: 0.7,
		DaskStart:     2.1,
		DaskItem:      0.0011,
		DaskStop:      2.8,
		MPIStart:      0.4,
		Stop:          0.05,
	}
}

// scenario is a set of assumptions under which a shape is simulated: what things cost, by how much all items
// are shorter or longer than thought, and how much of its period the scheduler lets the first start wait.
type scenario struct {
	costs Costs
	scale float64
	tick  float64
	far   bool // with items that are longer than any of the sample
	order int  // in which order of dispatch the items come
}

// scenarios are the low end, the middle and the high end of what may be expected.
type scenarios struct{ low, middle, high scenario }

// doubt is by what factor a built-in figure may be wrong on another cluster, up or down.
const doubt = 2

func scenariosOf(in Input, l lengths) scenarios {
	s := scenarios{
		low:    scenario{costs: in.CostsLow, scale: l.low},
		middle: scenario{costs: in.Costs, scale: 1, tick: 0.5},
		high:   scenario{costs: in.CostsHigh, scale: l.high, tick: 1, far: true},
	}
	for _, end := range []struct {
		costs *Costs
		scale float64
	}{{&s.low.costs, 1. / doubt}, {&s.middle.costs, 1}, {&s.high.costs, doubt}} {
		*end.costs = filledIn(in, *end.costs, end.scale)
	}
	// The one figure of which more is better.
	s.low.costs.ArrayRate, s.high.costs.ArrayRate = s.high.costs.ArrayRate, s.low.costs.ArrayRate
	return s
}

// filledIn takes what was not measured from the built-in figures, and the scheduler's period from its
// configuration.
func filledIn(in Input, c Costs, scale float64) Costs {
	b := builtIn()
	for _, f := range configs.AllCosts() {
		switch to := f.In(&c); {
		case *to == 0 && *f.In(&in.Costs) > 0: // no spread was measured
			*to = *f.In(&in.Costs)
		case *to == 0:
			*to = *f.In(&b) * scale
		}
	}
	if c.ArrayPeriod == 0 {
		c.ArrayPeriod = Period(in.Cluster.Scheduler)
	}
	if in.Local { // a supervisor that starts the next task the moment one ends
		c.ArrayPeriod, c.ArrayHold, c.ArrayLag = 0, 0, 0
	}
	return c
}

// Figure is a cost that predictions count with, and where it is from.
type Figure struct {
	Name             string
	Low, Value, High float64
	Source           string
}

// Figures are all costs that hold for an input, in the order of site.toml.
func Figures(in Input) []Figure {
	may := scenariosOf(in, lengths{})
	var all []Figure
	for _, c := range configs.AllCosts() {
		source := "built in"
		switch {
		case *c.In(&in.Costs) > 0:
			source = "site.toml"
		case c.Name == "array_period_s" && in.Local:
			source = "no scheduler"
		case c.Name == "array_period_s":
			source = "Slurm's configuration"
		}
		low, high := *c.In(&may.low.costs), *c.In(&may.high.costs)
		all = append(all, Figure{c.Name, min(low, high), *c.In(&may.middle.costs), max(low, high), source})
	}
	return all
}

// Period is how often the scheduler looks for work to start: batch_sched_delay, 3 s unless it is set
// (slurm.conf(5), SchedulerParameters), and never less than a second, as measured with 0.
func Period(s slurm.Scheduler) float64 {
	delay := parameter(s, "batch_sched_delay", 3)
	return max(1, delay, parameter(s, "sched_min_interval", 0)/1e6) // microseconds
}

// backfillInterval is how often the backfill scheduler looks for work that delays nobody: bf_interval.
func backfillInterval(s slurm.Scheduler) float64 { return parameter(s, "bf_interval", 30) }

// parameter is one of Slurm's SchedulerParameters as a number, or what Slurm takes where it is not set.
func parameter(s slurm.Scheduler, name string, unset float64) float64 {
	if v, err := strconv.ParseFloat(s.Parameters[name], 64); err == nil {
		return v
	}
	return unset
}
