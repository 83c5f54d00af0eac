package sites

import (
	"math"
	"testing"
	"time"

	"hpcsub/configs"
)

// made are the marks of a cluster with a known period, rate, hold and start, whose ticks come at phase, phase + period…
func made(period, rate, hold, start, lag, phase float64) marks {
	next := func(free float64) float64 { return phase + math.Ceil((free-phase)/period)*period }
	var m marks
	free := 100.0
	for i := range chainTasks {
		begin := next(free) + start
		end := begin + period*float64(i)/chainTasks
		m.chain = append(m.chain, span{begin, end})
		free = end + hold
	}
	for tick := range burstTasks / burstWidth {
		at := next(200) + float64(tick)*math.Max(1, math.Ceil((burstWidth/rate+hold)/period))*period
		for i := range burstWidth {
			begin := at + float64(i)/rate + start
			m.burst = append(m.burst, span{begin, begin})
		}
	}
	for range crowds {
		var crowd []span
		for i := range crowdTasks {
			begin := next(250) + float64(i)/rate + start
			if i > 1 { // two are quick enough
				begin += lag
			}
			crowd = append(crowd, span{begin, begin})
		}
		m.crowd = append(m.crowd, crowd)
	}
	for i := range singles {
		submitted := 300 + 7.3*float64(i)*period
		m.waits = append(m.waits, next(submitted)+start-submitted)
	}
	for i := range steps {
		m.steps = append(m.steps, span{400, 400.1 + 0.01*float64(i)})
	}
	return m
}

func TestCalibration(t *testing.T) {
	for _, tt := range []struct{ period, rate, hold, start, lag, phase float64 }{
		{1, 80, 0.25, 0.1, 0.9, 0.3}, {1, 200, 0.05, 0.05, 0, 0}, {3, 60, 0.3, 0.2, 1, 1.1}, {5, 40, 0.25, 0.1, 0.9, 4.9}, {2.4, 30, 0.6, 0.5, 0, 0},
	} {
		got, err := made(tt.period, tt.rate, tt.hold, tt.start, tt.lag, tt.phase).costs()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name           string
			low, mid, high float64
			want, within   float64
		}{
			{"period", got.Low.ArrayPeriod, got.Middle.ArrayPeriod, got.High.ArrayPeriod, tt.period, 0.02 * tt.period},
			{"rate", got.Low.ArrayRate, got.Middle.ArrayRate, got.High.ArrayRate, tt.rate, 0.02 * tt.rate},
			{"lag", got.Low.ArrayLag, got.Middle.ArrayLag, got.High.ArrayLag, tt.lag, 0.002},
			{"step", got.Low.StepStart, got.Middle.StepStart, got.High.StepStart, 0.12, 0.001},
			// Known to a twelfth of a period and to what is known of the start.
			{"hold", got.Low.ArrayHold, got.Middle.ArrayHold, got.High.ArrayHold, tt.hold, tt.period * 0.3},
			{"start", got.Low.JobStart, got.Middle.JobStart, got.High.JobStart, tt.start, tt.period * 0.3},
		} {
			if math.Abs(c.mid-c.want) > c.within || c.low > c.mid || c.mid > c.high {
				t.Errorf("%+v: %s: got %v (%v to %v), want %v", tt, c.name, c.mid, c.low, c.high, c.want)
			}
		}
	}
}

func TestCalibrationWithoutMarks(t *testing.T) {
	if r, err := (marks{}).costs(); err == nil || r != (configs.CostRange{}) {
		t.Errorf("got %+v, %v", r, err)
	}
}

// TestPace: a calibration that waits asked Slurm every second, or twice.
func TestPace(t *testing.T) {
	begin := time.Unix(1_700_000_000, 0)
	var ask pace
	asked := map[int]int{} // minute → how often
	for tick := range 2 * 600 {
		if now := time.Duration(tick) * time.Second / 2; ask.due(begin.Add(now)) {
			asked[int(now.Minutes())]++
		}
	}
	if asked[0] < 4 || asked[0] > 10 || asked[9] != 2 {
		t.Errorf("asked %d times in the first minute and %d times in the tenth, want some and 2", asked[0], asked[9])
	}
}
