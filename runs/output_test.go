package runs

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"hpcsub/items"
)

// printed is a run whose items failed in two ways and left their words in the logs of one slot.
func printed(t *testing.T) *Run {
	t.Helper()
	r := made(t, t.TempDir(), 8, 1)
	dir := r.dir.Attempt(1)
	w := items.Writer{Attempt: 1}
	var out, errs strings.Builder
	var recs []*items.Record
	for i := range 7 {
		state := []items.State{items.Done, items.Failed, items.OutOfMemory, items.Failed, items.Failed, items.Done, items.Running}[i]
		rec := record(i, state, float64(i))
		rec.Stdout[0], rec.Stderr[0] = int64(out.Len()), int64(errs.Len())
		fmt.Fprintf(&out, "out of %d\n", i)
		if state == items.Failed {
			fmt.Fprintf(&errs, "one\ntwo\nthree\nfour\nfive\nerror %d\n", i)
		}
		rec.Stdout[1], rec.Stderr[1] = int64(out.Len())-rec.Stdout[0], int64(errs.Len())-rec.Stderr[0]
		recs = append(recs, rec)
	}
	write(t, dir.Results(0, 0), false, recs...)
	for stream, text := range map[string]string{Stdout: out.String(), Stderr: errs.String()} {
		if err := os.WriteFile(dir.Log(w, 0, stream), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestOutput(t *testing.T) {
	r := printed(t)
	results, err := r.Results(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		item   int
		stream string
		want   string
	}{
		{0, Stdout, "out of 0\n"},
		{0, Stderr, ""},
		{3, Stdout, "out of 3\n"},
		{3, Stderr, "one\ntwo\nthree\nfour\nfive\nerror 3\n"},
		{7, Stdout, ""}, // never began
	}
	for _, test := range tests {
		res, err := results.Item(test.item)
		if err != nil {
			t.Fatal(err)
		}
		reader := r.Output(res, test.stream)
		text, err := io.ReadAll(reader)
		reader.Close()
		if err != nil || string(text) != test.want {
			t.Errorf("item %d %s: got %q, %v, want %q", test.item, test.stream, text, err, test.want)
		}
	}
}

// TestOutputThatIsGone: where a later item emptied the log the worker leaves zeros, and the user is told.
func TestOutputThatIsGone(t *testing.T) {
	r := printed(t)
	log := r.dir.Attempt(1).Log(items.Writer{Attempt: 1}, 0, Stdout)
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	clear(text[:len("out of 0\n")])
	if err := os.WriteFile(log, text, 0o600); err != nil {
		t.Fatal(err)
	}
	results, err := r.Results(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for item, want := range []string{"(what it printed is lost: a later item emptied the log", "out of 1\n"} {
		res, err := results.Item(item)
		if err != nil {
			t.Fatal(err)
		}
		reader := r.Output(res, Stdout)
		got, err := io.ReadAll(reader)
		reader.Close()
		if err != nil || !strings.HasPrefix(string(got), want) {
			t.Errorf("item %d: got %q, %v, want %q", item, got, err, want)
		}
	}
}

func TestFailuresAreGrouped(t *testing.T) {
	r := printed(t)
	results, err := r.Results(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	groups, err := r.Failures(results)
	if err != nil {
		t.Fatal(err)
	}
	if len(groups) != 2 {
		t.Fatalf("got %+v, want two groups", groups)
	}
	first := groups[0]
	if first.What != "exited 3" || first.Count != 3 || first.First != 1 || first.Command != "true 1" {
		t.Errorf("got %+v, want 3 items that exited 3, the first of them item 1: true 1", first)
	}
	if got := strings.Join(first.Tail, ","); got != "two,three,four,five,error 1" {
		t.Errorf("tail: got %q, want the last five lines", got)
	}
	if second := groups[1]; second.What != "ran out of memory" || second.Count != 1 || strings.Join(second.Tail, ",") != "out of 2" {
		t.Errorf("got %+v, want one that ran out of memory, with its standard output", second)
	}
}
