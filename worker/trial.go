package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"hpcsub/items"
	"hpcsub/trials"
)

// trial times items one at a time, as its rules say, and writes down each measurement as it comes. It goes through the same
// engine as the items of a run, so that what is measured is what a run will do.
type trial struct {
	*worker
	rules trials.Rules
	done  []trials.Measurement
	file  *os.File
	began time.Time
	ended *items.Record         // the item that ran last
	ends  map[int]*items.Record // those of items side by side, by their index; nil where one runs alone
	ways  []*items.Template     // the program's, and those of its variants
	calls []string              // their functions, where they are some

	launched time.Time
	started  time.Time // when its function was ready to be called
	cut      bool      // the budget ended it
	torn     bool      // the file may end in the middle of a line: a kill or a full disk left it so
}

// trial runs a trial to its end.
func (w *worker) trial(ctx context.Context) {
	runtime.LockOSThread() // see loop
	defer runtime.UnlockOSThread()
	t := &trial{worker: w, began: time.Now()}
	if err := t.open(ctx); err != nil {
		w.unlockedFail(err)
		return
	}
	defer t.file.Close()
	if w.work.Spec.Function != "" {
		quit := make(chan struct{})
		defer close(quit)
		go w.reapUntil(quit)
	}
	end := t.run()
	text, err := trials.EndLine(end)
	if err == nil {
		err = t.write(text)
	}
	if err != nil {
		w.unlockedFail(err)
	}
}

// open reads the rules, looks at the machine, and takes up what an earlier life of the job has measured.
func (t *trial) open(ctx context.Context) error {
	text, err := os.ReadFile(t.dir.Trial())
	if err == nil {
		err = json.Unmarshal(text, &t.rules)
	}
	if err != nil {
		return fmt.Errorf("reading the rules of the trial: %w", err)
	}
	if err := writeMachine(ctx, t.dir.Machine(), t.node); err != nil {
		return err
	}
	if old, err := os.Open(t.dir.Measurements()); err == nil {
		log, err := trials.ReadLog(old)
		old.Close()
		if err != nil {
			return fmt.Errorf("reading what was measured before: %w", err)
		}
		t.done, t.torn = log.Measurements, true
	}
	t.file, err = os.OpenFile(t.dir.Measurements(), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("opening the measurements: %w", err)
	}
	if err := RestoreOutputs(t.dir); err != nil {
		return err
	}
	t.ways, t.calls = []*items.Template{t.queue.template}, []string{t.work.Spec.Function}
	for _, spec := range t.work.Variants {
		way, err := items.NewTemplate(spec, t.work.Columns)
		if err != nil {
			return fmt.Errorf("reading a variant: %w", err)
		}
		t.ways, t.calls = append(t.ways, way), append(t.calls, spec.Function)
	}
	t.mu.Lock()
	t.measured = func(s *slot, r items.Record) {
		t.ended, t.started = &r, s.started
		if t.ends != nil {
			t.ends[r.Index] = &r
		}
	}
	t.mu.Unlock()
	t.rules.Startup, t.rules.Beside, t.rules.RoomMiB = t.tellsStartup(), min(t.rules.Beside, len(t.slots)), t.memoryRoom()
	if first, err := t.queue.at(0); t.rules.Profile && err == nil {
		_, ok := t.profiled(first)
		t.rules.Profile = ok && t.launcher == nil // ranks would write one file; else the command says so
	}
	t.began = time.Now()
	return nil
}

// run goes from step to step and returns why it ended.
func (t *trial) run() string {
	for {
		step, end := t.rules.Next(t.done, time.Since(t.began).Seconds())
		if end != "" {
			return end
		}
		all, ok, err := t.measure(step)
		if err == nil && ok {
			t.done = append(t.done, all...)
			var text []byte
			for _, m := range all {
				if text, err = m.Append(text); err != nil {
					break
				}
			}
			if err == nil {
				err = t.write(text)
			}
		}
		if err != nil { // the step was left half-way, and earlier outputs wait
			t.unlockedFail(errors.Join(err, RestoreOutputs(t.dir)))
		}
		if err != nil || !ok {
			return trials.EndStopped
		}
	}
}

// write is on the disk when it returns: what was measured stays, whatever ends the job.
func (t *trial) write(text []byte) error {
	if t.torn {
		text = append([]byte("\n"), text...)
	}
	t.torn = true
	if _, err := t.file.Write(text); err != nil {
		return fmt.Errorf("writing a measurement: %w", err)
	}
	t.torn = false
	if err := t.file.Sync(); err != nil {
		return fmt.Errorf("writing a measurement: %w", err)
	}
	return nil
}

// measure does what a step says. ok is false where the trial is to end instead.
func (t *trial) measure(step trials.Step) (all []trials.Measurement, ok bool, err error) {
	if step.Phase == trials.Crowd {
		return t.crowd(step)
	}
	m, ok, err := t.alone(step)
	return []trials.Measurement{m}, ok, err
}

// alone runs one item.
func (t *trial) alone(step trials.Step) (m trials.Measurement, ok bool, err error) {
	task, err := t.task(step)
	if err != nil {
		return m, false, err
	}
	made, err := t.setAside(task.outputs)
	if err != nil {
		return m, false, err
	}
	use, ok := t.runOne(step, task)
	m = t.measurement(step, task, use)
	if ok && m.State == trials.Done && step.Phase == trials.Startup && task.call == nil {
		m.Startup = t.startupOf(task, t.ended)
	}
	if err := t.keepProfile(task); err != nil {
		return m, false, err
	}
	folder := t.dir.Made(len(t.done) + 1)
	m.Outputs, err = t.collect(made, folder)
	if err == nil && m.State == trials.Done && step.Phase != trials.Startup && step.Phase != trials.Check && step.Phase != trials.Profiling {
		err = t.compare(&m, task, folder)
	}
	return m, ok && err == nil, err
}

// task is what a step runs: an item, by the program or a variant of it, or the check.
func (t *trial) task(step trials.Step) (task, error) {
	if step.Phase == trials.Check {
		return task{id: "check", argv: t.work.Check, once: true}, nil
	}
	q := *t.queue
	q.template = t.ways[step.Variant]
	task, err := q.at(step.Place)
	if err == nil && step.Phase == trials.Profiling {
		if own, ok := t.profiled(task); ok {
			return own, nil
		}
	}
	return task, err
}

// runOne starts an item and waits for its end.
func (t *trial) runOne(step trials.Step, task task) (use traffic, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended, t.cut = nil, false
	if step.Phase == trials.Startup {
		t.dismiss() // a process that has imported everything tells nothing of its start
		defer t.profileImports()()
	}
	if function := t.calls[step.Variant]; t.work.Spec.Function != function {
		t.dismiss()
		t.work.Spec.Function = function
	}
	if step.Threads > 0 {
		t.dismiss() // libraries read how many threads they have as they are loaded
		defer t.withThreads(step.Threads)()
	}
	if !t.mayStart() {
		return use, false
	}
	before := t.trafficOf(t.slots[0].caller)
	t.launched = time.Now()
	for !t.begin(task) {
		if t.failure != nil || t.ending {
			return use, false
		}
		t.unlocked(func() { time.Sleep(recheck) })
	}
	timer := time.AfterFunc(time.Until(t.began.Add(seconds64(t.rules.Budget))), t.outOfBudget)
	defer timer.Stop()
	for t.running() > 0 {
		if t.work.Spec.Function != "" { // reaped elsewhere
			t.unlocked(t.awaitChange)
			continue
		}
		t.unlocked(awaitExit)
		use = t.traffic(t.slots[0].pid) // it has ended, and is not reaped yet
		t.reap()
	}
	if c := t.slots[0].caller; c != nil {
		use = t.trafficOf(c).less(before)
	}
	return use, t.ended != nil && !t.ending
}

// awaitChange returns when a slot may be free again.
func (t *trial) awaitChange() {
	select {
	case <-t.changed:
	case <-time.After(recheck):
	}
}

// outOfBudget ends the item that runs: it takes longer than the budget, and how long is not known.
func (t *trial) outOfBudget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if (t.ended == nil || t.ends != nil) && t.running() > 0 {
		t.cut = true
		t.terminate(verdict{items.Cancelled, "the trial's budget is used up"}, min(t.grace, timeoutGrace))
	}
}

// measurement is what is kept of an item that has ended.
func (t *trial) measurement(step trials.Step, task task, use traffic) trials.Measurement {
	m := trials.Measurement{Phase: step.Phase, Place: step.Place, Round: step.Round, Threads: step.Threads, Variant: step.Variant, Index: task.index, ID: task.id, Node: t.node}
	r := t.ended
	if r == nil {
		return m
	}
	m.State, m.Cause, m.ExitCode, m.Signal, m.Start = string(r.State), r.Cause, r.ExitCode, r.Signal, r.Start
	m.Elapsed, m.CPU, m.MaxRSS, m.MaxRSSTree, m.Stderr, m.Slot = *r.Elapsed, r.CPU, r.MaxRSS, r.MaxRSSTree, r.Stderr, r.Slot
	m.GPUs, m.GPUsUsed, m.GPUMean, m.GPUMemory = r.GPUs, r.GPUsUsed, r.GPUMean, r.GPUMemory
	if t.cut {
		m.State = trials.Cut
	}
	if task.call != nil && step.Phase == trials.Startup {
		took := t.started.Sub(t.launched).Seconds()
		m.Startup = &took
	}
	if use.known {
		m.Read, m.Written, m.Writes = &use.read, &use.written, &use.writes
	}
	return m
}

// threadVariables tell libraries how many threads to use; the script sets them.
var threadVariables = []string{"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS"}

// withThreads tells the next item to use so many threads, and returns what takes that back.
func (t *trial) withThreads(n int) (back func()) {
	s := t.slots[0]
	before := s.environ
	var own []string
	for _, name := range threadVariables {
		own = append(own, name+"="+strconv.Itoa(n))
	}
	for _, entry := range before {
		if name, _, _ := strings.Cut(entry, "="); !slices.Contains(threadVariables, name) {
			own = append(own, entry)
		}
	}
	s.environ = own
	return func() { s.environ = before }
}

func seconds64(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
