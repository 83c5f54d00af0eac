package sites

import (
	"math"
	"testing"

	"hpcsub/configs"
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
	r.Middle.ArrayPeriod = 3
	toolCosts(map[string][]toolMark{
		"worker": {made(0.02, 0.001, 0.05), made(0.04, 0.001, 0.05)}, "parallel": {made(0.13, 0.005, 0.05)}, "call": {made(0.10, 0.0002, 0.05)},
		"dask": {made(2.2, 0.001, 2.85)},
	}, &r)
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"worker start", r.Middle.WorkerStart, 0.03}, {"its low end", r.Low.WorkerStart, 0.02}, {"its high end", r.High.WorkerStart, 0.04},
		{"worker item", r.Middle.WorkerItem, 0.001}, {"stop", r.Middle.Stop, 0.05}, {"parallel start", r.Middle.ParallelStart, 0.10},
		{"parallel item", r.Middle.ParallelItem, 0.005}, {"python start", r.Middle.PythonStart, 0.07}, {"call item", r.Middle.CallItem, 0.0002},
		{"dask start", r.Middle.DaskStart, 2.1}, {"dask stop", r.Middle.DaskStop, 2.8}, {"pathos, which is not there", r.Middle.PathosStart, 0},
		{"what Slurm takes", r.Middle.ArrayPeriod, 3},
	} {
		if math.Abs(c.got-c.want) > 0.02*c.want {
			t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
}
