package runs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hpcsub/slurm"
	"hpcsub/strategies"
)

// controller is a Slurm that may take a job without saying so, say no, or not be there at all.
type controller struct {
	slurm.Client
	answer    func() string // to each sbatch: "yes", "lost" (taken, and nobody hears of it), "dropped" (neither), "no", "absent", "killed"
	silent    func() bool   // for squeue
	jobs      []slurm.Job
	cancelled []string
	calls     int
}

var errKilled = errors.New("this client was killed")

func (c *controller) Submit(_ context.Context, s slurm.Submission) (string, error) {
	script, err := os.ReadFile(s.Script)
	if err != nil {
		return "", err
	}
	_, name, _ := strings.Cut(string(script), "#SBATCH --job-name=")
	name, _, _ = strings.Cut(name, "\n")
	id := fmt.Sprint(100 + c.calls)
	c.calls++
	take := func() {
		c.jobs = append(c.jobs, slurm.Job{ID: id, ArrayID: id, TaskID: -1, Name: name, State: "PENDING"})
	}
	switch answer := c.answer(); answer {
	case "yes":
		take()
		return id, nil
	case "lost":
		take()
		return "", &slurm.UnknownError{Command: "sbatch", Words: "Socket timed out on send/recv operation"}
	case "dropped":
		return "", &slurm.UnknownError{Command: "sbatch", Words: "Socket timed out on send/recv operation"}
	case "no":
		return "", &slurm.RefusedError{Command: "sbatch", Words: "Batch job submission failed: Invalid qos specification"}
	case "killed":
		take()
		panic(errKilled)
	default:
		return "", &slurm.AbsentError{Command: "sbatch", Words: "Unable to contact slurm controller"}
	}
}

func (c *controller) Jobs(_ context.Context, q slurm.JobQuery) (found []slurm.Job, err error) {
	if c.silent != nil && c.silent() {
		return nil, &slurm.AbsentError{Command: "squeue", Words: "Unable to contact slurm controller"}
	}
	for _, j := range c.jobs {
		if slices.Contains(q.Names, j.Name) || slices.Contains(q.IDs, j.ArrayID) {
			found = append(found, j)
		}
	}
	return found, nil
}

func (c *controller) Cancel(_ context.Context, ids []string) error {
	c.cancelled = append(c.cancelled, ids...)
	return nil
}

// splitIn lets the attempt of a run be handed over in several pieces, a part each.
func splitIn(t *testing.T, n int) (*Run, *Attempt) {
	t.Helper()
	dir := t.TempDir()
	if err := makeRoot(Root(dir), ""); err != nil {
		t.Fatal(err)
	}
	o := order(t, dir, 2*n, n)
	o.Plan.Chosen.Layout.Submissions = nil
	for i := range n {
		o.Plan.Chosen.Layout.Submissions = append(o.Plan.Chosen.Layout.Submissions, strategies.IndexRange{First: i, Count: 1})
	}
	r, err := prepare(t.Context(), Root(dir), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	attempts, err := r.Attempts()
	if err != nil {
		t.Fatal(err)
	}
	return r, attempts[0]
}

// atOnce leaves out the pauses between looks for a job.
func atOnce(t *testing.T) {
	before := lookups
	lookups = make([]time.Duration, len(before))
	t.Cleanup(func() { lookups = before })
}

// TestEachPieceIsSubmittedOnce: whatever the controller answers, and however often hpcsub is killed and started again, in the
// end Slurm has one job of each piece, and hpcsub knows its id.
func TestEachPieceIsSubmittedOnce(t *testing.T) {
	atOnce(t)
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 7))
		answers := []string{"yes", "lost", "dropped", "absent", "killed"}
		c := &controller{
			answer: func() string { return answers[rng.IntN(len(answers))] },
			silent: func() bool { return rng.IntN(3) == 0 },
		}
		r, _ := splitIn(t, 3)
		for try := 0; ; try++ {
			if try == 200 {
				t.Fatalf("seed %d: it never comes to an end", seed)
			}
			if err := surviving(func() error { return r.Complete(t.Context(), c) }); err == nil {
				break
			}
		}
		attempts, err := r.Attempts()
		if err != nil {
			t.Fatal(err)
		}
		ids, err := attempts[0].JobIDs()
		if err != nil {
			t.Fatal(err)
		}
		for k, s := range attempts[0].Submissions {
			var have []string
			for _, j := range c.jobs {
				if j.Name == s.Name {
					have = append(have, j.ID)
				}
			}
			if len(have) != 1 || !slices.Contains(ids, have[0]) {
				t.Errorf("seed %d: piece %d has the jobs %v, and %v are known; want one, and that it is known", seed, k, have, ids)
			}
		}
	}
}

// surviving is a client that may be killed on the way; its lock is left behind, as that of a dead process is.
func surviving(do func() error) (err error) {
	defer func() {
		if p := recover(); p == errKilled {
			err = errKilled
		} else if p != nil {
			panic(p)
		}
	}()
	return do()
}

// TestRefusedPiece: half a run is nobody's wish. What Slurm had taken of a split array is cancelled, and Slurm's words are shown.
func TestRefusedPiece(t *testing.T) {
	answers := []string{"yes", "yes", "no"}
	c := &controller{}
	c.answer = func() string { return answers[c.calls-1] }
	r, a := splitIn(t, 3)
	err := r.Submit(t.Context(), c, a)
	var no *slurm.RefusedError
	if !errors.As(err, &no) || !strings.Contains(err.Error(), "Invalid qos specification") || !strings.HasSuffix(err.Error(), "; the 2 pieces that it had taken were cancelled") {
		t.Errorf("got %v", err)
	}
	if !slices.Equal(c.cancelled, []string{"100", "101"}) {
		t.Errorf("cancelled: got %v, want 100 and 101", c.cancelled)
	}
}

// TestUnclearSubmission: where Slurm says neither yes nor no, and then nothing at all, nobody submits again, and the error says so.
func TestUnclearSubmission(t *testing.T) {
	atOnce(t)
	c := &controller{answer: func() string { return "lost" }, silent: func() bool { return true }}
	r, a := splitIn(t, 1)
	for range 2 {
		err := r.Submit(t.Context(), c, a)
		var unclear *UnclearError
		if !errors.As(err, &unclear) || unclear.Run != r.ID || unclear.Name != a.Submissions[0].Name {
			t.Fatalf("got %v, want that nothing is known of %s", err, a.Submissions[0].Name)
		}
	}
	if c.calls != 1 {
		t.Errorf("sbatch was called %d times, want once", c.calls)
	}
}

// TestNothingIsSubmittedAfterCancel: a run that is cancelled between two pieces hands over no more of them.
func TestNothingIsSubmittedAfterCancel(t *testing.T) {
	r, a := splitIn(t, 3)
	c := &controller{}
	c.answer = func() string {
		if c.calls == 2 {
			if err := r.Cancel(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		return "yes"
	}
	if err := r.Submit(t.Context(), c, a); err != nil {
		t.Fatal(err)
	}
	if err := r.Complete(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if c.calls != 2 {
		t.Errorf("sbatch was called %d times, want twice", c.calls)
	}
	s, err := r.Status(t.Context(), nil)
	if err != nil || s.State != Cancelled || !strings.HasPrefix(s.Stopped, "cancelled by ") {
		t.Errorf("got %+v, %v; want it cancelled, and by whom", s, err)
	}
}

func (c *controller) StartTime(context.Context, slurm.Submission) (time.Time, error) {
	return time.Time{}, nil
}
