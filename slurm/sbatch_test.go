package slurm

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSubmitRunsSbatchOnce(t *testing.T) {
	f := newFakes(t).add("sbatch", `echo "$PWD: $*" >> `+"$HOME"+`/ran; echo "123;fir"`)
	dir := t.TempDir()
	id, err := f.client().Submit(t.Context(), Submission{Script: "/run/script.sh", Args: []string{"a b"}, Dir: dir})
	if err != nil || id != "123" {
		t.Errorf("got %q, %v", id, err)
	}
	if got, want := read(t, f.dir+"/ran"), dir+": --parsable /run/script.sh a b\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The contract of a submission: whatever is not a clear answer may be a job.
func TestSubmitTellsNoFromPerhaps(t *testing.T) {
	const refuse, absent, unknown, job = "refused", "absent", "unknown", "job"
	fail := func(words string) string { return "cat >&2 <<'EOF'\n" + words + "\nEOF\nexit 1" }
	tests := []struct{ name, body, want string }{
		{"an id", "echo 123", job},
		{"an id with a cluster", "echo '123;fir'", job},
		{"an id after a banner", "echo Welcome; echo 123", job},
		{"an id and an error", "echo 123; echo 'spank: error' >&2; exit 1", job},
		{"success without an id", "exit 0", unknown},
		{"success with a sentence", "echo 'Submitted batch job'", unknown},
		{"cut id and sentence", "echo '12 jobs'", unknown},
		{"account", fail("sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified"), refuse},
		{"plugin's words first", fail("sbatch: error: please name an account\nsbatch: error: Batch job submission failed: Unspecified error"), refuse},
		{"limit", fail("sbatch: error: AssocMaxSubmitJobLimit\nsbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)"), refuse},
		{"permission", fail("sbatch: error: Batch job submission failed: Access/permission denied"), refuse},
		{"socket", fail("sbatch: error: Batch job submission failed: Socket timed out on send/recv operation"), unknown},
		{"receive", fail("sbatch: error: Batch job submission failed: Unable to contact slurm controller (receive failure)"), unknown},
		{"zero bytes", fail("sbatch: error: Batch job submission failed: Zero Bytes were transmitted or received"), unknown},
		{"standby", fail("sbatch: error: Batch job submission failed: Slurm backup controller in standby mode"), unknown},
		{"connect", fail("sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)"), absent},
		{"busy first, then lost", fail("sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying\nsbatch: error: Batch job submission failed: Socket timed out on send/recv operation"), unknown},
		{"words of nobody", fail("sbatch: error: something new"), unknown},
		{"no words", "exit 1", unknown},
		{"killed", "kill -9 $$", unknown},
		{"terminated", "kill $$; sleep 5", unknown},
		{"hangs", "exec sleep 60", unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakes(t).add("sbatch", tt.body)
			c := f.clientWith(CommandsOptions{Timeout: patience(tt.name)})
			id, err := c.Submit(t.Context(), Submission{Script: "s.sh", Dir: f.dir})
			if got := outcome(id, err); got != tt.want {
				t.Errorf("got %s (%q, %v), want %s", got, id, err, tt.want)
			}
		})
	}
	if got := outcome(newFakes(t).client().Submit(t.Context(), Submission{Script: "s.sh"})); got != absent {
		t.Errorf("no sbatch: got %s", got)
	}
}

func outcome(id string, err error) string {
	var refused *RefusedError
	var absent *AbsentError
	var unknown *UnknownError
	switch {
	case err == nil && id == "123":
		return "job"
	case errors.As(err, &refused):
		return "refused"
	case errors.As(err, &absent):
		return "absent"
	case errors.As(err, &unknown):
		return "unknown"
	}
	return "neither"
}

// A Ctrl-C lets an sbatch that is nearly through end; one that hangs is ended, and unknown.
func TestSubmitThatIsGivenUp(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"nearly through", "touch $HOME/started; sleep 0.5; echo 123", "job"},
		{"hangs", "touch $HOME/started; exec sleep 60", "unknown"},
	}
	for _, tt := range tests {
		f := newFakes(t).add("sbatch", tt.body)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for {
				if _, err := os.Stat(filepath.Join(f.dir, "started")); err == nil {
					cancel()
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
		}()
		if got := outcome(f.client().Submit(ctx, Submission{Script: "s.sh", Dir: f.dir})); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
		cancel()
	}
}

func TestSubmitShowsSlurmsWords(t *testing.T) {
	words := "sbatch: error: please name an account\nsbatch: error: Batch job submission failed: Unspecified error"
	f := newFakes(t).add("sbatch", "cat >&2 <<'EOF'\n"+words+"\nEOF\nexit 1")
	_, err := f.client().Submit(t.Context(), Submission{Script: "my script.sh", Dir: f.dir})
	if err == nil || err.Error() != `sbatch --parsable "my script.sh": `+words {
		t.Errorf("got %v", err)
	}
}

func TestStartTime(t *testing.T) {
	tests := []struct {
		name, body string
		want       time.Time
		err        string // a part of it
		kind       string
	}{
		{"a time", "echo 'sbatch: Job 34 to start at 1795384053 using 4 processors on nodes c3 in partition long' >&2", time.Unix(1795384053, 0), "", ""},
		{"26.05", "echo 'sbatch: Job 34 to start at 1795384053 a using 4 processors' >&2", time.Unix(1795384053, 0), "", ""},
		{"refused", "echo 'allocation failure: Invalid qos specification' >&2; exit 1", time.Time{}, "Invalid qos", "refused"},
		{"option", "echo \"sbatch: unrecognized option '--x'\" >&2; exit 255", time.Time{}, "unrecognized", "refused"},
		{"silent", "echo 'allocation failure: Unable to contact slurm controller (connect failure)' >&2; exit 1", time.Time{}, "connect failure", "absent"},
		{"timed out", "echo 'allocation failure: Socket timed out on send/recv operation' >&2; exit 1", time.Time{}, "timed out", "absent"},
		{"hangs", "exec sleep 60", time.Time{}, "no answer within", "absent"},
		{"no time", "echo hello >&2", time.Time{}, `got "hello"`, "neither"},
		{"a wrapper's words", "echo 'Site: name a project with --account' >&2; exit 7", time.Time{}, "sbatch --test-only s.sh: Site: name a project with --account", "refused"},
		{"no words", "exit 1", time.Time{}, "exit code 1 without a message", "refused"},
		{"killed", "kill -9 $$", time.Time{}, "no clear answer", "unknown"},
	}
	for _, tt := range tests {
		f := newFakes(t).add("sbatch", tt.body)
		c := f.clientWith(CommandsOptions{Timeout: patience(tt.name)})
		got, err := c.StartTime(t.Context(), Submission{Script: "s.sh", Dir: f.dir})
		if tt.err == "" {
			if err != nil || !got.Equal(tt.want) {
				t.Errorf("%s: got %v, %v", tt.name, got, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tt.err) || outcome("", err) != tt.kind {
			t.Errorf("%s: got %s %v, want %s %q", tt.name, outcome("", err), err, tt.kind, tt.err)
		}
		if want := "sbatch --test-only s.sh"; f.calls[0] != want {
			t.Errorf("%s: ran %q, want %q", tt.name, f.calls[0], want)
		}
	}
}
