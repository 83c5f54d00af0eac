package worker

import (
	"path/filepath"
	"testing"
	"time"

	"hpcsub/items"
)

// TestRecant: a success of long before the job's end stands, one of just before it is none.
func TestRecant(t *testing.T) {
	path := filepath.Join(t.TempDir(), "0.0.jsonl")
	recorder, err := items.NewRecorder(path)
	must(t, err)
	now := time.Now()
	e := &engine{recorder: recorder, done: 2, fresh: []fresh{
		{items.Record{ID: "a", Index: 0, State: items.Done}, now.Add(-time.Second)},
		{items.Record{ID: "b", Index: 1, State: items.Done}, now.Add(-10 * time.Millisecond)},
	}}
	e.recant(verdict{items.Cancelled, "the job was told to end"}, now)
	must(t, recorder.Close())
	var got []items.State
	_, err = items.ReadRecords(path, func(r items.Record) error {
		if r.ID != "" {
			got = append(got, r.State)
		}
		return nil
	})
	must(t, err)
	if len(got) != 2 || got[0] != items.Done || got[1] != items.Cancelled || e.done != 1 || e.undone != 1 {
		t.Errorf("got %v, %d done and %d not; want the first done and the second cancelled", got, e.done, e.undone)
	}
}
