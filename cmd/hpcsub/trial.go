package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v3"

	"hpcsub/configs"
	"hpcsub/runs"
	"hpcsub/strategies"
	"hpcsub/trials"
	"hpcsub/worker"
)

func trialCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:      "trial",
		Usage:     "time a small sample of the work, where it will run",
		ArgsUsage: "[JOB]",
		Description: `Runs a few items, spread over the list, in one short job, again and again
until their median is known to 10 % or the budget of [trial] (two minutes) is
used up. The items really run; what they make is moved into the trial's
folder, earlier outputs are put back, and nothing counts as done. From then
on hpcsub plan rests on what was measured. Ctrl-C ends it and keeps what
there is. Exit code 5: nothing could be measured, an item or [check] failed,
the job was ended before its time, or the two ways that --compare runs made
different things.

   hpcsub trial
   hpcsub trial --cluster local --json`,
		Flags: []cli.Flag{
			clusterFlag(), clientFlag(), freshFlag(), jsonFlag(),
			&cli.BoolFlag{Name: "profile", Usage: "also run an item under Python's profiler, and draw it"},
			&cli.BoolFlag{Name: "compare", Usage: "then run a sample in the two best ways, against their plan"},
			&cli.BoolFlag{Name: "again", Usage: "try it although a run of this job.toml is unfinished"},
		},
		OnUsageError: usage,
		Action: func(ctx context.Context, c *cli.Command) error {
			w, err := readWork(ctx, c, out)
			if err != nil {
				return err
			}
			if err := savedCluster(c); err != nil {
				return err
			}
			return runTrial(ctx, c, out, w)
		},
	}
}

// notWaiting ends the hint of what is refused while a trial goes on, for commands that have --again.
const notWaiting = "; --again does not wait"

// runTrial plans the trial's job, submits it, follows it and says what it found.
func runTrial(ctx context.Context, c *cli.Command, out *output, w *work) error {
	after, err := noOtherRun(ctx, c, w)
	if err != nil {
		return err
	}
	if !c.Bool("again") {
		if err := settleInterrupted(ctx, out, w.job.Path, notWaiting); err != nil {
			return err
		}
	}
	p, err := find(ctx, c, out, w.needs())
	if err != nil {
		return err
	}
	if err := visible(w.job.Dir, p); err != nil {
		return err
	}
	in := runs.TrialInput(w.job, p.cluster)
	in.Site = w.site.RulesFor(w.job)
	in.Site.Policy.Forbid = nil // ways to run a job, which a trial is not
	in = whereTrialsRun(in, w)
	in, plan, err := runs.Choose(ctx, p.client, in, w.job.Environment)
	if err != nil {
		return err
	}
	if plan.Chosen == nil {
		return infeasible(out, strategies.Plan{Rejections: ofTrial(plan.Rejections, in.Plan.Strategy)}, p.cluster.Name)
	}
	plan.Why = "A timed trial: a few items run one at a time, and nothing counts as done."
	beside := runs.BesideOthers(in, &plan, mostSideBySide(w))
	out.say("%s", announceTrial(w, beside))
	program, err := os.Executable()
	if err != nil {
		return err
	}
	order := runs.Order{Job: w.job, List: w.list, Items: w.survey.Count, Input: in, Plan: plan, Cluster: p.cluster,
		Program: runs.Program{Path: program, Version: version}, RunsDir: w.site.RunsDir, Profile: c.Bool("profile"), Beside: beside,
		After: after, Again: c.Bool("again")}
	r, a, err := runs.StartTrial(ctx, p.client, order, freezing(out, w.survey.Count))
	if err != nil {
		return err
	}
	log, err := followTrial(ctx, out, r, p, a)
	if err != nil {
		return err
	}
	return concludeTrial(ctx, c, out, trialRun{w, p, order, r, a, log})
}

// whereTrialsRun is the partition and the QOS that the site has for what is measured, but for what the job names itself.
func whereTrialsRun(in strategies.Input, w *work) strategies.Input {
	there := in
	if !w.job.Wrote("slurm.partition") {
		there.Slurm.Partition = cmp.Or(w.site.TrialPartition, in.Slurm.Partition)
	}
	if !w.job.Wrote("slurm.qos") {
		there.Slurm.QOS = cmp.Or(w.site.TrialQOS, in.Slurm.QOS)
	}
	same := there.Slurm.Partition == in.Slurm.Partition && there.Slurm.QOS == in.Slurm.QOS
	if same || strategies.Choose(there).Chosen == nil { // an item does not fit there
		return in
	}
	return there
}

// ofTrial leaves out the strategies that a trial does not ask for.
func ofTrial(all []strategies.Rejection, strategy string) (own []strategies.Rejection) {
	for _, r := range all {
		if r.Strategy == strategy {
			r.Strategy = "trial"
			own = append(own, r)
		}
	}
	return own
}

// noOtherRun refuses a trial beside a run: both would write the same files. It returns the newest attempt, which has
// ended.
func noOtherRun(ctx context.Context, c *cli.Command, w *work) (after string, err error) {
	r := runs.Newest(w.job.Path)
	if r == nil || c.Bool("again") {
		return "", nil
	}
	client, err := clientFor(r.Client)
	if err != nil {
		return "", err
	}
	s, err := r.Status(ctx, client)
	if err != nil || s.Settled {
		return r.Latest(), err
	}
	return "", &coded{exitUsage, &runs.UnfinishedError{Status: s}, []string{
		"a trial's items write the files that the run writes; hpcsub watch " + r.ID + " follows the run, and --again tries it all the same"}}
}

// mostSideBySide is how many items a run may have side by side.
func mostSideBySide(w *work) int {
	if most := w.job.Limits.CPUs; most > 0 {
		return min(w.survey.Count, most/max(1, w.job.Each.CPUs))
	}
	return w.survey.Count
}

// announceTrial says what is about to happen: items really run.
func announceTrial(w *work, beside int) string {
	t := w.job.Trial
	items, more := cmp.Or(t.Items, 5), ""
	if t.Items == 0 && w.survey.Count > items {
		more = " or more"
	}
	often := "once each"
	if repeats := cmp.Or(t.Repeats, 3); repeats > 1 {
		often = fmt.Sprintf("up to %d times each", repeats)
	}
	text := fmt.Sprintf("items really run now: %d%s of %s, %s, one at a time, for at most %s",
		min(items, w.survey.Count), more, count(w.survey.Count, "item"), often, seconds(cmp.Or(t.Budget, configs.DefaultBudget).Seconds()))
	if len(w.job.Work.Outputs) > 0 {
		text += "; the outputs that [each] names are moved away and what was there is put back"
	} else {
		text += "; what they write stays where they write it, since [each] outputs names nothing"
	}
	if beside > 0 {
		text += fmt.Sprintf("; where time is left, %d run side by side once", beside)
	}
	return text
}

// endPatience is how long the end of what Ctrl-C has ended is waited for.
const endPatience = 30 * time.Second

// followTrial shows how far the trial is. Ctrl-C ends it, and what there is is kept.
func followTrial(ctx context.Context, out *output, r *runs.Run, p *place, a *runs.Attempt) (trials.Log, error) {
	bar := &trialProgress{out: out}
	log, err := r.FollowTrial(ctx, p.client, a, func(log trials.Log, job runs.JobStatus) { bar.show(r, log, job, time.Now()) })
	bar.end()
	if errors.Is(err, context.Canceled) {
		late, stop := context.WithTimeout(context.WithoutCancel(ctx), endPatience)
		defer stop()
		if err := r.Cancel(late, p.client); err != nil { // its worker reads on disk that it is to end
			out.warning("the trial's job could not be cancelled: %v; where it goes on, hpcsub cancel %s ends it later", err, r.Dir())
		}
		// The worker puts earlier outputs back as it ends.
		log, err = r.FollowTrial(late, p.client, a, func(trials.Log, runs.JobStatus) {})
		if errors.Is(err, context.DeadlineExceeded) { // it may yet be writing what would be put back
			out.warning("the trial's job has not ended within %s; its worker puts earlier outputs back when it does (until then they are NAME.before-trial-…)", seconds(endPatience.Seconds()))
			return log, nil
		}
	}
	if log.End == "" && err == nil {
		err = worker.RestoreOutputs(a.Dir())
	}
	if err == nil {
		err = a.Release()
	}
	return log, err
}

// trialProgress is a line a measurement in a log, and one line that is redrawn on a terminal.
type trialProgress struct {
	out   *output
	last  string
	said  time.Time
	drawn bool
}

func (p *trialProgress) show(r *runs.Run, log trials.Log, job runs.JobStatus, now time.Time) {
	text := ""
	switch n := len(log.Measurements); {
	case n > 0:
		report := trials.Evaluate(log.Measurements, log.End)
		text = fmt.Sprintf("%s measured", count(n, "run"))
		if m := report.Elapsed.Median; m != nil {
			text += ", an item takes " + seconds(*m)
		}
		if report.Failed > 0 {
			text += fmt.Sprintf(", %d failed", report.Failed)
		}
	case job.State == "PENDING":
		text = fmt.Sprintf("%s waits: %s", jobWords(r, job.JobID), cmp.Or(job.Reason, "no reason given"))
	case job.State != "":
		text = "the first item runs"
	}
	if text == "" || text == p.last {
		return
	}
	if _, isTerminal := terminal(p.out.stderr); isTerminal {
		fmt.Fprintf(p.out.stderr, "\r\033[K%s", text)
		p.drawn = true
	} else if now.Sub(p.said) >= 5*time.Second {
		p.out.say("%s", text)
		p.said = now
	}
	p.last = text
}

func (p *trialProgress) end() {
	if p.drawn {
		fmt.Fprintln(p.out.stderr)
	}
}

// trialRun is a trial that has ended.
type trialRun struct {
	work    *work
	place   *place
	order   runs.Order // what it was made of
	run     *runs.Run
	attempt *runs.Attempt
	log     trials.Log
}

// concludeTrial prints what the trial found, and what to do next.
func concludeTrial(ctx context.Context, c *cli.Command, out *output, t trialRun) error {
	end := t.log.End
	if end == "" {
		end = "its job ended before it did"
	}
	report := trials.Evaluate(t.log.Measurements, end)
	report.Run = t.run.ID
	machine := t.attempt.Machine()
	for name, tool := range machine.Tools {
		report.Tools[name] = tool.Version
	}
	t.nameVariants(&report)
	profile, picture, err := t.attempt.Profile(t.run.ID + ": where the time of an item goes")
	if err != nil {
		return err
	}
	if report.Profile = profile; profile != nil {
		profile.Drawn = picture
	}
	if c.Bool("profile") && profile == nil && report.Samples > 0 { // else it is said why nothing ran
		out.warning("there is no profile: --profile is for functions and for commands of Python that run a script in one process, not in ranks of MPI, and the run has to end within the budget")
	}
	report.Advice = trials.Advise(report, t.facts())
	report.Comparison, err = t.compare(ctx, c, out, report)
	if e := t.print(c, out, report, found{machine, picture}); e != nil {
		return e
	}
	t.sayFailures(out)
	if ctx.Err() != nil {
		if len(t.log.Measurements) == 0 {
			out.hint("the trial was ended before it had measured anything")
		} else {
			out.hint("the trial was ended; what it measured is kept, and hpcsub plan uses it")
		}
		return context.Canceled
	}
	if err != nil { // of the comparison
		return err
	}
	return t.verdict(out, report)
}

// nameVariants gives the variants their names. Those that the trial did not come to are told, too.
func (t trialRun) nameVariants(r *trials.Report) {
	for i, v := range t.work.job.Variants {
		switch {
		case i < len(r.Variants):
		case r.Elapsed.Median == nil: // the program itself did not end well
			return
		default:
			r.Variants = append(r.Variants, trials.Variant{Verdict: "not tried: " + r.End})
		}
		r.Variants[i].Name = v.Name
	}
}

// found is what a report does not hold.
type found struct {
	machine trials.Machine
	picture string // of the profile
}

func (t trialRun) print(c *cli.Command, out *output, report trials.Report, f found) error {
	switch {
	case c.Bool("json"):
		return out.json(report)
	case len(t.log.Measurements) > 0:
		printTrial(out, t, report, f.machine)
		printProfile(out, report.Profile, f.picture)
		printComparison(out, report.Comparison)
		printAdvice(out, report)
	}
	return nil
}

// facts are what the advice rests on beside the measurements.
func (t trialRun) facts() trials.Facts {
	job := t.work.job
	return trials.Facts{
		Commit: t.run.Commit != "", Check: len(job.Check.Command) > 0, Outputs: len(job.Work.Outputs) > 0 || job.Work.Function != "", Items: t.work.survey.Count,
		CPUs: max(1, job.Each.CPUs), Parallel: job.Each.Parallel, Function: job.Work.Function != "",
	}
}

// verdict is the exit code: nothing measured, or a failure, is 5.
func (t trialRun) verdict(out *output, r trials.Report) error {
	budget := seconds(cmp.Or(t.work.job.Trial.Budget, configs.DefaultBudget).Seconds())
	if t.run.DiskFull() { // whoever could write nothing could not leave word of it
		out.warning("the disk of %s is full: no space left for what is measured and printed", t.run.Dir())
	}
	early := t.log.End == "" || t.log.End == trials.EndStopped // and nobody pressed Ctrl-C
	if early && len(t.log.Measurements) > 0 {
		out.warning("the trial was stopped before its end; its script and what that printed are in %s", t.attempt.Dir())
		for _, line := range t.run.SlurmTail() {
			out.say("    %s", line)
		}
	}
	switch {
	case len(t.log.Measurements) == 0:
		for _, line := range t.run.SlurmTail() {
			out.say("    %s", line)
		}
		return &coded{exitNotDone, &notDoneError{"the trial measured nothing: " + r.End}, []string{
			"its script and what that printed are in " + string(t.attempt.Dir())}}
	case r.Longer:
		return &coded{exitNotDone, &notDoneError{fmt.Sprintf("an item takes longer than %s: nothing more is known", budget)}, []string{
			`allow more, [trial] budget = "20m", or make a smaller case: a copy of ` + t.work.job.Path +
				" with smaller items, as small.toml, and hpcsub trial small.toml"}}
	case r.Failed > 0:
		return &coded{exitNotDone, &notDoneError{fmt.Sprintf("%s of the trial failed", count(r.Failed, "run"))}, []string{
			"all that they printed is in " + filepath.Join(string(t.attempt.Dir()), "logs")}}
	case r.Right != nil && !*r.Right:
		return &coded{exitNotDone, &notDoneError{"the program is not right: [check] command failed"}, []string{
			"what it printed is above; it ran in " + t.work.job.Dir + ", in the environment of the items. The figures are kept"}}
	}
	if early {
		return &coded{exitNotDone, &notDoneError{"the trial ended before it had measured all"}, []string{"what was measured is kept, and hpcsub plan uses it"}}
	}
	if r.Comparison != nil {
		if err := t.compareFailure(r); err != nil {
			return err
		}
	}
	out.hint("hpcsub plan uses this from now on")
	return nil
}
