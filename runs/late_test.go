package runs

import (
	"context"
	"testing"
	"time"

	"hpcsub/items"
	"hpcsub/slurm"
)

// A slow controller takes a while to answer. What happens meanwhile is in its answer, which has no time of the end
// where the job ended just then.
type slowController struct {
	slurm.Client
	meanwhile func() slurm.Job
}

func (c slowController) Jobs(context.Context, slurm.JobQuery) ([]slurm.Job, error) {
	return []slurm.Job{c.meanwhile()}, nil
}

// TestRecordedWhileSlurmAnswers: the records were read before Slurm was asked, and items that had ended by the time of
// its answer "never ran".
func TestRecordedWhileSlurmAnswers(t *testing.T) {
	looks := map[string]func(*Run, slurm.Client) (Status, error){
		"status": func(r *Run, c slurm.Client) (Status, error) { return r.Status(t.Context(), c) },
		"follow": func(r *Run, c slurm.Client) (Status, error) { return r.Follow(t.Context(), c, func(Status) {}) },
	}
	ends := map[string]time.Time{"no time of the end": {}, "ended long before it answered": time.Now().Add(-time.Minute)}
	for name, look := range looks {
		for when, end := range ends {
			t.Run(name+", "+when, func(t *testing.T) {
				t.Parallel()
				r, a := handedOver(t, 3)
				now := unixSeconds(time.Now())
				write(t, a.dir.Results(0, 0), false, record(0, items.Done, now))
				runs := name == "follow" // when it is asked for the first time
				controller := slowController{meanwhile: func() slurm.Job {
					j := slurm.Job{ID: "7", ArrayID: "7", Name: a.Submissions[0].Name, State: "RUNNING", Nodes: "c1", Start: time.Now()}
					if !runs {
						write(t, a.dir.Results(0, 0), true, record(1, items.Done, now), record(2, items.Done, now))
						j.State, j.End = "COMPLETED", end
					}
					runs = false
					return j
				}}
				if s, err := look(r, controller); err != nil || s.State != Done {
					t.Errorf("got %+v, %v; want all done", s, err)
				}
			})
		}
	}
}

// TestEndOfTheJobNotKnown: a job of which nobody knows when it ended has ended with its last record, and what it wrote
// after that may be on its way.
func TestEndOfTheJobNotKnown(t *testing.T) {
	r := made(t, t.TempDir(), 2, 1)
	now := time.Now()
	write(t, r.dir.Attempt(1).Results(0, 0), false, record(0, items.Done, unixSeconds(now)-1.5))
	v, err := r.look(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	a := v.attempts[0]
	if err := a.log(event{Outcome: submitted, JobID: "7"}); err != nil {
		t.Fatal(err)
	}
	v.asked, v.jobs = true, []slurm.Job{{ID: "7", ArrayID: "7", Name: a.Submissions[0].Name, State: "COMPLETED", Nodes: "c1"}}
	if s := v.status(now.Add(Grace - time.Second)); s.Settled {
		t.Errorf("within the grace: got %+v, want it to be open", s)
	}
	if s := v.status(now.Add(Grace + time.Second)); s.State != Incomplete {
		t.Errorf("after the grace: got %+v, want it to be incomplete", s)
	}
}

func unixSeconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
