package runs

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"hpcsub/items"
	"hpcsub/slurm"
	"hpcsub/strategies"
)

// TestRequeuedItemsWait: what ended with the first life of a requeued job was shown as failed.
func TestRequeuedItemsWait(t *testing.T) {
	r := &Run{ID: "fit-aaaaaa", Items: 3, dir: items.RunDir(t.TempDir())}
	a := &Attempt{N: 1, Layout: strategies.Layout{Parts: 1}, Submissions: []Submission{{Name: "fit", Parts: 1}}, dir: r.dir.Attempt(1)}
	records := `{"id":"a","index":0,"state":"done","exit_code":0,"start":1,"end":2}
{"id":"b","index":1,"state":"cancelled","start":1,"end":2}
{"id":"c","index":2,"state":"failed","exit_code":3,"start":1,"end":2}
`
	path := a.dir.Results(0, 0)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(records), 0o600); err != nil {
		t.Fatal(err)
	}
	v := &view{run: r, attempts: []*Attempt{a}, active: []*Attempt{a}, asked: true}
	if err := v.read(); err != nil {
		t.Fatal(err)
	}
	if err := a.log(event{Outcome: submitted, JobID: "7"}); err != nil {
		t.Fatal(err)
	}
	v.jobs = []slurm.Job{{ID: "7", ArrayID: "7", Name: "fit", State: "PENDING"}}
	if got, want := v.status(time.Now()).Items, (Counts{Total: 3, Done: 1, Failed: 1, Pending: 1}); got != want {
		t.Errorf("requeued: got %+v, want %+v", got, want)
	}
	v.jobs[0].State, v.jobs[0].Nodes, v.jobs[0].End = "CANCELLED", "c1", time.Now().Add(-time.Hour)
	if got, want := v.status(time.Now()).Items, (Counts{Total: 3, Done: 1, Failed: 2}); got != want {
		t.Errorf("ended: got %+v, want %+v", got, want)
	}
}
