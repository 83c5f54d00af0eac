package runs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hpcsub/configs"
	"hpcsub/items"
	"hpcsub/slurm"
	"hpcsub/strategies"
)

func says(answer string) func() string { return func() string { return answer } }

// TestStart: where Slurm said no, or was not there, nothing is left of the run; where it may have taken the job, all of it is.
func TestStart(t *testing.T) {
	atOnce(t)
	tests := []struct {
		answer string
		silent bool
		kept   bool
		words  string
	}{
		{"yes", false, true, ""},
		{"lost", false, true, ""}, // looked up and found
		{"no", false, false, "Invalid qos specification"},
		{"absent", false, false, "Unable to contact slurm controller"},
		{"lost", true, true, "whether Slurm took job made-"},
	}
	for _, tt := range tests {
		t.Run(tt.answer, func(t *testing.T) {
			t.Setenv("XDG_STATE_HOME", t.TempDir())
			dir := t.TempDir()
			c := &controller{answer: says(tt.answer), silent: func() bool { return tt.silent }}
			r, _, err := Start(t.Context(), c, order(t, dir, 4, 1), nil)
			if tt.words == "" && err != nil || tt.words != "" && (err == nil || !strings.Contains(err.Error(), tt.words)) {
				t.Fatalf("got %v, want %q", err, tt.words)
			}
			if there := left(t, Root(dir)); (there == r.ID) != tt.kept || !tt.kept && there != "" {
				t.Errorf("left behind: %q", there)
			}
			if again, err := Find(r.ID); (err == nil) != (tt.words == "") && !tt.kept {
				t.Errorf("found %v, %v", again, err)
			}
		})
	}
}

// TestPreparedIsUndone: what was done for a run before it was submitted is taken back where Slurm took nothing, and only there.
func TestPreparedIsUndone(t *testing.T) {
	atOnce(t)
	for answer, want := range map[string]bool{"yes": false, "no": true, "absent": true} {
		undone := false
		o := order(t, t.TempDir(), 2, 1)
		if err := makeRoot(Root(o.Job.Dir), ""); err != nil {
			t.Fatal(err)
		}
		o.Prepared = func(items.AttemptDir) (func() error, error) { return func() error { undone = true; return nil }, nil }
		_, _, err := freezeAndSubmit(t.Context(), &controller{answer: says(answer)}, Root(o.Job.Dir), o, nil)
		if undone != want || (err != nil) != want {
			t.Errorf("%s: undone %t, %v; want %t", answer, undone, err, want)
		}
	}
}

// TestWhatCannotBeUndoneIsKept: the folder of a run that Slurm refused tells which outputs wait for it, as long as some do.
func TestWhatCannotBeUndoneIsKept(t *testing.T) {
	for _, undone := range []error{nil, errors.New("the disk is full")} {
		o := order(t, t.TempDir(), 2, 1)
		if err := makeRoot(Root(o.Job.Dir), ""); err != nil {
			t.Fatal(err)
		}
		o.Prepared = func(items.AttemptDir) (func() error, error) { return func() error { return undone }, nil }
		r, _, err := freezeAndSubmit(t.Context(), &controller{answer: says("no")}, Root(o.Job.Dir), o, nil)
		if err == nil || undone != nil && !errors.Is(err, undone) {
			t.Errorf("undone: %v; got %v", undone, err)
		}
		if _, gone := os.Stat(string(r.dir)); (gone == nil) != (undone != nil) {
			t.Errorf("undone: %v; its folder: %v", undone, gone)
		}
	}
}

// TestRetryThroughSlurm: the retry's jobs take over from those before, once; where Slurm refuses them, the run is as it was.
func TestRetryThroughSlurm(t *testing.T) {
	atOnce(t)
	begin := func(t *testing.T) (*Run, *controller) {
		r, _ := starved(t, 100)
		c := &controller{answer: says("yes")}
		if err := r.Complete(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		c.jobs[0].State, c.jobs[0].Nodes, c.jobs[0].End = "COMPLETED", "c1", time.Now().Add(-time.Hour)
		return r, c
	}
	t.Run("taken", func(t *testing.T) {
		r, c := begin(t)
		made, err := r.Retry(t.Context(), c, twoNodes(), RetryOptions{}, func(string) {})
		if err != nil || len(made) != 2 || len(c.jobs) != 3 {
			t.Fatalf("got %d attempts and %d jobs, %v; want one attempt for what ran out of memory, one for the others", len(made), len(c.jobs), err)
		}
		s, err := r.Status(t.Context(), c)
		if err != nil || s.State != Pending || s.Items != (Counts{Total: 5, Done: 1, Pending: 4}) {
			t.Errorf("got %+v, %v; want one item done and the others pending", s, err)
		}
		_, err = r.Retry(t.Context(), c, twoNodes(), RetryOptions{}, func(string) {})
		var unfinished *UnfinishedError
		if !errors.As(err, &unfinished) || !strings.Contains(err.Error(), "is pending (1 of 5 items done): one run at a time") {
			t.Errorf("a second retry: got %v, want that the first is not over", err)
		}
	})
	t.Run("refused", func(t *testing.T) {
		r, c := begin(t)
		if err := items.WriteStop(r.dir.Attempt(1), "the first items all failed alike"); err != nil {
			t.Fatal(err)
		}
		before, err := r.Status(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		c.answer = says("no")
		if _, err := r.Retry(t.Context(), c, twoNodes(), RetryOptions{}, func(string) {}); err == nil || !strings.Contains(err.Error(), "Invalid qos") {
			t.Fatalf("got %v, want Slurm's words", err)
		}
		after, err := r.Status(t.Context(), nil)
		if err != nil || after.State != before.State || after.Items != before.Items || after.Stopped != before.Stopped {
			t.Errorf("got %+v, %v; want it as it was: %+v", after, err, before)
		}
		c.answer = says("yes")
		if made, err := r.Retry(t.Context(), c, twoNodes(), RetryOptions{}, func(string) {}); err != nil || len(made) != 2 {
			t.Errorf("the next retry: got %d attempts, %v; want 2", len(made), err)
		}
	})
	t.Run("nothing to do", func(t *testing.T) {
		r := made(t, t.TempDir(), 1, 1)
		write(t, r.dir.Attempt(1).Results(0, 0), true, record(0, items.Done, 1))
		_, err := r.Retry(t.Context(), &controller{}, twoNodes(), RetryOptions{}, nil)
		var none *NothingToRetryError
		if !errors.As(err, &none) || !strings.HasSuffix(err.Error(), "is done: there is nothing to retry") {
			t.Errorf("got %v", err)
		}
	})
}

// picky is a Slurm that takes no arrays.
type picky struct {
	slurm.Client
	asked int
	start time.Time
}

func (p *picky) StartTime(_ context.Context, s slurm.Submission) (time.Time, error) {
	p.asked++
	text, err := os.ReadFile(s.Script)
	if err == nil && strings.Contains(string(text), "#SBATCH --array=") {
		err = &slurm.RefusedError{Command: "sbatch --test-only", Words: "allocation failure: Invalid job array specification"}
	}
	return p.start, err
}

// TestChooseWhatSlurmTakes: a way that Slurm would refuse is not chosen, and its words are the reason; one answer is enough for those
// that it would take.
func TestChooseWhatSlurmTakes(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	o := order(t, t.TempDir(), 40, 1)
	in := NewInput(o.Job, 40, twoNodes())
	in.Each.Time = time.Minute
	first := strategies.Choose(in).Chosen
	if first.Request.ArrayTasks == 0 {
		t.Fatalf("%s is no array: nothing would be refused", first.Strategy)
	}
	p := &picky{start: time.Now()}
	in, plan, err := Choose(t.Context(), p, in, configs.Environment{})
	if err != nil || plan.Chosen == nil || plan.Chosen.Request.ArrayTasks > 0 {
		t.Fatalf("got %+v, %v; want a way without an array", plan.Chosen, err)
	}
	if i := slices.IndexFunc(plan.Rejections, func(r strategies.Rejection) bool { return r.Strategy == first.Strategy }); i < 0 ||
		!strings.Contains(plan.Rejections[i].Reason, "Invalid job array specification") {
		t.Errorf("got %+v, want that Slurm refuses %s, in its words", plan.Rejections, first.Strategy)
	}
	if p.asked != len(in.Starts) || p.asked > len(strategies.Choose(o.Input).Candidates)+3 {
		t.Errorf("Slurm was asked %d times, and %d answers are kept", p.asked, len(in.Starts))
	}
	if files, _ := filepath.Glob(filepath.Join(os.TempDir(), "*")); len(files) > 0 {
		t.Errorf("left behind: %q", files)
	}
}
