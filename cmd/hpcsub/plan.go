package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"hpcsub/strategies"
)

func planCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:      "plan",
		Usage:     "show the ways to run the job here, and which is best",
		ArgsUsage: "[JOB]",
		Description: `Looks at the cluster, predicts each way to run the job and ranks them by
[plan] minimize. Nothing is submitted. Exit code 3: no way fits, and the
reasons are printed.

   hpcsub plan
   hpcsub plan --explain
   hpcsub plan --cluster cluster.json job.toml`,
		Flags: append(jobFlags(),
			clusterFlag(), clientFlag(), freshFlag(), jsonFlag(),
			&cli.BoolFlag{Name: "explain", Usage: "print every part of each estimate"},
		),
		OnUsageError: usage,
		Action: func(ctx context.Context, c *cli.Command) error {
			w, err := readWork(ctx, c, out)
			if err != nil {
				return err
			}
			defer slow(out, "asking the cluster")()
			p, err := find(ctx, c, out, w.needs())
			if err != nil {
				return err
			}
			in, plan, err := choose(ctx, w, p)
			if err != nil {
				return err
			}
			return showPlan(c, out, in, plan)
		},
	}
}

// showPlan prints a plan, and says with exit code 3 when nothing fits.
func showPlan(c *cli.Command, out *output, in strategies.Input, plan strategies.Plan) error {
	if c.Bool("json") {
		if err := out.json(plan); err != nil {
			return err
		}
	} else {
		printWarnings(out, plan)
		printPlan(out, in, plan, c.Bool("explain"))
	}
	if plan.Chosen == nil {
		return infeasible(out, strategies.Plan{}, in.Cluster.Name)
	}
	if !c.Bool("json") {
		out.hint("hpcsub submit --wait runs it; hpcsub render shows the script")
	}
	return nil
}

func infeasible(out *output, plan strategies.Plan, cluster string) error {
	for _, line := range rejectionLines(plan.Rejections) {
		out.say("%s", line)
	}
	return &coded{code: exitInfeasible, err: fmt.Errorf("no way to run this job fits on %s", cluster)}
}

// rejectionLines are a line a strategy; what is said of three or more is said once.
func rejectionLines(all []strategies.Rejection) []string {
	names := map[string][]string{}
	for _, r := range all {
		names[r.Reason] = append(names[r.Reason], r.Strategy)
	}
	var lines []string
	for _, r := range all {
		same := names[r.Reason]
		switch {
		case len(same) < 3:
			lines = append(lines, fmt.Sprintf("%s: rejected: %s", r.Strategy, r.Reason))
		case same[0] == r.Strategy:
			lines = append(lines, fmt.Sprintf("%s: rejected: %s", strings.Join(same, ", "), r.Reason))
		}
	}
	return lines
}

func printWarnings(out *output, plan strategies.Plan) {
	for _, w := range plan.Warnings {
		if slices.Contains([]string{"measure", "measured-memory", "unseen-tail"}, w.Rule) {
			out.hint("%s", w.Text)
			continue
		}
		out.warning("%s", w.Text)
	}
}

func printPlan(out *output, in strategies.Input, plan strategies.Plan, explain bool) {
	width, _ := terminal(out.stdout)
	if len(plan.Candidates) == 0 {
		out.printf("%s: %s\n", plan.Job, count(plan.Items, "item"))
	} else {
		out.printf("%s: %s, least %s first\n\n", plan.Job, count(plan.Items, "item"), minimized(plan.Minimize))
	}
	printCandidates(out, in, plan)
	if explain {
		printTerms(out, plan)
		if text := strategies.HighEnds(in); text != "" {
			out.print("\n" + wrap(text, "", width))
		}
		printFigures(out, in)
	}
	if len(plan.Rejections) > 0 {
		out.print("\n")
	}
	for _, line := range rejectionLines(plan.Rejections) {
		out.print(wrap(line, "", width))
	}
	if plan.Why != "" {
		out.print("\n" + wrap(plan.Why, "", width))
	}
}

// printCandidates prints the table. When they start has a column where they differ in that, else a line; where the
// table would be too wide, requests stand below.
func printCandidates(out *output, in strategies.Input, plan strategies.Plan) {
	if len(plan.Candidates) == 0 {
		return
	}
	starts := map[string]bool{}
	for _, c := range plan.Candidates {
		starts[startText(c.Estimate.QueueWait)] = true
	}
	t := table{head: []string{"", "strategy", "request", "makespan", "from–to", "CPU-h", "busy"}, left: []int{2}}
	if len(starts) > 1 {
		t.head, t.left = append(t.head, "start"), append(t.left, 7)
	}
	cost := plan.Candidates[0].Estimate.Cost != nil
	if cost {
		t.head = append(t.head, strings.TrimSpace("cost "+in.Site.Charges.Currency))
	}
	gpus := slices.ContainsFunc(plan.Candidates, func(c strategies.Candidate) bool { return c.Request.GRES != "" })
	if gpus {
		t.head = append(t.head, "GPU-h")
	}
	for i, c := range plan.Candidates {
		e := c.Estimate
		row := []string{fmt.Sprint(i + 1), c.Strategy, requestText(c), compact(e.Makespan),
			compact(e.MakespanLow) + "–" + compact(e.MakespanHigh), hours(e.CPUHours), percent(e.Efficiency)}
		if len(starts) > 1 {
			row = append(row, startText(e.QueueWait))
		}
		if cost {
			row = append(row, money(*e.Cost))
		}
		if gpus {
			row = append(row, hours(e.GPUHours))
		}
		t.add(row...)
	}
	width, _ := terminal(out.stdout)
	if t.over(width) > 0 {
		t.below(2)
	}
	out.print(t.String())
	out.print(strings.TrimSuffix(wrap(basisText(in), "", width), "\n") + startNote(starts) + orderNote(plan) + "\n")
}

// money words a cost, in whole units where it is large.
func money(cost float64) string {
	if cost >= 1000 {
		return thousands(int(cost + 0.5))
	}
	return fmt.Sprintf("%.2f", cost)
}

// startNote says what all candidates have in common, or explains what stands in the column.
func startNote(starts map[string]bool) string {
	switch {
	case starts["?"] && len(starts) == 1:
		return "\nWhen any of them would start is not known, and the wait counts as none."
	case starts["?"]:
		return "\nStart ?: not known, and the wait counts as none."
	case starts["now"] && len(starts) == 1:
		return "\nEach of them can start now."
	}
	return ""
}

// orderNote says why a way with less stands behind one with more, where the table does not show it.
func orderNote(plan strategies.Plan) string {
	figure, shown := func(c strategies.Candidate) float64 { return c.Estimate.Makespan }, compact
	if minimized(plan.Minimize) == "cost" {
		if first := plan.Candidates[0].Estimate; first.Cost != nil || first.GPUHours > 0 {
			return "" // more than one column makes the cost
		}
		figure, shown = func(c strategies.Candidate) float64 { return c.Estimate.CPUHours }, hours
	}
	for i, c := range plan.Candidates[1:] {
		before := plan.Candidates[i]
		switch {
		case figure(c) >= figure(before) || shown(figure(c)) == shown(figure(before)):
		case startText(c.Estimate.QueueWait) != startText(before.Estimate.QueueWait):
		case c.Estimate.QueueWait == nil && c.Request.Nodes > 1 && before.Request.Nodes <= 1:
			return "\nSeveral nodes at once count as a quarter longer, then."
		case figure(c) > 0.95*figure(before):
			return "\nWhat differs by less than 5 % counts as equal."
		}
	}
	return ""
}

func minimized(m string) string {
	if m == "cost" {
		return "cost"
	}
	return "makespan"
}

// startText says when a candidate would start: a wait that nobody can tell counts as none in its makespan.
func startText(wait *float64) string {
	switch {
	case wait == nil:
		return "?"
	case *wait == 0:
		return "now"
	}
	return ">" + compact(*wait)
}

// basisText says what the predictions rest on.
func basisText(in strategies.Input) string {
	switch {
	case in.SampleOf != "":
		return fmt.Sprintf("Item lengths are those of %s: %s. %s", in.SampleOf, count(len(in.Sample), "item"), tookText(in.Sample))
	case len(in.Sample) > 0:
		return fmt.Sprintf("Item lengths are measured: %s.", count(len(in.Sample), "item"))
	case in.Each.Time > 0:
		return "Item lengths are as time in [each] says; from–to counts on half to twice it."
	}
	return "Item lengths are a guess: a minute; from–to counts on a tenth to ten times it."
}

// tookText says how far the lengths of a sample lie apart.
func tookText(sample []float64) string {
	if len(sample) == 1 {
		return "It took " + precise(sample[0]) + "."
	}
	return fmt.Sprintf("They took %s to %s.", precise(slices.Min(sample)), precise(slices.Max(sample)))
}

// requestText words a request: "12 × 8 CPUs + gpu:a100:2 on long".
func requestText(c strategies.Candidate) string {
	r := c.Request
	text := count(r.CPUsPerTask*max(1, r.TasksPerNode), "CPU")
	if r.GRES != "" {
		text += " + " + r.GRES
	}
	if r.Nodes > 1 {
		text = fmt.Sprintf("%d nodes × %s", r.Nodes, text)
	}
	if r.ArrayTasks > 0 {
		text = fmt.Sprintf("%s × %s", thousands(r.ArrayTasks), text)
	}
	if r.Partition != "" {
		text += " on " + r.Partition
	}
	return text
}

func printTerms(out *output, plan strategies.Plan) {
	for i, c := range plan.Candidates {
		out.printf("\n%d. %s: makespan %s\n", i+1, c.Strategy, seconds(c.Estimate.Makespan))
		t := table{head: []string{"   part", "time", "note"}}
		for _, term := range c.Estimate.Parts {
			t.add("   "+term.Name, seconds(term.Seconds), term.Note)
		}
		out.print(t.String())
	}
}

// printFigures shows what the parts were computed with.
func printFigures(out *output, in strategies.Input) {
	out.print("\nCounted with, in seconds (array_rate: tasks a second):\n")
	t := table{head: []string{"   figure", "middle", "from–to", "source"}, left: []int{3}}
	for _, f := range strategies.Figures(in) {
		t.add("   "+f.Name, fmt.Sprintf("%.3g", f.Value), fmt.Sprintf("%.3g–%.3g", f.Low, f.High), f.Source)
	}
	out.print(t.String())
}
