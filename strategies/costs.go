package strategies

// Costs are what it takes to run things here, in seconds. Built in, or measured by the site.
type Costs struct {
	JobStart      float64 `json:"job_start_s"`      // submission to the first item on a free cluster
	ArrayPeriod   float64 `json:"array_period_s"`   // a freed slot of an array waits for the scheduler's next tick
	ArrayRate     float64 `json:"array_rate"`       // array tasks that one tick starts a second
	ArrayHold     float64 `json:"array_hold_s"`     // how much longer a task holds its slot than it runs
	StepStart     float64 `json:"step_start_s"`     // one srun
	WorkerStart   float64 `json:"worker_start_s"`   // hpcsub worker from start to first item
	WorkerItem    float64 `json:"worker_item_s"`    // dispatch, serial in one worker, per item
	ParallelStart float64 `json:"parallel_start_s"` // GNU Parallel's own start
	ParallelItem  float64 `json:"parallel_item_s"`  // its dispatch, serial, per item
	Stop          float64 `json:"stop_s"`           // last item's end to the job's end
}
