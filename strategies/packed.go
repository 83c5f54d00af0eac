package strategies

// packed is an array with as many tasks as run at once, which share one queue of items and keep it going over their CPUs:
// for many short items, and for items of uneven length.
func packed() strategy {
	return strategy{name: "packed", work: commands, template: "worker", costs: workerCosts, propose: proposePacked}
}

// mostTimes is how many times as many parts as have room now are worth a look before as many as there would be room for.
const mostTimes = 8

func proposePacked(p *problem, o *pool) ([]shape, []Rejection) {
	var shapes []shape
	var refused []Rejection
	sizes := p.packSizes(o)
	if alone := p.aloneBecause(o); alone != "" && o.span > 1 {
		return nil, []Rejection{{Reason: alone + ", so that none run side by side"}}
	} else if alone != "" {
		sizes = []int{1}
	}
	for _, slots := range sizes {
		more, no := p.packs(o, slots)
		shapes = append(shapes, more...)
		if no != nil {
			refused = append(refused, *no)
		}
	}
	return shapes, refused
}

// packs are the shapes with one size of pack: as many as there is room for now, some more that take what becomes free meanwhile, and as
// many as there would be room for. Those that come too late for an item only come and go.
func (p *problem) packs(o *pool, slots int) ([]shape, *Rejection) {
	throttle, no := p.throttle(o, slots)
	if no != nil {
		return nil, no
	}
	at := o.places(p.demand(o, slots), 1, 0)
	useful := (p.in.Items + slots - 1) / slots
	ever, now := min(at.ever, useful, throttle), min(at.now, useful, throttle)
	var counts []int
	for n := now; n > 0 && n <= mostTimes*now && n < ever; n *= 2 {
		counts = append(counts, n)
	}
	if now > 0 { // whole rounds of what has room now: where all take turns, a last one of fewer would leave places empty
		ever = min((ever+now-1)/now*now, useful, throttle)
	}
	counts = append(counts, ever)
	if p.in.Plan.Minimize == "cost" { // fewer nodes for longer may leave less of them idle
		for n := counts[0] / 2; n > 0; n /= 2 {
			counts = append(counts, n)
		}
	}
	left := p.submitLeft(o)
	var shapes []shape
	for _, parts := range counts {
		s := shape{strategy: packed(), pool: o, parts: parts, slots: slots, nodes: 1, array: true, shared: !p.in.Standalone}
		s = s.shorter(p)
		if left != nil && s.parts > left.n {
			s.parts = left.n
		}
		if l := p.mostTasks(slots, max(1, at.ever)); l != nil && s.parts > l.n {
			s.parts = l.n
		}
		if s.parts < 1 {
			continue
		}
		if throttle < s.parts {
			s.throttle = throttle
			if most := p.in.Cluster.Limits.MaxArraySize; positive(most) && s.parts > *most {
				s.parts = *most // a throttle binds one array only
			}
		}
		s.shared = s.shared && s.parts > 1
		shapes = append(shapes, s.levelled(p).fewer(p, at.now))
	}
	return shapes, nil
}

// shorter has more tasks where a task could not end its share of the items within the longest time limit that
// may be asked for. The tasks then take turns.
func (s shape) shorter(p *problem) shape {
	if s.pool.wall == nil || s.parts < 1 {
		return s
	}
	scale := p.lengths.safe
	if p.lengths.basis == Assumed { // a tenfold guess is no reason for ten times the jobs
		scale = 1
	}
	span := s.work(p, p.may.high.asSampled()).span(0, scale*p.crowding(s))
	room := (float64(s.pool.wall.n) - 60) / 1.2
	if span <= room || room <= 0 {
		return s
	}
	rounds := int(span/room) + 1
	useful := (p.in.Items + s.slots - 1) / s.slots
	s.parts = min(useful, s.parts*rounds)
	return s
}

// levelled takes away slots that would only stand idle in the last round, where lengths are even: 100
// items on 64 slots take two rounds, and so they do on 50.
func (s shape) levelled(p *problem) shape {
	if !p.lengths.even() {
		return s
	}
	each := (p.in.Items + s.parts - 1) / s.parts
	rounds := (each + s.slots - 1) / s.slots
	s.slots = (each + rounds - 1) / rounds
	return s
}

// fewer takes away tasks in the same way, of those that all start now.
func (s shape) fewer(p *problem, now int) shape {
	if !p.lengths.even() || !s.pulls() || s.parts > now {
		return s
	}
	all := s.parts * s.slots
	rounds := (p.in.Items + all - 1) / all
	s.parts = (p.in.Items + rounds*s.slots - 1) / (rounds * s.slots)
	s.shared = s.parts > 1
	return s
}
