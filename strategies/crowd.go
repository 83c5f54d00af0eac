package strategies

import "fmt"

// Crowd is what a trial measured of items side by side: with so many at once, one takes Factor times as long as alone.
type Crowd struct {
	Beside int     `json:"beside"`
	Factor float64 `json:"factor"`
}

// slows is how many times as long an item takes among so many on a node: in proportion to the others up to as many as were
// measured, and no more beyond, of which nobody knows. What lies within the spread of repeated runs counts as nothing.
func (c Crowd) slows(side int) float64 {
	if c.Beside < 2 || c.Factor < 1+tie || side < 2 {
		return 1
	}
	others := float64(min(side, c.Beside)-1) / float64(c.Beside-1)
	return 1 + (c.Factor-1)*others
}

// crowding is how many times as long items of the shape take as alone. Slurm fills one node after another, so that parts of a run are
// each other's neighbours as far as a node has room for them.
func (p *problem) crowding(s shape) float64 { return p.in.Crowd.slows(p.sideBySide(s)) }

// sideBySide is how many items of the shape run at once on a node.
func (p *problem) sideBySide(s shape) int {
	if p.in.Crowd.Beside < 2 || !s.array {
		return min(s.slots, p.in.Items)
	}
	room := 1
	for _, g := range s.pool.groups {
		room = max(room, s.pool.fit(g, s.demand(p)).all)
	}
	parts := min(s.parts, room)
	if s.throttle > 0 {
		parts = min(parts, s.throttle)
	}
	return min(s.slots*parts, p.in.Items)
}

func (p *problem) crowdNote(s shape) string {
	if p.crowding(s) == 1 {
		return ""
	}
	return fmt.Sprintf("%d items on a node slow each other down, each by %.2g times as measured", p.sideBySide(s), p.crowding(s))
}

// crowdedOut says that a way with items side by side would be first, did they not slow each other down; "" where none would.
func (p *problem) crowdedOut(ranked []prediction) string {
	for _, c := range ranked[1:] {
		if factor := p.crowding(c.shape); c.Estimate.Makespan/factor < ranked[0].Estimate.Makespan {
			return fmt.Sprintf("Items side by side slow each other down here, %.2g times as measured with %d, so more at once would not end sooner.",
				p.in.Crowd.Factor, p.in.Crowd.Beside)
		}
	}
	return ""
}
