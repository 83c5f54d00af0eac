package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"hpcsub/runs"
	"hpcsub/strategies"
	"hpcsub/trials"
)

// measured puts into a choice what earlier trials and runs of the same work have measured, and says what of that is
// doubtful. The newer of both counts; a trial goes before each.time, a run does not: a trial was asked for to know better.
// The trial is returned, too, where the choice rests on it.
func measured(ctx context.Context, w *work, p *place, in *strategies.Input) (*runs.TrialUse, []strategies.Warning) {
	if c := runs.ComparisonOf(w.job, p.cluster.Name); c != nil {
		in.Compared = comparedWays(c)
	}
	trial := runs.TrialOf(w.job, p.cluster.Name, func(m trials.Machine) bool { return otherKind(m, p.cluster, in.Slurm.Partition) == "" })
	var past runs.Past
	if w.job.Each.Time == 0 {
		past = runs.PastOf(ctx, w.job)
	}
	if trial == nil || past.Created.After(trial.Created) || sawLonger(past, trial) {
		if len(past.Seconds) > 0 {
			in.Sample, in.SampleOf = past.Seconds, "run "+past.Run
		}
		return nil, nil
	}
	if trial.Report.Longer {
		return nil, longerThan(trial, w.job.Each.Time)
	}
	in.Sample, in.SampleOf = trial.Report.Lengths, "trial "+trial.Run
	if c := trial.Report.Foreseen(); c != nil {
		in.Crowd = strategies.Crowd{Beside: c.Beside, Factor: c.Factor}
	}
	warnings := doubts(trial)
	if !slices.Contains(trial.Changed, runs.EnvironmentChanged) {
		toolsOf(trial, in)
	}
	if peak := trial.Report.MaxRSSTree; in.Each.MemoryMiB == 0 && peak != nil {
		w.job.Each.MemoryMiB = spared(*peak)
		in.Each.MemoryMiB = w.job.Each.MemoryMiB
		warnings = append(warnings, strategies.Warning{Rule: "measured-memory", Text: fmt.Sprintf(
			"each.memory is taken as %s: an item of trial %s needed up to %s; memory in [each] says otherwise", memory(float64(in.Each.MemoryMiB)), trial.Run, memory(*peak))})
	}
	return trial, warnings
}

// sawLonger says that an earlier run knows how long items are of which a newer trial, whose budget ended one, found out only that they
// are long.
func sawLonger(past runs.Past, trial *runs.TrialUse) bool {
	return trial.Report.Longer && len(past.Seconds) > 0 && slices.Max(past.Seconds) >= *trial.Report.Elapsed.Low
}

// spared is a peak with a quarter more, and 16 MiB at least: another item may need more than those of a sample.
func spared(peak float64) int {
	return int(math.Ceil(max(peak*1.25, peak+16)/16)) * 16
}

// longerThan is what a trial tells that ended an item which was not over. Of a time in [each] that may be true nothing is said.
func longerThan(t *runs.TrialUse, declared time.Duration) []strategies.Warning {
	least := *t.Report.Elapsed.Low
	counted := "this plan counts on a minute"
	switch {
	case declared.Seconds() >= least:
		return nil
	case declared > 0:
		counted = "time in [each] says " + seconds(declared.Seconds())
	}
	return []strategies.Warning{{Rule: "trial-longer", Text: fmt.Sprintf(
		"all that trial %s found out is that an item takes longer than %s, and %s: write time in [each], or allow the trial more, budget in [trial]", t.Run, seconds(least), counted)}}
}

// doubts are what speaks against resting on a trial.
func doubts(t *runs.TrialUse) (all []strategies.Warning) {
	if len(t.Changed) > 0 {
		all = append(all, strategies.Warning{Rule: "trial-changed", Text: fmt.Sprintf(
			"%s changed since trial %s measured it; hpcsub trial measures it again", strings.Join(t.Changed, ", "), t.Run)})
	}
	if t.Report.Samples == 1 {
		all = append(all, strategies.Warning{Rule: "trial-few", Text: fmt.Sprintf(
			"trial %s measured a single run: a longer budget in [trial] tells more", t.Run)})
	}
	if t.Report.Drifts {
		all = append(all, strategies.Warning{Rule: "trial-drifts", Text: fmt.Sprintf(
			"in trial %s, %s, so how long others take is not known", t.Run, t.Report.Varies[0])})
	}
	if long := t.Report.Outlasting; long != nil {
		all = append(all, strategies.Warning{Rule: "trial-outlasted", Text: fmt.Sprintf(
			"an item of trial %s was not over when it was ended after %s, and counts as so long here: a longer budget in [trial] tells how long it is", t.Run, seconds(*long))})
	}
	return all
}

// toolsOf takes over what the trial's node has: what is not there makes a way infeasible.
func toolsOf(t *runs.TrialUse, in *strategies.Input) {
	if len(t.Machine.Tools) == 0 {
		return
	}
	in.ToolsOf = t.Machine.Node
	in.Tools = map[string]string{}
	for _, name := range []string{"parallel", "pathos", "distributed"} {
		tool, looked := t.Machine.Tools[name]
		switch {
		case !looked:
		case tool.Version == "" || tool.Problem != "":
			in.Tools[name] = ""
		default:
			in.Tools[name] = "version " + tool.Version
		}
	}
}
