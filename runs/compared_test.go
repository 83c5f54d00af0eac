package runs

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"hpcsub/items"
	"hpcsub/trials"
)

// returned is an attempt whose items are done and returned these values; "" is none.
func returned(t *testing.T, values ...string) *Attempt {
	t.Helper()
	r := made(t, t.TempDir(), len(values), 1)
	attempts, err := r.Attempts()
	if err != nil {
		t.Fatal(err)
	}
	var all []*items.Record
	for i, v := range values {
		rec := record(i, items.Done, 1000+float64(i))
		if v != "" {
			rec.Value = json.RawMessage(v)
		}
		all = append(all, rec)
	}
	write(t, attempts[0].dir.Results(0, 0), true, all...)
	return attempts[0]
}

func TestSameValues(t *testing.T) {
	tests := []struct {
		name      string
		a, b      []string
		tolerance float64
		same      string // "" is unknown
		differs   string
	}{
		{"the same", []string{"1", `{"x":[2,3]}`}, []string{"1", `{"x":[2,3]}`}, 0, "true", ""},
		{"one differs", []string{"1", "2", "3"}, []string{"1", "2.5", "4"}, 0, "false", "the value of item 1"},
		{"within the tolerance", []string{"2.0"}, []string{"2.0000001"}, 1e-6, "true", ""},
		{"beyond the tolerance", []string{"2.0"}, []string{"2.001"}, 1e-6, "false", "the value of item 0"},
		{"one returned nothing", []string{"1", "2"}, []string{"1", ""}, 0, "false", "the value of item 1"},
		{"neither returned anything", []string{""}, []string{""}, 0, "", ""},
	}
	for _, tt := range tests {
		same, differs, err := SameValues(t.Context(), returned(t, tt.a...), returned(t, tt.b...), tt.tolerance)
		text := ""
		if same != nil {
			text = map[bool]string{true: "true", false: "false"}[*same]
		}
		if err != nil || text != tt.same || differs != tt.differs {
			t.Errorf("%s: got %q, %q, %v, want %q, %q", tt.name, text, differs, err, tt.same, tt.differs)
		}
	}
}

// Where no cluster knows the jobs, the items' own times say how long a way took.
func TestTookByTheItems(t *testing.T) {
	a := returned(t, "1", "2", "3")
	r, err := Open(string(a.dir.Run()))
	if err != nil {
		t.Fatal(err)
	}
	elapsed, done, err := r.Took(t.Context(), nil, a)
	if err != nil || done != 3 || elapsed != 3.5 { // the last began 2 s after the first and took 1.5 s
		t.Errorf("got %v s and %d done, %v, want 3.5 s and 3", elapsed, done, err)
	}
}

// A comparison counts for the program and the cluster that it was made with.
func TestComparisonOf(t *testing.T) {
	dir := t.TempDir()
	o := order(t, dir, 4, 1)
	if err := makeRoot(Root(dir), ""); err != nil {
		t.Fatal(err)
	}
	root := TrialsRoot(dir)
	if err := makeRoot(root, ""); err != nil {
		t.Fatal(err)
	}
	o.Sample = []int{1, 3}
	r, err := prepare(t.Context(), root, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	attempts, err := r.Attempts()
	if err != nil {
		t.Fatal(err)
	}
	if got := ComparisonOf(o.Job, "lab"); got != nil {
		t.Errorf("before both have ended: got %v, want none", got)
	}
	if err := attempts[0].KeepComparison(trials.Comparison{Items: 2, Plan: "packed"}); err != nil {
		t.Fatal(err)
	}
	if got := ComparisonOf(o.Job, "lab"); got == nil || got.Items != 2 || got.Plan != "packed" {
		t.Errorf("got %v, want what was kept", got)
	}
	if got := ComparisonOf(o.Job, "elsewhere"); got != nil {
		t.Errorf("on another cluster: got %v, want none", got)
	}
	changed := *o.Job
	changed.Each.CPUs = 4
	if got := ComparisonOf(&changed, "lab"); got != nil {
		t.Errorf("with other CPUs an item: got %v, want none", got)
	}
	if left, alive := Interrupted(o.Job.Path); len(left) > 0 || alive != nil {
		t.Errorf("nothing was set aside: got %v and %v", left, alive)
	}
	if err := os.WriteFile(attempts[0].dir.Aside(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if left, alive := Interrupted(o.Job.Path); len(left) > 0 || alive == nil || alive.ID != r.ID {
		t.Errorf("one that is followed: got %v and %v, want it alive", left, alive)
	}
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(attempts[0].dir.Aside(), long, long); err != nil {
		t.Fatal(err)
	}
	if left, alive := Interrupted(o.Job.Path); len(left) != 1 || alive != nil {
		t.Errorf("one that nobody follows: got %v and %v, want it left", left, alive)
	}
	attempts[0].Touch()
	if _, alive := Interrupted(o.Job.Path); alive == nil {
		t.Error("one that is followed again: got none")
	}
}
