package runs

import (
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
