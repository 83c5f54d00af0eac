package worker

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"hpcsub/items"
)

func TestTogether(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		function string
		done     int
		mean     time.Duration
		waiting  int
		want     int
	}{
		{"nothing is known", "work:f", 9, time.Microsecond, 10000, 1},
		{"a program", "", 100, time.Microsecond, 10000, 1},
		{"next to nothing", "work:f", 100, time.Microsecond, 10000, 64},
		{"milliseconds", "work:f", 100, 4 * time.Millisecond, 10000, 5},
		{"long", "work:f", 100, 21 * time.Millisecond, 10000, 1},
		{"the end of the queue", "work:f", 100, time.Microsecond, 24, 3},
		{"the last one", "work:f", 100, time.Microsecond, 0, 1},
	} {
		e := engine{work: &items.Work{Spec: items.Spec{Function: c.function}}, slots: make([]*slot, 4)}
		e.clock = clock{done: c.done, total: time.Duration(c.done) * c.mean}
		if got := e.together(c.waiting); got != c.want {
			t.Errorf("%s: %d at once, want %d", c.name, got, c.want)
		}
	}
}

// sideBySide is eachWay with three slots for all.
func sideBySide(t *testing.T, test func(t *testing.T, options func(*testRun) lifeOptions)) {
	eachWay(t, func(t *testing.T, options func(*testRun) lifeOptions) {
		test(t, func(r *testRun) lifeOptions {
			o := options(r)
			o.slots = 3
			return o
		})
	})
}

// TestShortCallsThatEndBadly: calls that are handed over together fare as if each were alone. One that ends its process,
// or is ended, takes none along, and none is made twice.
func TestShortCallsThatEndBadly(t *testing.T) {
	t.Parallel()
	sideBySide(t, func(t *testing.T, options func(*testRun) lifeOptions) {
		const count = 1000
		r := calls(t, noted+`
if n % 100 == 77: os._exit(3)
if n % 100 == 78: os.kill(os.getpid(), signal.SIGSEGV)
if n == 555: time.sleep(60)
if n == 666: raise ValueError(n)
return n`, count, 1, func(w *items.Work) { w.TimeoutS = 2 })
		r.exits(ExitUndone, options(r))
		ran := r.lines("ran")
		slices.Sort(ran)
		if made := len(slices.Compact(slices.Clone(ran))); len(ran) != count || made != count {
			t.Errorf("%d of the calls were made, in %d times, want each of %d once", made, len(ran), count)
		}
		ends := r.ends()
		for n := range count {
			rec := ends[n]
			want := fmt.Sprintf("done, %d", n)
			switch {
			case n%100 == 77:
				want = "failed, the call ended its process with exit code 3"
			case n%100 == 78:
				want = "failed, SEGV"
			case n == 555:
				want = "timeout, ran longer than each.timeout = 2s"
			case n == 666:
				want = `failed, raised ValueError "666"`
			}
			if got := wordsOf(rec); got != want {
				t.Errorf("call %d: %s, want %s", n, got, want)
			}
		}
	})
}

// wordsOf is what a record of a call says: its state, and its value or why it has none.
func wordsOf(rec items.Record) string {
	switch {
	case rec.State == items.Done:
		return fmt.Sprintf("%s, %s", rec.State, rec.Value)
	case rec.Signal != nil && rec.State == items.Failed:
		return fmt.Sprintf("%s, %s", rec.State, *rec.Signal)
	}
	return fmt.Sprintf("%s, %s", rec.State, rec.Cause)
}

// TestALongCallHoldsNothingUp: those that were handed over with it are made by other processes, and what was made before
// it is recorded.
func TestALongCallHoldsNothingUp(t *testing.T) {
	t.Parallel()
	sideBySide(t, func(t *testing.T, options func(*testRun) lifeOptions) {
		const count = 600
		r := calls(t, noted+"while n == 300 and not os.path.exists('go'): time.sleep(0.05)\nreturn n", count, 1)
		l := r.start(options(r))
		awaits(t, "all but the long call are recorded", func() bool { return len(r.ends()) == count-1 })
		if _, ended := r.ends()[300]; ended {
			t.Error("call 300 has ended; want it to wait")
		}
		r.letGo()
		if got := l.wait(time.Minute); got != ExitDone {
			t.Errorf("exit code %d: %s", got, &l.stderr)
		}
		if ran := r.lines("ran"); len(ran) != count {
			t.Errorf("%d calls were made, want %d", len(ran), count)
		}
	})
}

// TestShortCallsKeepTheTimeLimit: none begins that would not end in time, though it was handed over before.
func TestShortCallsKeepTheTimeLimit(t *testing.T) {
	t.Parallel()
	sideBySide(t, func(t *testing.T, options func(*testRun) lifeOptions) {
		made := 0
		for left := 12 * time.Second; made < 100 && left <= 96*time.Second; left *= 2 { // a busy machine may not get so far in time
			made = callsUntil(t, time.Now().Add(left).Unix(), options)
		}
		if made < 100 {
			t.Errorf("%d calls were made", made)
		}
	})
}

// callsUntil makes short calls in a job that ends at that time, checks when they began, and returns how many there were.
func callsUntil(t *testing.T, end int64, options func(*testRun) lifeOptions) int {
	r := calls(t, "time.sleep(0.002)\nreturn n", 100000, 1)
	o := options(r)
	o.env = append(o.env, "SLURM_JOB_END_TIME="+strconv.FormatInt(end, 10))
	if got := r.start(o).wait(3 * time.Minute); got != ExitUndone {
		t.Errorf("exit code %d, want %d", got, ExitUndone)
	}
	ends, last := r.ends(), 0.0
	for _, rec := range ends {
		last = max(last, rec.Start)
	}
	for _, rec := range r.records() {
		if _, ended := ends[rec.Index]; rec.State == items.Running && !ended {
			t.Errorf("call %d was begun and has no end", rec.Index)
		}
	}
	const late = 0.5 // what lies ahead of a process is taken back ten times a second
	if most := float64(end) - floor.Seconds() + late; last > most {
		t.Errorf("the last call began %.2f s before the end, want it %.2f s before or more", float64(end)-last, float64(end)-most)
	}
	return len(ends)
}
