package worker

import (
	"fmt"
	"time"

	"hpcsub/items"
)

// timeoutGrace is the most that an item over each.timeout gets between SIGTERM and SIGKILL.
const timeoutGrace = 10 * time.Second

// mostKills is how often SIGKILL is sent, a second apart, before an item is written off.
const mostKills = 5

// watch looks at clocks and memory until quit is closed. It never starts an item.
func (e *engine) watch(quit <-chan struct{}) {
	m := newSampler()
	timer := time.NewTimer(firstLook)
	defer timer.Stop()
	for {
		select {
		case <-quit:
			return
		case now := <-timer.C:
			e.look(m, now)
			timer.Reset(e.pause(now, m.credit > 0))
		}
	}
}

// look is one round: who is over time, and who takes how much memory?
func (e *engine) look(m *sampler, now time.Time) {
	e.mu.Lock()
	if err := e.settle(now); err != nil {
		e.fail(err)
	}
	e.enforce(now)
	e.wakeLate(now)
	alarm := e.memory.alarmed()
	due := m.choose(e.slots, e.parallel, now, alarm)
	e.mu.Unlock()
	if !due {
		return
	}
	m.measure(now, alarm && e.memory.enforcer.dir == "")
	e.mu.Lock()
	defer e.mu.Unlock()
	m.note()
	e.memory.watchKills(now)
	if alarm {
		e.guard(m)
	} else {
		e.memory.choose(e.slots, m.ownKiB+m.leftKiB) // counts
	}
}

// pause is the time to the next look: short while an item is young or memory is short.
func (e *engine) pause(now time.Time, affordable bool) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	const calm = 100 * time.Millisecond
	wait := calm
	for _, s := range e.byPID {
		if next := s.next().Sub(now); affordable && next < calm {
			wait = firstLook
		}
	}
	return min(wait, max(e.memory.pause(), 10*time.Millisecond))
}

// enforce ends what is over its time, and makes an end of what did not end when it was asked.
func (e *engine) enforce(now time.Time) {
	e.forgive(now)
	for _, s := range e.byPID {
		if e.halt != "" || now.Sub(s.started) > heavy {
			e.recall(s)
		}
		if !s.limitAt.IsZero() && now.After(s.limitAt) {
			s.limitAt = time.Time{}
			s.terminate(verdict{items.Timeout, fmt.Sprintf("ran longer than each.timeout = %s", e.timeout())}, now, min(e.grace, timeoutGrace))
		}
		switch {
		case s.killAt.IsZero() || now.Before(s.killAt):
		case s.kills < mostKills:
			s.kills++
			s.killAt = now.Add(time.Second) // once more if it is still there
			e.slay(s)
		case !e.ending:
			e.writeOff(s)
			e.nudge()
		}
	}
}

// forgive gives the items and the job the time back in which the whole job was stopped (scontrol suspend): Slurm moves the end
// of the job, too. A machine that only hung gets none.
func (e *engine) forgive(now time.Time) {
	const stopped = 5 * time.Second // the rounds are 0.1 s apart
	last := e.enforced
	e.enforced = now
	gap := now.Sub(last)
	if last.IsZero() || gap <= stopped || !e.resumed(last) {
		return
	}
	for _, s := range e.byPID {
		if !s.limitAt.IsZero() {
			s.limitAt = s.limitAt.Add(gap)
		}
	}
	if !e.clock.end.IsZero() {
		e.clock.end = e.clock.end.Add(gap)
	}
}

// resumed says whether a SIGCONT has come since some time. It may be on its way.
func (e *engine) resumed(since time.Time) bool {
	for range 20 {
		if at := e.continued.Load(); at != nil && at.After(since) {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

// nudge wakes the loop, which waits for a child to end, by way of a child that ends.
func (e *engine) nudge() {
	_, err := e.spawn.start([]string{"/bin/true"}, nil, e.spawn.null, e.spawn.null, e.spawn.null)
	if err != nil && e.running() == 0 {
		e.fail(fmt.Errorf("going on after an item that cannot be ended: %w", err))
	}
}

func (e *engine) timeout() time.Duration {
	return time.Duration(e.work.TimeoutS * float64(time.Second))
}

// guard ends an item when the memory runs out; what ended items left behind goes before.
func (e *engine) guard(m *sampler) {
	g := &e.memory
	s, short := g.choose(e.slots, m.ownKiB+m.leftKiB)
	switch {
	case !short || !g.confirms():
	case m.leftKiB > s.usage.now:
		fmt.Fprintf(e.stderr, "hpcsub: warning: ended processes that items left behind: they used %s MiB of %s MiB in the allocation\n",
			thousands(m.leftKiB/1024), thousands(g.limit/1024))
		m.know(e.slots, e.parallel)
		m.sortOrphans()
		e.tree.kill(m.left)
	default:
		// Until the memory of a killed process is free again the kernel finds only this worker to kill; then Slurm's
		// word, out of memory, is for the item whose start is in the file. An error is told at the next record.
		_ = e.recorder.Flush()
		e.recall(s)
		if s.verdict.state == "" {
			s.verdict = g.verdict(s)
		}
		g.victim = s
		s.killAt = time.Now().Add(time.Second)
		e.slay(s)
	}
}
