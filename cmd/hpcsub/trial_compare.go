package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"hpcsub/configs"
	"hpcsub/items"
	"hpcsub/runs"
	"hpcsub/strategies"
	"hpcsub/trials"
	"hpcsub/worker"
)

// compare runs a sample in the two ways that the plan, which rests on the trial by now, ranks first. nil is no comparison.
func (t trialRun) compare(ctx context.Context, c *cli.Command, out *output, report trials.Report) (*trials.Comparison, error) {
	if !c.Bool("compare") || ctx.Err() != nil {
		return nil, nil
	}
	if len(report.Lengths) == 0 || report.Failed > 0 {
		out.warning("nothing is compared: the trial's own items did not end well")
		return nil, nil
	}
	in, plan, err := choose(ctx, t.work, t.place)
	if err != nil {
		return nil, err
	}
	if len(plan.Candidates) < 2 {
		out.warning("nothing is compared: there are not two ways to run this job on %s; hpcsub plan says why", in.Cluster.Name)
		return nil, nil
	}
	two := []string{plan.Candidates[0].Strategy, plan.Candidates[1].Strategy}
	budget := cmp.Or(t.work.job.Trial.Budget, configs.DefaultBudget).Seconds()
	size := trials.ComparisonSize(t.work.survey.Count, budget, func(n int) float64 {
		return elapsedBy(in, two[0], n) + elapsedBy(in, two[1], n)
	})
	if size == 0 {
		out.warning("nothing is compared: %s and %s would take longer than %s for a few items; [trial] budget allows more", two[0], two[1], seconds(budget))
		return nil, nil
	}
	out.say("%s really run now by %s, and then by %s", count(size, "item"), two[0], two[1])
	found, last, err := t.runBoth(ctx, out, in, sampled{two, trials.Order(t.work.survey.Count, size)})
	if err != nil {
		return nil, err
	}
	return found, t.keep(ctx, found, last)
}

// sampled is which ways are compared on which items.
type sampled struct {
	ways  []string
	items []int
}

// elapsedBy is how long a number of items would take by a strategy, in seconds; where it would not fit, no time at all.
func elapsedBy(in strategies.Input, strategy string, items int) float64 {
	if plan := strategies.Choose(wayOf(in, strategy, items)); plan.Chosen != nil {
		return plan.Chosen.Estimate.Elapsed
	}
	return 0
}

// wayOf is the input of a choice that leaves only one way.
func wayOf(in strategies.Input, strategy string, items int) strategies.Input {
	in.Plan.Strategy, in.Items, in.Starts = strategy, items, nil
	return in
}

// runBoth runs the sample in one way and then in the other, and compares what they made. It returns the last attempt, too.
func (t trialRun) runBoth(ctx context.Context, out *output, in strategies.Input, s sampled) (*trials.Comparison, *runs.Attempt, error) {
	found := &trials.Comparison{Items: len(s.items), Ways: []trials.Way{}}
	var tried []*runs.Attempt
	for _, strategy := range s.ways {
		way, a, err := t.runWay(ctx, out, wayOf(in, strategy, len(s.items)), s.items)
		if err != nil {
			return nil, nil, err
		}
		found.Ways, tried = append(found.Ways, way), append(tried, a)
	}
	var err error
	if tolerance := t.work.job.Check.Tolerance; t.work.job.Work.Function != "" {
		found.SameOutput, found.Differs, err = runs.SameValues(ctx, tried[0], tried[1], tolerance)
	} else {
		found.SameOutput, found.Differs, err = worker.SameOutputs(tried[0].Dir(), tried[1].Dir(), tolerance)
	}
	return found, tried[1], err
}

// runWay runs the sample in one way.
func (t trialRun) runWay(ctx context.Context, out *output, in strategies.Input, sample []int) (way trials.Way, a *runs.Attempt, err error) {
	in, plan, err := runs.Choose(ctx, t.place.client, in, t.work.job.Environment)
	if err != nil {
		return way, nil, err
	}
	if plan.Chosen == nil {
		return way, nil, infeasible(out, plan, in.Cluster.Name)
	}
	plan.Why = "A comparison: a sample of the items runs in this way, and nothing counts as done."
	order := t.order
	order.Input, order.Plan, order.Cluster, order.Profile, order.Beside = in, plan, t.place.cluster, false, 0
	order.Sample, order.Prepared = sample, setAside
	r, a, err := runs.StartWay(ctx, t.place.client, order, freezing(out, t.work.survey.Count))
	if err != nil {
		return way, nil, err
	}
	e := plan.Chosen.Estimate
	before := e.Makespan - e.Elapsed
	way = trials.Way{Strategy: plan.Chosen.Strategy, Run: r.ID, Predicted: e.Elapsed, Low: max(0, e.MakespanLow-before), High: e.MakespanHigh - before}
	over, err := t.followWay(ctx, out, r, a)
	if !over { // its items would write over what was put back
		out.warning("comparison %s may go on: what was there before waits as NAME.before-trial-…; once its jobs are over, hpcsub trial or submit puts back what nothing stands in place of", r.ID)
		return way, a, err
	}
	if e := worker.TakeOutputs(a.Dir()); e != nil {
		return way, a, errors.Join(err, e)
	}
	if err != nil {
		return way, a, err
	}
	done := 0
	way.Actual, done, err = r.Took(ctx, t.place.client, a)
	way.Failed = len(sample) - done
	return way, a, err
}

// setAside moves earlier outputs away before the items run.
func setAside(dir items.AttemptDir) (undo func() error, err error) {
	return func() error { return worker.RestoreOutputs(dir) }, worker.SetOutputsAside(dir)
}

// followWay waits until a way has ended. Ctrl-C ends it, and with it the comparison. over says that none of its items runs any more.
func (t trialRun) followWay(ctx context.Context, out *output, r *runs.Run, a *runs.Attempt) (over bool, err error) {
	bar := newProgress(out.stderr)
	s, err := r.Follow(ctx, t.place.client, func(s runs.Status) {
		a.Touch()
		line := tallyOf(r, s)
		line.Total = a.Items
		bar.show(line, time.Now())
	})
	bar.end()
	if ctx.Err() == nil {
		return s.Settled, err
	}
	late, stop := context.WithTimeout(context.WithoutCancel(ctx), endPatience)
	defer stop()
	if err := r.Cancel(late, t.place.client); err != nil {
		return false, err
	}
	s, _ = r.Follow(late, t.place.client, func(runs.Status) {}) // until they are over, or late is
	out.hint("the comparison was ended; what the trial measured before is kept")
	return s.Settled, context.Canceled
}

// settleInterrupted puts back the outputs that a trial or comparison set aside whose hpcsub was killed, and refuses to run anything
// beside one that goes on. otherwise is what the hint says more.
func settleInterrupted(ctx context.Context, out *output, job, otherwise string) error {
	left, alive := runs.Interrupted(job)
	for r, a := range left {
		client, err := clientFor(r.Client)
		if err != nil {
			return err
		}
		s, err := r.Status(ctx, client)
		if err != nil {
			return err
		}
		switch {
		case s.Settled:
		case s.State == runs.Submitting: // it was killed before Slurm took it, and nobody is to complete it
			if err := r.Cancel(ctx, client); err != nil {
				return err
			}
		default:
			alive = r
			continue
		}
		waiting, err := worker.PutOutputsBack(a.Dir())
		if err != nil {
			return err
		}
		if len(waiting) > 0 {
			out.warning("trial %s was interrupted: what was there before it waits as %s, since something else stands in its place; keep one of the two", r.ID, few(waiting, 2))
		}
	}
	if alive != nil {
		return &coded{exitUsage, fmt.Errorf("trial %s of this job.toml is not over", alive.ID), []string{
			"its items write the files that these would; hpcsub cancel " + string(alive.Dir()) + " ends it; where its hpcsub was killed, wait for its jobs and two minutes more" + otherwise}}
	}
	return nil
}

// keep writes the comparison down, and asks what the plan makes of it.
func (t trialRun) keep(ctx context.Context, found *trials.Comparison, last *runs.Attempt) error {
	if err := last.KeepComparison(*found); err != nil {
		return err
	}
	_, plan, err := choose(ctx, t.work, t.place)
	if err != nil || plan.Chosen == nil {
		return err
	}
	found.Plan, found.Changed = plan.Chosen.Strategy, plan.Chosen.Strategy != found.Ways[0].Strategy
	return last.KeepComparison(*found)
}

// comparedWays is what a plan needs of a comparison.
func comparedWays(c *trials.Comparison) (all []strategies.Compared) {
	for _, w := range c.Ways {
		all = append(all, strategies.Compared{Strategy: w.Strategy, Items: c.Items, Failed: w.Failed, Predicted: w.Predicted, Actual: w.Actual})
	}
	return all
}

// printComparison is a line a way: predicted against actual.
func printComparison(out *output, c *trials.Comparison) {
	if c == nil {
		return
	}
	t := table{head: []string{"strategy", "predicted", "from–to", "actual", "failed", "run"}, left: []int{5}}
	for _, w := range c.Ways {
		t.add(w.Strategy, precise(w.Predicted), precise(w.Low)+"–"+precise(w.High), precise(w.Actual), fmt.Sprint(w.Failed), w.Run)
	}
	out.print(fmt.Sprintf("\nThe same %s in two ways, from first start to last end:\n", count(c.Items, "item")) + t.String())
	outputs := "Nothing that they made can be compared: [each] outputs names nothing."
	if c.SameOutput != nil {
		outputs = map[bool]string{true: "Both made the same.", false: "They did not make the same: " + c.Differs + " differs."}[*c.SameOutput]
	}
	plan := "The plan stays with " + c.Plan + "."
	if c.Changed {
		plan = fmt.Sprintf("The plan changes: %s instead of %s.", c.Plan, c.Ways[0].Strategy)
	} else if slices.ContainsFunc(c.Ways, func(w trials.Way) bool { return !w.AsPredicted() }) {
		plan += " Not all went as predicted."
	}
	width, _ := terminal(out.stdout)
	out.print(wrap(outputs+" "+plan, "", width))
}

// compareFailure is an error where a way did not do its work, or another than the other did.
func (t trialRun) compareFailure(r trials.Report) error {
	var made, returned []string
	for _, w := range r.Comparison.Ways {
		run := filepath.Join(runs.TrialsRoot(t.work.job.Dir), w.Run)
		if w.Failed > 0 {
			return &coded{exitNotDone, &notDoneError{fmt.Sprintf("%s by %s failed, in the comparison", count(w.Failed, "item"), w.Strategy)}, []string{
				"hpcsub logs --failed " + run + " shows what they printed"}}
		}
		made, returned = append(made, filepath.Join(run, "attempts/1/outputs")), append(returned, "hpcsub results "+run)
	}
	if r.Comparison.SameOutput == nil || *r.Comparison.SameOutput {
		return nil
	}
	hint := "what each made is in " + strings.Join(made, " and ")
	if t.work.job.Work.Function != "" {
		hint = strings.Join(returned, " and ") + " show what each returned"
	}
	hints := []string{hint + "; tolerance in [check] allows numbers to differ a little"}
	if r.SameOutput != nil && !*r.SameOutput { // also where nothing else differs
		hints = append(hints, "runs of the same item in the trial were not the same either (a random seed?): it may not be for the way that they differ")
	}
	return &coded{exitNotDone, &notDoneError{"the two ways did not make the same: " + r.Comparison.Differs + " differs"}, hints}
}
