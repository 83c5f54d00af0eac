package sites

import (
	"fmt"
	"slices"
	"strings"

	"hpcsub/configs"
	"hpcsub/slurm"
	"hpcsub/strategies"
)

// Change is what a new site.toml would do to one job.
type Change struct {
	Case    string   `json:"case"`
	Old     string   `json:"old"` // how it runs under the old one, in words
	New     string   `json:"new"`
	Reasons []string `json:"reasons"` // rejections that are new, or gone
	Script  []string `json:"script"`  // lines of the script with "-" or "+" before them
}

// Same says that nothing changes.
func (c Change) Same() bool { return c.Old == c.New && len(c.Reasons)+len(c.Script) == 0 }

// Diff tries a case under both sites. A job that was run goes back to the cluster of its plan.
func Diff(before, after *configs.Site, c Case, cluster *slurm.Cluster) Change {
	if c.Saved != nil && c.Saved.Cluster != nil {
		cluster = c.Saved.Cluster
	}
	a, b := c.Try(before, cluster, ""), c.Try(after, cluster, "")
	change := Change{Case: c.Name, Old: a.words(), New: b.words(), Reasons: []string{}, Script: lineDiff(a.Text, b.Text)}
	old, now := reasons(a.Plan), reasons(b.Plan)
	for _, r := range now {
		if !slices.Contains(old, r) {
			change.Reasons = append(change.Reasons, "+ "+r)
		}
	}
	for _, r := range old {
		if !slices.Contains(now, r) {
			change.Reasons = append(change.Reasons, "- "+r)
		}
	}
	return change
}

func reasons(p strategies.Plan) []string {
	var all []string
	for _, r := range p.Rejections {
		all = append(all, r.Strategy+": "+r.Reason)
	}
	return all
}

// words say how a job runs.
func (s Script) words() string {
	switch {
	case s.Err != nil:
		return "an error: " + s.Err.Error()
	case s.Plan.Chosen == nil:
		return "no way fits"
	}
	c := s.Plan.Chosen
	text := c.Strategy
	if c.Request.ArrayTasks > 0 {
		text += fmt.Sprintf(", %d array tasks", c.Request.ArrayTasks)
	}
	if c.Request.ArrayThrottle > 0 {
		text += fmt.Sprintf(", %d at once", c.Request.ArrayThrottle)
	}
	if c.Request.Nodes > 1 {
		text += fmt.Sprintf(", %d nodes", c.Request.Nodes)
	}
	text += fmt.Sprintf(", %d × %d CPUs in %s, about %s, %.2g CPU-hours", max(1, c.Request.Tasks), c.Request.CPUsPerTask,
		c.Request.Partition, strategies.InWords(c.Estimate.Makespan), c.Estimate.CPUHours)
	if c.Estimate.Cost != nil {
		text += fmt.Sprintf(", cost %.2f", *c.Estimate.Cost)
	}
	return text
}

// lineDiff is the lines that one text has and the other has not, in their order, by the longest common subsequence.
func lineDiff(a, b string) []string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	common := make([][]int, len(x)+1)
	for i := range common {
		common[i] = make([]int, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	out := []string{}
	for i, j := 0, 0; i < len(x) || j < len(y); {
		switch {
		case i < len(x) && j < len(y) && x[i] == y[j]:
			i, j = i+1, j+1
		case i < len(x) && (j == len(y) || common[i+1][j] >= common[i][j+1]):
			out = append(out, "- "+x[i])
			i++
		default:
			out = append(out, "+ "+y[j])
			j++
		}
	}
	return out
}
