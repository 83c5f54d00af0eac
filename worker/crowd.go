package worker

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"hpcsub/items"
	"hpcsub/trials"
)

// crowd runs items side by side, as many as a step names, and measures each. ok is false where the trial is to end instead.
func (t *trial) crowd(step trials.Step) (all []trials.Measurement, ok bool, err error) {
	var tasks []task
	for _, place := range step.Beside {
		step.Place = place
		task, err := t.task(step)
		if err != nil {
			return nil, false, err
		}
		tasks = append(tasks, task)
	}
	if t.work.Spec.Function != "" {
		if ok := t.importAll(tasks); !ok || t.cut {
			return nil, ok, nil
		}
	}
	var made []aside
	for _, task := range tasks {
		before, err := t.setAside(task.outputs)
		if err != nil {
			return nil, false, err
		}
		made = append(made, before)
	}
	ends, ok := t.runAll(tasks)
	t.unlockedDismiss()
	for i, task := range tasks {
		step.Place = step.Beside[i]
		t.ended = ends[task.index]
		m := t.measurement(step, task, traffic{})
		folder := t.dir.Made(len(t.done) + len(all) + 1)
		if m.Outputs, err = t.collect(made[i], folder); err != nil {
			return all, false, err
		}
		if m.State == trials.Done && len(task.outputs) > 0 {
			if err := t.compare(&m, task, folder); err != nil {
				return all, false, err
			}
		}
		all = append(all, m)
	}
	return all, ok, nil
}

// importAll has a process import the function for each of the calls that are to be made side by side, so that none is measured while
// others import. Where that fails, the calls will, and say why.
func (t *trial) importAll(tasks []task) (ok bool) {
	var imports []task
	for _, task := range tasks {
		task.call, task.outputs = importLine(task), nil
		imports = append(imports, task)
	}
	_, ok = t.runAll(imports)
	return ok
}

// unlockedDismiss ends the processes that made the calls: what runs next runs alone.
func (t *trial) unlockedDismiss() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.dismiss()
}

// memoryRoom is the memory in MiB that the items may use together: what the job has, and no more than is left on the node. 0 = not known.
func (t *trial) memoryRoom() int {
	left, known := 0, false
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		left, known = availableMiB(text)
	}
	if limit := int(t.memory.limit / 1024); limit > 0 && (!known || limit < left) {
		return limit
	}
	return left
}

// availableMiB reads what the kernel holds for free, caches that it can drop among it (proc(5), since Linux 3.14).
func availableMiB(meminfo []byte) (mib int, known bool) {
	for line := range strings.Lines(string(meminfo)) {
		if rest, is := strings.CutPrefix(line, "MemAvailable:"); is {
			kib, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			return kib / 1024, err == nil
		}
	}
	return 0, false
}

// runAll starts all of the tasks and waits for the last end.
func (t *trial) runAll(tasks []task) (ends map[int]*items.Record, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ends, t.cut = map[int]*items.Record{}, false
	defer func() { t.ends = nil }()
	if !t.mayStart() {
		return nil, false
	}
	timer := time.AfterFunc(time.Until(t.began.Add(seconds64(t.rules.Budget))), t.outOfBudget)
	defer timer.Stop()
	for _, task := range tasks {
		for !t.cut && !t.begin(task) {
			if t.failure != nil || t.ending {
				return t.ends, false
			}
			t.unlocked(func() { time.Sleep(recheck) })
		}
	}
	for t.running() > 0 {
		if t.work.Spec.Function != "" { // the end of a call is not that of a process
			t.unlocked(t.awaitChange)
			continue
		}
		t.unlocked(awaitExit)
		t.reap()
	}
	slices.SortFunc(t.free, func(a, b *slot) int { return b.n - a.n }) // one alone runs in the first
	return t.ends, len(t.ends) == len(tasks) && !t.ending
}
