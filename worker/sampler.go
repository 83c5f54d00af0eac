package worker

import (
	"os"
	"time"
)

// How often the processes of an item are looked at: soon after its start, then ever more rarely.
const (
	firstLook = 25 * time.Millisecond
	lastLook  = time.Second
	// Looking may cost this share of one CPU: 1/calmShare, and more when the memory runs out, where it
	// is what saves the innocent items. What is not used is saved up for times when much begins.
	calmShare  = 100
	alarmShare = 10
	saved      = 50 * time.Millisecond
)

// sampler measures the memory of whole process trees. It reads /proc without holding the
// engine's lock; only what it is told and what it tells passes under it.
type sampler struct {
	tree    *tree
	page    int64         // KiB
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
	slot     *slot
	pid      int
	peak     int64
	resident int64
	kib      int64
}

func newSampler() *sampler {
	return &sampler{tree: newTree(), page: int64(os.Getpagesize()) / 1024, strays: map[int][]int{}, known: map[int]string{}, credit: saved, counted: time.Now()}
}

// choose notes the items that are due; all of them in an alarm. It is called under the lock.
func (m *sampler) choose(slots []*slot, now time.Time, alarm bool) bool {
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
	clear(m.known)
	for _, s := range slots {
		if s.pid == 0 {
			continue
		}
		m.known[s.pid] = s.mark()
		if alarm || !now.Before(s.due()) {
			m.looks = append(m.looks, look{slot: s, pid: s.pid, peak: s.usage.peak})
		}
	}
	return len(m.looks) > 0
}

// due is when an item is looked at next: 25 ms after its start, then in steps of half its age.
func (s *slot) due() time.Time {
	if s.usage.next.IsZero() {
		return s.started.Add(firstLook)
	}
	return s.usage.next
}

// measure looks at the chosen items, without the lock. exact has all of them counted with what
// they share counted once.
func (m *sampler) measure(now time.Time, exact bool) {
	begun := time.Now()
	if now.Sub(m.sorted) > lastLook {
		m.sorted = now
		m.sortOrphans()
	}
	for i := range m.looks {
		l := &m.looks[i]
		if exact {
			l.peak = -1
		}
		l.resident, l.kib = m.memory(l.peak, append([]int{l.pid}, m.strays[l.pid]...))
	}
	m.leftKiB, m.ownKiB = 0, 0
	if len(m.left) > 0 {
		_, m.leftKiB = m.memory(-1, m.left)
	}
	if own, ok := m.tree.stat(m.tree.self); ok {
		m.ownKiB = own.Pages * m.page
	}
	m.credit -= time.Since(begun)
}

// memory is that of trees of processes in KiB: as their sum, and with pages that several of them
// share counted once. The kernel tells the second only by walking all pages, so it is asked
// where several processes would make a new peak, or always with a peak of -1.
func (m *sampler) memory(peak int64, roots []int) (resident, proportional int64) {
	stats := m.tree.walk(roots...)
	for _, s := range stats {
		resident += s.Pages * m.page
	}
	if resident <= peak || peak >= 0 && len(stats) < 2 {
		return resident, resident
	}
	for _, s := range stats {
		pss, ok := m.tree.pss(s.PID)
		if !ok { // gone meanwhile, or an old kernel
			pss = s.Pages * m.page
		}
		proportional += pss
	}
	return resident, min(resident, proportional)
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
func (m *sampler) note(now time.Time) {
	for _, l := range m.looks {
		s := l.slot
		if s.pid != l.pid || l.resident == 0 { // it has ended
			continue
		}
		u := &s.usage
		u.samples++
		u.resident, u.now, u.peak = l.resident, l.kib, max(u.peak, l.kib)
		u.next = now.Add(min(max(now.Sub(s.started)/2, firstLook), lastLook))
	}
}
