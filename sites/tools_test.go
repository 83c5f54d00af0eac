package sites

import (
	"math"
	"testing"

	"hpcsub/configs"
	"hpcsub/strategies"
)

// What the marks of known costs give back are these costs.
func TestToolCosts(t *testing.T) {
	// made is a run of n items of 2 ms in one slot, handed out every item seconds after the one before.
	made := func(start, item, stop float64) toolMark {
		const n, long = 100, 0.002
		begin := 1e9
		var all []span
		for i := range n {
			b := begin + start + float64(i)*(long+item)
			all = append(all, span{b, b + long})
		}
		return toolMarkOf(all, begin, all[n-1].end+stop, 1)
	}
	var r configs.CostRange
	r.Middle.ArrayPeriod, r.Middle.StepStart = 3, 0.2
	toolCosts(map[string][]toolMark{
		"worker": {made(0.02, 0.001, 0.05), made(0.04, 0.001, 0.05)}, "parallel": {made(0.13, 0.005, 0.05)}, "call": {made(0.10, 0.0002, 0.05)},
		"pathos": {made(0.22, 0.0003, 0.05)}, "pathos servers": {made(1.1, 0.0003, 0.05), made(1.14, 0.0003, 0.05)},
		"dask": {made(2.2, 0.001, 2.85)}, "mpi": {{length: 0.4}, {length: 0.5}},
	}, &r)
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"worker start", r.Middle.WorkerStart, 0.03}, {"its low end", r.Low.WorkerStart, 0.02}, {"its high end", r.High.WorkerStart, 0.04},
		{"worker item", r.Middle.WorkerItem, 0.001}, {"stop", r.Middle.Stop, 0.05}, {"parallel start", r.Middle.ParallelStart, 0.10},
		{"parallel item", r.Middle.ParallelItem, 0.005}, {"python start", r.Middle.PythonStart, 0.07}, {"call item", r.Middle.CallItem, 0.0002},
		{"dask start", r.Middle.DaskStart, 2.1}, {"dask stop", r.Middle.DaskStop, 2.8}, {"pathos start", r.Middle.PathosStart, 0.12},
		{"pathos servers", r.Middle.PathosServers, 0.70}, {"their high end", r.High.PathosServers, 0.72},
		{"mpi start", r.Middle.MPIStart, 0.38}, {"its low end", r.Low.MPIStart, 0.33}, {"its high end", r.High.MPIStart, 0.43},
		{"what Slurm takes", r.Middle.ArrayPeriod, 3},
	} {
		if math.Abs(c.got-c.want) > 0.02*c.want {
			t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
}

// What is not there is not measured, and what stands on it neither.
func TestToolCostsOfWhatIsNotThere(t *testing.T) {
	r := configs.CostRange{}
	toolCosts(map[string][]toolMark{"worker": {{start: 0.02, item: 0.001, stop: 0.05}}, "pathos servers": {{start: 1.1}}, "mpi": {{length: 0.4}}}, &r)
	for _, c := range configs.AllCosts() {
		if got, want := *c.In(&r.Middle) > 0, c.Name == "worker_start_s" || c.Name == "worker_item_s" || c.Name == "stop_s"; got != want {
			t.Errorf("%s: measured %v, want %v", c.Name, got, want)
		}
	}
}

// A second node is one more part with the same slots.
func TestOverNodes(t *testing.T) {
	c := strategies.Candidate{Request: strategies.Request{Nodes: 1, Tasks: 1, CPUsPerTask: 2}, Layout: strategies.Layout{Parts: 1, Slots: 1, ItemsPerPart: 401}}
	overNodes(&c, 2)
	if c.Request.Nodes != 2 || c.Request.Tasks != 2 || c.Request.CPUsPerTask != 2 || c.Layout.Parts != 2 || c.Layout.ItemsPerPart != 201 || c.Layout.Submissions[0].Count != 2 {
		t.Errorf("got %+v, %+v", c.Request, c.Layout)
	}
}
