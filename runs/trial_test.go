package runs

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"hpcsub/configs"
	"hpcsub/slurm"
	"hpcsub/trials"
)

// programmed is an order whose command runs script.py in dir.
func programmed(t *testing.T, dir string) Order {
	t.Helper()
	for name, text := range map[string]string{"script.py": "import helper", "helper.py": "x = 1", "data.bin": "1"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := order(t, dir, 10, 1)
	o.Job.Work.Command = []string{"python", "script.py", "{n}", "data.bin"}
	return o
}

// tried is a trial of that order on a node, which measured its items as so many seconds long; 0 = nothing, and less than that: its budget
// ended the first item after so many.
func tried(t *testing.T, o Order, node string, seconds float64) *Run {
	t.Helper()
	root := TrialsRoot(o.Job.Dir)
	if err := os.MkdirAll(root, 0o700); err != nil {
		t.Fatal(err)
	}
	rules := TrialRules(o.Job, o.Items)
	o.Trial = &rules
	r, err := prepare(t.Context(), root, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	attempts, err := r.Attempts()
	if err != nil {
		t.Fatal(err)
	}
	dir := attempts[0].dir
	var text []byte
	for i := range 5 {
		if seconds == 0 {
			break
		}
		m := trials.Measurement{Phase: trials.Sample, Place: i, Index: i, Round: 1, State: trials.Done, Elapsed: seconds, Node: node}
		if seconds < 0 {
			m.State, m.Elapsed = trials.Cut, -seconds
		}
		if text, err = m.Append(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(dir.Measurements(), append(text, `{"phase":"sam`...), 0o600); err != nil { // and one that a kill has torn
		t.Fatal(err)
	}
	if err := writeJSON(dir.Machine(), trials.Machine{Node: node}); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestTrialOf: a plan rests on a trial of the program as it is, then on one of the right kind of node, then on the newest; never on one
// of other work, of another cluster, or that measured nothing.
func TestTrialOf(t *testing.T) {
	dir := t.TempDir()
	if err := makeRoot(Root(dir), ""); err != nil {
		t.Fatal(err)
	}
	o := programmed(t, dir)
	large := func(m trials.Machine) bool { return m.Node == "large" }
	expect := func(what string, want *Run, changed ...string) {
		t.Helper()
		got := TrialOf(o.Job, "lab", large)
		switch {
		case want == nil && got != nil:
			t.Errorf("%s: got trial %s, want none", what, got.Run)
		case want != nil && (got == nil || got.Run != want.ID || !slices.Equal(got.Changed, changed)):
			t.Errorf("%s: got %+v, want %s with %q changed", what, got, want.ID, changed)
		}
		time.Sleep(2 * time.Millisecond) // the next one is newer
	}
	expect("no trial", nil)
	tried(t, o, "large", 0)
	expect("nothing measured", nil)
	other := o
	job := *o.Job
	job.Work.Command = []string{"python", "script.py", "--fast", "{n}"}
	other.Job = &job
	tried(t, other, "large", 1)
	expect("of another command", nil)
	elsewhere := o
	cluster := *o.Cluster
	cluster.Name = "other"
	elsewhere.Cluster = &cluster
	tried(t, elsewhere, "large", 1)
	expect("of another cluster", nil)

	cut := tried(t, o, "large", -120)
	expect("one that knows only that an item is longer", cut)
	if got := TrialOf(o.Job, "lab", large).Report; !got.Longer || *got.Elapsed.Low != 120 {
		t.Errorf("of an item that was ended: %+v", got)
	}
	first := tried(t, o, "large", 1)
	expect("one", first)
	time.Sleep(2 * time.Millisecond)
	tried(t, o, "large", -1)
	expect("a newer one that knows less", first)
	tried(t, o, "small", 2)
	expect("a newer one on another kind of node", first)
	again := tried(t, o, "large", 3)
	expect("a newer one on the right kind", again)

	if err := os.WriteFile(filepath.Join(dir, "helper.py"), []byte("x = 2"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect("a module has changed", again, "helper.py")
	now := tried(t, o, "small", 4)
	expect("of the program as it is, on another kind of node", now)
	o.Job.Environment = configs.Environment{Venv: "/opt/venv"}
	if err := os.WriteFile(filepath.Join(dir, "new.py"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	expect("a new module and another environment", again, "helper.py", "new.py", EnvironmentChanged)
}

// TestCodeOf: the program is the files that the command names, and the modules beside a Python program.
func TestCodeOf(t *testing.T) {
	dir := t.TempDir()
	o := programmed(t, dir)
	for _, test := range []struct {
		name string
		job  configs.Job
		want []string
	}{
		{"a script", *o.Job, []string{"data.bin", "helper.py", "script.py"}},
		{"a line of bash", configs.Job{Dir: dir}, nil},
		{"no Python", configs.Job{Dir: dir}, []string{"data.bin"}},
		{"a function", configs.Job{Dir: dir}, []string{"helper.py", "script.py"}},
	} {
		switch test.name {
		case "a line of bash":
			test.job.Work.Shell = "sort <missing | head"
		case "no Python":
			test.job.Work.Command = []string{"./run", "data.bin", "{n}"}
		case "a function":
			test.job.Work.Function = "helper:f"
		}
		var got []string
		for name, hash := range codeOf(&test.job) {
			if got = append(got, name); hash == "" {
				t.Errorf("%s: %s has no hash", test.name, name)
			}
		}
		if slices.Sort(got); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// knows is a Slurm that answers with what it knows of the trial's job at a time.
type knows struct {
	slurm.Client
	job func(after time.Duration) []slurm.Job
	at  time.Time
}

func (k knows) Jobs(context.Context, slurm.JobQuery) ([]slurm.Job, error) {
	return k.job(time.Since(k.at)), nil
}

// TestFollowTrialOfALostJob: a trial whose job Slurm has forgotten was followed for ever; one whose job comes late into view, or is
// requeued, is followed on.
func TestFollowTrialOfALostJob(t *testing.T) {
	tests := []struct {
		name string
		job  func(after time.Duration) string // its state; "" = not known
		want string                           // the end that it writes after three minutes; "" = it is not waited for
	}{
		{"never known", func(time.Duration) string { return "" }, ""},
		{"forgotten after a minute", func(after time.Duration) string { return map[bool]string{true: "RUNNING"}[after < time.Minute] }, ""},
		{"ended before it had a node", func(time.Duration) string { return "CANCELLED" }, ""},
		{"ended", func(time.Duration) string { return "NODE_FAIL" }, ""},
		{"seen late", func(after time.Duration) string { return map[bool]string{true: "RUNNING"}[after > 5*time.Second] }, trials.EndAll},
		{"requeued", func(after time.Duration) string {
			return map[bool]string{true: "NODE_FAIL", false: "RUNNING"}[after < 10*time.Second]
		}, trials.EndAll},
		{"requeued when Slurm is asked once a minute", func(after time.Duration) string {
			return map[bool]string{true: "NODE_FAIL", false: "RUNNING"}[after > 95*time.Second && after < 105*time.Second]
		}, trials.EndAll},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, a := handedOver(t, 3)
				client := knows{at: time.Now(), job: func(after time.Duration) []slurm.Job {
					if state := tt.job(after); state != "" {
						return []slurm.Job{{ID: "7", ArrayID: "7", TaskID: -1, Name: a.Submissions[0].Name, State: state}}
					}
					return nil
				}}
				ctx, stop := context.WithTimeout(t.Context(), time.Hour)
				defer stop()
				log, err := r.FollowTrial(ctx, client, a, func(trials.Log, JobStatus) {
					if time.Since(client.at) < 3*time.Minute {
						return
					}
					text, err := trials.EndLine(trials.EndAll)
					if err == nil {
						err = os.WriteFile(a.dir.Measurements(), text, 0o600)
					}
					if err != nil {
						t.Fatal(err)
					}
				})
				if tt.name == "ended before it had a node" && time.Since(client.at) > Grace {
					t.Errorf("it was waited for %v for what is not on its way", time.Since(client.at))
				}
				if err != nil || log.End != tt.want {
					t.Errorf("got %q, %v after %v; want %q", log.End, err, time.Since(client.at), tt.want)
				}
			})
		})
	}
}
