package sites

import (
	"errors"
	"math"
	"slices"
	"strconv"

	"hpcsub/configs"
)

// span is when a task began and ended, as Unix time in seconds.
type span struct{ begin, end float64 }

// marks are what the jobs of a calibration left.
type marks struct {
	chain []span    // array tasks of growing length, one at a time
	burst []span    // array tasks without length, many at a time
	crowd [][]span  // array tasks that begin as hpcsub's do, all at once, in several arrays
	waits []float64 // from sbatch to the begin of a job's script
	steps []span    // steps without length
}

// costs makes the model's figures of the marks. The model: the scheduler looks for work at ticks; a tick starts so many
// tasks a second; a task holds its place for longer than it runs.
func (m marks) costs() (configs.CostRange, error) {
	var r configs.CostRange
	if len(m.chain) < 4 || len(m.burst) < 4 || len(m.waits) == 0 || len(m.steps) == 0 || len(m.crowd) == 0 {
		return r, errors.New("calibrating: too few tasks left a mark")
	}
	period := m.period()
	start := m.start(period[1])
	set := func(to func(*configs.Costs) *float64, v [3]float64) {
		*to(&r.Low), *to(&r.Middle), *to(&r.High) = round(v[0]), round(v[1]), round(v[2])
	}
	set(func(c *configs.Costs) *float64 { return &c.ArrayPeriod }, period)
	set(func(c *configs.Costs) *float64 { return &c.JobStart }, start)
	set(func(c *configs.Costs) *float64 { return &c.ArrayHold }, m.hold(period[1], start[1]))
	set(func(c *configs.Costs) *float64 { return &c.ArrayRate }, m.rate(period[1]))
	set(func(c *configs.Costs) *float64 { return &c.ArrayLag }, m.lag())
	set(func(c *configs.Costs) *float64 { return &c.StepStart }, ends(lengthsOf(m.steps)))
	return r, nil
}

// period is the time between ticks. From task to task of the chain it is one or two ticks; the short tasks of its
// first half need one.
func (m marks) period() [3]float64 {
	gaps := m.gaps()
	guess := median(gaps[:max(2, len(gaps)/2)])
	var each []float64
	total, ticks := 0.0, 0.0
	for _, gap := range gaps {
		k := max(1, math.Round(gap/guess))
		each = append(each, gap/k)
		total, ticks = total+gap, ticks+k
	}
	slices.Sort(each)
	return [3]float64{min(each[len(each)/4], total/ticks), total / ticks, max(each[3*len(each)/4], total/ticks)}
}

// gaps are the times from one begin in the chain to the next.
func (m marks) gaps() []float64 {
	var all []float64
	for i := range len(m.chain) - 1 {
		all = append(all, m.chain[i+1].begin-m.chain[i].begin)
	}
	return all
}

// start is the time from a tick to the script. A job that is submitted at any time waits for a tick between nothing
// and a period, on top of it: the least of k waits is a (k+1)th of a period above it.
func (m marks) start(period float64) [3]float64 {
	least, more := slices.Min(m.waits), period/float64(len(m.waits)+1)
	return [3]float64{max(0.01, least-2*more), max(0.01, least-more), max(0.01, least)}
}

// hold is how long a task that has ended still holds its place. A tick at time t finds the place free when the task ended
// before t - hold: so what ended last before a tick that took its place is an upper bound, and a tick
// that did not take it a lower one.
func (m marks) hold(period, start float64) [3]float64 {
	low, high := 0.0, period
	for i := range len(m.chain) - 1 {
		tick := m.chain[i+1].begin - start
		slack := tick - m.chain[i].end
		high = min(high, slack)
		low = max(low, slack-period)
	}
	low, high = max(0.01, min(low, high)), max(0.01, low, high)
	return [3]float64{low, (low + high) / 2, high}
}

// rate is how many tasks a tick starts a second: of the burst, the tasks that began within half a period of the first
// of their tick.
func (m marks) rate(period float64) [3]float64 {
	var rates []float64
	for i := 0; i < len(m.burst); {
		k := i
		for k+1 < len(m.burst) && m.burst[k+1].begin-m.burst[i].begin < period/2 {
			k++
		}
		if took := m.burst[k].begin - m.burst[i].begin; k-i >= 3 && took > 0 {
			rates = append(rates, float64(k-i)/took)
		}
		i = k + 1
	}
	if len(rates) == 0 {
		return [3]float64{1 / period, 1 / period, 1 / period} // one a tick
	}
	return ends(rates)
}

// lag is how much later than the first most tasks of an array begin that a tick starts at once, beyond what its rate explains. The
// rate is read off the steps from one to the next: a lag is one long step among many short ones.
func (m marks) lag() [3]float64 {
	var lags []float64
	for _, crowd := range m.crowd {
		var steps, lag []float64
		for i := range len(crowd) - 1 {
			steps = append(steps, crowd[i+1].begin-crowd[i].begin)
		}
		step := median(steps)
		for i := 1; i < len(crowd); i++ {
			lag = append(lag, max(0, crowd[i].begin-crowd[0].begin-float64(i)*step))
		}
		lags = append(lags, median(lag))
	}
	return ends(lags)
}

func lengthsOf(spans []span) []float64 {
	var all []float64
	for _, s := range spans {
		all = append(all, s.end-s.begin)
	}
	return all
}

// ends are the least, the median and the greatest.
func ends(figures []float64) [3]float64 {
	return [3]float64{slices.Min(figures), median(figures), slices.Max(figures)}
}

func median(figures []float64) float64 {
	sorted := slices.Sorted(slices.Values(figures))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// round keeps three significant digits.
func round(v float64) float64 {
	short, err := strconv.ParseFloat(strconv.FormatFloat(max(v, 0.001), 'g', 3, 64), 64)
	if err != nil {
		return v
	}
	return short
}
