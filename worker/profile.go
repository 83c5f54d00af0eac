package worker

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"hpcsub/items"
)

// readProfile prints what cProfile has written as JSON, but for itself and the program that makes calls: its own format is one of Python's.
const readProfile = `import json, pstats, sys
stats = {f: v for f, v in pstats.Stats(sys.argv[1]).stats.items() if "_lsprof.Profiler" not in f[2] and f[0] != sys.argv[2]}
place = {f: i for i, f in enumerate(stats)}
print(json.dumps([{"file": f, "line": l, "name": n, "calls": v[1], "own_s": v[2], "total_s": v[3],
                   "callers": [{"function": place[c], "seconds": e[3]} for c, e in v[4].items() if c in place]}
                  for (f, l, n), v in stats.items()]))
`

// rawProfile is where cProfile writes, in the attempt's folder.
func (t *trial) rawProfile() string { return filepath.Join(string(t.dir), "profile.raw") }

// profiledArgv is a command of Python with the profiler before its script; nil where that cannot be told.
func (t *trial) profiledArgv(argv []string) []string {
	python := t.interpreter(argv)
	if python == "" {
		return nil
	}
	profiler := []string{"-m", "cProfile", "-o", t.rawProfile()}
	if !strings.HasPrefix(filepath.Base(argv[0]), "python") { // a script that names its interpreter
		file, err := t.spawn.search(argv[0])
		if err != nil {
			return nil
		}
		return slices.Concat([]string{python}, profiler, []string{file}, argv[1:])
	}
	for i := 1; i < len(argv); i++ {
		switch word := argv[i]; {
		case word == "-X" || word == "-W":
			i++
		case word == "-m" || !strings.HasPrefix(word, "-"):
			return slices.Concat(argv[:i], profiler, argv[i:])
		case word == "-c" || word == "-":
			return nil
		}
	}
	return nil
}

// profiled is a task with the profiler around it; ok is false where that cannot be had.
func (t *trial) profiled(own task) (profiled task, ok bool) {
	if own.call != nil { // call.py profiles the call alone: what it took to import the module is told by the start-up
		own.call = append(fmt.Appendf(nil, "{\"profile\":%q,", t.rawProfile()), own.call[1:]...)
		return own, true
	}
	own.argv = t.profiledArgv(own.argv)
	return own, own.argv != nil
}

// keepProfile turns what cProfile left into the attempt's profile.
func (t *trial) keepProfile(task task) error {
	defer os.Remove(t.rawProfile())
	if _, err := os.Stat(t.rawProfile()); err != nil {
		return nil // it failed, which its measurement says
	}
	python := callerPython
	if task.call == nil {
		python = t.interpreter(task.argv[:1])
	}
	cmd := exec.Command(python, "-c", readProfile, t.rawProfile(), t.dir.Python(callProgram))
	cmd.Env = t.slots[0].environ
	t.mu.Lock() // who reaps the processes of calls would take the end of this one, too
	text, err := cmd.Output()
	t.mu.Unlock()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		err = fmt.Errorf("%w: %s", err, lastLine(string(failed.Stderr)))
	}
	if err != nil {
		return fmt.Errorf("reading the profile: %w", err)
	}
	return items.WriteFile(t.dir.Profile(), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}
