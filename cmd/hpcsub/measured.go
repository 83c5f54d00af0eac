package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

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
	if trial == nil || past.Created.After(trial.Created) {
		if len(past.Seconds) > 0 {
			in.Sample, in.SampleOf = past.Seconds, "run "+past.Run
		}
		return nil, nil
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

// spared is a peak with a quarter more, and 16 MiB at least: another item may need more than those of a sample.
func spared(peak float64) int {
	return int(math.Ceil(max(peak*1.25, peak+16)/16)) * 16
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
