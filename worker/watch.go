package worker

import (
	"fmt"
	"time"

	"hpcsub/items"
)

// timeoutGrace is the most that an item over each.timeout gets between SIGTERM and SIGKILL.
const timeoutGrace = 10 * time.Second

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
			timer.Reset(e.pause(now))
		}
	}
}

// look is one round: who is over time, and who takes how much memory?
func (e *engine) look(m *sampler, now time.Time) {
	e.mu.Lock()
	e.enforce(now)
	due := m.choose(e.slots, now, e.memory.alarmed())
	e.mu.Unlock()
	if !due {
		return
	}
	m.measure(now)
	e.mu.Lock()
	defer e.mu.Unlock()
	m.note(now)
	e.memory.watchKills(now)
	e.guard(m)
}

// pause is the time to the next look: short while an item is young or memory is short.
func (e *engine) pause(now time.Time) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	const calm = 100 * time.Millisecond
	wait := calm
	for _, s := range e.byPID {
		wait = min(wait, s.due().Sub(now))
	}
	return min(max(wait, firstLook), max(e.memory.pause(), 10*time.Millisecond), calm)
}

// enforce ends what is over its time, and makes an end of what did not end when it was asked.
func (e *engine) enforce(now time.Time) {
	for _, s := range e.byPID {
		if !s.limitAt.IsZero() && now.After(s.limitAt) {
			s.limitAt = time.Time{}
			s.terminate(verdict{items.Timeout, fmt.Sprintf("ran longer than each.timeout = %s", e.timeout())}, now, min(e.grace, timeoutGrace))
		}
		if !s.killAt.IsZero() && now.After(s.killAt) {
			s.killAt = now.Add(time.Second) // once more if it is still there
			e.slay(s)
		}
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
	case !short:
	case m.leftKiB > s.usage.now:
		fmt.Fprintf(e.stderr, "hpcsub: warning: ended processes that items left behind: they used %s MiB of %s MiB in the allocation\n",
			thousands(m.leftKiB/1024), thousands(g.limit/1024))
		m.sortOrphans()
		e.tree.kill(m.left)
	default:
		if s.verdict.state == "" {
			s.verdict = g.verdict(s)
		}
		g.victim = s
		s.killAt = time.Now().Add(time.Second)
		e.slay(s)
	}
}
