package configs

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Costs are what it takes to run things on a cluster, in seconds unless a name says otherwise; 0 = not known.
type Costs struct {
	JobStart      float64 `json:"job_start_s"`      // from the scheduler's tick to the job's script
	ArrayPeriod   float64 `json:"array_period_s"`   // a freed slot of an array waits for the scheduler's next tick
	ArrayRate     float64 `json:"array_rate"`       // array tasks that one tick starts a second
	ArrayHold     float64 `json:"array_hold_s"`     // how much longer a task holds its slot than it runs
	ArrayLag      float64 `json:"array_lag_s"`      // how much later than the first script of a tick the others begin
	StepStart     float64 `json:"step_start_s"`     // one srun over the nodes of a job
	WorkerStart   float64 `json:"worker_start_s"`   // hpcsub worker from start to first item
	WorkerItem    float64 `json:"worker_item_s"`    // dispatch, serial in one worker, per item
	ParallelStart float64 `json:"parallel_start_s"` // GNU Parallel's own start
	ParallelItem  float64 `json:"parallel_item_s"`  // its dispatch, serial, per item
	PythonStart   float64 `json:"python_start_s"`   // an interpreter and a function's module
	CallItem      float64 `json:"call_item_s"`      // a call handed to such an interpreter and recorded, per item
	PathosStart   float64 `json:"pathos_start_s"`   // Pathos imported and its pool ready
	PathosServers float64 `json:"pathos_servers_s"` // what servers on other nodes add to that
	PathosItem    float64 `json:"pathos_item_s"`    // its dispatch, serial, per item
	DaskStart     float64 `json:"dask_start_s"`     // scheduler and workers started and connected
	DaskItem      float64 `json:"dask_item_s"`      // a call handed out and its result taken, serial
	DaskStop      float64 `json:"dask_stop_s"`      // last result to the end of scheduler and workers
	MPIStart      float64 `json:"mpi_start_s"`      // one srun of ranks until all have met
	Stop          float64 `json:"stop_s"`           // last item's end to the job's end
}

// CostRange is each cost as it was measured: its middle, and the ends of its spread.
type CostRange struct{ Low, Middle, High Costs }

// Cost is one of the costs: its name in site.toml, and where it stands.
type Cost struct {
	Name string
	In   func(*Costs) *float64
}

// AllCosts are the costs in the order of the documentation.
func AllCosts() []Cost {
	return []Cost{
		{"job_start_s", func(c *Costs) *float64 { return &c.JobStart }},
		{"array_period_s", func(c *Costs) *float64 { return &c.ArrayPeriod }},
		{"array_rate", func(c *Costs) *float64 { return &c.ArrayRate }},
		{"array_hold_s", func(c *Costs) *float64 { return &c.ArrayHold }},
		{"array_lag_s", func(c *Costs) *float64 { return &c.ArrayLag }},
		{"step_start_s", func(c *Costs) *float64 { return &c.StepStart }},
		{"worker_start_s", func(c *Costs) *float64 { return &c.WorkerStart }},
		{"worker_item_s", func(c *Costs) *float64 { return &c.WorkerItem }},
		{"parallel_start_s", func(c *Costs) *float64 { return &c.ParallelStart }},
		{"parallel_item_s", func(c *Costs) *float64 { return &c.ParallelItem }},
		{"python_start_s", func(c *Costs) *float64 { return &c.PythonStart }},
		{"call_item_s", func(c *Costs) *float64 { return &c.CallItem }},
		{"pathos_start_s", func(c *Costs) *float64 { return &c.PathosStart }},
		{"pathos_servers_s", func(c *Costs) *float64 { return &c.PathosServers }},
		{"pathos_item_s", func(c *Costs) *float64 { return &c.PathosItem }},
		{"dask_start_s", func(c *Costs) *float64 { return &c.DaskStart }},
		{"dask_item_s", func(c *Costs) *float64 { return &c.DaskItem }},
		{"dask_stop_s", func(c *Costs) *float64 { return &c.DaskStop }},
		{"mpi_start_s", func(c *Costs) *float64 { return &c.MPIStart }},
		{"stop_s", func(c *Costs) *float64 { return &c.Stop }},
	}
}

// costInto reads a cost: a number, or the low end, the middle and the high end of what was measured.
func costInto(dst *CostRange, c Cost) valueReader {
	return func(n *node) error {
		values, isList := n.value.([]any)
		if !isList {
			values = []any{n.value, n.value, n.value}
		}
		if len(values) != 3 {
			return &mismatch{want: "a number, or the low end, the middle and the high end", got: n.value}
		}
		var three [3]float64
		for i, value := range values {
			if err := amountInto(&three[i])(&node{name: n.name, value: value}); err != nil && isList {
				return fmt.Errorf("value %d of the list: %w", i+1, err)
			} else if err != nil {
				return err
			}
		}
		if !slices.IsSorted(three[:]) {
			return errors.New("want the low end, the middle and the high end in this order")
		}
		*c.In(&dst.Low), *c.In(&dst.Middle), *c.In(&dst.High) = three[0], three[1], three[2]
		return nil
	}
}

// WithCosts is the text of a site.toml with its [costs] table replaced by these; all else stays as it is. note is
// a line of comment above the table.
func WithCosts(text []byte, r CostRange, note string) []byte {
	var out strings.Builder
	inside := false
	for line := range strings.Lines(string(text)) {
		if header := strings.TrimSpace(line); strings.HasPrefix(header, "[") {
			inside = strings.HasPrefix(header, "[costs]")
		}
		if !inside && !strings.HasPrefix(line, costsNote) {
			out.WriteString(line)
		}
	}
	kept := strings.TrimRight(out.String(), "\n")
	out.Reset()
	if kept != "" {
		out.WriteString(kept + "\n\n")
	}
	fmt.Fprintf(&out, "%s%s\n[costs]\n", costsNote, note)
	for _, c := range AllCosts() {
		if low, middle, high := *c.In(&r.Low), *c.In(&r.Middle), *c.In(&r.High); middle > 0 {
			fmt.Fprintf(&out, "%s = [%g, %g, %g]\n", c.Name, low, middle, high)
		}
	}
	return []byte(out.String())
}

// costsNote begins the line above the table, by which the next calibration finds it.
const costsNote = "# Costs: "

// Over puts what was measured over what was known before.
func (r CostRange) Over(before CostRange) CostRange {
	for _, c := range AllCosts() {
		if *c.In(&r.Middle) == 0 {
			*c.In(&r.Low), *c.In(&r.Middle), *c.In(&r.High) = *c.In(&before.Low), *c.In(&before.Middle), *c.In(&before.High)
		}
	}
	return r
}
