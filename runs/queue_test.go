package runs

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"hpcsub/items"
	"hpcsub/slurm"
	"hpcsub/strategies"
)

// A waiting array answers that its first task has ended and the others wait, and keeps what is cancelled.
type waitingArray struct {
	slurm.Client
	name      string
	cancelled *[]string
}

func (c waitingArray) Jobs(context.Context, slurm.JobQuery) ([]slurm.Job, error) {
	jobs := []slurm.Job{{ID: "7_0", ArrayID: "7", TaskID: 0, Name: c.name, State: "COMPLETED", Nodes: "c1", End: time.Now().Add(-time.Minute)}}
	for n, id := range []string{"7_1", "7_2"} {
		jobs = append(jobs, slurm.Job{ID: id, ArrayID: "7", TaskID: n + 1, Name: c.name, State: "PENDING"})
	}
	return jobs, nil
}

func (c waitingArray) StartTime(context.Context, slurm.Submission) (time.Time, error) {
	return time.Time{}, nil
}

func (c waitingArray) Submit(context.Context, slurm.Submission) (string, error) {
	return "", &slurm.RefusedError{Command: "sbatch", Words: "no"}
}

func (c waitingArray) Cancel(_ context.Context, ids []string) error {
	*c.cancelled = append(*c.cancelled, ids...)
	return nil
}

// TestQueueIsEmpty: a run is over when nothing is left of the queue and all that began have ended, though tasks still wait in Slurm:
// they are cancelled. Before, it is not.
func TestQueueIsEmpty(t *testing.T) {
	tests := []struct {
		name  string
		last  items.State // of the last item
		taken bool        // the last chunk
		want  string
	}{
		{"all done", items.Done, true, Done},
		{"one failed", items.Failed, true, Failed},
		{"one is still to be taken", items.Running, false, Running},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := made(t, t.TempDir(), 4, 3, func(l *strategies.Layout) { l.Queue = &strategies.Queue{ItemS: 60} })
			attempts, err := r.Attempts()
			if err != nil {
				t.Fatal(err)
			}
			a := attempts[0]
			if err := a.log(event{Outcome: submitted, JobID: "7"}); err != nil {
				t.Fatal(err)
			}
			left := 1
			if tt.taken {
				left = 0
			}
			takeAllBut(t, a, left)
			now := unixSeconds(time.Now())
			records := []*items.Record{record(0, items.Done, now), record(1, items.Done, now), record(2, items.Done, now)}
			if tt.taken {
				records = append(records, record(3, tt.last, now))
			}
			write(t, a.dir.Results(0, 0), true, records...)
			var cancelled []string
			client := waitingArray{name: a.Submissions[0].Name, cancelled: &cancelled}
			s, err := r.Status(t.Context(), client)
			if err != nil || s.State != tt.want || s.Settled != tt.taken {
				t.Errorf("status: got %+v, %v, want %s", s, err, tt.want)
			}
			if len(cancelled) > 0 {
				t.Errorf("status cancelled %v", cancelled)
			}
			if !tt.taken {
				return
			}
			if s, err := r.Follow(t.Context(), client, func(Status) {}); err != nil || s.State != tt.want {
				t.Errorf("follow: got %+v, %v, want %s", s, err, tt.want)
			}
			if !slices.Equal(cancelled, []string{"7_1", "7_2"}) {
				t.Errorf("follow cancelled %v, want what waits", cancelled)
			}
		})
	}
}

// TestStoppedWhileTasksWait: a run that was stopped is over when what runs has ended. It waited for tasks that would start nothing, which may
// take days; they are cancelled.
func TestStoppedWhileTasksWait(t *testing.T) {
	r := made(t, t.TempDir(), 4, 3)
	attempts, err := r.Attempts()
	if err != nil {
		t.Fatal(err)
	}
	a := attempts[0]
	if err := a.log(event{Outcome: submitted, JobID: "7"}); err != nil {
		t.Fatal(err)
	}
	var cancelled []string
	client := waitingArray{name: a.Submissions[0].Name, cancelled: &cancelled}
	write(t, a.dir.Results(0, 0), true, record(0, items.Failed, unixSeconds(time.Now())-60))
	if s, err := r.Status(t.Context(), client); err != nil || s.Settled {
		t.Errorf("before it is stopped: got %+v, %v, want it to be open", s, err)
	}
	if err := a.stop("the first items all failed alike"); err != nil {
		t.Fatal(err)
	}
	if s, err := r.Follow(t.Context(), client, func(Status) {}); err != nil || s.State != Failed || !slices.Equal(cancelled, []string{"7_1", "7_2"}) {
		t.Errorf("follow: got %+v, %v, cancelled %v; want it to have failed, and what waits cancelled", s, err, cancelled)
	}
	cancelled = nil
	var refused *slurm.RefusedError
	if _, err := r.Retry(t.Context(), client, twoNodes(), RetryOptions{}, func(string) {}); !errors.As(err, &refused) || !slices.Equal(cancelled, []string{"7_1", "7_2"}) {
		t.Errorf("retry: %v, cancelled %v; want what waits cancelled before anything is submitted", err, cancelled)
	}
}

// TestQueueListedLate: the last part has begun and taken all that was left, and a network file system does not list its records yet. Then
// the run is not over, neither by the records nor as soon as Slurm says that the jobs are.
func TestQueueListedLate(t *testing.T) {
	share := func(l *strategies.Layout) { l.Parts, l.Queue = 2, &strategies.Queue{ItemS: 60} }
	for _, attempt := range []int{1, 2} {
		r := made(t, t.TempDir(), 4, 2, share)
		now := time.Now()
		start := unixSeconds(now) - 2
		if attempt == 2 { // what attempt 1 says of its items is nothing that attempt 2 says
			write(t, r.dir.Attempt(1).Results(0, 0), true, record(0, items.Failed, start), record(1, items.Failed, start), record(2, items.Failed, start), record(3, items.Failed, start))
			again(t, r, 2, []int{0, 1, 2, 3}, func(c *strategies.Candidate) {
				share(&c.Layout)
				c.Layout.Submissions = []strategies.IndexRange{{First: 0, Count: 2}}
			})
		}
		attempts, err := r.Attempts()
		if err != nil {
			t.Fatal(err)
		}
		a := attempts[attempt-1]
		if err := a.log(event{Outcome: submitted, JobID: "7"}); err != nil {
			t.Fatal(err)
		}
		takeAllBut(t, a, 0)
		write(t, a.dir.Results(0, 0), true, record(0, items.Done, start))
		job := slurm.Job{ID: "7", ArrayID: "7", Name: a.Submissions[0].Name, State: "RUNNING", Nodes: "c1", Start: now}
		v, err := r.look(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if s := v.status(now); s.Settled {
			t.Errorf("attempt %d, by its records: got %+v, want it to be open", attempt, s)
		}
		v.asked, v.jobs = true, []slurm.Job{job}
		if s := v.status(now); s.Settled || s.State != Running {
			t.Errorf("attempt %d, its job runs: got %+v, want it to run", attempt, s)
		}
		v.jobs[0].State, v.jobs[0].End = "COMPLETED", now
		if s := v.status(now.Add(Grace / 2)); s.Settled {
			t.Errorf("attempt %d, within the grace: got %+v, want it to be open", attempt, s)
		}
		write(t, a.dir.Results(1, 0), true, record(1, items.Done, start), record(2, items.Done, start), record(3, items.Failed, start))
		if err := v.read(); err != nil {
			t.Fatal(err)
		}
		if s := v.status(now.Add(Grace / 2)); s.State != Failed || !s.Settled {
			t.Errorf("attempt %d, all records are listed: got %+v, want it to have failed", attempt, s)
		}
	}
}

// takeAllBut claims all chunks of an attempt's queue but the last ones.
func takeAllBut(t testing.TB, a *Attempt, left int) {
	t.Helper()
	queue, err := items.OpenChunks(a.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer queue.Close()
	for n := range queue.Len() - left {
		k, err := queue.At(n)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("7_0.0.x", queue.Claim(k)); err != nil {
			t.Fatal(err)
		}
	}
}
