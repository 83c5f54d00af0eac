package strategies

import (
	"cmp"
	"math"
	"slices"
)

// prediction is a candidate with what ranking needs beside it.
type prediction struct {
	Candidate
	shape    shape
	places   places
	warnings []Warning
}

// predict simulates a shape, or says which limit it would break.
func (p *problem) predict(s shape) (prediction, *Rejection) {
	limitS, no, warn := s.timeLimit(p)
	if no != nil {
		return prediction{}, no
	}
	s = s.inTurns(p, limitS)
	out := prediction{shape: s, places: s.pool.places(s.demand(p), s.nodes, limitS)}
	if out.places.ever == 0 {
		return out, s.noPlace(p)
	}
	out.places.cpus, out.places.gpus = out.places.mean(min(out.places.first*s.nodes, s.parts*s.wide()))
	if !s.array { // an array is throttled instead
		if no := cmp.Or(p.tooManyCPUs(out.places.top.cpus*s.nodes), p.tooManyGPUs(out.places.top.gpus*s.nodes)); no != nil {
			return out, no
		}
	}
	if no := cmp.Or(s.pool.perJob(p.in, s.ask(p, out.places, limitS)), s.tooManySteps(p)); no != nil {
		return out, no
	}
	for _, w := range []*Warning{warn, s.note} {
		if w != nil {
			out.warnings = append(out.warnings, *w)
		}
	}
	out.Candidate = Candidate{Strategy: s.strategy.name, Request: s.request(p, limitS), Layout: s.layout(p, limitS)}
	out.Estimate = p.estimate(s, out.places)
	return out, p.exceeds(out.Estimate)
}

func (s shape) noPlace(p *problem) *Rejection {
	return &Rejection{Reason: "partition " + s.pool.Name + " never has " + counted(s.nodes, "node") + " for jobs of " +
		counted(s.demand(p).cpus, "CPU") + " at once"}
}

// exceeds holds the estimate against the run's own limits. Of several refusals the one that exceeds the
// least is shown, hence the negative figures.
func (p *problem) exceeds(e Estimate) *Rejection {
	if most := p.in.Limits.CPUHours; most > 0 && e.CPUHours > most {
		l := limit{n: -int(1000 * e.CPUHours), value: figure(most)}
		l.name, l.raise = ownLimit(p.in, "cpu_hours")
		return l.refuse("it would take " + figure(e.CPUHours) + " CPU-hours")
	}
	if most := p.in.Limits.GPUHours; most > 0 && e.GPUHours > most {
		l := limit{n: -int(1000 * e.GPUHours), value: figure(most)}
		l.name, l.raise = ownLimit(p.in, "gpu_hours")
		return l.refuse("it would take " + figure(e.GPUHours) + " GPU-hours")
	}
	if most := p.in.Limits.Time.Seconds(); most > 0 && e.Elapsed > most {
		l := limit{n: -int(e.Elapsed), value: InWords(most)}
		l.name, l.raise = ownLimit(p.in, "time")
		return l.refuse("it would take " + InWords(e.Elapsed))
	}
	return nil
}

// starts is how parts of the shape start. The first tick after a submission comes at any time within a
// period: at once at the low end, half a period later on average. Where a job of higher priority waits for these
// nodes, only the backfill scheduler starts others before it.
func (p *problem) starts(s shape, at places, may scenario) starting {
	c := may.costs
	st := starting{delay: c.JobStart, period: c.ArrayPeriod, rate: c.ArrayRate, hold: c.ArrayHold, lag: c.ArrayLag, places: at.first}
	if at.opens > 0 && seconds(at.wait) == 0 {
		st.closes, st.opens = at.closes, at.opens
		st.period = max(st.period, backfillInterval(s.pool.scheduler))
	}
	st.first = may.tick * st.period
	if s.throttle > 0 {
		st.places = min(st.places, s.throttle)
	}
	return st
}

// simulate runs a shape under a scenario.
func (p *problem) simulate(s shape, at places, may scenario) outcome {
	st := p.starts(s, at, may)
	return p.averaged(may, func(may scenario) outcome { return p.run(s, st, may) })
}

// run simulates a shape with one order of its items, once where its parts share a queue.
func (p *problem) run(s shape, st starting, may scenario) outcome {
	switch {
	case s.together():
		return st.together(p.spansOf(s, may), s.nodes)
	case !s.pulls():
		return st.run(p.spansOf(s, may))
	}
	w, scale := s.work(p, may), may.scale*p.crowding(s)
	noPlace := w.parts // those beyond the places only come and go
	st.places = max(1, min(st.places, w.parts))
	w.parts = st.places
	key := shareKey{spanKey{w.parts, w.slots, w.overhead, scale, may.far && p.lengths.far != nil, may.order}, st}
	out, ok := p.shared[key]
	if !ok {
		out = st.share(w, scale)
		p.shared[key] = out
	}
	out.busy += float64(noPlace-w.parts) * (st.delay + w.overhead.begin + w.overhead.end)
	if s.turn > 0 && noPlace > w.parts { // a place goes to the next part after each turn
		turns, each, idle := w.turns(s.turn, out.longest, scale)
		if again := out.start + each; turns > 0 && again > st.closes { // by then another job has its nodes
			out.end += max(0, st.opens-again)
		}
		if left := float64(noPlace) - turns*float64(w.parts); left > 0 && left < float64(w.parts) { // too few for all places
			out.end += max(0, out.longest-turns*(each-idle)) * (float64(w.parts)/left - 1)
		}
		out.end += turns * (st.hold + st.period/2 + st.delay + w.overhead.begin + w.overhead.end + idle)
		out.busy += turns * idle * float64(w.parts)
	}
	return out
}

// averaged is the mean outcome over the orders in which the items may come.
func (p *problem) averaged(may scenario, run func(scenario) outcome) outcome {
	var mean outcome
	n := len(p.lengths.orders) + 1
	for may.order = range n {
		o := run(may)
		mean.start += o.start / float64(n)
		mean.end += o.end / float64(n)
		mean.busy += o.busy / float64(n)
		mean.longest += o.longest / float64(n)
		mean.taking += o.taking / float64(n)
	}
	return mean
}

// estimate fills in every figure of a shape. Its low end also counts on all places that the pool has, its
// middle and its high end on those that are free, since nobody knows when the others will be.
func (p *problem) estimate(s shape, at places) Estimate {
	l := p.lengths
	room := at
	room.first = at.ever
	mid := p.simulate(s, at, p.may.middle)
	low := p.simulate(s, room, p.may.low)
	high := p.simulate(s, at, p.may.high)
	wait, cpus := seconds(at.wait), at.cpus*float64(s.wide())
	e := Estimate{
		QueueWait: at.wait, Elapsed: mid.end - mid.start, Makespan: wait + mid.end,
		MakespanLow: wait + min(low.end, mid.end), MakespanHigh: wait + max(high.end, mid.end),
		CPUHours: mid.busy * cpus / 3600, GPUHours: mid.busy * at.gpus * float64(s.wide()) / 3600, Basis: l.basis,
	}
	e.Cost = charge(p.in, e)
	if mid.busy > 0 {
		e.Efficiency = min(1, l.mean*p.crowding(s)*float64(p.in.Items)*float64(p.cpus)/(mid.busy*cpus))
	}
	return e
}

// terms takes the makespan apart: each layer of the simulation is run without those above it, and what it
// adds is its part.
func (p *problem) terms(s shape, at places) []Term {
	w := s.work(p, p.may.middle)
	mid := p.simulate(s, at, p.may.middle)
	st := p.starts(s, at, p.may.middle)
	free := starting{first: st.first, delay: st.delay, places: st.places} // starts as soon as there is a place
	slots := float64(s.slots * min(s.parts, max(1, st.places)))
	if s.together() {
		slots = float64(s.slots * s.parts)
	}
	ideal := p.lengths.mean * float64(p.in.Items) / slots
	crowd := ideal * (p.crowding(s) - 1)
	undispatched := p.averaged(p.may.middle, func(may scenario) outcome {
		return p.run(s.withoutDispatch(), free, may)
	}).end
	dispatched := p.averaged(p.may.middle, func(may scenario) outcome { return p.run(s, free, may) }).end
	around := w.overhead.begin + w.overhead.end
	terms := []Term{
		{"queue wait", seconds(at.wait), waitNote(at)},
		{"start", mid.start + w.overhead.begin, startNote(st, p.may.middle.costs)},
		{"work", ideal, counted(p.in.Items, "item") + " of " + InWords(p.lengths.mean) + " over " + counted(int(slots), "slot")},
		{"crowding", crowd, p.crowdNote(s)},
		{"imbalance", undispatched - mid.start - around - ideal - crowd, "slots without an item near the end, and workers that start anew"},
		{"dispatch", dispatched - undispatched, "one item after another is handed out"},
		{"refill", mid.end - dispatched, refillNote(st)},
		{"stop", w.overhead.end, "from the last item to the end of its job"},
	}
	if crowd == 0 {
		terms = slices.DeleteFunc(terms, func(t Term) bool { return t.Name == "crowding" })
	}
	for i, t := range terms {
		if math.Abs(t.Seconds) < 1e-6 { // what rounding leaves of a difference
			terms[i].Seconds = 0
		}
	}
	return terms
}

// withoutDispatch is the shape where handing out an item costs nothing.
func (s shape) withoutDispatch() shape {
	costs := s.strategy.costs
	s.strategy.costs = func(c Costs) overhead {
		o := costs(c)
		o.item = 0
		return o
	}
	return s
}

func startNote(st starting, c Costs) string {
	switch {
	case st.period > c.ArrayPeriod:
		return "the backfill scheduler's next round, since a job of higher priority waits, the job and its worker"
	case st.period > 0:
		return "the scheduler's next tick, the job and its worker"
	}
	return "the job and its worker"
}

func refillNote(st starting) string {
	if st.lag > 0 {
		return "later parts wait for the scheduler's next tick, or behind the first of one"
	}
	return "freed places wait for the scheduler's next tick"
}

// seconds is a known wait; an unknown one counts as none.
func seconds(wait *float64) float64 {
	if wait == nil {
		return 0
	}
	return *wait
}

func waitNote(at places) string {
	switch {
	case at.wait == nil:
		return "unknown, counted as none"
	case *at.wait == 0:
		return "it fits what is free now"
	case at.held.name != "":
		return "not before the end of reservation " + at.held.name
	case at.reserved:
		return "not before its reservation begins"
	}
	return "not before a planned start of another job on these nodes"
}
