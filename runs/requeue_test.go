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

// TestEndOfTheJobIsTheItems: Slurm may end the worker together with the item that took too much memory. Without the
// worker's word, what Slurm says of the job tells the items that ran then from lost ones.
func TestEndOfTheJobIsTheItems(t *testing.T) {
	for state, want := range map[string]items.State{"OUT_OF_MEMORY": items.OutOfMemory, "TIMEOUT": items.Timeout, "NODE_FAIL": items.Lost, "FAILED": items.Lost} {
		t.Run(state, func(t *testing.T) {
			r := made(t, t.TempDir(), 2, 2)
			write(t, r.dir.Attempt(1).Results(0, 0), false, record(0, items.Running, 1))
			write(t, r.dir.Attempt(1).Results(1, 0), false, record(1, items.Running, 1))
			v, err := r.look(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			a := v.attempts[0]
			if err := a.log(event{Outcome: submitted, JobID: "7"}); err != nil {
				t.Fatal(err)
			}
			v.asked = true
			task := func(n int, state string, ago time.Duration) slurm.Job {
				return slurm.Job{ID: "7", ArrayID: "7", TaskID: n, Name: a.Submissions[0].Name, State: state, Nodes: "c1", End: time.Now().Add(-ago)}
			}
			v.jobs = []slurm.Job{task(0, state, time.Minute), task(1, state, time.Second)}
			v.markLost(time.Now())
			if got := v.records.State(0); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if got := v.records.State(1); got != items.Running {
				t.Errorf("within the grace: got %s, want running", got)
			}
		})
	}
}
