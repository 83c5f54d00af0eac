package main

import (
	"fmt"
	"strings"

	"hpcsub/trials"
)

// mostFailuresShown is of how many kinds of failure one is shown with what it printed.
const mostFailuresShown = 3

// sayFailures shows what failed, those alike together, and what the first of them printed.
func (t trialRun) sayFailures(out *output) {
	alike := map[string][]trials.Measurement{}
	var kinds []string
	for _, m := range t.log.Measurements {
		if m.State == trials.Done || m.State == trials.Cut {
			continue
		}
		kind, _, _ := strings.Cut(t.whoFailed(m)+" "+howFailed(m), ` "`) // names in quotes differ from item to item
		if len(alike[kind]) == 0 {
			kinds = append(kinds, kind)
		}
		alike[kind] = append(alike[kind], m)
	}
	for i, kind := range kinds {
		if i == mostFailuresShown {
			out.say("… and %s that failed otherwise", count(len(kinds)-i, "kind of run"))
			return
		}
		first := alike[kind][0]
		what, more := fmt.Sprintf("item %d", first.Index), ""
		if first.Phase == trials.Check {
			what = "[check] command"
		}
		if n := len(alike[kind]) - 1; n > 0 {
			more = fmt.Sprintf(" (and so did %s)", count(n, "other run"))
		}
		out.say("%s%s %s%s", what, t.whoFailed(first), howFailed(first), more)
		for _, line := range t.attempt.StderrOf(first) {
			out.say("    %s", line)
		}
	}
}

// whoFailed says what was special about a run that failed; "" of one of the sample.
func (t trialRun) whoFailed(m trials.Measurement) string {
	switch {
	case m.Phase == trials.Crowd:
		return ", beside others,"
	case m.Phase == trials.Profiling:
		return ", under the profiler,"
	case m.Phase == trials.Scale:
		return fmt.Sprintf(", with %s,", count(m.Threads, "thread"))
	case m.Variant > 0:
		return " by variant " + t.work.job.Variants[m.Variant-1].Name
	}
	return ""
}

// howFailed words the end of a run.
func howFailed(m trials.Measurement) string {
	how := strings.ReplaceAll(m.State, "_", " ")
	switch {
	case m.Cause != "":
		return how + ": " + m.Cause
	case m.Signal != nil:
		return how + ": signal " + *m.Signal
	case m.ExitCode != nil:
		return how + fmt.Sprintf(": exit code %d", *m.ExitCode)
	}
	return how
}
