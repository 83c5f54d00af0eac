package runs

import (
	"testing"

	"hpcsub/items"
)

// TestPast: the newest run of the same work tells how long items take, whatever its list was.
func TestPast(t *testing.T) {
	dir := t.TempDir()
	r := made(t, dir, 40, 1)
	o := order(t, dir, 7, 1) // another list by now
	if got := PastOf(t.Context(), o.Job); got.Run != "" || got.Seconds != nil {
		t.Errorf("nothing is done: got %+v", got)
	}
	life := 0
	done := func(n int) {
		life++
		var recs []*items.Record
		for i := range n {
			end := record(i, items.Done, float64(1000+i))
			*end.Elapsed = float64(i + 1)
			recs = append(recs, record(i, items.Running, float64(1000+i)), end)
		}
		write(t, r.dir.Attempt(1).Results(0, life), true, recs...)
	}
	done(4)
	if got := PastOf(t.Context(), o.Job); got.Run != "" {
		t.Errorf("four are done: got %+v", got)
	}
	done(12)
	if got := PastOf(t.Context(), o.Job); got.Run != r.ID || len(got.Seconds) != 12 || got.Seconds[11] != 12 {
		t.Errorf("got %+v, want the twelve of %s", got, r.ID)
	}
	o.Job.Work.Command = []string{"false", "{n}"}
	if got := PastOf(t.Context(), o.Job); got.Run != "" {
		t.Errorf("another program: got %+v", got)
	}
	o = order(t, dir, 7, 1)
	o.Job.Each.CPUs = 8
	if got := PastOf(t.Context(), o.Job); got.Run != "" {
		t.Errorf("other CPUs: got %+v", got)
	}
}
