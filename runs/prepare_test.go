package runs

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hpcsub/configs"
	"hpcsub/items"
	"hpcsub/strategies"
)

// TestStartRefusesANewerRun: of two submits at once both found no run, and each started one.
func TestStartRefusesANewerRun(t *testing.T) {
	dir := t.TempDir()
	job := filepath.Join(dir, "job.toml")
	newer := items.RunDir(filepath.Join(Root(dir), "fit-aaaaaa"))
	if err := os.MkdirAll(string(newer), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := writeJSON(newer.File(), &Run{ID: "fit-aaaaaa", Job: job}); err != nil {
		t.Fatal(err)
	}
	for _, after := range []string{"", "fit-bbbbbb"} {
		_, _, err := Start(t.Context(), nil, Order{Job: &configs.Job{Path: job, Dir: dir}, After: after}, nil)
		var overtaken *OvertakenError
		if !errors.As(err, &overtaken) || overtaken.Run.ID != "fit-aaaaaa" {
			t.Errorf("after %q: got %v, want run fit-aaaaaa in the way", after, err)
		}
	}
}

// TestOneAtATime: a trial and a submit that were typed in the same second both found nothing in the way, and wrote the same files.
func TestOneAtATime(t *testing.T) {
	atOnce(t)
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	o, client := order(t, t.TempDir(), 4, 1), &controller{answer: says("yes")}
	refused := func(what string, by *Run, trial bool, err error) {
		t.Helper()
		var overtaken *OvertakenError
		if !errors.As(err, &overtaken) || overtaken.Run.ID != by.ID || overtaken.Trial != trial {
			t.Errorf("%s: got %v, want %s in the way", what, err, by.ID)
		}
	}
	trial, attempt, err := StartTrial(t.Context(), client, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = Start(t.Context(), client, o, nil)
	refused("a run beside a trial", trial, true, err)
	_, _, err = StartTrial(t.Context(), client, o, nil)
	refused("a trial beside a trial", trial, true, err)
	if err := attempt.Release(); err != nil {
		t.Fatal(err)
	}
	run, _, err := Start(t.Context(), client, o, nil)
	if err != nil {
		t.Fatalf("a run after the trial: %v", err)
	}
	_, _, err = StartTrial(t.Context(), client, o, nil)
	refused("a trial beside a run", run, false, err)
	_, _, err = StartWay(t.Context(), client, o, nil)
	refused("a way that is compared beside a run", run, false, err)
	o.After = run.Latest()
	again(t, run, 2, []int{1})
	_, _, err = StartTrial(t.Context(), client, o, nil)
	refused("a trial beside a retry", run, false, err)
	_, _, err = Start(t.Context(), client, o, nil)
	refused("a run beside a retry", run, false, err)
	o.After = run.Latest()
	if trial, _, err = StartTrial(t.Context(), client, o, nil); err != nil {
		t.Fatalf("a trial after the run: %v", err)
	}
	_, err = run.Retry(t.Context(), client, o.Cluster, RetryOptions{}, func(string) {})
	refused("a retry beside a trial", trial, true, err)
	o.Again = true
	if _, _, err = Start(t.Context(), client, o, nil); err != nil {
		t.Errorf("again: %v", err)
	}
}

// A run is whole or absent: on a full disk nothing of it is left, and the error says what was
// being done. The limit holds for the whole process, so the test starts itself under one.
func TestPrepareOnAFullDisk(t *testing.T) {
	if os.Getenv("HPCSUB_TEST_DISK") == "full" {
		prepareOnAFullDisk(t)
		return
	}
	dir := t.TempDir()
	cmd := exec.Command("bash", "-c", `ulimit -f 64; exec "$0" -test.run='^TestPrepareOnAFullDisk$'`, os.Args[0])
	cmd.Env = append(os.Environ(), "HPCSUB_TEST_DISK=full", "HPCSUB_TEST_DIR="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if got := left(t, Root(dir)); got != "" {
		t.Errorf("left behind: %s", got)
	}
}

func prepareOnAFullDisk(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ) // the write says EFBIG instead
	dir := os.Getenv("HPCSUB_TEST_DIR")
	if err := makeRoot(Root(dir), ""); err != nil {
		t.Fatal(err)
	}
	_, err := prepare(t.Context(), Root(dir), order(t, dir, 10_000, 2), nil)
	if !errors.Is(err, syscall.EFBIG) {
		t.Errorf("got %v, want EFBIG", err)
	}
}

// Where nothing can be written at all, the folder is named.
func TestStartWhereNothingCanBeWritten(t *testing.T) {
	o := order(t, t.TempDir(), 2, 1)
	o.Job.Dir = "/proc" // also root may not write there
	_, _, err := Start(t.Context(), nil, o, nil)
	if err == nil || !strings.Contains(err.Error(), "/proc/.hpcsub") {
		t.Errorf("got %v, want an error that names /proc/.hpcsub", err)
	}
}

// The items changed between the count and the freezing.
func TestPrepareCountsAgain(t *testing.T) {
	dir := t.TempDir()
	o := order(t, dir, 5, 1)
	o.Items = 4
	if err := makeRoot(Root(dir), ""); err != nil {
		t.Fatal(err)
	}
	_, err := prepare(t.Context(), Root(dir), o, nil)
	if err == nil || !strings.Contains(err.Error(), "4 were counted, 5 written") {
		t.Errorf("got %v", err)
	}
	if got := left(t, Root(dir)); got != "" {
		t.Errorf("left behind: %s", got)
	}
}

// A folder of runs is closed to others and ignored by git.
func TestMakeRoot(t *testing.T) {
	r := made(t, t.TempDir(), 2, 1)
	root := filepath.Dir(string(r.dir))
	for _, dir := range []string{root, string(r.dir)} {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: got %v, %v, want 0700", dir, info.Mode().Perm(), err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(root, ".gitignore")); err != nil || string(text) != "*\n" {
		t.Errorf(".gitignore: got %q, %v", text, err)
	}
}

// TestInterruptedWhileItemsAreWritten: Ctrl-C is heard, and nothing of the run is left.
func TestInterruptedWhileItemsAreWritten(t *testing.T) {
	dir := t.TempDir()
	root := Root(dir)
	if err := makeRoot(root, ""); err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	written := 0
	_, err := prepare(ctx, root, order(t, dir, 200_000, 1), func(n int) {
		written = n
		interrupt()
	})
	if !errors.Is(err, context.Canceled) || written == 0 || written > 10_000 {
		t.Errorf("got %v after %d items, want it interrupted after the first 10,000", err, written)
	}
	if got := left(t, root); got != "" {
		t.Errorf("left behind: %s", got)
	}
}

// Of the GPUs of a program with a cluster of Dask each node has its share; another item has all of its own on one.
func TestGPUsOfAnItemOnANode(t *testing.T) {
	in := strategies.Input{Each: configs.Each{GPUs: 4}}
	for _, tt := range []struct {
		layout strategies.Layout
		want   int
	}{{strategies.Layout{Cluster: true}, 2}, {strategies.Layout{}, 4}} {
		a := Attempt{Layout: tt.layout, Request: strategies.Request{Nodes: 2}}
		if got := a.gpusHere(in); got != tt.want {
			t.Errorf("%+v: got %d, want %d", tt.layout, got, tt.want)
		}
	}
}
