package worker

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hpcsub/items"
)

func TestItemsRunOnceAndAreRecorded(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`echo {n} >> ran; echo out {n}; echo err {n} >&2; x={n}; exit $(( x % 3 ))`, 30), 2)
	for part := range 2 {
		r.exits(ExitUndone, lifeOptions{part: part, slots: 4})
	}
	if got := len(r.lines("ran")); got != 30 {
		t.Errorf("%d items ran, want 30", got)
	}
	ends := r.ends()
	for n := range 30 {
		rec, w := ends[n], items.Writer{Attempt: 1, Part: n % 2}
		want := items.Done
		if n%3 > 0 {
			want = items.Failed
		}
		if rec.State != want || text(rec.ExitCode) != fmt.Sprint(n%3) {
			t.Errorf("item %d: %s, exit code %s; want %s, %d", n, rec.State, text(rec.ExitCode), want, n%3)
		}
		if got, want := r.output(rec, w, "out", rec.Stdout), fmt.Sprintf("out %d\n", n); got != want {
			t.Errorf("item %d: stdout %q, want %q", n, got, want)
		}
		if got, want := r.output(rec, w, "err", rec.Stderr), fmt.Sprintf("err %d\n", n); got != want {
			t.Errorf("item %d: stderr %q, want %q", n, got, want)
		}
		if rec.CPU == nil || rec.MaxRSS == nil || *rec.MaxRSS < 0.5 || *rec.End < rec.Start || *rec.Elapsed <= 0 {
			t.Errorf("item %d is not measured: %+v", n, rec)
		}
	}
}

func TestSilentItemsLeaveNoLogs(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers("test {n} != 3 || echo three", 8), 1)
	r.exits(ExitDone, lifeOptions{slots: 2})
	logs, err := os.ReadDir(r.dir.LogsDir())
	must(t, err)
	if len(logs) != 1 || !strings.HasSuffix(logs[0].Name(), ".out") {
		t.Errorf("logs: %v, want one .out", logs)
	}
}

func TestItemsEnvironment(t *testing.T) {
	t.Parallel()
	r := freeze(t, numbers(`echo "$HPCSUB_RUN $HPCSUB_ITEM_INDEX $HPCSUB_SLOT $HPCSUB_ITEM_ID $FROM_SCRIPT ${HPCSUB_SOCKET-none}"; pwd; cat`, 1), 1)
	r.exits(ExitDone, lifeOptions{env: []string{"FROM_SCRIPT=yes", "HPCSUB_SOCKET=x"}})
	rec := r.ends()[0]
	want := fmt.Sprintf("test 0 0 %s yes none\n%s\n", rec.ID, r.job)
	if got := r.output(rec, items.Writer{Attempt: 1}, "out", rec.Stdout); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestOutputs: parents are made, and an item that exits 0 without its output has failed.
func TestOutputs(t *testing.T) {
	t.Parallel()
	spec := numbers("test {n} = 1 || touch deep/er/{n}.txt", 3)
	spec.Outputs = []string{"deep/er/{n}.txt"}
	r := freeze(t, spec, 1)
	r.exits(ExitUndone, lifeOptions{})
	ends := r.ends()
	for n, want := range map[int]string{0: "done", 1: `failed no output "deep/er/1.txt"`, 2: "done"} {
		rec := ends[n]
		if got := strings.TrimSpace(string(rec.State) + " " + rec.Cause); got != want || text(rec.ExitCode) != "0" {
			t.Errorf("item %d: %s, exit code %s; want %s, 0", n, got, text(rec.ExitCode), want)
		}
	}
}

func TestProgramsThatCannotRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "plain"), []byte("x"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "noshebang"), []byte("exit 4\n"), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "lost"), []byte("#!/no/such/interpreter\n"), 0o700))
	tests := []struct {
		program, code, cause string
	}{
		{"no-such-program", "127", `"no-such-program" not found on PATH`},
		{"./none", "127", `not found`},
		{"./plain", "126", "is not executable"},
		{"./", "126", "is a folder"},
		{"./lost", "127", `interpreter "/no/such/interpreter" not found`},
		{"./noshebang", "4", ""},
		{"true", "0", ""},
	}
	spec := items.Spec{Dir: dir, Command: []string{"{program}"}}
	column := items.Column{Name: "program"}
	for _, tt := range tests {
		column.Values = append(column.Values, items.Value{Text: tt.program})
	}
	spec.Sweep = []items.Column{column}
	r := freeze(t, spec, 1)
	r.exits(ExitUndone, lifeOptions{})
	for i, tt := range tests {
		rec := r.ends()[i]
		if text(rec.ExitCode) != tt.code || !strings.Contains(rec.Cause, tt.cause) || tt.cause == "" && rec.Cause != "" {
			t.Errorf("%s: exit code %s, cause %q; want %s, %q", tt.program, text(rec.ExitCode), rec.Cause, tt.code, tt.cause)
		}
	}
}
