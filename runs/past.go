package runs

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"hpcsub/configs"
	"hpcsub/items"
)

// What is taken of an earlier run: at most so many lengths, and fewer say nothing of a spread.
const (
	mostPast  = 1000
	leastPast = 5
)

// Past is how long items of the same work took in an earlier run, in seconds.
type Past struct {
	Run     string // its id; "" where there is none
	Created time.Time
	Seconds []float64
}

// PastOf looks for the newest run of this job.toml that did the same to its items, whichever these were, with enough
// of them done. A run that cannot be read is passed over: a plan does not need it.
func PastOf(ctx context.Context, job *configs.Job) Past {
	path := pathOf(job)
	for _, r := range List(Root(job.Dir)) {
		if !r.of(path) || r.Each.CPUs != job.Each.CPUs || !sameWork(r.Work, job.Work) {
			continue
		}
		if seconds := r.lengths(ctx); len(seconds) >= leastPast {
			return Past{r.ID, r.Created, seconds}
		}
	}
	return Past{}
}

// sameWork compares what is done with an item, and not the list.
func sameWork(a, b items.Spec) bool {
	var texts [2][]byte
	for i, s := range []items.Spec{a, b} {
		s.Dir, s.File, s.Repeat, s.Sweep, s.Zip, s.Types = "", "", 0, nil, nil, nil
		texts[i], _ = json.Marshal(s) // plain text and lists: there is always JSON of it
	}
	return bytes.Equal(texts[0], texts[1])
}

// lengths are those of items that are done, evenly over the list.
func (r *Run) lengths(ctx context.Context) []float64 {
	v, err := r.look(ctx, nil)
	if err != nil {
		return nil
	}
	var all []float64
	for i := 0; i < r.Items; i += max(1, r.Items/mostPast) {
		if elapsed := v.records.ElapsedS(i); v.records.State(i) == items.Done && elapsed > 0 {
			all = append(all, elapsed)
		}
	}
	return all
}
