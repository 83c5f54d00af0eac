//go:build record

package slurm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRecord runs on the login node of a lab, as an ordinary user (integration/record.sh). It makes a queue with
// jobs of every kind, has this package ask all that it ever asks, and keeps in $RECORD_INTO what Slurm's commands
// printed. Commands and their arguments are those of the package: wrappers on PATH copy what passes.
func TestRecord(t *testing.T) {
	r := newTape(t)
	ids := r.fillQueue()
	c, ctx, none := r.client, t.Context(), InspectOptions{}
	me := c.whoami(ctx)

	var s settings
	r.keep("config.txt", func() (err error) { s, err = c.showConfig(ctx, none); return })
	r.keep("nodes.txt", func() error { _, err := c.showNodes(ctx); return err })
	r.keep("partitions.txt", func() error { _, err := c.showPartitions(ctx); return err })
	r.keep("limits.txt", func() error { _, err := c.showLimits(ctx, me.name); return err })
	r.keep("planned.txt", func() error { _, err := c.showPlanned(ctx); return err })
	r.keep("grants.txt", func() error { _, err := c.showGrants(ctx, none, me.name, s.cluster); return err })
	r.keep("qos.txt", func() error { _, err := c.showQOS(ctx, none); return err })
	for file, name := range map[string]string{"job.txt": "feat", "job_array.txt": "arr.tok.0", "job_name.txt": "odd é|x y", "job_gpu.txt": "gpurun"} {
		r.keep(file, func() error { _, err := c.Requested(ctx, ids[name]); return err })
	}
	r.keep("squeue.txt", func() error { _, err := c.queued(ctx, JobQuery{Names: []string{"a", "b"}}, me.uid); return err })
	r.keep("squeue_forgotten.txt", func() error { _, err := c.queued(ctx, JobQuery{IDs: []string{"99999"}}, me.uid); return err })
	r.keep("squeue_none.txt", func() error { _, err := c.queued(ctx, JobQuery{Names: []string{"a", "b"}}, "2002"); return err })
	told := JobQuery{IDs: []string{ids["odd é|x y"], ids["new\nline"], ids["arr.tok.0"], ids["held"], ids["later"], ids["big"]}}
	r.keep("sacct.txt", func() error { _, err := c.accounted(ctx, told, me.uid); return err })
	r.keep("sacct_none.txt", func() error { _, err := c.accounted(ctx, JobQuery{Names: []string{"nobody's"}}, me.uid); return err })
	r.keep("ping.txt", func() error { return c.Ping(ctx, false)[0].Err })
	r.keep("clusters.txt", func() error { return c.Ping(ctx, true)[1].Err })
	r.keep("coordinator.txt", func() error { _, _, err := c.Coordinator(ctx); return err })
	r.keep("mpi.txt", func() error { _, err := c.MPITypes(ctx); return err })
	r.keep("reservations_none.txt", func() error { _, err := c.showReservations(ctx); return err })
	r.keep("licenses_none.txt", func() error { _, err := c.showLicenses(ctx, none); return err })
	r.keep("testonly.txt", func() error { _, err := c.StartTime(ctx, r.script("#SBATCH -p short -t 1")); return err })
	r.keep("submit.txt", func() error { _, err := c.Submit(ctx, r.script("#SBATCH -p short -t 1 --hold -J extra")); return err })
	r.keep("cancel.txt", func() error { return c.Cancel(ctx, []string{ids["held"]}) })
	r.keep("cancel_over.txt", func() error { return c.Cancel(ctx, []string{ids["odd é|x y"], "99999"}) })
	time.Sleep(3 * time.Second) // accounting lags
	r.keep("sacct_cancelled.txt", func() error { _, err := c.accounted(ctx, JobQuery{IDs: []string{ids["held"]}}, me.uid); return err })
	r.refusals()
}

// tape keeps what commands print.
type tape struct {
	t              *testing.T
	into, work     string
	client         *Commands
	wrappers, path string
}

func newTape(t *testing.T) *tape {
	r := &tape{t: t, into: os.Getenv("RECORD_INTO"), work: t.TempDir(), wrappers: t.TempDir()}
	if r.into == "" {
		t.Fatal("RECORD_INTO does not say where the recordings go: integration/record.sh does")
	}
	for _, name := range []string{"scontrol", "squeue", "sacct", "sacctmgr", "sbatch", "scancel", "srun"} {
		real, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf("#!/bin/sh\n%s \"$@\" >%[2]s/out 2>%[2]s/err\nrc=$?\ncat %[2]s/out; cat %[2]s/err >&2\nexit $rc\n", real, r.work)
		if err := os.WriteFile(filepath.Join(r.wrappers, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	env := append(os.Environ(), "PATH="+r.wrappers+":"+os.Getenv("PATH"))
	r.client = NewCommands(CommandsOptions{Environment: env})
	return r
}

// keep runs what asks one command, and keeps its standard output, or where there is none its standard error.
// That this package cannot read it yet is no reason not to keep it.
func (r *tape) keep(file string, ask func() error) {
	if err := ask(); err != nil {
		r.t.Logf("%s: %v", file, err)
	}
	text, err := os.ReadFile(filepath.Join(r.work, "out"))
	if err == nil && len(text) == 0 {
		text, err = os.ReadFile(filepath.Join(r.work, "err"))
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(r.into, file), text, 0o644)
	}
	if err != nil {
		r.t.Error(err)
	}
}

// script is a batch script with more lines.
func (r *tape) script(lines ...string) Submission {
	path := filepath.Join(r.work, "script.sh")
	text := "#!/bin/sh\n#SBATCH -o /dev/null\n" + strings.Join(lines, "\n") + "\nsleep 1\n"
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		r.t.Fatal(err)
	}
	return Submission{Script: path, Dir: r.work}
}

// queue is what is submitted before anything is asked: jobs that end, run, wait and are held, whose names are odd.
var queue = []struct{ name, options, command string }{
	{"qfast", "-p long -q fast -N2 -n12 -t 5", "sleep 300"},
	{"gpurun", "-p gpu -q gpuq --gres=gpu:a100:2 -t 20", "sleep 1200"},
	{"feat", "-p long -c2 -C amd -w c3 --mem=2000M -t 5", "sleep 300"},
	{"odd é|x y", "-p short -t 1", "sleep 1; exit 3"},
	{"new\nline", "-p short -t 1", "kill -9 $$"},
	{"arr.tok.0", "-p short -t 1 --array=0-3,7,9,13-49:4%2", "sleep 5"},
	{"gpuwait", "-p gpu -q gpuq --gres=gpu:a100:2 -t 20", "sleep 1200"},
	{"big", "-p long -N4 --exclusive -t 30", "sleep 60"},
	{"held", "-p short -t 1 --hold --array=1-88:3", "true"},
	{"uneven", "-p short -t 1 --hold --array=1-2,4,7,11,16,22,29,37,46,56,67,79,92,106,121,137,154,172,191,211,232,254,277,301", "true"},
	{"later", "-p short -t 1 --begin=now+1hour", "true"},
}

// fillQueue submits the queue and waits until it stands as it is to be recorded: what runs runs, what fails has
// failed, some tasks of the array are over and others wait, and Slurm has planned the start of the big one.
func (r *tape) fillQueue() map[string]string {
	ids := map[string]string{}
	for _, j := range queue {
		args := append(strings.Fields(j.options), "-J", j.name, "-o", "/dev/null", "--parsable", "--wrap", j.command)
		out, err := exec.Command("sbatch", args...).Output()
		if err != nil {
			r.t.Fatalf("sbatch %q: %v: %s", args, err, wordsOf(err))
		}
		ids[j.name] = strings.TrimSpace(string(out))
	}
	stands := `squeue -h -a -t all -o '%T %i' >` + r.work + `/stands; stands() { [ $(grep -c "^$1" ` + r.work + `/stands) $2 $3 ]; };
		stands RUNNING -ge 3 && stands FAILED -eq 2 && stands COMPLETED -ge 4 && [ "$(squeue -h -j ` + ids["big"] + ` -o %S)" != N/A ]`
	for deadline := time.Now().Add(2 * time.Minute); exec.Command("sh", "-c", stands).Run() != nil; time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			out, _ := exec.Command("squeue", "-a", "-t", "all").CombinedOutput()
			r.t.Fatalf("the queue does not come to stand as it should:\n%s", out)
		}
	}
	return ids
}

func wordsOf(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(exit.Stderr)
	}
	return ""
}

// refusals keeps what sbatch says of requests that cannot be, asked and submitted.
func (r *tape) refusals() {
	var all strings.Builder
	good := r.script().Script
	odd := func(name, text string) string {
		path := filepath.Join(r.work, name)
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			r.t.Fatal(err)
		}
		return path
	}
	for _, test := range []struct{ name, options, script string }{
		{"nopart", "-p nope", good}, {"badopt", "--nonsense", good}, {"toobig", "-N 50", good}, {"noqos", "-q nope", good},
		{"noacct", "-A nope", good}, {"bigarr", "--array=0-20000", good}, {"noshebang", "", odd("noshebang", "true\n")},
		{"empty", "", odd("empty", "")}, {"badtime", "-t abc", good}, {"lim", "-q fast -p long -t 20", good},
		{"mail", "--mail-type=nonsense", good}, {"gres", "--gres=nope:1", good}, {"feat", "-C nope", good}, {"noarg", "--partition", ""},
		{"notnum", "-n x", good}, {"mem", "--mem=abc", good}, {"begin", "--begin=xyz", good}, {"dep", "--dependency=afterok:99999999", good},
		{"resv", "--reservation=nope", good}, {"nodel", "-w nope", good}, {"dos", "", odd("dos", "#!/bin/sh\r\ntrue\r\n")},
		{"missing", "", filepath.Join(r.work, "missing")},
	} {
		for _, only := range []string{"test-only", "sbatch"} {
			args := append([]string{"--parsable"}, strings.Fields(test.options)...)
			if only == "test-only" {
				args = append([]string{"--test-only"}, strings.Fields(test.options)...)
			}
			if test.script != "" {
				args = append(args, test.script)
			}
			ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Second)
			cmd := exec.CommandContext(ctx, "sbatch", args...)
			cmd.Env = cleanEnvironment(os.Environ(), "")
			out, _ := cmd.CombinedOutput()
			cancel()
			text := strings.ReplaceAll(string(out), r.work, "/tmp")
			fmt.Fprintf(&all, "== %s %s rc=%d\n%s\n", only, test.name, cmd.ProcessState.ExitCode(), strings.TrimRight(text, "\n"))
		}
	}
	if err := os.WriteFile(filepath.Join(r.into, "refusals.txt"), []byte(all.String()), 0o644); err != nil {
		r.t.Error(err)
	}
}
