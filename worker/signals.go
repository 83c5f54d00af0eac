package worker

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"hpcsub/items"
)

// listen catches the signals that the worker acts on. SIGHUP is left alone where the caller
// ignores it (nohup).
func listen() chan os.Signal {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGCONT)
	// Past a file size limit a write is to give an error, not end the worker. It is caught, not
	// ignored, because what is ignored is ignored in the items too.
	signal.Notify(signals, syscall.SIGXFSZ)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	return signals
}

// attend waits until the work is over. SIGTERM is Slurm's word that the job ends, for its time
// limit, scancel, a requeue or preemption: the items get it too, and what they leave of the
// time before Slurm's SIGKILL goes into the records. SIGUSR1 and SIGUSR2 are for the items
// (sbatch --signal).
func (w *worker) attend(ctx context.Context, signals <-chan os.Signal, over <-chan struct{}) {
	var giveUp, settled <-chan time.Time
	ended := ctx.Done()
	for {
		select {
		case <-over:
			over, settled = nil, time.After(w.unsettled())
			continue
		case <-settled:
			return
		case <-giveUp:
			return
		case sig := <-signals:
			switch number := sig.(syscall.Signal); number {
			case syscall.SIGUSR1, syscall.SIGUSR2:
				w.passOn(number)
				continue
			case syscall.SIGCONT:
				now := time.Now()
				w.continued.Store(&now)
				continue
			case syscall.SIGXFSZ:
				continue
			}
		case <-ended:
			ended = nil
		}
		if giveUp == nil {
			giveUp = w.end()
		}
	}
}

func (w *worker) passOn(sig syscall.Signal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.byPID {
		s.signal(sig)
	}
}

// end asks all items to end. The channel tells when even those that hang in the kernel must
// be written off.
func (w *worker) end() <-chan time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	v := w.endVerdict()
	w.stop(v.cause)
	w.ending = true
	w.recant(v, time.Now())
	w.terminate(v, w.grace)
	return time.After(w.grace + 500*time.Millisecond)
}

// hearsay is how long the worker waits for a signal that an item has got already.
const hearsay = 500 * time.Millisecond

// hearEnd waits a moment when an item died of a SIGTERM that the worker did not send: Slurm
// sends it to all processes of a job that ends, one after the other, and the worker may be the
// last to hear. Else the item would count as failed by itself, and the next one would start.
func (e *engine) hearEnd(s *slot) {
	e.hearOut(s, func() {
		for end := time.Now().Add(hearsay); !e.ending && time.Now().Before(end); {
			e.unlocked(func() { time.Sleep(5 * time.Millisecond) })
		}
	})
	if e.ending {
		s.verdict = e.endVerdict()
	}
}

// endVerdict tells the time limit from other reasons for which a job is ended.
func (e *engine) endVerdict() verdict {
	if e.clock.nearEnd(time.Now()) {
		return verdict{items.Timeout, "the job's time limit came"}
	}
	return verdict{items.Cancelled, "the job was told to end"}
}
