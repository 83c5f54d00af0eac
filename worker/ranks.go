package worker

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"hpcsub/items"
)

// launcher starts the ranks of each item, where items are MPI programs.
type launcher struct {
	argv    []string // srun, or mpiexec, with its options
	ranks   int
	program string // hpcsub itself, which stands above each rank
}

// command writes down what the ranks of an item run, and returns what starts them.
func (l *launcher) command(dir string, argv []string) ([]string, error) {
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("making the folder of an item's ranks: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of an item's ranks: %w", err)
	}
	text := strings.Join(argv, "\x00") + "\x00"
	if err := os.WriteFile(filepath.Join(dir, argvFile), []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("writing what an item's ranks run: %w", err)
	}
	return append(l.argv[:len(l.argv):len(l.argv)], l.program, "worker", "rank", dir), nil
}

// overMemory says whether Slurm told, among what an item wrote to its standard error, that it ended the step for its
// memory: by its own count (jobacct_gather) or the kernel's (cgroups). The code is that of any kill.
func overMemory(stderr string) bool {
	for line := range strings.Lines(stderr) {
		switch {
		case strings.HasPrefix(line, "slurmstepd") && (strings.Contains(line, "exceeded memory limit") ||
			strings.Contains(line, "oom_kill event") || strings.Contains(line, "oom-kill event")):
			return true
		case strings.HasPrefix(line, "srun: error:") && strings.Contains(line, "Out Of Memory"):
			return true
		}
	}
	return false
}

// reports are what the ranks of one item told.
type reports []rankReport

// collect reads what the ranks told and takes the folder away. A rank that was killed with its node, or
// together with what stands above it, told nothing.
func collect(dir string) reports {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var all reports
	for _, e := range entries {
		var r rankReport
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if e.Name() != argvFile && err == nil && json.Unmarshal(text, &r) == nil {
			all = append(all, r)
		}
	}
	os.RemoveAll(dir) // what stays is in the way of nobody
	return all
}

// first is the rank that failed first, and by itself: when one has failed srun ends the others.
func (all reports) first() *rankReport {
	var first *rankReport
	for i := range all {
		r := &all[i]
		switch {
		case r.Code == 0:
		case first == nil, first.ended() && !r.ended(), first.ended() == r.ended() && r.End < first.End:
			first = r
		}
	}
	return first
}

// ended says that the rank was probably ended by its launcher.
func (r *rankReport) ended() bool {
	return !r.OOM && (r.Signal == "TERM" || r.Signal == "KILL")
}

// correct puts what the ranks told in place of the launcher's exit code: srun gives the greatest of all codes, and
// of a rank that it has ended that is 143 or 137.
func (all reports) correct(o outcome, stderr string) outcome {
	if o.state == items.Failed && overMemory(stderr) {
		o.state, o.cause = items.OutOfMemory, "Slurm ended the item's step when its memory ran out"
		return o
	}
	r := all.first()
	if r == nil || o.state != items.Failed || o.code != nil && *o.code == 0 {
		return o
	}
	o.code, o.signal = &r.Code, nil
	if r.Signal != "" {
		o.code, o.signal = nil, &r.Signal
	}
	o.cause = fmt.Sprintf("the first rank to fail was \"%d\" on %s", r.Rank, r.Node)
	if r.OOM {
		o.state, o.cause = items.OutOfMemory, fmt.Sprintf("the kernel killed rank %d on %s when the memory ran out", r.Rank, r.Node)
	}
	return o
}

// measure adds what the ranks used, in the shape in which the kernel tells of one process. Nil: nothing is known,
// and what the launcher itself used is not the item's.
func (all reports) measure(r *items.Record) {
	if len(all) == 0 {
		return
	}
	var cpu, largest, sum float64
	for _, rank := range all {
		cpu, largest, sum = cpu+rank.CPU, max(largest, rank.RSS), sum+rank.RSS
	}
	r.CPU, r.MaxRSS, r.MaxRSSTree = &cpu, &largest, &sum
	r.TreeSource = "ranks"
}
