package main

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
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
	testscript.Main(m, map[string]func(){
		"hpcsub": func() { os.Exit(run(context.Background(), os.Args, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs testdata/*.txtar: what a user types and what must come back.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			// A home of its own, and fakes before everything else on PATH.
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("USER", "alice")
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
			env.Setenv("PATH", filepath.Join(env.WorkDir, "fakes")+string(os.PathListSeparator)+env.Getenv("PATH"))
			return os.MkdirAll(filepath.Join(env.WorkDir, "home"), 0o755)
		},
	})
}
