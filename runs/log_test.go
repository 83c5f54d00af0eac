package runs

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func loggedAttempt(t *testing.T, submissions int) *Attempt {
	t.Helper()
	r := made(t, t.TempDir(), 4, 2)
	attempts, err := r.Attempts()
	if err != nil {
		t.Fatal(err)
	}
	a := attempts[0]
	a.Submissions = make([]Submission, submissions)
	return a
}

// fold is what events mean, told independently of the file.
func fold(events []event, submissions int) []sent {
	all := make([]sent, submissions)
	for _, e := range events {
		all[e.Submission].add(e)
	}
	return all
}

// Any prefix of submissions.jsonl means what its whole lines say, and what is logged after a
// crash in the middle of a line is understood too.
func TestSentFromAnyPrefix(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	outcomes := []string{submitting, submitted, found, refused, unknown, absent}
	for range 5 {
		a := loggedAttempt(t, 3)
		var events []event
		for range 8 {
			e := event{Submission: r.IntN(3), Outcome: outcomes[r.IntN(len(outcomes))], Words: "it said \"\n\" and more"}
			if e.Outcome == submitted || e.Outcome == found {
				e.JobID = "10" + string(rune('0'+r.IntN(10)))
			}
			if err := a.log(e); err != nil {
				t.Fatal(err)
			}
			events = append(events, e)
		}
		whole, err := os.ReadFile(a.dir.Submissions())
		if err != nil {
			t.Fatal(err)
		}
		for cut := range len(whole) + 1 {
			checkPrefix(t, a, whole[:cut], events)
		}
	}
}

func checkPrefix(t *testing.T, a *Attempt, prefix []byte, events []event) {
	t.Helper()
	if err := os.WriteFile(a.dir.Submissions(), prefix, 0o600); err != nil {
		t.Fatal(err)
	}
	n := bytes.Count(prefix, []byte("\n"))
	lines := bytes.Split(prefix, []byte("\n"))
	if json.Valid(lines[len(lines)-1]) {
		n++
	}
	want := fold(events[:n], len(a.Submissions))
	if got := mustSent(t, a); !reflect.DeepEqual(got, want) {
		t.Fatalf("cut at byte %d: got %+v, want %+v", len(prefix), got, want)
	}
	last := event{Submission: 1, Outcome: found, JobID: "7"}
	if err := a.log(last); err != nil {
		t.Fatal(err)
	}
	want = fold(append(events[:n:n], last), len(a.Submissions))
	if got := mustSent(t, a); !reflect.DeepEqual(got, want) {
		t.Fatalf("cut at byte %d and taken up: got %+v, want %+v", len(prefix), got, want)
	}
}

// mustSent leaves out the times, which the file has and the events have not.
func mustSent(t *testing.T, a *Attempt) []sent {
	t.Helper()
	all, err := a.sent()
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		all[i].submitted = fold(nil, 1)[0].submitted
	}
	return all
}

func TestHeldAndUnclear(t *testing.T) {
	tests := []struct {
		name          string
		outcomes      []string
		held, unclear bool
		certainlyNone bool
	}{
		{"never tried", nil, false, false, true},
		{"killed before the answer", []string{submitting}, false, false, false},
		{"taken", []string{submitting, submitted}, true, false, false},
		{"refused", []string{submitting, refused}, false, false, true},
		{"a lost reply, found by name", []string{submitting, unknown, found}, true, true, false},
		{"a lost reply, not there, then taken", []string{submitting, unknown, absent, submitting, submitted}, true, true, false},
		{"killed twice", []string{submitting, submitting}, false, true, false},
		{"not there, then refused: the first may turn up", []string{submitting, unknown, absent, submitting, refused}, false, true, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := loggedAttempt(t, 1)
			for _, outcome := range test.outcomes {
				if err := a.log(event{Outcome: outcome}); err != nil {
					t.Fatal(err)
				}
			}
			s := mustSent(t, a)[0]
			if s.held() != test.held || s.unclear != test.unclear {
				t.Errorf("got held %v, unclear %v, want %v, %v", s.held(), s.unclear, test.held, test.unclear)
			}
			if got := a.nothingSent(); got != test.certainlyNone {
				t.Errorf("nothing sent: got %v, want %v", got, test.certainlyNone)
			}
		})
	}
}

// TestSentOfManyWords: what sbatch has to say may be longer than 64 KiB, and what is logged after it counts all the same.
func TestSentOfManyWords(t *testing.T) {
	a := loggedAttempt(t, 1)
	for _, e := range []event{{Outcome: submitting}, {Outcome: unknown, Words: strings.Repeat("it said <no> ", 8<<10)}, {Outcome: found, JobID: "7"}} {
		if err := a.log(e); err != nil {
			t.Fatal(err)
		}
	}
	if s := mustSent(t, a)[0]; !s.held() || !slices.Equal(s.jobIDs, []string{"7"}) {
		t.Errorf("got held %t with the ids %q, want 7", s.held(), s.jobIDs)
	}
}
