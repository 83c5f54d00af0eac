package runs

import (
	"cmp"
	"context"
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

// mostSampled is how many items a trial may come to, however short they are.
const mostSampled = 1000

// TrialsRoot is the folder of the trials of the job.toml files in jobDir. It is apart from their runs, so that a trial is
// never the newest run and nothing in it counts as done.
func TrialsRoot(jobDir string) string { return filepath.Join(Root(jobDir), trialsFolder) }

const trialsFolder = "trials"

// Aside says that this is a trial, or a way that was compared: it counts for nothing.
func (r *Run) Aside() bool { return filepath.Base(filepath.Dir(string(r.dir))) == trialsFolder }

// TrialRules are those of [trial], for a list of so many items.
func TrialRules(job *configs.Job, count int) trials.Rules {
	r := trials.Rules{
		Available: min(count, cmp.Or(job.Trial.Items, mostSampled)), Items: job.Trial.Items, Repeats: job.Trial.Repeats,
		Budget: cmp.Or(job.Trial.Budget, configs.DefaultBudget).Seconds(),
	}
	r.Variants, r.Check = len(job.Variants), len(job.Check.Command) > 0
	if job.Each.Parallel == "threads" {
		r.Threads = max(1, job.Each.CPUs)
	}
	return r
}

// TrialStrategy is the way in which a trial's own job runs an item.
func TrialStrategy(job *configs.Job) string {
	if job.Each.Parallel == "dask" { // which alone starts a cluster around it
		return "dask"
	}
	return "single"
}

// TrialInput is what the choice of the trial's own job depends on: one item's request, for as long as the budget.
func TrialInput(job *configs.Job, cluster *slurm.Cluster) strategies.Input {
	in := NewInput(job, 1, cluster)
	in.Plan.Strategy, in.Limits = TrialStrategy(job), configs.Limits{}
	in.Each.Timeout, in.Each.Time = 0, cmp.Or(job.Trial.Budget, configs.DefaultBudget)
	return in
}

// mostBeside is how many items a trial runs side by side at most: it holds their CPUs for as long as it takes.
const mostBeside = 64

// BesideOthers widens a trial's job to as many CPUs as items can be run on side by side on one node, where they are free now, and says
// how many items that are; 0 where it stays as it is.
func BesideOthers(in strategies.Input, plan *strategies.Plan, items int) int {
	wait := plan.Chosen.Estimate.QueueWait
	if wait == nil || *wait > 0 || AloneInTrials(in.Each) != "" {
		return 0
	}
	in.Plan.Strategy, in.Limits.Nodes, in.Slurm.Partition = "packed", 1, plan.Chosen.Request.Partition
	in.Function = false // calls side by side are laid out as a pack of commands is
	beside := min(items, mostBeside)
	for range 2 { // as many as fit, and then no more than those
		in.Items = beside
		wide := strategies.Choose(in).Chosen
		if wide == nil || wide.Layout.Parts != 1 || wide.Estimate.QueueWait == nil || *wide.Estimate.QueueWait > 0 || wide.Layout.Slots < 2 {
			return 0
		}
		if beside = wide.Layout.Slots; beside == in.Items {
			plan.Chosen.Request.CPUsPerTask, plan.Chosen.Request.MemoryPerNodeMiB = wide.Request.CPUsPerTask, wide.Request.MemoryPerNodeMiB
			plan.Chosen.Layout.Slots = beside
			return beside
		}
	}
	return 0
}

// AloneInTrials says of which items a trial runs one at a time only, and why nothing is lost; "" where it runs others beside them. It holds
// what they take for minutes: more ranks and GPUs than one item needs are not worth it.
func AloneInTrials(each configs.Each) string {
	switch {
	case each.GPUs > 0:
		return "a trial holds the GPUs of one item only; what items share on a node beside them, its CPUs, memory and links, is not in the prediction"
	case each.Parallel == "mpi":
		return "a trial holds the CPUs of one item's ranks only; that other items share the memory and the network is not in the prediction"
	case each.Parallel == "dask":
		return "a trial holds the CPUs of one item's cluster of Dask only; that other items share the memory and the network is not in the prediction"
	}
	return ""
}

// StartTrial freezes a trial on disk and submits it, with all care that is taken of a run. When Slurm refuses, or the disk does,
// nothing is left behind.
func StartTrial(ctx context.Context, client slurm.Client, o Order, progress func(frozen int)) (*Run, *Attempt, error) {
	rules := TrialRules(o.Job, o.Items)
	rules.Profile = o.Profile
	rules.Available, rules.Beside = max(rules.Available, o.Beside), o.Beside
	o.Trial, o.Prepared = &rules, mark
	return startAside(ctx, client, o, progress)
}

// mark says that items of the attempt may write what those of a run write, until Release.
func mark(dir items.AttemptDir) (undo func() error, err error) {
	undo = func() error { return nil } // it goes with the folder
	if err := os.WriteFile(dir.Aside(), nil, 0o600); err != nil {
		return undo, fmt.Errorf("making the trial: %w", err)
	}
	return undo, nil
}

// Release says that no item of the trial runs any more, and that earlier outputs are back.
func (a *Attempt) Release() error {
	if err := os.Remove(a.dir.Aside()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("ending the trial: %w", err)
	}
	return nil
}

// startAside starts a run that counts for nothing, in the folder of trials.
func startAside(ctx context.Context, client slurm.Client, o Order, progress func(frozen int)) (*Run, *Attempt, error) {
	root := TrialsRoot(o.Job.Dir)
	if err := makeRoot(Root(o.Job.Dir), o.RunsDir); err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, nil, fmt.Errorf("making the folder of trials: %w", err)
	}
	release, err := lock(Root(o.Job.Dir))
	if err != nil {
		return nil, nil, err
	}
	defer release()
	if err := o.overtaken(); err != nil {
		return nil, nil, err
	}
	return freezeAndSubmit(ctx, client, root, o, progress)
}

// writeTrial puts the rules into an attempt's folder.
func writeTrial(dir items.AttemptDir, rules *trials.Rules) error {
	if rules == nil {
		return nil
	}
	return writeJSON(dir.Trial(), rules)
}

// Measured is what a trial has written down so far.
func (a *Attempt) Measured() (trials.Log, error) {
	f, err := os.Open(a.dir.Measurements())
	if errors.Is(err, fs.ErrNotExist) {
		return trials.Log{}, nil
	}
	if err != nil {
		return trials.Log{}, fmt.Errorf("reading the measurements: %w", err)
	}
	defer f.Close()
	return trials.ReadLog(f)
}

// FollowTrial watches a trial until it has ended or ctx is over, and calls show after each look with what was measured and the
// state of its job. Slurm is asked seldom; a job that it does not know (any more) is over, as one that has ended is.
func (r *Run) FollowTrial(ctx context.Context, client slurm.Client, a *Attempt, show func(trials.Log, JobStatus)) (trials.Log, error) {
	var job JobStatus
	asked, pause, over := time.Now(), firstAsk, time.Time{}
	for {
		a.Touch()
		log, err := a.Measured()
		if err != nil {
			return log, err
		}
		show(log, job)
		if log.End != "" || !over.IsZero() && time.Since(over) > Grace {
			return log, nil
		}
		if time.Since(asked) >= pause {
			asked, pause = time.Now(), min(longestAsk, time.Duration(float64(pause)*askGrowth))
			jobs, err := slurmJobs(ctx, client, a)
			switch ended := len(jobs) == 0 || jobs[0].Ended(); {
			case err != nil: // it is asked again
			case !ended: // also one that was requeued, or comes late into view
				over = time.Time{}
			case over.IsZero():
				over, pause = time.Now(), firstAsk // it is asked again before it is believed
			}
			if err == nil && len(jobs) > 0 {
				if neverBegan(jobs[0]) {
					return log, nil
				}
				job = JobStatus{Attempt: a.N, JobID: jobs[0].ArrayID, State: jobs[0].State, Reason: jobs[0].Reason}
			}
		}
		if err := sleep(ctx, readPause/2); err != nil {
			return log, err
		}
	}
}

// Machine is the node that a trial ran on; the zero value where it did not get that far.
func (a *Attempt) Machine() (m trials.Machine) {
	readJSON(a.dir.Machine(), &m)
	return m
}

// Profile is where the time of a trial's profiled run went, with a picture of it; nil where there is none.
func (a *Attempt) Profile(title string) (p *trials.Profile, picture string, err error) {
	var functions []trials.Function
	readJSON(a.dir.Profile(), &functions)
	if p = trials.ProfileOf(functions); p == nil {
		return nil, "", nil
	}
	picture = a.dir.Picture()
	err = items.WriteFile(picture, func(w io.Writer) error {
		_, err := io.WriteString(w, p.Picture(title))
		return err
	})
	return p, picture, err
}

// StderrOf is the end of what an item of a trial printed on its standard error.
func (a *Attempt) StderrOf(m trials.Measurement) []string {
	path := a.dir.Log(items.Writer{Attempt: a.N}, m.Slot, Stderr)
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	const tail = 4096
	from, length := m.Stderr[0], m.Stderr[1]
	if length > tail {
		from, length = from+length-tail, tail
	}
	text := make([]byte, length)
	n, _ := f.ReadAt(text, from)
	return lastLines(text[:n])
}

// sampleOrder is which items a trial runs, in which order.
func sampleOrder(rules *trials.Rules, count int) []int { return trials.Order(count, rules.Available) }

// TrialUse is an earlier trial that a plan can rest on.
type TrialUse struct {
	Run     string
	Report  trials.Report
	Machine trials.Machine
	Changed []string // what is not as it was: files of the program, the environment
	Created time.Time
}

// EnvironmentChanged is [environment] among what changed.
const EnvironmentChanged = "[environment]"

// TrialOf looks for a trial of this job.toml that did the same to its items, on the same cluster, and measured something. One that knows
// how long an item takes goes before one that knows only that it takes longer than its budget, then one of the program as it is now
// before one of an earlier state, then one on a node of the kind that is wanted before another, then the newest. nil is none.
func TrialOf(job *configs.Job, cluster string, wanted func(trials.Machine) bool) *TrialUse {
	var best *TrialUse
	most := -1
	for t := range trialsOf(job, cluster) {
		fit := 0
		if !t.Report.Longer {
			fit += 4
		}
		if len(t.Changed) == 0 {
			fit += 2
		}
		if wanted(t.Machine) {
			fit++
		}
		if fit > most {
			best, most = t, fit
		}
		if fit == 7 {
			break
		}
	}
	return best
}

// trialsOf are all that a plan could rest on, newest first.
func trialsOf(job *configs.Job, cluster string) iter.Seq[*TrialUse] {
	return func(yield func(*TrialUse) bool) {
		path := pathOf(job)
		for _, r := range List(TrialsRoot(job.Dir)) {
			if !r.of(path) || r.Cluster != cluster || r.Each.CPUs != job.Each.CPUs || !sameWork(r.Work, job.Work) {
				continue
			}
			if use := r.trialUse(job); use != nil && !yield(use) {
				return
			}
		}
	}
}

// trialUse is what a trial tells; nil where it measured nothing.
func (r *Run) trialUse(job *configs.Job) *TrialUse {
	attempts, err := r.Attempts()
	if err != nil || len(attempts) == 0 {
		return nil
	}
	log, err := attempts[0].Measured()
	if err != nil {
		return nil
	}
	report := trials.Evaluate(log.Measurements, log.End)
	if len(report.Lengths) == 0 && !report.Longer {
		return nil
	}
	return &TrialUse{Run: r.ID, Report: report, Machine: attempts[0].Machine(), Changed: changed(r, job), Created: r.Created}
}

// changed says what of the program and its environment is not as it was in a run.
func changed(r *Run, job *configs.Job) []string {
	var all []string
	now := codeOf(job)
	for name, hash := range r.Code {
		if now[name] != hash {
			all = append(all, name)
		}
	}
	for name := range now {
		if _, before := r.Code[name]; !before {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	if !sameEnvironment(r.Environment, job.Environment) {
		all = append(all, EnvironmentChanged)
	}
	return all
}
