package strategies

import (
	"fmt"
	"slices"
)

// Compared is how a way to run the work did on a sample of it, beside another way on the same sample.
type Compared struct {
	Strategy  string  `json:"strategy"`
	Items     int     `json:"items"`       // of the sample
	Failed    int     `json:"failed"`      // of those
	Predicted float64 `json:"predicted_s"` // first start to last end
	Actual    float64 `json:"actual_s"`
}

// sure is by how much a way must have been better than another, of which each ran once. Two identical runs differ by some 4 %.
// Slurm tells when jobs began and ended in whole seconds, so that a second is nothing either.
const (
	sure        = 0.10
	wholeSecond = 1
)

// expected is how long the whole work will take, where a prediction was off on the sample: as if what was not thought of
// were paid once, and as if it were paid again and again.
func (c Compared) expected(predicted float64) (once, again float64) {
	return predicted + c.Actual - c.Predicted, predicted * c.Actual / max(c.Predicted, 1e-9)
}

// contradicts says whether what was measured of a way and of another turns round that the first is better.
func contradicts(first, second Compared, a, b Estimate) bool {
	if first.Failed != second.Failed {
		return first.Failed > second.Failed
	}
	onceA, againA := first.expected(a.Elapsed)
	onceB, againB := second.expected(b.Elapsed)
	return second.Actual*(1+sure)+wholeSecond < first.Actual && onceB*(1+sure) < onceA && againB*(1+sure) < againA
}

// compared is what was measured of a strategy; ok is false where it was not compared.
func (p *problem) compared(strategy string) (c Compared, ok bool) {
	i := slices.IndexFunc(p.in.Compared, func(c Compared) bool { return c.Strategy == strategy })
	if i < 0 {
		return c, false
	}
	return p.in.Compared[i], true
}

// corrected puts the way that was better on a sample before the one that is predicted to be, where the comparison
// contradicts the prediction. Elapsed times were compared, so they change nothing where cost is to be least.
func (p *problem) corrected(ranked []prediction) []prediction {
	if len(ranked) < 2 || p.in.Plan.Minimize == "cost" {
		return ranked
	}
	first, ok := p.compared(ranked[0].Strategy)
	if !ok {
		return ranked
	}
	for i := 1; i < len(ranked); i++ {
		other, ok := p.compared(ranked[i].Strategy)
		if !ok || !contradicts(first, other, ranked[0].Estimate, ranked[i].Estimate) {
			continue
		}
		better := ranked[i]
		p.overturned = comparedText(other, first) + fmt.Sprintf(", so %s goes first, against the prediction.", better.Strategy)
		return slices.Insert(slices.Delete(slices.Clone(ranked), i, i+1), 0, better)
	}
	return ranked
}

// comparedText says how two ways did on the same sample, the better one first.
func comparedText(better, other Compared) string {
	text := fmt.Sprintf("Tried on the same %s, %s took %s (predicted %s) and %s %s (predicted %s)", counted(better.Items, "item"),
		better.Strategy, InWords(better.Actual), InWords(better.Predicted), other.Strategy, InWords(other.Actual), InWords(other.Predicted))
	if other.Failed > 0 {
		text += fmt.Sprintf(", where %d failed", other.Failed)
	}
	return text
}
