package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the golden parts of testdata/*.txtar")

// TestMain makes the test binary be hpcsub itself where a script starts it, so that the
// program that is tested is the program; also as the copy that a run keeps for its nodes.
func TestMain(m *testing.M) {
	if strings.HasPrefix(filepath.Base(os.Args[0]), "hpcsub-") {
		os.Exit(run(context.Background(), os.Args, os.Stdout, os.Stderr))
	}
	flag.Set("test.parallel", "8") // the scripts wait more than they work
	testscript.Main(m, map[string]func(){
		"hpcsub": func() { os.Exit(run(context.Background(), os.Args, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs testdata/*.txtar: what a user types and what must come back.
func TestScripts(t *testing.T) {
	data, err := filepath.Abs("../../slurm/testdata/24.11")
	if err != nil {
		t.Fatal(err)
	}
	// Under nohup, what these tests start would ignore SIGHUP as they do; what they catch is at its default there.
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(caught) })
	testscript.Run(t, testscript.Params{
		Dir:           "testdata",
		UpdateScripts: *update,
		WorkdirRoot:   workRoot(t),
		Cmds:          map[string]func(*testscript.TestScript, bool, []string){"slurm": fakeSlurm, "exits": exits, "keys": keys, "documented": documented, "within": within},
		Setup: func(env *testscript.Env) error {
			// A home of its own, and fakes before everything else on PATH.
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("USER", "alice")
			env.Setenv("HPCSUB", filepath.Join(strings.Split(env.Getenv("PATH"), string(os.PathListSeparator))[0], "hpcsub"))
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
			env.Setenv("SLURMDATA", data)
			env.Setenv("PATH", filepath.Join(env.WorkDir, "fakes")+string(os.PathListSeparator)+env.Getenv("PATH"))
			return os.MkdirAll(filepath.Join(env.WorkDir, "home"), 0o755)
		},
	})
}

// workRoot is where the scripts work. It is not below /tmp, which nodes do not share: hpcsub
// refuses to keep a run there.
func workRoot(t *testing.T) string {
	cache, err := os.UserCacheDir()
	if err == nil {
		err = os.MkdirAll(cache, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.MkdirTemp(cache, "hpcsub-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	return root
}

// fakeSlurm is the command "slurm" of the scripts: it puts testdata/fakes on PATH, but for those
// that the script brings itself. With the argument "starts" jobs run as soon as they are submitted.
func fakeSlurm(ts *testscript.TestScript, _ bool, args []string) {
	fakes := filepath.Join(ts.Getenv("WORK"), "fakes")
	ts.Check(os.MkdirAll(fakes, 0o755))
	common, err := os.ReadDir(fakeDir)
	ts.Check(err)
	for _, f := range common {
		text, err := os.ReadFile(filepath.Join(fakeDir, f.Name()))
		ts.Check(err)
		if to := filepath.Join(fakes, f.Name()); !exists(to) {
			ts.Check(os.WriteFile(to, text, 0o755))
		}
	}
	own, err := os.ReadDir(fakes)
	ts.Check(err)
	for _, f := range own {
		ts.Check(os.Chmod(filepath.Join(fakes, f.Name()), 0o755))
	}
	if slices.Contains(args, "starts") {
		ts.Check(os.MkdirAll(ts.Getenv("WORK")+"/slurm", 0o755))
		ts.Check(os.WriteFile(ts.Getenv("WORK")+"/slurm/starts", nil, 0o644))
	}
}

// A script runs in a folder of its own, so these are absolute.
var (
	fakeDir, _        = filepath.Abs("testdata/fakes")
	scriptingGuide, _ = filepath.Abs("../../docs/scripting.md")
)

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// exits is the command "exits CODE COMMAND ARG…" of the scripts: the exit code must be that one.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	got := 0
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("got exit code %d, want %d", got, want)
	}
}
