package local

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// share is an amount of the machine.
type share struct{ cpus, memoryMiB int }

// hold is what a job holds now.
type hold struct {
	share
	waits wait
	gpus  []string // their UUIDs
}

// wait is what a job that holds nothing yet waits for.
type wait int

const (
	forNothing wait = iota
	forShare        // of CPUs and memory: no later job goes before it
	forGPUs         // and for nothing else: later jobs that need none go before it
)

// text has a fixed width, with so many bytes for GPUs: it is overwritten in place, which works on a full disk too.
func (h hold) text(gpus int) string {
	text := fmt.Sprintf("%10d %10d %d\n", h.cpus, h.memoryMiB, h.waits)
	if gpus > 0 {
		text += fmt.Sprintf("%-*s\n", gpus, strings.Join(h.gpus, " "))
	}
	return text
}

func parseHold(text string) (hold, error) {
	var h hold
	if _, err := fmt.Sscanf(text, "%d %d %d\n", &h.cpus, &h.memoryMiB, &h.waits); err != nil {
		return hold{}, fmt.Errorf("reading what a local job holds: %w in %q", err, text)
	}
	_, gpus, _ := strings.Cut(text, "\n")
	h.gpus = strings.Fields(gpus)
	return h, nil
}

// eachHold visits the holds of the jobs whose supervisors live on this machine, and of other jobs the
// GPUs that may be in use.
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
		p, err := f.supervisor()
		switch {
		case err != nil: // is about to start, and holds nothing yet
		case p.here() && p.runs():
			visit(id, h)
		case len(h.gpus) > 0 && f.keepsGPUs(p):
			visit(id, hold{gpus: h.gpus})
		}
	}
	return nil
}

// keepsGPUs says whether the GPUs of a job whose supervisor is not seen to run may be in use. What a supervisor
// that was killed has left behind is ended first: unlike CPUs, GPUs are free only when nothing is left on them. A
// supervisor elsewhere is known by its heartbeat: in another container it may have GPUs of this machine, and those of
// another machine have other UUIDs.
func (f folder) keepsGPUs(p process) bool {
	if !p.here() {
		return time.Since(f.lastSign()) < silence
	}
	j, err := f.read()
	if err == nil && !p.sweep(j.mark("")) {
		return true
	}
	os.Remove(f.path(holdsFile)) // spares everyone this look
	return false
}
