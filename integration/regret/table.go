package regret

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Table is the outcome as Markdown.
func Table(all []Measurement, v View, workloads []Workload) string {
	var b strings.Builder
	trial, line := "", ""
	fmt.Fprintf(&b, "### %s", v.Scheduler)
	if v.Declared == Nothing {
		b.WriteString(", nothing declared")
		trial, line = "trial | ", "--- | "
	}
	fmt.Fprintf(&b, "\n\n| workload | %schosen | predicted | took | off | best | regret | packed | array | gnu-parallel | others |\n", trial)
	fmt.Fprintf(&b, "| --- | %s--- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n", line)
	var scores []Score
	var notYet []string
	for _, w := range workloads {
		s := ScoreOf(all, v, w)
		if s.Chosen == nil {
			notYet = append(notYet, w.Name+" ("+whyNot(all, v, w)+")")
			continue
		}
		scores = append(scores, s)
		b.WriteString(s.row())
	}
	b.WriteString(summary(scores))
	if v.Declared == Nothing {
		b.WriteString(comparison(scores, all, v.Scheduler))
	}
	if len(notYet) > 0 {
		fmt.Fprintf(&b, "\nNot yet run: %s.\n", strings.Join(notYet, "; "))
	}
	return b.String()
}

// comparison says what the trials took, and what is chosen otherwise than where all is declared.
func comparison(scores []Score, all []Measurement, scheduler string) string {
	var took []float64
	var other []string
	for _, s := range scores {
		took = append(took, s.Trial.Seconds)
		if d := ScoreOf(all, View{Scheduler: scheduler}, s.Workload); d.Chosen != nil && d.Chosen.Strategy != s.Chosen.Strategy {
			other = append(other, fmt.Sprintf("%s (%s, not %s)", s.Workload.Name, s.Chosen.Strategy, d.Chosen.Strategy))
		}
	}
	if len(took) == 0 {
		return ""
	}
	text := fmt.Sprintf("\nA trial took %.0f s in the median, %.0f s at most. ", median(took), quantile(took, 1))
	if len(other) == 0 {
		return text + "The choice is nowhere another than with all declared.\n"
	}
	return text + fmt.Sprintf("The choice is another than with all declared in %d: %s.\n", len(other), strings.Join(other, ", "))
}

func whyNot(all []Measurement, v View, w Workload) string {
	reason := "not measured"
	for _, m := range all {
		if m.Scheduler == v.Scheduler && m.Declared == v.Declared && m.Workload == w.Name && m.Failed != "" {
			reason = m.Failed
		}
	}
	if w.Needs != "" {
		reason = "needs " + w.Needs
	}
	return reason
}

func (s Score) row() string {
	c := s.Chosen
	mark := ""
	if c.Disturbed {
		mark = " †"
	}
	var others []string
	for i, w := range s.Ways {
		again := slices.ContainsFunc(s.Ways[:i], func(better Way) bool { return better.Strategy == w.Strategy })
		if w.Strategy != "packed" && w.Strategy != "array" && w.Strategy != "gnu-parallel" && !again {
			others = append(others, w.Strategy+" "+s.figure(w))
		}
	}
	best := s.Ways[0].Strategy
	if s.Regret == 0 && c.Strategy != best {
		best += ", equal"
	}
	trial := ""
	if s.Trial != nil {
		trial = fmt.Sprintf("%d items, %.0f s | ", s.Trial.Items, s.Trial.Seconds)
	}
	return fmt.Sprintf("| %s: %s%s | %s%s | %s | %s | %+.0f %% | %s | %.0f %% | %s | %s | %s | %s |\n", s.Workload.Name, s.Workload.words(), mark,
		trial, c.Strategy, s.unit(c.Predicted), s.figure(*c)+outside[c.Outside()], 100*s.Error, best, 100*s.Regret,
		s.of("packed"), s.of("array"), s.of("gnu-parallel"), strings.Join(others, ", "))
}

// outside marks a way that did not come out within its predicted range.
var outside = map[int]string{-1: " ↓", 1: " ↑"}

// of is the figure of one strategy, in its best shape, or a dash.
func (s Score) of(strategy string) string {
	for _, w := range s.Ways {
		if w.Strategy == strategy {
			return s.figure(w)
		}
	}
	return "–"
}

func (s Score) figure(w Way) string {
	text := s.unit(w.Actual)
	if w.Cut {
		text = "> " + text
	}
	return text
}

func (s Score) unit(v float64) string {
	if s.Workload.Cost {
		return fmt.Sprintf("%.0f CPU-s", v*3600)
	}
	return fmt.Sprintf("%.1f s", v)
}

// words describe a workload in a cell.
func (w Workload) words() string {
	length := fmt.Sprintf("%g s", w.Seconds)
	if w.Seconds < 1 {
		length = fmt.Sprintf("%g ms", w.Seconds*1000)
	}
	text := fmt.Sprintf("%d × %s", w.Items, length)
	for _, part := range []string{string(w.Work), w.About, w.State.About} {
		if part != "" {
			text += ", " + part
		}
	}
	if w.Tail && !strings.Contains(text, "heavy tail") {
		text += ", heavy tail"
	}
	return text
}

// summary holds the scores against what is wanted, and against always taking one strategy.
func summary(scores []Score) string {
	if len(scores) == 0 {
		return ""
	}
	var regrets, errors []float64
	near, lost, disturbed := 0, 0, 0
	for _, s := range scores {
		regrets = append(regrets, s.Regret)
		errors = append(errors, math.Abs(s.Error))
		if s.Regret <= 0.05 {
			near++
		}
		if s.PackedLoses() {
			lost++
		}
		if s.Chosen.Disturbed {
			disturbed++
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d workloads; another strategy than packed is best in %d. The choice is within 5 %% of the best in %d (%.0f %%; wanted: 90 %%), at "+
		"worst %.2f times the best (wanted: 1.25). The predicted figure of the chosen way is off by %.0f %% in the median (wanted: 15 %%), "+
		"%.0f %% at the 90th percentile (wanted: 30 %%).\n", len(scores), lost, near, 100*float64(near)/float64(len(scores)),
		1+quantile(regrets, 1), 100*median(errors), 100*quantile(errors, 0.9))
	b.WriteString(within(scores))
	if disturbed > 0 {
		fmt.Fprintf(&b, "† Before the run of %d the machine had a load of more than %d, from the run before or from other work.\n", disturbed, quiet)
	}
	b.WriteString("\n| policy | cannot run | within 5 % | regret: mean | 90th percentile | worst |\n| --- | --- | --- | --- | --- | --- |\n")
	b.WriteString(policy("hpcsub", scores, func(s Score) (float64, bool) { return s.Regret, true }))
	for _, strategy := range order {
		b.WriteString(policy("always "+strategy, scores, func(s Score) (float64, bool) { return s.Fixed(strategy) }))
	}
	return b.String()
}

// within counts the chosen ways that took as long as their range said; "" where no ranges were kept.
func within(scores []Score) string {
	known, in := 0, 0
	for _, s := range scores {
		if s.Chosen.High > 0 {
			known++
			if s.Chosen.Outside() == 0 {
				in++
			}
		}
	}
	if known == 0 {
		return ""
	}
	return fmt.Sprintf("Within the predicted range: %d of %d (↑ took longer than its high end, ↓ less than its low end).\n", in, known)
}

// policy is a row of the table of policies. What it cannot run is within 5 % of nothing.
func policy(name string, scores []Score, of func(Score) (float64, bool)) string {
	var regrets []float64
	near, total := 0, 0.0
	for _, s := range scores {
		regret, ok := of(s)
		if !ok {
			continue
		}
		regrets = append(regrets, regret)
		total += regret
		if regret <= 0.05 {
			near++
		}
	}
	if len(regrets) == 0 {
		return ""
	}
	return fmt.Sprintf("| %s | %d | %d of %d | %.0f %% | %.0f %% | %.0f %% |\n", name, len(scores)-len(regrets), near, len(scores),
		100*total/float64(len(regrets)), 100*quantile(regrets, 0.9), 100*quantile(regrets, 1))
}
