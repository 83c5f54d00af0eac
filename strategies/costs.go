package strategies

import (
	"strconv"

	"hpcsub/slurm"
)

// Costs are what it takes to run things here, in seconds. Measured by the site; what is zero is
// taken from Slurm's configuration and the built-in figures.
type Costs struct {
	JobStart      float64 `json:"job_start_s"`      // from the scheduler's tick to the job's script
	ArrayPeriod   float64 `json:"array_period_s"`   // a freed slot of an array waits for the scheduler's next tick
	ArrayRate     float64 `json:"array_rate"`       // array tasks that one tick starts a second
	ArrayHold     float64 `json:"array_hold_s"`     // how much longer a task holds its slot than it runs
	StepStart     float64 `json:"step_start_s"`     // one srun over the nodes of a job
	WorkerStart   float64 `json:"worker_start_s"`   // hpcsub worker from start to first item
	WorkerItem    float64 `json:"worker_item_s"`    // dispatch, serial in one worker, per item
	ParallelStart float64 `json:"parallel_start_s"` // GNU Parallel's own start
	ParallelItem  float64 `json:"parallel_item_s"`  // its dispatch, serial, per item
	PythonStart   float64 `json:"python_start_s"`   // an interpreter and a function's module
	CallItem      float64 `json:"call_item_s"`      // a call handed to such an interpreter and recorded, per item
	PathosStart   float64 `json:"pathos_start_s"`   // Pathos imported and its pool ready
	PathosItem    float64 `json:"pathos_item_s"`    // its dispatch, serial, per item
	Stop          float64 `json:"stop_s"`           // last item's end to the job's end
}

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
		Stop:          0.05,
	}
}

// costsOf fills in what was not measured.
func costsOf(in Input) Costs {
	c, b := in.Costs, builtIn()
	for _, f := range []struct{ to, from *float64 }{
		{&c.JobStart, &b.JobStart}, {&c.ArrayRate, &b.ArrayRate}, {&c.ArrayHold, &b.ArrayHold},
		{&c.StepStart, &b.StepStart}, {&c.WorkerStart, &b.WorkerStart}, {&c.WorkerItem, &b.WorkerItem},
		{&c.ParallelStart, &b.ParallelStart}, {&c.ParallelItem, &b.ParallelItem}, {&c.Stop, &b.Stop},
		{&c.PythonStart, &b.PythonStart}, {&c.CallItem, &b.CallItem},
		{&c.PathosStart, &b.PathosStart}, {&c.PathosItem, &b.PathosItem},
	} {
		if *f.to == 0 {
			*f.to = *f.from
		}
	}
	if c.ArrayPeriod == 0 {
		c.ArrayPeriod = period(in.Cluster.Scheduler)
	}
	if in.Local { // a supervisor that starts the next task the moment one ends
		c.ArrayPeriod, c.ArrayHold = 0, 0
	}
	return c
}

// period is how often the scheduler looks for work to start: batch_sched_delay, 3 s unless it is set
// (slurm.conf(5), SchedulerParameters), and never less than a second, as measured with 0.
func period(s slurm.Scheduler) float64 {
	delay := 3.0
	if text, ok := s.Parameters["batch_sched_delay"]; ok {
		if v, err := strconv.ParseFloat(text, 64); err == nil {
			delay = v
		}
	}
	if text, ok := s.Parameters["sched_min_interval"]; ok { // microseconds
		if v, err := strconv.ParseFloat(text, 64); err == nil {
			delay = max(delay, v/1e6)
		}
	}
	return max(1, delay)
}
