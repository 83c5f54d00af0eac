package items

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// story is a set of files of records, by path below the run's folder, with what a run with
// kills, requeues and retries may leave.
type story map[string]string

// tell makes up a story. Each part's worker runs its items that are not done, in lives that
// end well or do not; what is not done after an attempt is given to the next.
func tell(r *rand.Rand, n int) story {
	s := story{}
	done := map[int]bool{}
	now := 1000.0
	for attempt := range 1 + r.IntN(3) {
		parts := 1 + r.IntN(4)
		for part := range parts {
			for life := range 1 + r.IntN(3) {
				var b strings.Builder
				whole := true
				ends := 0
				for i := part; i < n; i += parts {
					if done[i] {
						continue
					}
					if r.IntN(12) == 0 { // the worker is killed
						whole = false
						break
					}
					ends += tellItem(r, &b, i, &now, done)
				}
				if whole {
					fmt.Fprintf(&b, "{\"id\":\"\",\"count\":%d}\n", ends)
				}
				s[fmt.Sprintf("attempts/%d/results/%d.%d.jsonl", attempt+1, part, life)] = b.String()
				if whole {
					break
				}
			}
		}
	}
	return s
}

// tellItem writes what one item leaves, and says how many end lines that is.
func tellItem(r *rand.Rand, b *strings.Builder, i int, now *float64, done map[int]bool) int {
	*now += r.Float64()
	rec := startOf(i)
	rec.Start = *now
	line, _ := json.Marshal(rec)
	b.Write(append(line, '\n'))
	if r.IntN(10) == 0 {
		return 0 // never ended
	}
	states := []State{Done, Done, Done, Failed, Timeout, OutOfMemory, Cancelled}
	end := endOf(i, states[r.IntN(len(states))])
	end.Start = *now
	elapsed := r.Float64() * 3
	end.Elapsed = &elapsed
	if end.State == Done {
		done[i] = true
	}
	line, _ = json.Marshal(end)
	b.Write(append(line, '\n'))
	if r.IntN(15) == 0 {
		b.WriteString("{\"id\":\"torn\",\"ind\n") // a write that failed half-way and was taken up
	}
	return 1
}

// write has the files in a run's folder grow to the lengths in cut.
func (s story) write(t *testing.T, run RunDir, cut map[string]int) []AttemptDir {
	t.Helper()
	for name, text := range s {
		path := filepath.Join(string(run), name)
		if _, err := os.Stat(path); err != nil {
			put(t, string(run), name, "")
		}
		f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		size, err := f.Seek(0, io.SeekEnd)
		if err == nil {
			_, err = f.WriteString(text[size:cut[name]])
		}
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	dirs, err := run.Attempts()
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}

// event is a record with where it stood, as the simple reading below finds it.
type event struct {
	attempt, part, restart int
	Record
}

// read is the plain way to the same answer: every line by encoding/json, in no hurry.
func (s story) read(cut map[string]int) map[int]event {
	last := map[int]event{}
	for name, text := range s {
		var e event
		fmt.Sscanf(name, "attempts/%d/results/%d.%d.jsonl", &e.attempt, &e.part, &e.restart)
		for _, line := range strings.Split(text[:cut[name]], "\n") {
			e.Record = Record{}
			if json.Unmarshal([]byte(line), &e.Record) != nil || e.ID == "" {
				continue
			}
			have, seen := last[e.Index]
			if !seen || e.beats(have) {
				last[e.Index] = e
			}
		}
	}
	return last
}

func (e event) beats(f event) bool {
	ended := func(s State) float64 {
		if s == Running {
			return 0
		}
		return 1
	}
	rank := func(e event) []float64 {
		won := 0.0
		if e.State == Done {
			won = 1
		}
		return []float64{won, float64(e.attempt), float64(e.restart), e.Start, ended(e.State)}
	}
	return slices.Compare(rank(e), rank(f)) > 0
}

// TestAnyPrefixesGiveTheRightPicture cuts the files of many made-up runs at growing places and
// holds what is collected, at once and step by step, against the plain reading.
func TestAnyPrefixesGiveTheRightPicture(t *testing.T) {
	const n = 25
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 7))
		s := tell(r, n)
		run := RunDir(t.TempDir())
		cut := map[string]int{}
		growing, err := Collect(n)
		if err != nil {
			t.Fatal(err)
		}
		done := 0
		for step := range 12 {
			for _, name := range slices.Sorted(maps.Keys(s)) {
				cut[name] += r.IntN(len(s[name])-cut[name]+1) / (1 + r.IntN(4))
				if step == 11 {
					cut[name] = len(s[name])
				}
			}
			dirs := s.write(t, run, cut)
			fresh, err := Collect(n, dirs...)
			if err != nil {
				t.Fatal(err)
			}
			if err := growing.Update(dirs...); err != nil {
				t.Fatal(err)
			}
			want := s.read(cut)
			checkStates(t, seed, fresh, want)
			if a, b := fresh.Tally(), growing.Tally(); !reflect.DeepEqual(a, b) {
				t.Fatalf("seed %d: at once %+v, step by step %+v", seed, a, b)
			}
			tally := fresh.Tally()
			sum := tally.Done + tally.Failed + tally.TimedOut + tally.OutOfMemory + tally.Cancelled + tally.Lost + tally.Running + tally.Pending
			if sum != n || tally.Done < done {
				t.Fatalf("seed %d: %+v counts %d items of %d, and %d were done before", seed, tally, sum, n, done)
			}
			done = tally.Done
		}
	}
}

func checkStates(t *testing.T, seed uint64, c *Collection, want map[int]event) {
	t.Helper()
	for i := range c.Len() {
		e, seen := want[i]
		got := c.State(i)
		switch {
		case !seen && got != Pending:
			t.Fatalf("seed %d: item %d is %s, and nothing says so", seed, i, got)
		case seen && e.State != Running && got != e.State:
			t.Fatalf("seed %d: item %d is %s, want %s", seed, i, got, e.State)
		case seen && e.State == Running && got != Running && got != Lost && got != Pending:
			t.Fatalf("seed %d: item %d is %s, and it has no end", seed, i, got)
		}
		if seen && e.State != Running {
			if w, ok := c.Writer(i); !ok || w != (Writer{e.attempt, e.part, e.restart}) || c.ElapsedS(i) != *e.Elapsed {
				t.Fatalf("seed %d: item %d is by %+v in %g s, want %+v", seed, i, w, c.ElapsedS(i), e)
			}
		}
	}
}

func TestEveryByteOfAFile(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	s := story{"attempts/1/results/0.0.jsonl": ""}
	var b strings.Builder
	now, done := 1.0, map[int]bool{}
	for i := range 6 {
		tellItem(r, &b, i, &now, done)
	}
	s["attempts/1/results/0.0.jsonl"] = b.String()
	run := RunDir(t.TempDir())
	var before Tally
	for length := range b.Len() + 1 {
		cut := map[string]int{"attempts/1/results/0.0.jsonl": length}
		c, err := Collect(6, s.write(t, run, cut)...)
		if err != nil {
			t.Fatal(err)
		}
		checkStates(t, uint64(length), c, s.read(cut))
		tally := c.Tally()
		if tally.Done < before.Done || tally.Ended() < before.Ended() || tally.Pending > before.Pending && length > 0 {
			t.Fatalf("at byte %d: got %+v after %+v", length, tally, before)
		}
		before = tally
	}
	if before.Done != len(done) {
		t.Errorf("got %d done, want %d", before.Done, len(done))
	}
}

// lines writes records, each a line.
func jsonLines(all ...*Record) string {
	text := ""
	for _, r := range all {
		b, _ := json.Marshal(r)
		text += string(b) + "\n"
	}
	return text
}

func TestCollect(t *testing.T) {
	end := func(count int) string { return fmt.Sprintf("{\"id\":\"\",\"count\":%d}\n", count) }
	later := func(r *Record, s float64) *Record { r.Start += s; return r }
	tests := []struct {
		name  string
		files story
		over  bool // the Slurm jobs of attempt 1
		want  []State
	}{
		{"no records", story{}, false, []State{Pending, Pending}},
		{"started and ended", story{"1/results/0.0": jsonLines(startOf(0), startOf(1), endOf(1, Failed))}, false, []State{Running, Failed}},
		{"an end line alone", story{"1/results/0.0": jsonLines(endOf(1, Done))}, false, []State{Pending, Done}},
		{"the job is over", story{"1/results/0.0": jsonLines(startOf(0), endOf(1, Done))}, true, []State{Lost, Done}},
		{"the writer is done", story{"1/results/0.0": jsonLines(startOf(0), endOf(1, Done)) + end(1)}, false, []State{Lost, Done}},
		{"the writer is done, and a line of it late", story{"1/results/0.0": jsonLines(startOf(0)) + end(1)}, false, []State{Running, Pending}},
		{"restarted", story{"1/results/0.0": jsonLines(startOf(0), endOf(1, Done)), "1/results/0.1": ""}, false, []State{Pending, Done}},
		{"restarted and over", story{"1/results/0.0": jsonLines(startOf(0), endOf(1, Done)), "1/results/0.1": end(0)}, false, []State{Lost, Done}},
		{"run again in the next life", story{"1/results/0.0": jsonLines(endOf(0, Failed)), "1/results/0.1": jsonLines(startOf(0))}, false, []State{Running, Pending}},
		{"a success is the last word", story{"1/results/0.0": jsonLines(later(endOf(0, Done), 50)), "2/results/0.0": jsonLines(later(endOf(0, Failed), 90), later(startOf(0), 99))}, false, []State{Done, Pending}},
		{"a success after a failure", story{"1/results/0.0": jsonLines(endOf(0, Failed)), "2/results/0.0": jsonLines(endOf(0, Done))}, false, []State{Done, Pending}},
		{"the later attempt", story{"1/results/0.9": jsonLines(later(endOf(0, Failed), 99)), "2/results/0.0": jsonLines(endOf(0, OutOfMemory))}, false, []State{OutOfMemory, Pending}},
		{"the later life", story{"1/results/0.9": jsonLines(endOf(0, Failed)), "1/results/0.10": jsonLines(endOf(0, Timeout))}, false, []State{Timeout, Pending}},
		{"the later start in one life", story{"1/results/0.0": jsonLines(later(endOf(0, Timeout), 5), endOf(0, Failed))}, false, []State{Timeout, Pending}},
		{"a clock that was set back", story{"1/results/0.0": jsonLines(startOf(0), later(endOf(0, Failed), 0))}, false, []State{Failed, Pending}},
		{"an index that is not in the list", story{"1/results/0.0": jsonLines(endOf(2, Done), endOf(1, Done))}, false, []State{Pending, Done}},
		{"other files", story{"1/results/0.0": "", "1/results/x": jsonLines(endOf(0, Done))}, false, []State{Pending, Pending}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			run := RunDir(t.TempDir())
			for name, text := range tt.files {
				put(t, string(run), "attempts/"+name+".jsonl", text)
			}
			dirs, err := run.Attempts()
			if err != nil {
				t.Fatal(err)
			}
			c, err := Collect(2, dirs...)
			if err != nil {
				t.Fatal(err)
			}
			c.MarkOver(func(w Writer) State {
				if tt.over && w.Attempt == 1 {
					return Lost
				}
				return ""
			})
			if got := []State{c.State(0), c.State(1)}; !slices.Equal(got, tt.want) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestTally(t *testing.T) {
	run := RunDir(t.TempDir())
	late := endOf(2, Timeout)
	put(t, string(run), "attempts/1/results/0.0.jsonl", jsonLines(startOf(0), startOf(1), endOf(1, Done), late)+"junk\n")
	put(t, string(run), "attempts/1/results/1.0.jsonl", jsonLines(endOf(3, Lost))+"{\"id\":\"\",\"count\":1}\n")
	c, err := Collect(6, run.Attempt(1))
	if err != nil {
		t.Fatal(err)
	}
	want := Tally{Total: 6, Done: 1, TimedOut: 1, Lost: 1, Running: 1, Pending: 2, CPU: 3.75, Elapsed: 4.5, First: 1763848800.25, Last: 1763848804.75}
	if got := c.Tally(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := c.Tally(); got.Ended() != 3 || got.NotDone() != 2 {
		t.Errorf("got %d ended and %d not done", got.Ended(), got.NotDone())
	}
	if c.Bad() != 1 || c.Started(1) != 2 || c.Started(2) != 0 || c.WritersEnded(1) != 1 || c.PeakMiB(1) != 12.5 {
		t.Errorf("got %d bad lines, %d and %d started, %d ended, %g MiB", c.Bad(), c.Started(1), c.Started(2), c.WritersEnded(1), c.PeakMiB(1))
	}
}

func TestCollectTellsTheFile(t *testing.T) {
	run := RunDir(t.TempDir())
	if err := os.MkdirAll(filepath.Join(run.Attempt(1).ResultsDir(), "0.0.jsonl"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Collect(1, run.Attempt(1)); err == nil || !strings.Contains(err.Error(), run.Attempt(1).Results(0, 0)) {
		t.Errorf("got %v, want the file", err)
	}
}
