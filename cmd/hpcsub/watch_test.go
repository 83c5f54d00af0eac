package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"hpcsub/runs"
)

// What Slurm made of a job whose items never ran is told with what to do about it.
func TestWhyNever(t *testing.T) {
	r := &runs.Run{ID: "fit-abcdef"}
	for reason, want := range map[string]string{
		"":                    "do the nodes see the run's folder? hpcsub logs fit-abcdef --slurm shows what the script said",
		"None":                "do the nodes see the run's folder?",
		"RaisedSignal:53(Re…": "a node could not write its log there: do the nodes see",
		"JobLaunchFailure":    "a node could not write its log there",
		"NonZeroExitCode":     "hpcsub logs fit-abcdef --slurm shows what the script said",
		"BadConstraints":      "the reason given is BadConstraints",
	} {
		if got := whyNever(r, runs.JobStatus{Reason: reason}); !strings.HasPrefix(got, want) {
			t.Errorf("%q: got %q, want %q", reason, got, want)
		}
	}
}

// A run that failed in very many ways does not flood the terminal, and a long command or cause is cut.
func TestFailuresAreFew(t *testing.T) {
	var groups []runs.Failure
	for i := range 25 {
		groups = append(groups, runs.Failure{What: fmt.Sprintf("exited %d", i+1), Count: 25 - i, First: i, Command: strings.Repeat("x", 500),
			Detail: strings.Repeat("y", 500), Tail: []string{"one", "two"}})
	}
	var b bytes.Buffer
	printFailures(&output{stderr: &b}, groups)
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 3*mostErrors+1 || lines[len(lines)-1] != "hpcsub: … and 15 more kinds of failure" {
		t.Errorf("got %d lines, the last one %q", len(lines), lines[len(lines)-1])
	}
	for _, line := range lines {
		if cells(line) > 400 {
			t.Errorf("%d columns: %s", cells(line), line)
		}
	}
	if !strings.HasPrefix(lines[0], "hpcsub: 25 items exited 1, first item 0 (xxx") || lines[1] != "hpcsub:     one" {
		t.Errorf("got %q", lines[:2])
	}
}

// The line of a run that waits says for what, as long as nothing of it runs.
func TestWaiting(t *testing.T) {
	r := &runs.Run{ID: "fit-abcdef", Client: "commands"}
	pending := []runs.JobStatus{{JobID: "7", State: "PENDING", Reason: "QOSMaxJobsPerUserLimit"}}
	for _, test := range []struct {
		name string
		s    runs.Status
		want string
	}{
		{"Slurm's reason", runs.Status{State: runs.Pending, Attempts: pending}, "Slurm job 7 waits: QOSMaxJobsPerUserLimit"},
		{"no reason yet", runs.Status{State: runs.Pending, Attempts: []runs.JobStatus{{JobID: "7", State: "PENDING", Reason: "None"}}}, "waiting to start"},
		{"a part of it runs", runs.Status{State: runs.Running, Attempts: pending}, ""},
		{"Slurm is silent", runs.Status{State: runs.Running, Silent: `squeue -o "%i\x1f%j": Unable to contact slurm controller`},
			"Slurm does not answer: squeue -o …: Unable to contact slurm controller"},
	} {
		if got := waiting(r, test.s); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// How a run ended is one sentence, with what to do about what is not done.
func TestEnded(t *testing.T) {
	r := &runs.Run{ID: "fit-abcdef"}
	for _, test := range []struct {
		state      string
		items      runs.Counts
		want, mend string
	}{
		{runs.Failed, runs.Counts{Total: 1200, Done: 1000, Failed: 150, Pending: 50}, "run fit-abcdef failed: 1,000 of 1,200 items done, 150 failed, 50 never ran",
			"hpcsub retry fit-abcdef runs what is not done; hpcsub logs fit-abcdef --failed shows what it printed"},
		{runs.Incomplete, runs.Counts{Total: 1, Pending: 1}, "run fit-abcdef ended incomplete: 0 of 1 item done, 1 never ran", "hpcsub retry fit-abcdef runs what is not done"},
		{runs.Cancelled, runs.Counts{Total: 2, Done: 1, Pending: 1}, "run fit-abcdef was cancelled: 1 of 2 items done, 1 never ran", "hpcsub retry fit-abcdef runs what is not done"},
	} {
		s := runs.Status{State: test.state, Items: test.items}
		if got := ended(r, s); got != test.want {
			t.Errorf("%s: got %q, want %q", test.state, got, test.want)
		}
		if got := afterwards(r.ID, s); got != test.mend {
			t.Errorf("%s: got %q, want %q", test.state, got, test.mend)
		}
	}
}
