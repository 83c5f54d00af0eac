package local

import (
	"cmp"
	"slices"
	"strings"
)

// dealer deals the GPUs that a job holds to its tasks: each has its own, and gives them back when it ends.
type dealer struct {
	each    int      // GPUs of one slot
	devices []device // those that the job may be given
	held    []device // by the job
	free    []device // of these, those that no task has
}

// take adds the GPUs of at most so many more slots, where others hold some, and returns of how many. A job without
// GPUs has as many slots as it likes.
func (d *dealer) take(slots int, others []string) int {
	if d.each == 0 || slots <= 0 {
		return slots
	}
	taken := append(uuids(d.held), others...)
	spare := slices.DeleteFunc(slices.Clone(d.devices), func(g device) bool { return slices.Contains(taken, g.UUID) })
	slots = min(slots, len(spare)/d.each)
	spare = spare[:slots*d.each]
	d.held, d.free = slices.Concat(d.held, spare), inOrder(slices.Concat(d.free, spare))
	return slots
}

// drop gives back to everybody the GPUs of so many slots, which no task has.
func (d *dealer) drop(slots int) {
	keep := max(0, len(d.free)-slots*d.each)
	gone := uuids(d.free[keep:])
	d.free = d.free[:keep]
	d.held = slices.DeleteFunc(slices.Clone(d.held), func(g device) bool { return slices.Contains(gone, g.UUID) })
}

// deal gives a task its GPUs, the first ones and so neighbours, as long as there are any.
func (d *dealer) deal() []device {
	gpus := slices.Clone(d.free[:d.each])
	d.free = d.free[d.each:]
	return gpus
}

// back takes what a task had.
func (d *dealer) back(gpus []device) { d.free = inOrder(slices.Concat(d.free, gpus)) }

// width is how many bytes of the hold file are for GPUs.
func (d *dealer) width() int { return len(strings.Join(uuids(d.devices), " ")) }

func inOrder(gpus []device) []device {
	slices.SortFunc(gpus, func(a, b device) int { return cmp.Compare(a.Place, b.Place) })
	return gpus
}

func uuids(gpus []device) []string {
	var all []string
	for _, g := range gpus {
		all = append(all, g.UUID)
	}
	return all
}
