package worker

import "time"

// floor is the least time worth starting an item for whose length nobody knows.
const floor = time.Second

// enoughToTell is how many items must have succeeded before the shortest of them says how long
// the others take at least. A median would not do: half of the items are shorter.
const enoughToTell = 10

// clock decides which items may still be started before the time limit.
type clock struct {
	end      time.Time     // zero = no limit
	declared time.Duration // each.time; 0 = not said
	done     int
	shortest time.Duration // of those that succeeded
	total    time.Duration // of the same
}

// succeeded notes how long an item took.
func (c *clock) succeeded(took time.Duration) {
	if c.done == 0 || took < c.shortest {
		c.shortest = took
	}
	c.total += took
	c.done++
}

// mean is how long the items took that succeeded; 0 while none has.
func (c *clock) mean() time.Duration { return c.total / time.Duration(max(1, c.done)) }

// needs is the time that an item is known to take: what is declared, else the shortest of
// those that ran, else a floor.
func (c *clock) needs() time.Duration {
	switch {
	case c.declared > 0:
		return c.declared
	case c.done >= enoughToTell:
		return max(floor, c.shortest)
	}
	return floor
}

// allows says whether an item that starts now can end in time.
func (c *clock) allows(now time.Time) bool {
	return c.end.IsZero() || c.end.Sub(now) >= c.needs()
}

// nearEnd says whether a signal that comes now is the time limit's. Slurm looks for jobs over
// their limit every few seconds, so it never comes early; the margin is for clocks that differ.
func (c *clock) nearEnd(now time.Time) bool {
	const margin = 5 * time.Second
	return !c.end.IsZero() && c.end.Sub(now) <= margin
}
