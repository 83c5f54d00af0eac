package worker

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"hpcsub/items"
)

// One queue over nodes. The worker of rank 0 has it, and writes lines of places to its driver, which finds somebody for
// each and says once what became of it. These rules see a run through the loss of a node, whatever Pathos or Dask do:
//
//   - A worker answers for a line when the records of its calls are on the disk, so nothing that was answered is lost.
//   - A line that nobody has answered for goes back to the worker of rank 0, which hands it out again, marked.
//   - Whoever is asked for a marked line looks into the records of all workers, and makes only the calls that no
//     success is recorded of.
//   - The loss of the node of rank 0 ends the Slurm job. Its next life reads all records, like that of any job.

// mostTries is how often a call is handed out again. One that takes its node along must not take all.
const mostTries = 3

// shared is what a dispatcher knows of a queue over nodes.
type shared struct {
	on        bool
	rank      int         // of this worker: 0 has the queue
	life      int         // of the Slurm job
	meeting   string      // folder where the drivers of all nodes find each other
	answers   bitmap      // places that the driver has had an answer for
	lost      [][]int     // lines that came back and are to be handed out again
	tries     map[int]int // place → how often it came back
	successes successes
}

// answerOnDisk answers a request once the records of its calls cannot be lost with this node any more. Requests that
// come together share the wait.
func (d *dispatcher) answerOnDisk(r *request, code int) {
	if err := d.recorder.Sync(); err != nil {
		d.unlockedFail(err) // and the answer stays away: somebody else is asked
		r.conn.Close()
		return
	}
	r.answer(code)
}

// heardOf takes "CODE NODE PLACE …": what became of a line, here or on another node.
func (d *dispatcher) heardOf(words []string) {
	if len(words) < 3 || !d.shared.on {
		return
	}
	var places []int
	for _, word := range words[2:] {
		if place, err := strconv.Atoi(word); err == nil && place >= 0 && place < d.queue.part.Len() {
			places = append(places, place)
		}
	}
	if words[0] == strconv.Itoa(codeNotStarted) {
		d.cameBack(places)
	} else {
		for _, place := range places {
			if d.shared.answers.set(place, d.queue.part.Len()) {
				d.handled++
			}
		}
	}
	d.makeRoom(len(places))
}

// cameBack takes places that nobody has answered for. The second time each is handed out alone: one call of them
// may be what its node is lost for.
func (d *dispatcher) cameBack(places []int) {
	var line []int
	for _, place := range places {
		d.shared.tries[place]++
		switch tries := d.shared.tries[place]; {
		case tries > mostTries:
			fmt.Fprintf(d.stderr, "hpcsub: warning: call %d was handed out %d times, and every time the node did not answer; it is left to hpcsub retry\n", d.indexAt(place), tries)
		case tries > 1:
			d.shared.lost = append(d.shared.lost, []int{place})
		default:
			line = append(line, place)
		}
	}
	if len(line) > 0 {
		d.shared.lost = append(d.shared.lost, line)
	}
}

// indexAt is the item's place in the run's list, for messages.
func (d *dispatcher) indexAt(place int) int {
	index, err := d.queue.part.Index(place)
	if err != nil {
		return place
	}
	return index
}

// backAgain gives a line that is to be handed out again; nil where there is none.
func (d *dispatcher) backAgain() []int {
	if len(d.shared.lost) == 0 {
		return nil
	}
	line := d.shared.lost[0]
	d.shared.lost = d.shared.lost[1:]
	return line
}

// busyElsewhere says whether another worker of this life has recorded anything.
func (d *dispatcher) busyElsewhere() bool {
	for part := range d.nodes {
		path := d.dir.Results(part, d.shared.life)
		if info, err := os.Stat(path); err == nil && info.Size() > 0 && path != d.results {
			return true
		}
	}
	return false
}

// overFile is in a meeting folder when the queue is over.
const overFile = "over"

// sayOver tells the other ranks that there is nothing more to come. Their drivers hear it from that of rank 0 too; one
// that was still starting would look for it for minutes.
func (d *dispatcher) sayOver() {
	if !d.shared.on || d.shared.rank > 0 {
		return
	}
	err := items.WriteFile(filepath.Join(d.shared.meeting, overFile), func(io.Writer) error { return nil })
	if err != nil {
		fmt.Fprintf(d.stderr, "hpcsub: warning: telling the other nodes that the queue is over: %v\n", err)
	}
}

// isOver says whether the queue is.
func (d *dispatcher) isOver() bool {
	_, err := os.Stat(filepath.Join(d.shared.meeting, overFile))
	return err == nil
}

// sayIdle tells of a node that the others go on without, since what asks for calls there has died.
func (d *dispatcher) sayIdle() {
	d.mu.Lock()
	fate, idle := d.fate, d.shared.rank > 0 && d.halt == "" && d.fate != 0 && !diedOfTerm(d.fate) // by which Slurm or this worker ends it
	d.mu.Unlock()
	if !idle || d.isOver() {
		return
	}
	how := fmt.Sprintf("with exit code %d", fate.ExitStatus())
	if fate.Signaled() {
		how = "of SIG" + signalName(fate.Signal())
	}
	fmt.Fprintf(d.stderr, "hpcsub: warning: node %s makes no more calls: its part of the driver ended %s; the other nodes go on\n", d.node, how)
}

// attendRank waits for the end of the server or worker that stands on this node for the driver of another
// one, and ends it when this node takes no more calls, or nobody has any more and it does not end by itself.
func (d *dispatcher) attendRank() {
	const patience, kill = 3 * time.Second, 10 * time.Second
	defer d.input.Close()
	var over time.Time // when that was seen
	for n := 1; ; n++ {
		select {
		case <-d.ended:
			return
		case <-time.After(recheck):
		}
		if n%10 == 0 && over.IsZero() {
			if d.isOver() {
				over = time.Now()
			}
		}
		late := time.Duration(0)
		if !over.IsZero() {
			late = time.Since(over)
		}
		d.mu.Lock()
		if d.parallel > 0 && d.running() == 0 && (d.left() || late > patience) {
			sig := syscall.SIGTERM
			if late > kill {
				sig = syscall.SIGKILL
			}
			syscall.Kill(-d.parallel, sig)
		}
		d.mu.Unlock()
	}
}

// left says that this node takes no more calls, and is not the one with the queue. Others may take them, so it must not
// be asked: it would turn one after another away.
func (d *dispatcher) left() bool { return d.shared.rank > 0 && d.halt != "" }
