package worker

import (
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// How often the processes of an item are looked at: soon after its start, then ever more rarely.
const (
	firstLook = 25 * time.Millisecond
	lastLook  = time.Second
	// How often pages that processes share are told apart anew where the sum has not grown.
	shareLook = 10 * time.Second
	// Looking may cost this share of one CPU: 1/calmShare, and more when the memory runs out, where it
	// is what saves the innocent items. What is not used is saved up for times when much begins.
	calmShare  = 200
	alarmShare = 10
	saved      = 50 * time.Millisecond
)

// sampler measures the memory of whole process trees. It reads /proc without holding the
// engine's lock; only what it is told and what it tells passes under it.
type sampler struct {
	tree    *tree
	page    int64         // KiB
	shares  bool          // the kernel tells what processes share (from 4.14)
	credit  time.Duration // what looking may cost now
	counted time.Time     // when credit was last added
	strays  map[int][]int // item's pid → roots of what stems from it and was left by its parent
	left    []int         // roots of what items that have ended left behind
	sorted  time.Time     // when strays and left were found
	known   map[int]string
	looks   []look
	leftKiB int64
	ownKiB  int64
}

// look is one item to be measured, and then its measure.
type look struct {
	slot  *slot
	pid   int
	usage usage
}

func newSampler() *sampler {
	m := &sampler{
		tree: newTree(), page: int64(os.Getpagesize()) / 1024, credit: saved, counted: time.Now(),
		strays: map[int][]int{}, known: map[int]string{},
	}
	_, m.shares = m.tree.pss(m.tree.self)
	return m
}

// choose notes the items that are due; all of them in an alarm. It is called under the lock.
func (m *sampler) choose(slots []*slot, parallel int, now time.Time, alarm bool) bool {
	m.looks = m.looks[:0]
	share := time.Duration(calmShare)
	if alarm {
		share = alarmShare
	}
	m.credit = min(m.credit+now.Sub(m.counted)/share, saved)
	m.counted = now
	if m.credit <= 0 {
		return false
	}
	m.know(slots, parallel)
	for _, s := range slots {
		if s.pid > 0 && (alarm || s.due(now)) {
			m.looks = append(m.looks, look{slot: s, pid: s.pid, usage: s.usage})
		}
	}
	return len(m.looks) > 0
}

// know notes which children of the worker are items, or GNU Parallel. It is called under the lock.
func (m *sampler) know(slots []*slot, parallel int) {
	clear(m.known)
	for _, s := range slots {
		switch {
		case s.pid > 0:
			m.known[s.pid] = s.mark()
		case s.caller != nil:
			m.known[s.caller.pid] = "\x00" // no process has it
		}
	}
	if parallel > 0 {
		m.known[parallel] = "\x00" // no process has it
	}
}

// next is when an item is looked at next: 25 ms after its start, then in steps of half its age.
func (s *slot) next() time.Time {
	if s.usage.looked.IsZero() {
		return s.started.Add(firstLook)
	}
	step := s.usage.looked.Sub(s.started) / 2
	return s.usage.looked.Add(min(max(step, firstLook), lastLook))
}

// due says whether to look at an item in this round. A little early will do, so that items are
// looked at together.
func (s *slot) due(now time.Time) bool {
	early := min(now.Sub(s.started)/8, lastLook/4)
	return !now.Before(s.next().Add(-early))
}

// measure looks at the chosen items, without the lock. exact has all of them counted with what
// they share counted once.
func (m *sampler) measure(now time.Time, exact bool) {
	runtime.LockOSThread() // whose CPU time it is
	defer runtime.UnlockOSThread()
	begun := threadTime()
	if now.Sub(m.sorted) > lastLook {
		m.sorted = now
		m.sortOrphans()
	}
	for i := range m.looks {
		l := &m.looks[i]
		m.look(&l.usage, append([]int{l.pid}, m.strays[l.pid]...), now, exact)
	}
	m.leftKiB, m.ownKiB = 0, 0
	if len(m.left) > 0 {
		left := usage{}
		m.look(&left, m.left, now, true)
		m.leftKiB = left.now
	}
	if own, ok := m.tree.stat(m.tree.self); ok {
		m.ownKiB = own.Pages * m.page
	}
	m.credit -= threadTime() - begun
}

// threadTime is the CPU time of this thread: on a busy node a look takes long and costs little.
func threadTime() time.Duration {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now) != nil {
		return 0
	}
	return time.Duration(now.Nano())
}

// look measures trees of processes: their sum, and that with pages which several of them share
// counted once. The kernel tells the second only by walking all pages. So it is asked where the
// sum is a new peak, now and then (what is shared may part without a change of the sum), and
// whenever exact figures are wanted.
func (m *sampler) look(u *usage, roots []int, now time.Time, exact bool) {
	stats := m.tree.walk(roots...)
	if len(stats) == 0 { // it has ended
		return
	}
	u.samples++
	u.looked = now
	u.resident = 0
	for _, s := range stats {
		u.resident += s.Pages * m.page
	}
	u.now = u.resident
	alone := len(stats) == 1
	news := u.resident > u.most+u.most/50 || now.Sub(u.asked) > shareLook
	if exact || !alone && news {
		u.most, u.asked = max(u.most, u.resident), now
		u.now = min(u.resident, m.share(stats))
	}
	if exact || alone || news {
		u.peak = max(u.peak, u.now)
	}
}

// share is the memory of processes in KiB, with what n processes share counted as a nth in each.
// One that has ended meanwhile has none.
func (m *sampler) share(stats []procStat) (kib int64) {
	for _, s := range stats {
		pss := s.Pages * m.page
		if m.shares {
			pss, _ = m.tree.pss(s.PID)
		}
		kib += pss
	}
	return kib
}

// sortOrphans finds out to which items the worker's orphans belong.
func (m *sampler) sortOrphans() {
	clear(m.strays)
	m.left = m.left[:0]
	orphans := m.tree.orphans(func(pid int) bool { return m.known[pid] != "" })
	for _, pid := range orphans {
		if owner := m.ownerOf(pid); owner != 0 {
			m.strays[owner] = append(m.strays[owner], pid)
		} else {
			m.left = append(m.left, pid)
		}
	}
}

func (m *sampler) ownerOf(pid int) int {
	for item, mark := range m.known {
		if m.tree.owned(pid, item, mark) {
			return item
		}
	}
	return 0
}

// note gives the measures to the items that still run. It is called under the lock.
func (m *sampler) note() {
	for _, l := range m.looks {
		if l.slot.pid == l.pid {
			l.slot.usage = l.usage
		}
	}
}
