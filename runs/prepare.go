package runs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"hpcsub/configs"
	"hpcsub/items"
	"hpcsub/slurm"
	"hpcsub/strategies"
	"hpcsub/trials"
)

// Order is what a run is made of.
type Order struct {
	Job     *configs.Job
	List    *items.List
	Items   int // as many as the survey counted
	Input   strategies.Input
	Plan    strategies.Plan // its Chosen is not nil
	Cluster *slurm.Cluster
	Program Program
	After   string // the newest attempt of the job (Run.Latest) that the caller knows to have ended, "" = none
	Again   bool   // another run, or a trial, may be going
	RunsDir string // where the site keeps runs; "" = beside job.toml

	Trial  *trials.Rules // of a trial; nil for a run
	Sample []int         // the items that run, where a way is compared with another; nil = all
	// Prepared is called before Slurm hears of what was prepared; undo takes back what it did, where Slurm took nothing.
	Prepared func(items.AttemptDir) (undo func() error, err error)
	Beside   int  // a trial runs so many items side by side, once; 0 = none
	Profile  bool // a trial runs an item under Python's profiler, too
}

// Program is the running hpcsub.
type Program struct {
	Path    string
	Version string
}

// UnfinishedError says that the job has a run that may still be going.
type UnfinishedError struct{ Status Status }

func (e *UnfinishedError) Error() string {
	s := e.Status
	return fmt.Sprintf("run %s of this job.toml is %s (%d of %s done): one run at a time", s.Run, s.State, s.Items.Done, counted(s.Items.Total))
}

// OvertakenError says that another hpcsub submitted the job, or began a trial of it, while this one was planning.
type OvertakenError struct {
	Run   *Run
	Trial bool // it is a trial, or a way that is compared
}

func (e *OvertakenError) Error() string {
	what := "run " + e.Run.ID + " of this job.toml was submitted"
	if e.Trial {
		what = "trial " + e.Run.ID + " of this job.toml was begun"
	}
	return what + " while this one was planned: one run at a time"
}

// overtaken is asked under the lock, below which runs and trials are made: the items of two would write the same files.
func (o Order) overtaken() error {
	if o.Again {
		return nil
	}
	if r := Newest(o.Job.Path); r != nil && r.Latest() != o.After {
		return &OvertakenError{Run: r}
	}
	return overtakenByTrial(o.Job.Path)
}

func overtakenByTrial(job string) error {
	if _, alive := Interrupted(job); alive != nil {
		return &OvertakenError{Run: alive, Trial: true}
	}
	return nil
}

// Start freezes a run on disk and submits it. progress is told how many items are frozen.
// When Slurm refuses, or the disk does, nothing is left behind.
func Start(ctx context.Context, client slurm.Client, o Order, progress func(frozen int)) (*Run, *Attempt, error) {
	root := Root(o.Job.Dir)
	if err := makeRoot(root, o.RunsDir); err != nil {
		return nil, nil, err
	}
	release, err := lock(root)
	if err != nil {
		return nil, nil, err
	}
	defer release()
	if err := o.overtaken(); err != nil {
		return nil, nil, err
	}
	r, a, err := freezeAndSubmit(ctx, client, root, o, progress)
	if err == nil {
		addToIndex(r)
	}
	return r, a, err
}

// freezeAndSubmit makes the run's folder below root and submits its first attempt. When Slurm took nothing, the folder goes.
func freezeAndSubmit(ctx context.Context, client slurm.Client, root string, o Order, progress func(frozen int)) (*Run, *Attempt, error) {
	r, err := prepare(ctx, root, o, progress)
	if err != nil {
		return nil, nil, err
	}
	attempts, err := r.Attempts()
	if err != nil {
		return nil, nil, err
	}
	a := attempts[0]
	undo := func() error { return nil }
	if o.Prepared != nil {
		if undo, err = o.Prepared(a.dir); err != nil {
			return r, a, errors.Join(err, r.takeBack(undo))
		}
	}
	err = r.Submit(ctx, client, a)
	if err != nil && a.nothingSent() {
		err = errors.Join(err, r.takeBack(undo))
	}
	return r, a, err
}

// takeBack removes a run of which Slurm took nothing, once what was done for it is undone: its folder tells what is not.
func (r *Run) takeBack(undo func() error) error {
	if err := undo(); err != nil {
		return err
	}
	return os.RemoveAll(string(r.dir))
}

// nothingSent says whether it is certain that Slurm took none of the attempt.
func (a *Attempt) nothingSent() bool {
	known, err := a.sent()
	if err != nil {
		return false
	}
	for _, s := range known {
		if s.held() || s.unclear || s.last == submitting {
			return false
		}
	}
	return true
}

// makeRoot makes the folder of runs, closed to others and ignored by git. Where the site keeps runs elsewhere it is a link
// to a folder there, so that everything finds them all the same; a folder that is there already stays.
func makeRoot(root, runsDir string) error {
	if _, err := os.Lstat(root); runsDir != "" && errors.Is(err, fs.ErrNotExist) {
		sum := sha256.Sum256([]byte(root))
		target := filepath.Join(runsDir, filepath.Base(filepath.Dir(root))+"-"+hex.EncodeToString(sum[:4]))
		if err := os.MkdirAll(target, 0o700); err != nil {
			return fmt.Errorf("making the folder of runs below runs_dir of site.toml: %w", err)
		}
		if err := os.Symlink(target, root); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("making the link to the folder of runs: %w", err)
		}
	}
	if err := os.MkdirAll(root, 0o700); err != nil {
		return fmt.Errorf("making the folder of runs: %w", err)
	}
	ignore := filepath.Join(root, ".gitignore")
	if _, err := os.Stat(ignore); errors.Is(err, fs.ErrNotExist) {
		if err := os.WriteFile(ignore, []byte("*\n"), 0o600); err != nil {
			return fmt.Errorf("making the folder of runs: %w", err)
		}
	}
	return nil
}

// prepare builds the run aside and renames it into place, so that a run is whole or absent.
func prepare(ctx context.Context, root string, o Order, progress func(int)) (*Run, error) {
	program, err := installProgram(Root(o.Job.Dir), o.Program)
	if err != nil {
		return nil, err
	}
	r := newRun(root, o, program)
	tmp, err := os.MkdirTemp(root, ".new-")
	if err != nil {
		return nil, fmt.Errorf("making the run: %w", err)
	}
	defer os.RemoveAll(tmp)
	if err := freeze(ctx, items.RunDir(tmp), r, o.List, progress); err != nil {
		return nil, err
	}
	p := attemptPlan{n: 1, items: upTo(o.Items), input: o.Input, plan: o.Plan, trial: o.Trial, job: o.Job}
	if o.Sample != nil {
		p.items = slices.Values(o.Sample)
	}
	if o.Trial != nil {
		p.items = slices.Values(sampleOrder(o.Trial, o.Items))
	}
	if err := r.makeAttempt(items.RunDir(tmp), p); err != nil {
		return nil, err
	}
	if err := os.Rename(tmp, string(r.dir)); err != nil {
		return nil, fmt.Errorf("making the run: %w", err)
	}
	return r, nil
}

func newRun(root string, o Order, program string) *Run {
	id := newID(o.Job.Name)
	return &Run{
		ID: id, Job: pathOf(o.Job), Text: string(o.Job.Text), Created: time.Now(),
		Client: o.Cluster.Client, Cluster: o.Cluster.Name, Version: o.Cluster.Version,
		Program: Program{program, o.Program.Version}, Commit: commitOf(o.Job.Dir), Code: codeOf(o.Job),
		Items: o.Items, Columns: o.List.Columns(), Name: o.Job.Name, Work: o.Job.Work,
		Each: o.Job.Each, Limits: o.Job.Limits, Plan: o.Job.Plan, Slurm: o.Job.Slurm, Environment: o.Job.Environment,
		dir: items.RunDir(filepath.Join(root, id)),
	}
}

// freeze writes what does not change again: the items and run.json.
func freeze(ctx context.Context, dir items.RunDir, r *Run, list *items.List, progress func(int)) error {
	n, err := items.Freeze(dir, until(ctx, list.All()), progress)
	if err != nil {
		return err
	}
	if n != r.Items {
		return fmt.Errorf("the items changed while they were read: %d were counted, %d written; try again", r.Items, n)
	}
	return writeJSON(dir.File(), r)
}

// until ends a list with the context's error once that is over: a million items take seconds, and Ctrl-C is to be
// heard.
func until(ctx context.Context, all iter.Seq2[items.Item, error]) iter.Seq2[items.Item, error] {
	return func(yield func(items.Item, error) bool) {
		for item, err := range all {
			if err == nil && ctx.Err() != nil {
				err = ctx.Err()
			}
			if !yield(item, err) {
				return
			}
		}
	}
}

// upTo counts from 0 to n-1.
func upTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// writeJSON writes a file whole and on the disk, or says why not.
func writeJSON(path string, v any) error {
	return items.WriteFile(path, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	})
}
