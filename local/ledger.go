package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

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
	waits wait
	gpus  dealer
}

func openLedger(s store, own int, j *job) (*ledger, error) {
	file, err := os.OpenFile(s.folder(own).path(holdsFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	total := j.total()
	l := &ledger{store: s, own: own, file: file, total: total, need: j.need(total), waits: forShare}
	if j.GPUs > 0 {
		l.gpus = dealer{each: j.GPUs, devices: j.Devices}
		turn, err := l.takeTurn() // a job that could never have a turn is refused now
		if err != nil {
			return nil, err
		}
		turn.Close()
	}
	return l, l.write()
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
		l.gpus.drop(l.slots - want)
		l.slots = want
		return l.write()
	}
	o, err := l.others()
	if err != nil {
		return err
	}
	before := *l
	l.grow(o, want)
	if l.slots == before.slots && l.waits == before.waits {
		return nil
	}
	if err := l.write(); err != nil {
		*l = before
		return err
	}
	return nil
}

// grow takes what there is for at most want slots, or notes what for the job waits.
func (l *ledger) grow(o others, want int) {
	if o.ahead == forShare || o.ahead == forGPUs && l.gpus.each > 0 {
		if l.slots == 0 {
			l.waits = o.ahead
		}
		return
	}
	most := max(l.slots, l.fit(o.taken, want))
	l.slots += l.gpus.take(most-l.slots, o.gpus)
	switch {
	case l.slots > 0:
		l.waits = forNothing
	case most > 0:
		l.waits = forGPUs
	default:
		l.waits = forShare
	}
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

// others is what other jobs hold on this machine, and what for one before this one waits.
type others struct {
	taken share
	gpus  []string // their UUIDs
	ahead wait
}

func (l *ledger) others() (o others, err error) {
	err = l.store.eachHold(func(id int, h hold) {
		if id == l.own {
			return
		}
		o.taken.cpus += h.cpus
		o.taken.memoryMiB += h.memoryMiB
		o.gpus = append(o.gpus, h.gpus...)
		if id < l.own && h.waits != forNothing && o.ahead != forShare {
			o.ahead = h.waits
		}
	})
	return o, err
}

// takeTurn returns nil when another supervisor has it: try again soon. Where the file system has no
// locks it goes ahead without: two supervisors may then take the same CPUs, which only makes both slower.
// Two programs on one GPU fail, so a job with GPUs does not run there.
func (l *ledger) takeTurn() (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(string(l.store), "turn-"+hostName()), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		file.Close()
		return nil, nil
	}
	if err != nil && l.gpus.each > 0 {
		file.Close()
		return nil, fmt.Errorf("locking %q: %w: without locks two jobs may be given the same GPU; set XDG_STATE_HOME to a folder of a file system that has them", file.Name(), err)
	}
	return file, nil
}

func (l *ledger) write() error {
	h := hold{share{l.slots * l.need.cpus, l.slots * l.need.memoryMiB}, l.waits, uuids(l.gpus.held)}
	_, err := l.file.WriteAt([]byte(h.text(l.gpus.width())), 0)
	return err
}

// lose keeps the GPUs of a task that is over from everybody until the job ends, and its slot with them.
func (l *ledger) lose(gpus []device) {
	if len(gpus) > 0 {
		l.slots--
	}
}

// close gives everything back.
func (l *ledger) close() {
	os.Remove(l.file.Name())
	l.file.Close()
	l.slots = 0
}
