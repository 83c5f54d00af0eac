package runs

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"hpcsub/items"
)

// tell writes what the workers of a run may leave: starts and ends, failures, a worker that is
// killed, and a second attempt at what was not done. It returns how many items are done.
func tell(t *testing.T, rng *rand.Rand, r *Run, parts int) int {
	t.Helper()
	done := map[int]bool{}
	now := 1000.0
	life := func(a items.AttemptDir, part int, mine []int) {
		var recs []*items.Record
		killed := rng.IntN(3) == 0
		for _, i := range mine {
			now++
			recs = append(recs, record(i, items.Running, now))
			state := []items.State{items.Done, items.Done, items.Failed, items.Timeout, items.OutOfMemory}[rng.IntN(5)]
			if killed && rng.IntN(6) == 0 {
				break
			}
			recs = append(recs, record(i, state, now))
			if state == items.Done {
				done[i] = true
			}
		}
		write(t, a.Results(part, 0), !killed, recs...)
	}
	for part := range parts {
		var mine []int
		for i := part; i < r.Items; i += parts {
			mine = append(mine, i)
		}
		life(r.dir.Attempt(1), part, mine)
	}
	var rest []int
	for i := range r.Items {
		if !done[i] {
			rest = append(rest, i)
		}
	}
	if len(rest) > 0 && rng.IntN(2) == 0 {
		again(t, r, 2, rest)
		life(r.dir.Attempt(2), 0, rest)
	}
	return len(done)
}

// Whatever prefix of the records can be seen: the counts add up, agree with the results, and done
// never decreases as more is seen.
func TestStatusFromAnyPrefix(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 25 {
		parts := 1 + rng.IntN(3)
		r := made(t, t.TempDir(), 4+rng.IntN(20), parts)
		want := tell(t, rng, r, parts)
		files, err := filepath.Glob(string(r.dir) + "/attempts/*/results/*")
		if err != nil || len(files) == 0 {
			t.Fatal(err, "no records")
		}
		whole := map[string][]byte{}
		seen := map[string]int{}
		for _, f := range files {
			if whole[f], err = os.ReadFile(f); err != nil {
				t.Fatal(err)
			}
			cut(t, f, whole[f], 0)
		}
		most := 0
		for range 40 {
			f := files[rng.IntN(len(files))]
			seen[f] += rng.IntN(len(whole[f]) - seen[f] + 1)
			cut(t, f, whole[f], seen[f])
			most = checkStatus(t, r, most)
		}
		for _, f := range files {
			cut(t, f, whole[f], len(whole[f]))
		}
		if got := checkStatus(t, r, most); got != want {
			t.Fatalf("all records: got %d done, want %d", got, want)
		}
	}
}

func cut(t *testing.T, path string, whole []byte, n int) {
	t.Helper()
	if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
		t.Fatal(err)
	}
}

// checkStatus returns how many are done.
func checkStatus(t *testing.T, r *Run, atLeast int) int {
	t.Helper()
	s, err := r.Status(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	c := s.Items
	if c.Total != r.Items || c.Done+c.Failed+c.Running+c.Pending != c.Total || min(c.Done, c.Failed, c.Running, c.Pending) < 0 {
		t.Fatalf("the counts do not add up: %+v of %d", c, r.Items)
	}
	if c.Done < atLeast {
		t.Fatalf("got %d done, %d were done before", c.Done, atLeast)
	}
	if (s.State == Done) != (c.Done == c.Total) {
		t.Fatalf("state %s with %+v", s.State, c)
	}
	results, err := r.Results(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	n, done := 0, 0
	for res, err := range results.All() {
		if err != nil {
			t.Fatal(err)
		}
		if res.Index != n {
			t.Fatalf("got item %d, want %d", res.Index, n)
		}
		n++
		if res.State == items.Done {
			done++
		}
	}
	if n != c.Total || done != c.Done {
		t.Fatalf("results: got %d items, %d done; status: %+v", n, done, c)
	}
	return c.Done
}

// An item that failed waits again as soon as a retry has taken its attempt's place.
func TestRetriedItemsWaitAgain(t *testing.T) {
	r := made(t, t.TempDir(), 3, 1)
	write(t, r.dir.Attempt(1).Results(0, 0), true, record(0, items.Done, 1), record(1, items.Failed, 2), record(2, items.Timeout, 3))
	check := func(what string, want Counts) {
		t.Helper()
		s, err := r.Status(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if s.Items != want {
			t.Errorf("%s: got %+v, want %+v", what, s.Items, want)
		}
	}
	check("after the first attempt", Counts{Total: 3, Done: 1, Failed: 2})
	again(t, r, 2, []int{1, 2})
	check("retried", Counts{Total: 3, Done: 1, Pending: 2})
	write(t, r.dir.Attempt(2).Results(0, 0), false, record(1, items.Running, 10))
	check("one began", Counts{Total: 3, Done: 1, Running: 1, Pending: 1})
	write(t, r.dir.Attempt(2).Results(0, 0), false, record(1, items.Failed, 10))
	check("and failed", Counts{Total: 3, Done: 1, Failed: 1, Pending: 1})
}
