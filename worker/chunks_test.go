package worker

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hpcsub/items"
)

// share makes one queue of the run's items, which so many parts take from.
func (r *testRun) share(parts int, itemS float64) {
	r.t.Helper()
	r.work.Parts, r.work.ItemS = parts, itemS
	must(r.t, items.WriteWork(r.dir, r.work))
	must(r.t, items.WriteQueue(r.dir, upTo(r.work.Items), parts))
}

// TestSharedQueue: parts take items from one queue as they have room, each item runs once, and a part that comes late finds nothing.
func TestSharedQueue(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`echo {n} >> ran; test {n} != 0 || sleep 2; sleep 0.02`, 90), 1)
	r.share(4, 0)
	var all sync.WaitGroup
	for part := range 3 {
		l := r.start(lifeOptions{part: part, job: fmt.Sprint(100 + part)})
		all.Go(func() {
			if got := l.wait(60 * time.Second); got != ExitDone {
				t.Errorf("part %d: exit code %d: %s", part, got, &l.stderr)
			}
		})
	}
	all.Wait()
	late := r.exits(ExitDone, lifeOptions{part: 3, job: "103"})
	if got := late.stderr.String(); got != "" {
		t.Errorf("the late part says %q", got)
	}
	ran := r.lines("ran")
	slices.Sort(ran)
	if n := len(slices.Compact(ran)); n != 90 || len(ran) != 90 || len(r.ends()) != 90 {
		t.Errorf("%d items in %d runs, %d ends", n, len(ran), len(r.ends()))
	}
	of := map[int]int{}
	for part := range 4 {
		of[part], _ = r.endsOf(part)
	}
	slow := slices.Min([]int{of[0], of[1], of[2]})
	if of[3] != 0 || slow > 25 {
		t.Errorf("the parts ran %v items: one of them had a long item, and none is left for the last", of)
	}
}

// endsOf counts the items that a part of the run ended, and those of them that are done.
func (r *testRun) endsOf(part int) (ended, done int) {
	r.t.Helper()
	names, err := filepath.Glob(filepath.Join(r.dir.ResultsDir(), fmt.Sprintf("%d.*.jsonl", part)))
	must(r.t, err)
	for _, name := range names {
		_, err := items.ReadRecords(name, func(rec items.Record) error {
			if rec.ID != "" && rec.State != items.Running {
				ended++
			}
			if rec.State == items.Done {
				done++
			}
			return nil
		})
		must(r.t, err)
	}
	return ended, done
}

// TestQueueSurvivesKills: however often the workers of a shared queue are killed, the lives that follow run each item to its end, and one
// that is recorded as done never again.
func TestQueueSurvivesKills(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := freeze(t, numbers(`echo {n} >> ran; sleep 0.0{n}`, 400), 1)
	r.share(3, 0)
	var all sync.WaitGroup
	for part := range 3 {
		random := rand.New(rand.NewPCG(seed, uint64(part)))
		all.Go(func() {
			for life := range 100 {
				l := r.start(lifeOptions{part: part, slots: 2, restart: life, job: fmt.Sprint(100 + part)})
				kill := time.AfterFunc(time.Duration(random.IntN(900))*time.Millisecond, func() { l.cmd.Process.Signal(syscall.SIGKILL) })
				exit := l.wait(60 * time.Second)
				kill.Stop()
				if exit == ExitDone {
					return
				}
				if exit != -1 {
					t.Errorf("part %d, life %d: exit code %d: %s", part, life, exit, &l.stderr)
					return
				}
			}
			t.Errorf("part %d did not end in 100 lives", part)
		})
	}
	all.Wait()
	done := map[int]int{}
	for _, rec := range r.records() {
		if rec.State == items.Done {
			done[rec.Index]++
		}
	}
	for n := range 400 {
		if done[n] != 1 {
			t.Errorf("item %d is recorded as done %d times", n, done[n])
		}
	}
}

// TestLeavesTheRest: a part that has little time left, or whose node fails what others do not, leaves what it took to those that follow.
func TestLeavesTheRest(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`echo {n} >> ran; sleep 0.2`, 60), 1)
	r.share(2, 4)
	first := r.start(lifeOptions{env: endsIn(6 * time.Second)})
	if got := first.wait(30 * time.Second); got != ExitDone { // it is as planned, and no failure to Slurm
		t.Errorf("first part: exit code %d: %s", got, &first.stderr)
	}
	if got := first.stderr.String(); !strings.Contains(got, "part 0 takes no more items of the queue that all parts share: ") || !strings.Contains(got, "an item may take 4s, and other parts have not begun yet") {
		t.Errorf("first part says %q", got)
	}
	if n := len(r.lines("ran")); n == 0 || n > 20 {
		t.Errorf("the first part ran %d items in the two seconds that it had", n)
	}
	r.exits(ExitDone, lifeOptions{part: 1, job: "101"})
	if n := len(r.lines("ran")); n != 60 || len(r.ends()) != 60 {
		t.Errorf("%d items ran, %d ended, want 60", n, len(r.ends()))
	}
}

// TestLeavesTheRestInTime: a part whose slots are all busy with items that take longer than planned leaves the rest while they run.
func TestLeavesTheRestInTime(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`echo {n} >> ran; test {n} != 0 || exec sleep 60`, 140), 1)
	r.share(2, 4) // chunks of 5, 5, 5 …
	first := r.start(lifeOptions{env: endsIn(7 * time.Second)})
	eventually(t, "the first part gives back what it cannot begin", func() bool {
		_, err := os.Stat(filepath.Join(r.dir.OffersDir(), "1-4"))
		return err == nil
	})
	r.exits(ExitDone, lifeOptions{part: 1, job: "101"})
	first.cmd.Process.Signal(syscall.SIGTERM)
	if got := first.wait(20 * time.Second); got != ExitUndone || len(r.lines("ran")) != 140 {
		t.Errorf("exit code %d after %d of 140 items: %s", got, len(r.lines("ran")), &first.stderr)
	}
}

// TestFirstItemsAnyway: where the limit is shorter than an item may take, each part runs as many as it has slots.
func TestFirstItemsAnyway(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`echo {n} >> ran; sleep 1.5`, 20), 1)
	r.share(5, 600)
	l := r.exits(ExitDone, lifeOptions{slots: 3, env: endsIn(60 * time.Second)})
	if n := len(r.lines("ran")); n != 3 {
		t.Errorf("%d items ran, want 3: %s", n, &l.stderr)
	}
}

func endsIn(d time.Duration) []string {
	return []string{fmt.Sprintf("SLURM_JOB_END_TIME=%d", time.Now().Add(d).Unix())}
}

// TestLastPartStays: when all parts have begun, there is nobody to leave the rest to, and items run as long as one may end in time.
func TestLastPartStays(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`echo {n} >> ran; sleep 0.2`, 15), 1)
	r.share(2, 30)
	must(t, os.Symlink("101.0.abc", r.dir.Claim(1)))
	r.exits(ExitDone, lifeOptions{env: endsIn(20 * time.Second)})
	if n := len(r.lines("ran")); n != 15 {
		t.Errorf("%d items ran, want 15", n)
	}
}

// TestSkip finds the first chunk that is nobody's, wherever it is.
func TestSkip(t *testing.T) {
	t.Parallel()
	for _, taken := range []int{0, 1, 2, 3, 7, 8, 9, 99, 100} {
		dir := items.AttemptDir(t.TempDir())
		must(t, dir.Make())
		must(t, items.WriteQueue(dir, upTo(100), 100))
		c, err := openChunks(dir, newClaim(dir.Claim(0), "7", 0), 100)
		must(t, err)
		defer c.Close()
		for n := range taken {
			k, err := c.At(n)
			must(t, err)
			must(t, os.Symlink("8.0.x", c.Claim(k)))
		}
		if c.skip(); c.next != taken {
			t.Errorf("%d chunks are taken: got to %d", taken, c.next)
		}
		got := 0
		for {
			_, more, err := c.take()
			must(t, err)
			if !more {
				break
			}
			got++
		}
		if got != c.Len()-taken {
			t.Errorf("%d of %d chunks are another's: took %d", taken, c.Len(), got)
		}
	}
}

// openedQueue is the queue as the worker of a part has it, and a look at what others would find left of it.
func (r *testRun) openedQueue(c *claim) (q *queue, rest func() []int) {
	r.t.Helper()
	open := func(c *claim, part int) *queue {
		opt := Options{Part: part}
		q, err := openQueue(r.dir, &r.work, c, opt)
		must(r.t, err)
		r.t.Cleanup(q.close)
		must(r.t, q.resume(r.dir, opt, c.restart))
		return q
	}
	must(r.t, c.take())
	return open(c, 0), func() (places []int) {
		other := open(newClaim(r.dir.Claim(1), "other", 0), 1)
		for {
			place, more, err := other.advance()
			must(r.t, err)
			if !more {
				return places
			}
			places = append(places, place)
		}
	}
}

// TestGivesBackAll: what was taken and not begun is given back, be it all of a chunk: a worker of MPI looks at an item before the first
// begins, and there may be no process for one.
func TestGivesBackAll(t *testing.T) {
	r := freeze(t, numbers("true {n}", 6), 1)
	r.share(2, 0) // chunks of 1
	c := newClaim(r.dir.Claim(0), "7", 0)
	q, rest := r.openedQueue(c)
	_, _, err := q.peek()
	must(t, err)
	held, _, err := q.pop()
	must(t, err)
	e := &engine{halt: "no room", held: &held, gate: gate{claim: c}}
	if e.leave(q); q.taken != 0 || e.failure != nil {
		t.Errorf("%d items count as taken, %v", q.taken, e.failure)
	}
	if got := rest(); !slices.Equal(got, []int{1, 2, 3, 4, 5, 0}) && !slices.Equal(got, []int{2, 3, 4, 5, 0, 1}) {
		t.Errorf("the places %v are left to others, want all", got)
	}
}

// TestTakenOverGivesNothingBack: a life that comes back to itself, with little time left, after the next one has taken all that it had.
func TestTakenOverGivesNothingBack(t *testing.T) {
	r := freeze(t, numbers("true {n}", 68), 1)
	r.share(2, 0) // chunks of 3, 3, 2 … 1
	c := newClaim(r.dir.Claim(0), "7", 0)
	q, _ := r.openedQueue(c)
	_, _, err := q.pop()
	must(t, err)
	must(t, newClaim(c.path, "7", 1).take())
	e := &engine{halt: "no time is left", gate: gate{claim: c}}
	e.leave(q)
	if names, err := namesIn(r.dir.OffersDir()); len(names) > 0 || err != nil || !e.ending {
		t.Errorf("it gives %q back, %v", names, err)
	}
}

// TestGivesBackNothingDone: a life that leaves what the ones before it took leaves nothing that they did, and what it finds late of theirs,
// since they had not heard of their end, is not done once more.
func TestGivesBackNothingDone(t *testing.T) {
	r := freeze(t, numbers("true {n}", 68), 1)
	r.share(2, 0) // chunks of 3, 3, 2 … 1
	recorder, err := items.NewRecorder(r.dir.Results(0, 0))
	must(t, err)
	does := func(indices ...int) {
		for _, i := range indices {
			must(t, recorder.Write(&items.Record{ID: fmt.Sprint(i), Index: i, State: items.Done}))
		}
		must(t, recorder.Flush())
	}
	list, err := items.OpenChunks(r.dir)
	must(t, err)
	defer list.Close()
	takes := func(job string, from, to int) {
		for n := from; n < to; n++ {
			k, err := list.At(n)
			must(t, err)
			must(t, os.Symlink(job, list.Claim(k)))
		}
	}
	takes("7.0.x", 0, 2)
	takes("8.0.x", 2, list.Len()-4)
	does(0, 2, 3, 5)
	q, _ := r.openedQueue(newClaim(r.dir.Claim(0), "7", 1))
	pops := func(want ...int) {
		t.Helper()
		for _, n := range want {
			if got, more, err := q.pop(); got.index != n || !more || err != nil {
				t.Errorf("got item %d, %v, %v, want %d", got.index, more, err, n)
			}
		}
	}
	pops(1, 4, 64)
	takes("7.0.x", list.Len()-3, list.Len())
	does(65, 67)
	pops(66)
	if _, more, err := q.pop(); more || err != nil {
		t.Errorf("at the end: %v, %v", more, err)
	}
	q, rest := r.openedQueue(newClaim(r.dir.Claim(0), "7", 2))
	pops(1)
	must(t, q.giveBack())
	got := rest()
	slices.Sort(got)
	if !slices.Equal(got, []int{4, 64, 66}) {
		t.Errorf("the places %v are left to others, want those that are not done", got)
	}
}

// TestNoQueue: where the queue that all parts share is not there, a part does not take everything for its own.
func TestNoQueue(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers("echo {n} >> ran", 4), 1)
	r.share(2, 0)
	must(t, os.Remove(r.dir.Chunks()))
	l := r.exits(ExitFailed, lifeOptions{})
	if got := l.stderr.String(); len(r.lines("ran")) != 0 || !strings.Contains(got, "opening the queue that all parts share") {
		t.Errorf("%d items ran; it says %q", len(r.lines("ran")), got)
	}
}
