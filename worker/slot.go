package worker

import (
	"math"
	"strconv"
	"syscall"
	"time"

	"hpcsub/items"
)

// task is an item that is to run.
type task struct {
	id      string
	index   int
	place   int // in the queue of a dispatcher
	argv    []string
	call    []byte // of a function, as its caller reads it; nil for a program
	outputs []string
	bad     error // why it cannot be run at all
	once    bool  // a command that is no item, as a trial's check: it has no ranks, where items have

	from *request       // of a dispatcher's child; nil in a queue
	over func(exit int) // tells it of the end
}

// slot runs one item at a time. Its log files take the output of all of its items.
type slot struct {
	n        int
	out, err logFile
	values   string   // the file of returned values that are no short JSON
	ranks    string   // folder of the ranks of an MPI item
	environ  []string // of the items: the script's and four variables at the end

	pid     int // 0 = free; also the item's process group
	task    task
	started time.Time // carries the monotonic clock that elapsed is measured by
	verdict verdict   // set when the worker ends the item
	limitAt time.Time // each.timeout; zero = none
	killAt  time.Time // SIGKILL follows SIGTERM here; zero = not ended by us
	kills   int       // how often it was sent
	usage   usage
	caller  *caller  // the process that makes the slot's calls; nil for programs, and before the first call
	calling *caller  // the same, while it makes one
	ahead   []task   // calls that it has been asked for, after the one that it makes
	room    int      // how many more may lie ahead before it has made these
	printed [2]int64 // how long the logs were when the call ended
}

// usage is what the sampler saw of an item's processes.
type usage struct {
	samples  int
	looked   time.Time // when it was last looked at
	resident int64     // KiB, all of its processes together, what they share counted in each
	now      int64     // KiB, the same, what they share counted once where that was asked
	peak     int64     // KiB
	asked    time.Time // when it was last asked what they share,
	most     int64     // and the largest sum by then
}

// newSlot makes slot n; log says where a stream of it goes.
func newSlot(n int, log func(stream string) string, run string, base []string) *slot {
	s := &slot{n: n}
	s.out, s.err = logFile{path: log("out"), fd: -1}, logFile{path: log("err"), fd: -1}
	s.values = log("values")
	s.environ = append(base[:len(base):len(base)],
		"HPCSUB_RUN="+run, "HPCSUB_SLOT="+strconv.Itoa(n), "HPCSUB_ITEM_ID=", "HPCSUB_ITEM_INDEX=")
	return s
}

// mark is the entry of the environment by which a process of the item is known.
func (s *slot) mark() string { return s.environ[len(s.environ)-2] }

// take names the item in the environment and opens the logs.
func (s *slot) take(t task) error {
	s.task, s.verdict, s.usage = t, verdict{}, usage{}
	s.limitAt, s.killAt, s.kills = time.Time{}, time.Time{}, 0
	s.printed = [2]int64{math.MaxInt64, math.MaxInt64}
	last := len(s.environ) - 1
	s.environ[last-1] = "HPCSUB_ITEM_ID=" + t.id
	s.environ[last] = "HPCSUB_ITEM_INDEX=" + strconv.Itoa(t.index)
	return s.open()
}

// open makes the logs ready.
func (s *slot) open() error {
	if err := s.out.open(); err != nil {
		return err
	}
	return s.err.open()
}

// terminate asks the item to end, and sets the time when it will be made to.
func (s *slot) terminate(v verdict, now time.Time, grace time.Duration) {
	if s.pid == 0 {
		return
	}
	if s.verdict.state == "" {
		s.verdict = v
	}
	if at := now.Add(grace); s.killAt.IsZero() || at.Before(s.killAt) {
		s.killAt = at
	}
	s.signal(syscall.SIGTERM)
	s.signal(syscall.SIGCONT) // a stopped process takes no other signal
}

// signal goes to the item's process group. What has gone already needs none.
func (s *slot) signal(sig syscall.Signal) {
	if s.pid > 0 {
		syscall.Kill(-s.pid, sig)
	}
}

// begin is the record of an item that has started.
func (s *slot) begin(node string) items.Record {
	return items.Record{
		ID: s.task.id, Index: s.task.index, State: items.Running,
		Start: unixSeconds(s.started), Node: node, Slot: s.n,
	}
}

// finish is the record of an item that has ended at that time.
func (s *slot) finish(node string, o outcome, ended time.Time) items.Record {
	r := s.begin(node)
	elapsed := ended.Sub(s.started).Seconds()
	end := r.Start + elapsed // the wall clock may have been set meanwhile
	r.State, r.ExitCode, r.Signal, r.Cause = o.state, o.code, o.signal, o.cause
	r.End, r.Elapsed = &end, &elapsed
	r.Stdout, r.Stderr = s.out.span(s.printed[0]), s.err.span(s.printed[1])
	return r
}

// measure adds what the kernel counted to an end record. The peak of the tree is at least
// that of its largest process; TreeSource says whether anybody looked at the whole.
func (s *slot) measure(r *items.Record, ru *syscall.Rusage) {
	cpu := seconds(ru.Utime) + seconds(ru.Stime)
	r.CPU = &cpu
	s.measurePeak(r, ru.Maxrss)
}

func (s *slot) measurePeak(r *items.Record, peakKiB int64) {
	largest := float64(peakKiB) / 1024
	all := max(largest, float64(s.usage.peak)/1024)
	r.MaxRSS, r.MaxRSSTree = &largest, &all
	if s.usage.samples > 0 {
		r.TreeSource = "sampled"
	}
}

func seconds(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }

func unixSeconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
