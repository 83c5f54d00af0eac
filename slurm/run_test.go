package slurm

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestEnvironmentIsCleaned(t *testing.T) {
	f := newFakes(t).add("scontrol", "env | sort")
	c := f.clientWith(CommandsOptions{Cluster: "fir"},
		"SBATCH_TIMELIMIT=1", "SLURM_CLUSTERS=other", "SQUEUE_FORMAT=%i", "SINFO_FORMAT=x", "SACCT_FORMAT=x", "SRUN_CPUS_PER_TASK=2",
		"SALLOC_PARTITION=x", "SCONTROL_ALL=1", "SLURM_TIME_FORMAT=relative", "SLURM_JOB_ID=7", "LC_ALL=de_DE.UTF-8",
		"SLURM_CONF=/opt/slurm.conf", "SLURM_JWT=token", "LANG=de_DE.UTF-8", "OTHER=kept")
	out, err := c.ask(t.Context(), "scontrol")
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSpace(string(out)), "\n")
	want := []string{"SLURM_CONF=/opt/slurm.conf", "SLURM_JWT=token", "SLURM_TIME_FORMAT=%s", "SLURM_BITSTR_LEN=0", "SLURM_CLUSTERS=fir", "LC_ALL=C", "LANG=de_DE.UTF-8", "OTHER=kept"}
	for _, w := range want {
		if !strings.Contains(string(out), w+"\n") {
			t.Errorf("%s is missing in %q", w, got)
		}
	}
	for _, e := range got {
		for _, prefix := range foreign {
			if strings.HasPrefix(e, prefix) && !strings.Contains(strings.Join(want, " "), e) {
				t.Errorf("%s is left", e)
			}
		}
	}
}

func TestAbsentCommand(t *testing.T) {
	f := newFakes(t)
	_, err := f.client().ask(t.Context(), "scontrol", "show", "config")
	var absent *AbsentError
	if !errors.As(err, &absent) || absent.Error() != "scontrol show config: there is no scontrol on PATH" {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(filepath.Join(f.dir, "squeue"), []byte("\x7fELF nonsense"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := f.client().ask(t.Context(), "squeue"); !errors.As(err, &absent) {
		t.Errorf("a squeue that cannot be started: got %v", err)
	}
}

// A program in the current folder is not Slurm's, whatever PATH says.
func TestRelativeFoldersOnPathAreLeftOut(t *testing.T) {
	f := newFakes(t).add("scontrol", "echo here")
	t.Chdir(f.dir)
	c := NewCommands(CommandsOptions{Environment: []string{"PATH=.:"}})
	if _, err := c.ask(t.Context(), "scontrol"); err == nil {
		t.Error("./scontrol was run")
	}
}

func TestWordsOfSlurmAreShownAsTheyAre(t *testing.T) {
	tests := []struct {
		name, body string
		absent     bool
		want       string
	}{
		{"refused", "echo 'slurm_load_node error: Access/permission denied' >&2; exit 1", false, "scontrol show nodes: slurm_load_node error: Access/permission denied"},
		{"silent", "echo 'slurm_load_node error: Unable to contact slurm controller (connect failure)' >&2; exit 1", true, "(connect failure)"},
		{"timed out", "echo 'slurm_load_node error: Socket timed out on send/recv operation' >&2; exit 1", true, "Socket timed out"},
		{"no database", "echo 'sacctmgr: error: Sending PersistInit msg: Connection refused' >&2; exit 1", true, "Connection refused"},
		{"no word", "exit 3", false, "exit code 3 without a message"},
	}
	for _, tt := range tests {
		_, err := newFakes(t).add("scontrol", tt.body).client().ask(t.Context(), "scontrol", "show", "nodes")
		var absent *AbsentError
		var refused *RefusedError
		if errors.As(err, &absent) != tt.absent || errors.As(err, &refused) == tt.absent || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %T %v, want %q", tt.name, err, err, tt.want)
		}
	}
}

func TestTimeOutEndsTheWholeGroup(t *testing.T) {
	f := newFakes(t)
	// The command does not listen to SIGTERM, and its child holds the output open.
	f.add("scontrol", "trap '' TERM; echo $$ > "+f.dir+"/pid; echo 'trying hard' >&2; sleep 60 & sleep 60; sleep 60")
	c := f.clientWith(CommandsOptions{Timeout: 300 * time.Millisecond})
	start := time.Now()
	_, err := c.ask(t.Context(), "scontrol", "ping")
	var absent *AbsentError
	if !errors.As(err, &absent) || absent.Words != "trying hard: no answer within 300ms" {
		t.Errorf("got %v", err)
	}
	if elapsed := time.Since(start); elapsed > 8*time.Second {
		t.Errorf("it took %v", elapsed)
	}
	text, err := os.ReadFile(f.dir + "/pid")
	if err != nil {
		t.Fatal(err)
	}
	group, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	for range 100 { // the killed are gone once somebody has waited for them
		if err = syscall.Kill(-group, 0); err != nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("something of group %d is left", group)
}

func TestCallerGivesUp(t *testing.T) {
	f := newFakes(t).add("scontrol", "exec sleep 60")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := f.client().ask(ctx, "scontrol", "ping")
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 8*time.Second {
		t.Errorf("got %v after %v", err, time.Since(start))
	}
}

func TestEndlessWordsAreBounded(t *testing.T) {
	f := newFakes(t).add("scontrol", "head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 1")
	_, err := f.client().ask(t.Context(), "scontrol")
	var refused *RefusedError
	if !errors.As(err, &refused) || len(refused.Words) != maxStderr {
		t.Errorf("got %d bytes of words, want %d", len(refused.Words), maxStderr)
	}
}

func TestStandardInputIsClosed(t *testing.T) {
	out, err := newFakes(t).add("scontrol", "cat; echo end").client().ask(t.Context(), "scontrol")
	if err != nil || string(out) != "end\n" {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestTraceHearsOfEveryCommand(t *testing.T) {
	f := newFakes(t).add("scontrol", "exit 1")
	c := f.client()
	c.ask(t.Context(), "scontrol", "ping")
	c.ask(t.Context(), "scontrol", "show", "config")
	if got := strings.Join(f.calls, "; "); got != "scontrol ping; scontrol show config" {
		t.Errorf("got %q", got)
	}
}

func TestCommandLine(t *testing.T) {
	tests := []struct {
		argv []string
		want string
	}{
		{[]string{"squeue", "-o", "%S|%Y", ""}, `squeue -o "%S|%Y" ""`},
		{[]string{"sacct", "--delimiter=\x1f"}, `sacct "--delimiter=\x1f"`},
		{append([]string{"scancel"}, strings.Fields(strings.Repeat("1234567890 ", 30))...), "scancel" + strings.Repeat(" 1234567890", 18) + " …"},
	}
	for _, tt := range tests {
		if got := commandLine(tt.argv); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
