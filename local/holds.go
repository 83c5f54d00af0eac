package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// share is an amount of the machine.
type share struct{ cpus, memoryMiB int }

// hold is what a job holds now, and whether it waits for its first share.
type hold struct {
	share
	waiting bool
}

// String has a fixed width: it is overwritten in place, which works on a full disk too.
func (h hold) String() string {
	waiting := 0
	if h.waiting {
		waiting = 1
	}
	return fmt.Sprintf("%10d %10d %d\n", h.cpus, h.memoryMiB, waiting)
}

func parseHold(text string) (hold, error) {
	var h hold
	var waiting int
	if _, err := fmt.Sscanf(text, "%d %d %d\n", &h.cpus, &h.memoryMiB, &waiting); err != nil {
		return hold{}, fmt.Errorf("reading what a local job holds: %w in %q", err, text)
	}
	h.waiting = waiting == 1
	return h, nil
}

// ledger divides the machine between the supervisors that run on it: each writes what it holds into
// its job's folder, and reads the others' before it takes more. The turn, a lock that the kernel
// frees when its holder dies, has one of them do so at a time.
type ledger struct {
	store store
	own   int // the job's id
	file  *os.File
	total share
	need  share // of one slot: what an array task holds while it runs
	slots int   // held now
}

func openLedger(s store, own int, total, need share) (*ledger, error) {
	file, err := os.OpenFile(s.folder(own).path(holdsFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	l := &ledger{store: s, own: own, file: file, total: total, need: need}
	return l, l.write(true)
}

// resize comes as near to want slots as the machine allows. A job that holds nothing goes before
// jobs that were submitted after it, whatever would fit.
func (l *ledger) resize(want int) error {
	if want == l.slots {
		return nil
	}
	turn, err := l.takeTurn()
	if err != nil || turn == nil {
		return err
	}
	defer turn.Close()
	if want < l.slots {
		l.slots = want
		return l.write(false)
	}
	taken, first, err := l.others()
	if err != nil || !first {
		return err
	}
	before := l.slots
	l.slots = max(before, l.fit(taken, want))
	if err := l.write(l.slots == 0); err != nil {
		l.slots = before
		return err
	}
	return nil
}

// fit is how many slots the machine has besides what is taken: at least one where nothing is.
func (l *ledger) fit(taken share, want int) int {
	n := min(want, (l.total.cpus-taken.cpus)/max(1, l.need.cpus))
	if l.need.memoryMiB > 0 {
		n = min(n, (l.total.memoryMiB-taken.memoryMiB)/l.need.memoryMiB)
	}
	if taken == (share{}) {
		n = max(n, 1)
	}
	return max(n, 0)
}

// others adds up what other jobs hold on this machine, and says whether none before this one waits.
func (l *ledger) others() (taken share, first bool, err error) {
	first = true
	err = l.store.eachHold(func(id int, h hold) {
		if id == l.own {
			return
		}
		taken.cpus += h.cpus
		taken.memoryMiB += h.memoryMiB
		if h.waiting && id < l.own {
			first = false
		}
	})
	return taken, first, err
}

// eachHold visits the holds of the jobs whose supervisors live on this machine.
func (s store) eachHold(visit func(id int, h hold)) error {
	ids, err := s.ids()
	if err != nil {
		return err
	}
	for _, id := range ids {
		f := s.folder(id)
		text, err := os.ReadFile(f.path(holdsFile))
		if err != nil {
			continue // has ended
		}
		h, err := parseHold(string(text))
		if err != nil {
			continue // is about to write its first
		}
		if p, err := f.supervisor(); err == nil && p.here() && p.runs() {
			visit(id, h)
		}
	}
	return nil
}

// takeTurn returns nil when another supervisor has it: try again soon. Where the file system has no
// locks it goes ahead without: two supervisors may then take the same CPUs, which only makes both slower.
func (l *ledger) takeTurn() (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(string(l.store), "turn-"+hostName()), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		file.Close()
		return nil, nil
	}
	return file, nil
}

func (l *ledger) write(waiting bool) error {
	h := hold{share{l.slots * l.need.cpus, l.slots * l.need.memoryMiB}, waiting}
	_, err := l.file.WriteAt([]byte(h.String()), 0)
	return err
}

// close gives everything back.
func (l *ledger) close() {
	os.Remove(l.file.Name())
	l.file.Close()
	l.slots = 0
}
