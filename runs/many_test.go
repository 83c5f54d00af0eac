package runs

import (
	"testing"
	"time"

	"hpcsub/items"
)

// The results of a million items are read and summed in under three seconds (docs/benchmarks.md);
// here a fifth of them in as much time, since other tests run beside this one.
func TestManyResults(t *testing.T) {
	const n, parts = 200_000, 32
	r := made(t, t.TempDir(), n, parts)
	for p := range parts {
		var recs []*items.Record
		for i := p; i < n; i += parts {
			recs = append(recs, record(i, items.Running, float64(i)), record(i, items.Done, float64(i)))
		}
		write(t, r.dir.Attempt(1).Results(p, 0), true, recs...)
	}
	began := time.Now()
	results, err := r.Results(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	tally := results.Tally()
	elapsed := time.Since(began)
	t.Logf("%d items read and summed in %v", n, elapsed)
	if tally.Done != n || tally.CPU != 1.5*n {
		t.Errorf("got %+v, want all %d done, each with 1.5 s of CPU time", tally, n)
	}
	if elapsed > 3*time.Second {
		t.Errorf("got %v, want at most 3s", elapsed)
	}
}
