package strategies

import "time"

// places is where jobs of one demand can run in a pool, and when the first of them starts.
type places struct {
	ever int      // at once, were the pool empty
	now  int      // at once, on what is free and ends before anybody's planned start
	cpus float64  // allocated for each, on average over those that are used
	gpus float64  // the same of GPUs
	top  room     // the most of each that is allocated for one
	room []room   // of the groups of nodes, in the order in which Slurm fills them
	wait *float64 // 0 = now; a number = not before; nil = unknown
	// reserved: it waits for the begin of the reservation that the job names.
	reserved bool
	held     hold // the reservation that all of it has to wait for, if there is one
	first    int  // how many the estimate counts on: now where some start now, else ever
	// What does not start in time has to let another job go first: none starts after closes and before opens, in
	// seconds; 0 = there is no such job.
	closes, opens float64
}

// places counts room for jobs of a demand with a time limit. A job over several nodes needs all of them
// at once. The three answers of a queue wait: now, if enough is free, the limits leave room, and it
// ends before the earliest planned start of another job on those nodes; not before that start; unknown.
func (o *pool) places(d demand, nodes int, limitS int) places {
	var p places
	var blocked time.Time
	free := 0 // groups that do not wait for a reservation's end
	ends := o.now.Add(time.Duration(limitS) * time.Second)
	var rooms []room
	for _, g := range o.groups {
		r := o.fit(g, d)
		if nodes > 1 { // one part a node
			r.all, r.free = min(r.all, 1), min(r.free, 1)
		}
		if r.free > 0 && !g.planned.IsZero() && ends.After(g.planned) {
			r.free = 0
			if blocked.IsZero() || g.planned.Before(blocked) {
				blocked = g.planned
			}
		}
		if reaches := g.hold.reaches(ends); r.all > 0 && reaches {
			r.free = 0
			if p.held.name == "" || g.hold.until.Before(p.held.until) {
				p.held = g.hold
			}
		} else if r.all > 0 {
			free++
		}
		if opens := g.planned.Sub(o.now).Seconds(); r.free > 0 && !g.planned.IsZero() && (p.opens == 0 || opens < p.opens) {
			p.closes, p.opens = opens-float64(limitS), opens
		}
		r.all, r.free = r.all*g.count, r.free*g.count
		p.ever += r.all
		p.now += r.free
		if r.all > 0 {
			rooms = append(rooms, r)
			p.top.cpus, p.top.memoryMiB, p.top.gpus = max(p.top.cpus, r.cpus), max(p.top.memoryMiB, r.memoryMiB), max(p.top.gpus, r.gpus)
		}
	}
	one := p.top.ask(d).times(nodes)
	one.limitS = limitS
	ever, now := o.atOnce(one)
	p.ever, p.now = min(p.ever/nodes, ever), min(p.now/nodes, now)
	if free > 0 {
		p.held = hold{}
	}
	if o.named != "" && (o.reserved == nil || !o.reserved.Active) {
		p.now = 0
		if o.reserved != nil {
			blocked, p.reserved = o.reserved.Start, true
		}
	}
	if p.held.name != "" {
		blocked = p.held.until
	}
	p.first = p.ever
	switch {
	case p.now > 0:
		p.first, p.wait = p.now, new(float64)
	case blocked.After(o.now): // one that is due by now tells nothing
		s := blocked.Sub(o.now).Seconds()
		p.wait = &s
	}
	p.room = rooms
	p.cpus, p.gpus = p.mean(p.first * nodes)
	return p
}

// mean is what is allocated on average to so many jobs, of which the first go to the first nodes.
func (p places) mean(want int) (cpus, gpus float64) {
	jobs, sum := 0, room{}
	for _, r := range p.room {
		n := r.all
		if p.now > 0 {
			n = r.free
		}
		n = min(n, want-jobs)
		jobs, sum.cpus, sum.gpus = jobs+n, sum.cpus+n*r.cpus, sum.gpus+n*r.gpus
	}
	if jobs == 0 {
		return 0, 0
	}
	return float64(sum.cpus) / float64(jobs), float64(sum.gpus) / float64(jobs)
}
