package worker

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hpcsub/items"
)

// The test binary is also the worker, the shim under GNU Parallel, and what some items run.
const actAs = "HPCSUB_TEST_ACT_AS"

func TestMain(m *testing.M) {
	switch os.Getenv(actAs) {
	case "":
		flag.Parse()
		flag.Set("test.parallel", "8") // they wait for each other's sleep otherwise
		os.Exit(m.Run())
	case "worker":
		enterGroup()
		limitFiles()
		exit, err := Main(context.Background(), os.Args[1:])
		if err != nil {
			fmt.Fprintf(os.Stderr, "hpcsub: error: %v\n", err)
		}
		os.Exit(exit)
	case "allocate":
		allocate(os.Args[1:])
	case "map":
		mapFile(os.Args[1:])
	}
}

// mapFile has a FILE in its memory for SECONDS.
func mapFile(args []string) {
	f, err := os.Open(args[0])
	if err != nil {
		panic(err)
	}
	info, _ := f.Stat()
	data, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	sum := 0
	for i := 0; i < len(data); i += 4096 {
		sum += int(data[i])
	}
	seconds, _ := strconv.ParseFloat(args[1], 64)
	time.Sleep(time.Duration(seconds * float64(time.Second)))
	fmt.Println(sum)
}

// enterGroup moves the worker into the control group that a test made for it.
func enterGroup() {
	if dir := os.Getenv("HPCSUB_TEST_CGROUP"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte("0"), 0o600); err != nil {
			panic(err)
		}
	}
}

// limitFiles sets the limit that a test wants for the size of files.
func limitFiles() {
	if n, err := strconv.ParseUint(os.Getenv("HPCSUB_TEST_FSIZE"), 10, 64); err == nil {
		syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n})
	}
}

// allocate holds MIB of memory for SECONDS, taking it in pieces.
func allocate(args []string) {
	mib, _ := strconv.Atoi(args[0])
	seconds, _ := strconv.ParseFloat(args[1], 64)
	held := make([][]byte, 0, mib)
	for range mib {
		piece := make([]byte, 1<<20)
		for i := 0; i < len(piece); i += 4096 {
			piece[i] = 1
		}
		held = append(held, piece)
		time.Sleep(time.Millisecond)
	}
	time.Sleep(time.Duration(seconds * float64(time.Second)))
	fmt.Println(len(held))
}

// run is a frozen run with one attempt.
type testRun struct {
	t    testing.TB
	dir  items.AttemptDir
	work items.Work
	job  string // job.toml's folder
}

const testToken = "t0ken"

// freeze makes a run of a spec with its items dealt to parts.
func freeze(t testing.TB, spec items.Spec, parts int, set ...func(*items.Work)) *testRun {
	t.Helper()
	r := &testRun{t: t, job: spec.Dir}
	if r.job == "" {
		r.job = t.TempDir()
		spec.Dir = r.job
	}
	run := items.RunDir(filepath.Join(r.job, ".hpcsub", "test"))
	r.dir = run.Attempt(1)
	must(t, r.dir.Make())
	list, err := items.Open(spec)
	must(t, err)
	count, err := items.Freeze(run, list.All(), nil)
	must(t, err)
	r.work = items.Work{Run: "test", Attempt: 1, Token: testToken, Spec: spec, Columns: list.Columns(), Items: count, CPUs: 1, KillWaitS: 5}
	for _, f := range set {
		f(&r.work)
	}
	must(t, items.WriteWork(r.dir, r.work))
	must(t, items.WriteParts(r.dir, upTo(count), parts))
	return r
}

func upTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// numbers is a spec that runs a shell line over n = 0 … count-1.
func numbers(shell string, count int) items.Spec {
	return items.Spec{Shell: shell, Sweep: []items.Column{{Name: "n", Range: &items.Range{From: "0", To: strconv.Itoa(count - 1)}}}}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// life is one worker process.
type life struct {
	t      testing.TB
	cmd    *exec.Cmd
	stderr bytes.Buffer
}

// options of a test's worker process.
type lifeOptions struct {
	part, slots int
	job         string // Slurm's job id; "" = 100
	restart     int
	env         []string
	dispatcher  []string
	flags       []string
}

// worker starts a worker on a part of the run.
func (r *testRun) start(o lifeOptions) *life {
	r.t.Helper()
	l := &life{t: r.t}
	args := []string{"run", "--attempt", string(r.dir), "--part", strconv.Itoa(o.part), "--slots", strconv.Itoa(max(1, o.slots)), "--token", testToken}
	args = append(args, o.flags...)
	if len(o.dispatcher) > 0 {
		args = append(append(args, "--"), o.dispatcher...)
	}
	l.cmd = exec.Command(os.Args[0], args...)
	l.cmd.Env = slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "SLURM_") })
	l.cmd.Env = append(l.cmd.Env, actAs+"=worker", "SLURM_JOB_ID="+orElse(o.job, "100"), "SELF="+os.Args[0])
	if o.restart > 0 {
		l.cmd.Env = append(l.cmd.Env, fmt.Sprintf("SLURM_RESTART_COUNT=%d", o.restart))
	}
	l.cmd.Env = append(l.cmd.Env, o.env...)
	l.cmd.Stderr = &l.stderr
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(r.t, l.cmd.Start())
	r.t.Cleanup(func() { l.cmd.Process.Kill() })
	return l
}

func orElse(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// wait returns the worker's exit code, -1 for a signal. It fails the test when it takes too long.
func (l *life) wait(limit time.Duration) int {
	l.t.Helper()
	done := make(chan error, 1)
	go func() { done <- l.cmd.Wait() }()
	select {
	case err := <-done:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			l.t.Fatal(err)
		}
		return l.cmd.ProcessState.ExitCode()
	case <-time.After(limit):
		l.cmd.Process.Signal(syscall.SIGQUIT)
		<-done
		l.t.Fatalf("the worker still ran after %s; stderr:\n%s", limit, &l.stderr)
		return 0
	}
}

// exits runs a worker and wants that exit code of it.
func (r *testRun) exits(want int, o lifeOptions) *life {
	r.t.Helper()
	l := r.start(o)
	if got := l.wait(60 * time.Second); got != want {
		r.t.Fatalf("exit code %d, want %d; stderr:\n%s", got, want, &l.stderr)
	}
	return l
}

// records reads all records of the attempt, in the order of files and lines.
func (r *testRun) records() (all []items.Record) {
	r.t.Helper()
	names, err := filepath.Glob(filepath.Join(r.dir.ResultsDir(), "*.jsonl"))
	must(r.t, err)
	for _, name := range names {
		_, err := items.ReadRecords(name, func(rec items.Record) error {
			all = append(all, rec)
			return nil
		})
		must(r.t, err)
	}
	return all
}

// ends are the end records by index; it fails when an item has two.
func (r *testRun) ends() map[int]items.Record {
	r.t.Helper()
	ends := map[int]items.Record{}
	for _, rec := range r.records() {
		if rec.ID == "" || rec.State == items.Running {
			continue
		}
		if _, twice := ends[rec.Index]; twice {
			r.t.Errorf("item %d has two end records", rec.Index)
		}
		ends[rec.Index] = rec
	}
	return ends
}

// lines reads a file that items append to, in the job's folder.
func (r *testRun) lines(name string) []string {
	text, err := os.ReadFile(filepath.Join(r.job, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	must(r.t, err)
	return strings.Fields(string(text))
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); {
		if time.Now().After(end) {
			t.Fatalf("waited 20 s in vain: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// output reads what an item printed.
func (r *testRun) output(rec items.Record, w items.Writer, stream string, span items.Span) string {
	r.t.Helper()
	if span[1] == 0 {
		return ""
	}
	text, err := os.ReadFile(r.dir.Log(w, rec.Slot, stream))
	must(r.t, err)
	return string(text[span[0] : span[0]+span[1]])
}

func text(p *int) string {
	if p == nil {
		return "null"
	}
	return strconv.Itoa(*p)
}

// parallelCommand is the dispatcher as a script writes it.
func parallelCommand(jobs int) []string {
	return []string{"parallel", "--plain", "--will-cite", "--jobs", strconv.Itoa(jobs), os.Args[0], "item", "{}"}
}
