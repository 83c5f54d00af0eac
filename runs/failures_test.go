package runs

import (
	"reflect"
	"testing"

	"hpcsub/items"
)

func TestWhatHappened(t *testing.T) {
	code := func(n int) *int { return &n }
	kill := "KILL"
	tests := []struct {
		name string
		rec  items.Record
		want string
	}{
		{"an exit code", items.Record{State: items.Failed, ExitCode: code(3)}, "exited 3"},
		{"a signal", items.Record{State: items.Failed, Signal: &kill}, "killed by SIGKILL"},
		{"names are left out", items.Record{State: items.Failed, ExitCode: code(0), Cause: `no output "a.pdf"`}, "exited 0, but made no output"},
		{"figures are left out", items.Record{State: items.Timeout, Cause: "ran longer than each.timeout = 5s"}, "ran out of time: ran longer than each.timeout"},
		{"nothing but figures", items.Record{State: items.OutOfMemory, Cause: "381 MiB used of 320 MiB in the allocation"}, "ran out of memory"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := whatHappened(test.rec); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// The groups leave out what differs; the first of each is told in full.
func TestFailureNamesTheFirst(t *testing.T) {
	r := made(t, t.TempDir(), 5, 1)
	causes := []string{`no output "a.pdf"`, `no output "b.pdf"`, "381 MiB used of 320 MiB in the allocation", "ran longer than each.timeout = 5s", ""}
	var recs []*items.Record
	for i, cause := range causes {
		rec := record(i, []items.State{items.Failed, items.Failed, items.OutOfMemory, items.Timeout, items.Failed}[i], float64(i))
		if rec.Cause = cause; cause != "" {
			*rec.ExitCode = 0
		}
		recs = append(recs, rec)
	}
	write(t, r.dir.Attempt(1).Results(0, 0), true, recs...)
	results, err := r.Results(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	groups, err := r.Failures(results)
	if err != nil {
		t.Fatal(err)
	}
	want := []Failure{
		{What: "exited 0, but made no output", Count: 2, First: 0, Command: "true 0", Detail: `no output "a.pdf"`},
		{What: "ran out of memory", Count: 1, First: 2, Command: "true 2", Detail: causes[2]},
		{What: "ran out of time: ran longer than each.timeout", Count: 1, First: 3, Command: "true 3"},
		{What: "exited 3", Count: 1, First: 4, Command: "true 4"},
	}
	if !reflect.DeepEqual(groups, want) {
		t.Errorf("got  %+v\nwant %+v", groups, want)
	}
}
