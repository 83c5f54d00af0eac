package worker

import (
	"fmt"
	"strconv"
	"time"

	"hpcsub/items"
)

// guard keeps the allocation's memory from running out: rather than that the kernel or Slurm
// kills whom it finds, the item that is furthest over goes.
type guard struct {
	limit    int64 // KiB; 0 = none
	declared int64 // KiB, each.memory; 0 = not said
	resident int64 // KiB, at the last sample, what is shared counted more than once
	used     int64 // KiB, at the last sample
	victim   *slot // killed and not gone yet: its memory comes back first
	group    cgroup
	short    int       // rounds in which it was over the brim, one after another
	enforcer cgroup    // the group whose limit this is; empty where Slurm or nobody enforces it
	kills    int64     // the kernel's count when it was last read
	grew     time.Time // when it was last seen to have grown
}

func newGuard(env lookup, group cgroup, declaredMiB int) guard {
	enforced, enforcer := group.limit()
	g := guard{limit: memoryLimit(env, enforced) / 1024, declared: int64(declaredMiB) * 1024, group: group}
	if enforced/1024 == g.limit {
		g.enforcer = enforcer
	}
	g.kills, _ = group.kills() // what was before is no item's
	return g
}

// brim is the share of the limit at which an item is ended, in percent; watched is where the
// guard looks more often.
const (
	brim    = 95
	watched = 60
)

func (g *guard) alarmed() bool { return g.limit > 0 && g.resident*100 > g.limit*watched }

// pause is how long memory may go unseen: until programs that fill it as fast as memory can
// be written could have taken what is left.
func (g *guard) pause() time.Duration {
	const fastest = 4 << 20 // KiB a second
	if g.limit == 0 {
		return lastLook
	}
	left := max(0, g.limit*brim/100-g.resident)
	return min(max(time.Duration(left)*time.Second/fastest, 10*time.Millisecond), lastLook)
}

// choose returns the item to end when the sum is over the brim: the largest, which is also the
// one furthest over each.memory, because that is the same for all items.
func (g *guard) choose(slots []*slot, others int64) (*slot, bool) {
	g.used, g.resident = others, others
	var largest *slot
	for _, s := range slots {
		if s.pid == 0 {
			if s.caller != nil { // it holds what it did at its last call
				g.used += s.usage.now
				g.resident += s.usage.resident
			}
			continue
		}
		g.used += s.usage.now
		g.resident += s.usage.resident
		if largest == nil || s.usage.now > largest.usage.now {
			largest = s
		}
	}
	if g.victim != nil && g.victim.pid == 0 {
		g.victim = nil
	}
	if g.limit == 0 || g.used*100 <= g.limit*brim {
		g.short = 0
		return largest, false
	}
	g.short++
	return largest, g.victim == nil && largest != nil
}

// confirms says whether memory is short as those see it who would kill for it. The kernel counts
// neither what is shared twice nor what it can read from a file again. Where it does not tell, a
// second look must say the same: while a pool of processes forks or ends, its shares add up to more.
func (g *guard) confirms() bool {
	used, known := g.enforcer.used()
	if !known {
		return g.short > 1
	}
	return used/1024*100 > g.limit*brim
}

// cause names the figures.
func (g *guard) cause(s *slot) string {
	text := fmt.Sprintf("%s MiB used of %s MiB in the allocation, %s MiB of it by this item",
		thousands(g.used/1024), thousands(g.limit/1024), thousands(s.usage.now/1024))
	if g.declared > 0 {
		text += fmt.Sprintf(" (each.memory is %s MiB)", thousands(g.declared/1024))
	}
	return text
}

// watchKills keeps the time when the kernel's count of kills last grew.
func (g *guard) watchKills(now time.Time) {
	if n, ok := g.group.kills(); ok && n != g.kills {
		g.kills, g.grew = n, now
	}
}

// kernelKilled says whether SIGKILL came from the kernel for want of memory: its count has grown
// since the item started, and just now. The count is of the whole job, so a kill by hand in the
// seconds after a real one is taken for one too.
func (g *guard) kernelKilled(started time.Time) bool {
	const dying = 2 * time.Second // freeing the memory of a large process takes a while
	now := time.Now()
	g.watchKills(now)
	return g.grew.After(started) && now.Sub(g.grew) < dying
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func (g *guard) verdict(s *slot) verdict {
	return verdict{state: items.OutOfMemory, cause: g.cause(s)}
}
