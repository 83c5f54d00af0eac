package slurm

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakes is a folder of commands that stand on PATH in place of Slurm's.
type fakes struct {
	t     *testing.T
	dir   string
	calls []string // the commands that ran, as they ended
}

func newFakes(t *testing.T) *fakes {
	t.Helper()
	return &fakes{t: t, dir: t.TempDir()}
}

// add writes a command: a body of shell.
func (f *fakes) add(name, body string) *fakes {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		f.t.Fatal(err)
	}
	return f
}

// replay adds scontrol, squeue and sacctmgr that print what a version printed.
func (f *fakes) replay(version string) *fakes {
	f.t.Helper()
	data, err := filepath.Abs(filepath.Join("testdata", version))
	if err != nil {
		f.t.Fatal(err)
	}
	show := func(cases ...string) string {
		body := "case \"$*\" in\n"
		for i := 0; i < len(cases); i += 2 {
			body += fmt.Sprintf("%s) exec sed \"s/alice(2001)/$(id -un)($(id -u))/\" '%s/%s' ;;\n", cases[i], data, cases[i+1])
		}
		return body + "*) echo \"unexpected: $0 $*\" >&2; exit 1 ;;\nesac"
	}
	f.add("scontrol", show("'show config'", "config.txt", "'-a -o -d show nodes'", "nodes.txt", "'-a -o show partitions'", "partitions.txt",
		"'-o show reservations'", "reservations.txt", "'-o show licenses'", "licenses.txt", "'-o show topology'", "topology.txt",
		"'-o show assoc_mgr users='*' flags=assoc,qos'", "limits.txt", "'-o show job '*", "job.txt"))
	f.add("squeue", show("*'-t PENDING'*", "planned.txt", "*'-t all'*", "squeue.txt"))
	f.add("sacctmgr", show("*'show assoc'*", "grants.txt", "*'show qos'*", "qos.txt"))
	return f.add("sacct", show("*", "sacct.txt"))
}

// client runs the fakes, and little else.
func (f *fakes) client(more ...string) *Commands {
	return f.clientWith(CommandsOptions{Timeout: 10 * time.Second}, more...)
}

func (f *fakes) clientWith(opt CommandsOptions, more ...string) *Commands {
	opt.Environment = append([]string{"PATH=" + f.dir + ":/usr/bin:/bin", "HOME=" + f.dir}, more...)
	opt.Trace = func(argv []string, elapsed time.Duration) {
		f.calls = append(f.calls, strings.Join(argv, " "))
	}
	return NewCommands(opt)
}

// patience is short with the commands that hang on purpose, and long with those that answer on a
// busy machine.
func patience(name string) time.Duration {
	if strings.Contains(name, "hangs") {
		return 300 * time.Millisecond
	}
	return 20 * time.Second
}

// called counts the calls of Slurm's commands, which id(1) is none of.
func (f *fakes) called() int {
	n := 0
	for _, c := range f.calls {
		if !strings.HasPrefix(c, "id ") {
			n++
		}
	}
	return n
}
