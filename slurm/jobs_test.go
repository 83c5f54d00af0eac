package slurm

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// line is a record as squeue or sacct prints it.
func line(fields ...string) string {
	return strings.Join(fields, separator) + separator + "\n"
}

// queueLine is a job in squeue with only what a test is about.
func queueLine(id, state, name string) string {
	return line(id, state, "0:0", "0", "p", "n1", "1795384000", "1795384001", "N/A", "None", name)
}

func oldLine(id, state, submit, name string) string {
	return line(id, state, "0:0", "p", "n1", submit, "1795384001", "1795384002", "None", name)
}

// Slurm's tables have a header.
func queueTable(lines ...string) string { return line(squeueHeader...) + strings.Join(lines, "") }
func oldTable(lines ...string) string   { return line(sacctFields...) + strings.Join(lines, "") }

// withQueue has squeue and sacct print tables with these lines.
func withQueue(t *testing.T, queue, old string) *fakes {
	t.Helper()
	f := newFakes(t)
	for name, text := range map[string]string{"squeue": queueTable(queue), "sacct": oldTable(old)} {
		path := filepath.Join(f.dir, name+".txt")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f.add(name, "exec cat "+path)
	}
	return f
}

func ids(jobs []Job) string {
	var all []string
	for _, j := range jobs {
		all = append(all, j.ID)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestJobs(t *testing.T) {
	queue := queueLine("7", "RUNNING", "run.1-a.0") + queueLine("8_[0-2%2]", "PENDING", "run.1-a.1") +
		queueLine("8_3", "RUNNING", "run.1-a.1") + queueLine("9", "RUNNING", "other|name\nwith a line")
	old := oldLine("5", "COMPLETED", "1795380000", "run.1-a.2") + oldLine("8_4", "FAILED", "1795380000", "run.1-a.1") + oldLine("99", "COMPLETED", "1795380000", "foreign")
	tests := []struct {
		name  string
		query JobQuery
		want  string
		calls string // the commands
	}{
		{"one id", JobQuery{IDs: []string{"7"}}, "7", "squeue"},
		{"an array", JobQuery{IDs: []string{"8"}}, "8_0 8_1 8_2 8_3", "squeue"},
		{"a task", JobQuery{IDs: []string{"8_1"}}, "8_1", "squeue"},
		{"a task that squeue has forgotten", JobQuery{IDs: []string{"8_4"}}, "8_4", "squeue sacct"},
		{"a name", JobQuery{Names: []string{"run.1-a.0"}}, "7", "squeue"},
		{"id or name", JobQuery{IDs: []string{"8_3"}, Names: []string{"run.1-a.0"}}, "7 8_3", "squeue"},
		{"an old one", JobQuery{IDs: []string{"5", "7"}}, "5 7", "squeue sacct"},
		{"an old name", JobQuery{Names: []string{"run.1-a.2"}}, "5", "squeue sacct"},
		{"never heard of", JobQuery{IDs: []string{"6"}}, "", "squeue sacct"},
		{"a part of a name", JobQuery{Names: []string{"run.1-a"}}, "", "squeue sacct"},
		{"nothing asked", JobQuery{}, "", ""},
	}
	for _, tt := range tests {
		f := withQueue(t, queue, old)
		jobs, err := f.client().Jobs(t.Context(), tt.query)
		var ran []string
		for _, c := range f.calls {
			command, _, _ := strings.Cut(c, " ")
			ran = append(ran, command)
		}
		if err != nil || ids(jobs) != tt.want || strings.Join(ran, " ") != tt.calls {
			t.Errorf("%s: got %q by %q, %v; want %q by %q", tt.name, ids(jobs), ran, err, tt.want, tt.calls)
		}
	}
}

// TestRunawayJobs: what accounting alone holds for alive is over, the controller has lost it.
func TestRunawayJobs(t *testing.T) {
	f := withQueue(t, queueLine("7", "RUNNING", "a"), oldLine("5", "RUNNING", "1795380000", "b")+oldLine("6", "COMPLETED", "1795380000", "c"))
	jobs, err := f.client().Jobs(t.Context(), JobQuery{IDs: []string{"5", "6", "7"}})
	if err != nil || len(jobs) != 3 {
		t.Fatalf("got %+v, %v; want three jobs", jobs, err)
	}
	for _, j := range jobs {
		if lost := j.ID == "5"; j.Runaway != lost || j.Ended() != (j.ID != "7") {
			t.Errorf("job %s: runaway %t, ended %t", j.ID, j.Runaway, j.Ended())
		}
	}
}

// One call of squeue, and one of sacct, whatever the number of jobs.
func TestManyJobsTakeOneCall(t *testing.T) {
	f := withQueue(t, "", "")
	var many []string
	for i := range 10_000 {
		many = append(many, "1234567_"+string(rune('0'+i%10)))
	}
	_, err := f.client().Jobs(t.Context(), JobQuery{IDs: many[:5000]})
	if err != nil || len(f.calls) != 2 {
		t.Errorf("got %v after %d calls, want 2", err, len(f.calls))
	}
	f.calls = nil
	if _, err := f.client().Jobs(t.Context(), JobQuery{IDs: many}); err != nil || len(f.calls) != 2 {
		t.Errorf("got %v after %d calls, want 2", err, len(f.calls))
	}
	for _, filter := range filters("-j", many) {
		if len(filter[1]) > maxArgument {
			t.Errorf("an argument of %d bytes", len(filter[1]))
		}
	}
	for i := range many {
		many[i] = strings.Repeat("9", 30)
	}
	if got := len(filters("-j", many)); got != 4 {
		t.Errorf("got %d calls for 310 KB of ids, want 4", got)
	}
}

func TestQueriesOfJobs(t *testing.T) {
	f := withQueue(t, "", "")
	since := time.Date(2026, 11, 22, 12, 0, 0, 0, time.Local)
	if _, err := f.client().Jobs(t.Context(), JobQuery{IDs: []string{"7"}, Since: since}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(f.calls[0], " -j 7") {
		t.Errorf("of one job all are asked for: %q", f.calls[0])
	}
	if !strings.Contains(f.calls[1], "-S 2026-11-22T11:00:00 ") || !strings.HasSuffix(f.calls[1], " -j 7") {
		t.Errorf("got %q", f.calls[1])
	}
	f.calls = nil
	if _, err := f.client().Jobs(t.Context(), JobQuery{IDs: []string{"7", "8"}, Names: []string{"a"}}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(f.calls[0], " -j ") || !strings.HasSuffix(f.calls[1], " -j 7,8") || !strings.HasSuffix(f.calls[2], " --name a") {
		t.Errorf("got %q", f.calls)
	}
}

func TestJobsWhenSlurmDoesNotAnswer(t *testing.T) {
	empty := "printf '" + queueTable() + "'"
	const disabled = "echo 'Slurm accounting storage is disabled' >&2; exit 1"
	const silence = "echo 'sacct: error: Problem talking to the database: Connection refused' >&2; exit 1"
	tests := []struct {
		name, squeue, sacct string
		want                string // ids
		unaccounted         string
		absent              bool
	}{
		{"a single id is unknown", "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1", "printf '" + oldTable(oldLine("5", "COMPLETED", "1795380000", "x")) + "'", "5", "", false},
		{"accounting is disabled", empty, disabled, "", "disabled", false},
		{"no sacct", empty, "none", "", "there is no sacct", false},
		{"the database is silent", empty, silence, "", "", true},
		{"the controller is silent", "echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2; exit 1", "", "", "", true},
		{"the controller hangs", "exec sleep 60", "", "", "", true},
	}
	for _, tt := range tests {
		f := newFakes(t).add("squeue", tt.squeue)
		if tt.sacct != "none" {
			f.add("sacct", tt.sacct)
		}
		a, err := f.clientWith(CommandsOptions{Timeout: patience(tt.name)}).Ask(t.Context(), JobQuery{IDs: []string{"5"}})
		var absent *AbsentError
		if errors.As(err, &absent) != tt.absent || err != nil != tt.absent || ids(a.Jobs) != tt.want ||
			!strings.Contains(a.Unaccounted, tt.unaccounted) || (a.Unaccounted != "") != (tt.unaccounted != "") {
			t.Errorf("%s: got %+v, %v", tt.name, a, err)
		}
		if err == nil && (len(a.Forgotten) == 0) != (tt.want != "") {
			t.Errorf("%s: forgotten %q", tt.name, a.Forgotten)
		}
	}
}

func TestNewestRecordWins(t *testing.T) {
	text := oldLine("2", "NODE_FAIL", "1795380000", "a") + // a requeued job: two lives
		line("2", "COMPLETED", "3:0", "p", "n2", "1795380100", "1795380200", "1795380300", "None", "a") +
		oldLine("3", "RUNNING", "1795380000", "b") + // a job that lost a node: one life
		line("3", "RESIZING", "0:0", "p", "n2", "1795380000", "1795383000", "1795383500", "None", "b") +
		oldLine("4", "CANCELLED by 2001", "1795380000", "first owner") + // an id given out twice
		oldLine("4", "COMPLETED", "1795390000", "second owner") +
		oldLine("5", "COMPLETED", "1795390000", "c") + // not in order
		oldLine("5", "PREEMPTED", "1795380000", "c")
	jobs, err := parseSacct(strings.NewReader(oldTable(text)))
	if err != nil {
		t.Fatal(err)
	}
	by := byName(newest(jobs))
	if j := by["a"][0]; j.State != "COMPLETED" || j.ExitCode != 3 || j.Restarts != 1 || len(by["a"]) != 1 {
		t.Errorf("requeued: got %+v", by["a"])
	}
	if j := by["b"][0]; j.State != "RUNNING" || j.Restarts != 0 {
		t.Errorf("resized: got %+v", by["b"])
	}
	if by["first owner"][0].State != "CANCELLED" || by["second owner"][0].State != "COMPLETED" {
		t.Errorf("given out twice: got %+v", jobs)
	}
	if j := by["c"][0]; j.State != "COMPLETED" {
		t.Errorf("not in order: got %+v", j)
	}
}

func TestBrokenRecordsOfJobs(t *testing.T) {
	good := queueLine("7", "RUNNING", "a")
	tests := []struct{ name, text, want string }{
		{"cut", good + good[:len(good)-5], "cut off"},
		{"cut between fields", good + "8\x1fRUNNING\x1f0:0\n", "want 11 fields, got"},
		{"a banner", "Welcome\n" + good, `want a job id, got`},
		{"a state", queueLine("7", "running?", "a"), `want a state like RUNNING, got "running?"`},
		{"no state", queueLine("7", "", "a"), "want a state"},
		{"an id", queueLine("seven", "RUNNING", "a"), `want a job id, got "seven"`},
		{"a task", queueLine("7_x", "RUNNING", "a"), `got "x"`},
		{"a time", line("7", "RUNNING", "0:0", "0", "p", "n1", "then", "", "", "", "a"), `want a time, got "then"`},
		{"an exit code", line("7", "FAILED", "x", "0", "p", "n1", "", "", "", "", "a"), `got "x"`},
		{"a restart", line("7", "RUNNING", "0:0", "often", "p", "n1", "", "", "", "", "a"), `got "often"`},
	}
	for _, tt := range tests {
		jobs, err := parseSqueue(strings.NewReader(queueTable(tt.text)))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %+v, %v; want %q", tt.name, jobs, err, tt.want)
		}
	}
}

func TestArrayWhoseIndicesAreCut(t *testing.T) {
	for _, id := range []string{"8_[1,4,7,10,13,16,19,22,25,28,31,", "8_[1,3", "8_[1,4,...]"} {
		jobs, err := parseSacct(strings.NewReader(oldTable(oldLine(id, "CANCELLED by 2001", "1795380000", "a"))))
		if err != nil || len(jobs) != 1 || jobs[0].ID != "8" || jobs[0].ArrayID != "8" || jobs[0].TaskID != -1 {
			t.Errorf("%s: got %+v, %v", id, jobs, err)
		}
	}
}

func TestEarliestPlannedStarts(t *testing.T) {
	queue, err := parsePlanned(strings.NewReader("CLUSTER: fir\nSTART_TIME|SCHEDNODES\n1795384300|n[2-3]\n1795384100|n[1-2]\nN/A|(null)\n1795384200|(null)\n1795384900|n[1-3]\n"))
	if err != nil || len(queue) != 2 {
		t.Fatalf("got %v, %v", queue, err)
	}
	first, second := queue[0], queue[1]
	if first.Start.Unix() != 1795384100 || CompressHosts(first.Nodes) != "n[1-2]" || second.Start.Unix() != 1795384300 || CompressHosts(second.Nodes) != "n3" {
		t.Errorf("got %v; want n1 and n2 at 1795384100, n3 at 1795384300", queue)
	}
}

func TestCancel(t *testing.T) {
	tests := []struct {
		name, body string
		ok         bool
	}{
		{"cancelled", "", true},
		{"ended", "echo 'scancel: error: Kill job error on job id 7: Job/step already completing or completed' >&2; exit 1", true},
		{"forgotten", "echo 'scancel: error: Kill job error on job id 7: Invalid job id specified' >&2; exit 1", true},
		{"not mine", "echo 'scancel: error: Kill job error on job id 7: Access/permission denied' >&2; exit 1", false},
		{"one ended, one not mine", "echo 'scancel: error: Kill job error on job id 7: Invalid job id specified' >&2; echo 'scancel: error: Kill job error on job id 8: Access/permission denied' >&2; exit 1", false},
		{"silent", "echo 'scancel: error: Kill job error on job id 4: Unable to contact slurm controller (connect failure)' >&2; exit 8", false},
		{"no words", "exit 1", false},
	}
	for _, tt := range tests {
		f := newFakes(t).add("scancel", tt.body)
		if err := f.client().Cancel(t.Context(), []string{"7", "8"}); (err == nil) != tt.ok {
			t.Errorf("%s: got %v", tt.name, err)
		}
		if f.calls[0] != "scancel -Q 7 8" {
			t.Errorf("%s: ran %q", tt.name, f.calls[0])
		}
	}
	f := newFakes(t).add("scancel", "")
	if err := f.client().Cancel(t.Context(), make([]string, 12_000)); err != nil || len(f.calls) != 3 {
		t.Errorf("got %v after %d calls, want 3", err, len(f.calls))
	}
	f.calls = nil
	if err := f.client().Cancel(t.Context(), nil); err != nil || len(f.calls) != 0 {
		t.Errorf("nothing to cancel: got %v, %q", err, f.calls)
	}
}

func TestRequested(t *testing.T) {
	f := newFakes(t).replay("26.05")
	got, err := f.client().Requested(t.Context(), "14")
	if err != nil || got.Partition != "long" || f.calls[0] != "scontrol -o show job 14" {
		t.Errorf("got %+v, %v by %q", got, err, f.calls)
	}
	f.add("scontrol", "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1")
	var refused *RefusedError
	if _, err := f.client().Requested(t.Context(), "14"); !errors.As(err, &refused) {
		t.Errorf("got %v", err)
	}
}

func TestRequestedIsNotMisledByNames(t *testing.T) {
	text := "JobId=7 JobName=x Partition=gold TimeLimit=1-00:00:00 UserId=alice(2001) Account=physics Partition=short TimeLimit=00:05:00" +
		" NumNodes=1-2 NumCPUs=4 CPUs/Task=1 Restarts=0 MinMemoryCPU=1000M MinTmpDiskNode=0 Command=/home/alice/a Partition=evil\n"
	got, err := parseRequested(strings.NewReader(text))
	if err != nil || got.Name != "x Partition=gold TimeLimit=1-00:00:00" || got.Partition != "short" || *got.TimeLimitS != 300 || got.Nodes != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, broken := range []string{"", "slurm is down\n", text[:60] + "\n", strings.Replace(text, "NumCPUs=4", "NumCPUs=four", 1), strings.Replace(text, "NumNodes=1-2 ", "", 1)} {
		if got, err := parseRequested(strings.NewReader(broken)); err == nil {
			t.Errorf("%q: got %+v, want an error", broken, got)
		}
	}
}
