package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// within is the command "within SECONDS MIB COMMAND ARG…" of the scripts: the command must end well
// and take no more CPU time and memory than that. What else keeps the machine busy does not count.
func within(ts *testscript.TestScript, _ bool, args []string) {
	longest, err := strconv.Atoi(args[0])
	ts.Check(err)
	most, err := strconv.Atoi(args[1])
	ts.Check(err)
	var path string
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if p := filepath.Join(dir, args[2]); path == "" && exists(p) {
			path = p
		}
	}
	cmd := exec.Command(path, args[3:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "HOME="+ts.Getenv("HOME"), "PATH="+ts.Getenv("PATH"), "XDG_STATE_HOME="+ts.Getenv("XDG_STATE_HOME"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		ts.Fatalf("%s: %v\n%s", strings.Join(args[2:], " "), err, out)
	}
	used := (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	peak := int(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss / 1024)
	ts.Logf("%.2f s, %d MiB", used, peak)
	if used > float64(longest) || peak > most {
		ts.Fatalf("%s: got %.1f s of CPU time and %d MiB, want at most %d s and %d MiB", strings.Join(args[2:], " "), used, peak, longest, most)
	}
}
