package main

import (
	"fmt"
	"math"
	"strings"

	"hpcsub/runs"
	"hpcsub/trials"
)

// noSlower is how many times as long items side by side may take and count as no slower than alone: that lies within the noise.
const noSlower = 1.05

// printTrial prints what a trial found, a line a question.
func printTrial(out *output, t trialRun, r trials.Report, m trials.Machine) {
	width, _ := terminal(out.stdout)
	out.print(wrap(headline(t.run.ID, r, m), "", width))
	out.print("\n")
	line := func(name, format string, args ...any) {
		text := wrap(fmt.Sprintf(format, args...), strings.Repeat(" ", 12), width)
		out.print(fmt.Sprintf("%-12s", name) + strings.TrimLeft(text, " "))
	}
	if r.Samples > 0 && r.Failed > 0 {
		line("failed", "%s; the figures are those of the others", count(r.Failed, "run"))
	}
	if r.Elapsed.Median != nil {
		line("elapsed", "%s", elapsedText(r))
	}
	if r.WarmUp != nil && r.Samples > 1 {
		line("first run", "%s", precise(*r.WarmUp))
	}
	if r.Startup != nil {
		line("start-up", "%s, imports included", precise(*r.Startup))
	}
	if r.CPU != nil {
		line("CPU time", "%s: %s of %s busy", precise(*r.CPU), trials.BusyWords(*r.CoresBusy), count(max(1, t.work.job.Each.CPUs), "CPU"))
	}
	if c := r.Crowding; c != nil {
		note := ""
		if r.Foreseen() == nil {
			note = "; one alone waited, too, so no plan counts on it"
		}
		how := "each takes %.2f times as long as alone"
		if c.Factor < noSlower {
			how = "none takes longer than alone (%.2f times)"
		}
		line("crowd", "%s side by side: "+how+"%s", count(c.Beside, "item"), c.Factor, note)
	}
	if alone := runs.AloneInTrials(t.work.job.Each); alone != "" && r.Samples > 0 {
		line("crowd", "not measured: %s", alone)
	}
	if r.MaxRSSTree != nil {
		line("memory", "%s at most", memory(*r.MaxRSSTree))
	}
	if r.GPUMean != nil {
		line("GPU", "%.0f %% busy, %s at most", *r.GPUMean, memory(*r.GPUMemory))
	}
	if r.Read != nil {
		line("files", "%s read, %s written in %s", volume(*r.Read), volume(*r.Written), count(int(*r.Writes), "write"))
	}
	if r.Right != nil && *r.Right {
		line("check", "passed")
	} else if r.Right != nil {
		line("check", "failed")
	}
	if r.SameOutput != nil {
		line("outputs", "%s", map[bool]string{true: "the same in every run of an item", false: "not the same in every run of an item"}[*r.SameOutput])
	}
	if tools := toolsText(m); tools != "" {
		line("tools", "%s", tools)
	}
	printThreads(out, r)
	printVariants(out, r)
	if r.Elapsed.Median == nil {
		return
	}
	out.print("\n" + wrap(consistency(r), "", width))
	for _, why := range r.Varies {
		out.print(wrap("- "+why, "", width))
	}
}

// headline says how much was measured where, and why no more.
func headline(id string, r trials.Report, m trials.Machine) string {
	switch {
	case r.Longer:
		return fmt.Sprintf("%s: an item takes more than %s on %s; %s.", id, precise(*r.Elapsed.Low), m, r.End)
	case r.Elapsed.Median == nil:
		return fmt.Sprintf("%s: nothing is known of how long an item takes on %s; %s.", id, m, r.End)
	}
	return fmt.Sprintf("%s: %s of %s on %s; %s.", id, count(r.Samples, "run"), count(max(1, r.Items), "item"), m, r.End)
}

func printAdvice(out *output, r trials.Report) {
	width, _ := terminal(out.stdout)
	if len(r.Advice) > 0 {
		out.print("\nAdvice:\n")
	}
	for i, a := range r.Advice {
		out.print(wrap(fmt.Sprintf("%d. %s", i+1, a.Text), "", width))
	}
}

// printProfile is the functions that take most of the time.
func printProfile(out *output, p *trials.Profile, picture string) {
	if p == nil {
		return
	}
	width, _ := terminal(out.stdout)
	out.print("\n" + wrap(fmt.Sprintf("Profile: %s in its own Python, %s in that of libraries, %s in native code; %s importing. %s draws it.",
		percent(p.Python-p.Libraries), percent(p.Libraries), percent(p.Native), percent(p.Imports), picture), "", width))
	t := table{head: []string{"own time", "with calls", "calls", "function", "where"}, left: []int{3, 4}}
	for _, f := range p.Functions[:min(8, len(p.Functions))] {
		t.add(percent(f.Own/p.Total), percent(min(1, f.Total/p.Total)), thousands(f.Calls), one(f.Label(), 36), one(f.Place(), 24))
	}
	out.print(t.String())
}

// printThreads is the table of a scaling: time and CPU time, since more threads may be faster and dearer.
func printThreads(out *output, r trials.Report) {
	if len(r.Threads) == 0 {
		return
	}
	if len(r.Threads) == 1 {
		out.print(fmt.Sprintf("threads     %s with %d; with more it was not measured: a longer budget in [trial] allows it\n", precise(r.Threads[0].Elapsed), r.Threads[0].Threads))
		return
	}
	t := table{head: []string{"threads", "elapsed", "speedup", "efficiency", "CPU time"}}
	for _, n := range r.Threads {
		t.add(fmt.Sprint(n.Threads), precise(n.Elapsed), fmt.Sprintf("%.2f", n.Speedup), percent(n.Speedup/float64(n.Threads)), precise(n.CPU))
	}
	out.print("\n" + t.String())
	if s := r.Scaling; s != nil {
		out.print(fmt.Sprintf("%s of an item's time does not get shorter with threads (Amdahl); cpus = %d is recommended: the most with 70 %% efficiency\n", percent(*s.Serial), s.Recommended))
	}
}

// volume words a number of bytes.
func volume(bytes int64) string {
	switch {
	case bytes < 1000:
		return count(int(bytes), "byte")
	case bytes < 1000<<10:
		return fmt.Sprintf("%.3g KiB", float64(bytes)/1024)
	}
	return memory(float64(bytes) / (1 << 20))
}

// precise words a measured time with two decimals, where seconds would leave out what was measured.
func precise(s float64) string {
	if s >= 0.0995 && s < 9.95 {
		return fmt.Sprintf("%.2f s", s)
	}
	return seconds(s)
}

func elapsedText(r trials.Report) string {
	e := r.Elapsed
	text := precise(*e.Median)
	if e.Low == nil {
		return text + ", of a single run"
	}
	text += fmt.Sprintf(" (%s to %s)", precise(*e.Low), precise(*e.High))
	if r.Items > 1 && e.CV != nil {
		text += fmt.Sprintf("; items vary by %s", percent(*e.CV))
	}
	if e.Within != nil {
		text += fmt.Sprintf("; repeats by %s", percent(*e.Within))
	}
	return text
}

// consistency says whether times can be relied on, and whether they can carry a decision.
func consistency(r trials.Report) string {
	var text string
	switch {
	case r.Consistent == nil:
		text = "Whether it is consistent is not known: nothing ran twice."
	case *r.Consistent:
		text = "Consistent: the same item takes the same time."
	default:
		text = "Not consistent: the same item does not take the same time."
	}
	switch {
	case r.Drifts:
		return text + " It drifts, so the median says little of later items: take no decision by it."
	case r.Elapsed.Known && r.Consistent != nil && !*r.Consistent:
		return text + " The median is known to 10 % all the same, so it can carry a decision."
	case r.Elapsed.Known:
		return text + " The figures can carry a decision."
	}
	return text + " The median is not known to 10 %, so take decisions by it with care: more items or a longer budget in [trial] tell more."
}

// printVariants is a line a variant, and its verdict.
func printVariants(out *output, r trials.Report) {
	if len(r.Variants) == 0 {
		return
	}
	t, fewest := table{head: []string{"variant", "speedup", "from–to", "runs", "output", "verdict"}, left: []int{5}}, math.MaxInt
	for _, v := range r.Variants {
		speedup, span, same := "?", "", "?"
		if v.Speedup != nil {
			fewest = min(fewest, v.Pairs)
			speedup, span = fmt.Sprintf("%.2f", *v.Speedup), fmt.Sprintf("%.2f–%.2f", *v.Low, *v.High)
		}
		if v.SameOutput != nil {
			same = map[bool]string{true: "the same", false: "differs"}[*v.SameOutput]
		}
		t.add(one(v.Name, 24), speedup, span, fmt.Sprint(v.Pairs), same, v.Verdict)
	}
	out.print("\n" + t.String())
	switch {
	case fewest == math.MaxInt: // none has one
	case fewest >= 6:
		out.print("from–to holds the speedup with a confidence of 95 %\n")
	default:
		out.print("from–to are the least and the greatest speedup: of fewer than six runs nothing is known with a confidence of 95 %\n")
	}
}
