package runs

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"hpcsub/configs"
	"hpcsub/items"
	"hpcsub/slurm"
	"hpcsub/trials"
)

// StartWay starts a way to run a sample of the items, Order.Sample. It counts for nothing, as a trial does.
func StartWay(ctx context.Context, client slurm.Client, o Order, progress func(frozen int)) (*Run, *Attempt, error) {
	return startAside(ctx, client, o, progress)
}

// leastSilence is how long nobody has touched a trial or comparison whose hpcsub is gone.
const leastSilence = 2 * time.Minute

// Touch says that this hpcsub follows the attempt.
func (a *Attempt) Touch() { os.Chtimes(a.dir.Aside(), time.Time{}, time.Now()) }

// Interrupted are the trials of a job.toml, and the ways to run it that were compared, that go on or whose hpcsub was killed, with
// their runs; alive says that one may still be followed.
func Interrupted(job string) (all map[*Run]*Attempt, alive *Run) {
	all = map[*Run]*Attempt{}
	path, err := filepath.Abs(job)
	if err != nil {
		return all, nil
	}
	for _, r := range List(TrialsRoot(filepath.Dir(path))) {
		attempts, err := r.Attempts()
		if !r.of(path) || err != nil || len(attempts) == 0 {
			continue
		}
		info, err := os.Stat(attempts[0].dir.Aside())
		switch {
		case err != nil:
		case time.Since(info.ModTime()) < leastSilence:
			alive = r
		default:
			all[r] = attempts[0]
		}
	}
	return all, alive
}

// Took is how long an attempt that has ended took from its first start to its last end, in seconds, and how many of its items are
// done. Where the cluster no longer knows when its jobs ran, the items' own times say it.
func (r *Run) Took(ctx context.Context, client slurm.Client, a *Attempt) (elapsed float64, done int, err error) {
	v, err := r.look(ctx, nil)
	if err != nil {
		return 0, 0, err
	}
	t := v.records.Tally()
	jobs, err := slurmJobs(ctx, client, a)
	if err != nil {
		return 0, t.Done, err
	}
	var start, end time.Time
	for _, j := range jobs {
		if j.Start.IsZero() || j.End.IsZero() {
			return t.Last - t.First, t.Done, nil
		}
		if start.IsZero() || j.Start.Before(start) {
			start = j.Start
		}
		if j.End.After(end) {
			end = j.End
		}
	}
	if len(jobs) == 0 {
		return t.Last - t.First, t.Done, nil
	}
	return max(end.Sub(start).Seconds(), t.Last-t.First), t.Done, nil // Slurm tells whole seconds
}

// SameValues says whether a function returned the same for the same items in two attempts, but for numbers that differ by no more than
// the tolerance; nil where it returned nothing that JSON holds. differs names the first item of which it did not.
func SameValues(ctx context.Context, a, b *Attempt, tolerance float64) (same *bool, differs string, err error) {
	first, err := a.values(ctx)
	if err != nil {
		return nil, "", err
	}
	second, err := b.values(ctx)
	if err != nil {
		return nil, "", err
	}
	yes, no := true, false
	for _, i := range slices.Sorted(maps.Keys(first)) {
		if other, both := second[i]; !both || !trials.SameText(first[i], other, tolerance) {
			return &no, fmt.Sprintf("the value of item %d", i), nil
		}
		same = &yes
	}
	return same, "", nil
}

// values are what a function returned for the items that are done.
func (a *Attempt) values(ctx context.Context) (map[int]json.RawMessage, error) {
	r, err := Open(string(a.dir.Run()))
	if err != nil {
		return nil, err
	}
	results, err := r.Results(ctx, nil)
	if err != nil {
		return nil, err
	}
	all := map[int]json.RawMessage{}
	for x, err := range results.All() {
		if err != nil {
			return nil, err
		}
		if x.State == items.Done && x.Value != nil {
			all[x.Index] = x.Value
		}
	}
	return all, nil
}

// KeepComparison writes down what a comparison found, with the attempt that ended last.
func (a *Attempt) KeepComparison(c trials.Comparison) error {
	if err := writeJSON(a.dir.Compared(), c); err != nil {
		return fmt.Errorf("keeping what the comparison found: %w", err)
	}
	return nil
}

// ComparisonOf looks for the newest comparison of two ways to run this job.toml, with the same program, for the same work and on
// the same cluster. nil is none.
func ComparisonOf(job *configs.Job, cluster string) *trials.Comparison {
	path := pathOf(job)
	for _, r := range List(TrialsRoot(job.Dir)) {
		if !r.of(path) || r.Cluster != cluster || r.Each.CPUs != job.Each.CPUs || !sameWork(r.Work, job.Work) {
			continue
		}
		attempts, err := r.Attempts()
		if err != nil || len(attempts) == 0 {
			continue
		}
		if _, err := os.Stat(attempts[0].dir.Compared()); err != nil || len(changed(r, job)) > 0 {
			continue
		}
		var c trials.Comparison
		readJSON(attempts[0].dir.Compared(), &c)
		return &c
	}
	return nil
}
