//go:build integration

package integration

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// keep says that labs stay up after the tests, and that those of an earlier run are used again.
var keep = os.Getenv("HPCSUB_LAB_KEEP") == "1"

// labs are those that this test run has started, by flavour.
var labs = registry{started: map[Flavour]func() (*Lab, error){}}

type registry struct {
	mutex   sync.Mutex
	started map[Flavour]func() (*Lab, error)
	reaper  io.WriteCloser // takes the names of labs; nil where they are kept
}

// Main is the body of TestMain: it runs the tests and leaves nothing behind, whether they pass, fail, panic, time
// out or are interrupted. The result is the exit code.
func Main(m *testing.M) int {
	// Tests mostly wait for Slurm: more of them side by side than there are processors.
	flag.Parse()
	flag.Set("test.parallel", "12")
	if err := script("engine.sh", "ensure"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if keep {
		return m.Run()
	}
	reaped, err := labs.startReaper()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	code := make(chan int, 1)
	go func() { code <- m.Run() }()
	result := 130
	select {
	case result = <-code:
	case <-interrupted:
	}
	if err := reaped(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(result, 1)
	}
	return result
}

// startReaper starts the process that outlives this one and takes down its labs. What it returns lets the reaper do
// so now, and waits for it.
func (r *registry) startReaper() (func() error, error) {
	reaper := exec.Command(path("lab.sh"), "reap")
	reaper.Stderr = os.Stderr
	reaper.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	pipe, err := reaper.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the reaper of labs: %w", err)
	}
	if err := reaper.Start(); err != nil {
		return nil, fmt.Errorf("starting the reaper of labs: %w", err)
	}
	r.reaper = pipe
	return func() error {
		pipe.Close()
		if err := reaper.Wait(); err != nil {
			return fmt.Errorf("taking down the labs: %w", err)
		}
		return nil
	}, nil
}

// start brings up the lab of a flavour, once: all that ask for it get the same lab, or the same error.
func (r *registry) start(flavour Flavour) (*Lab, error) {
	r.mutex.Lock()
	start, ok := r.started[flavour]
	if !ok {
		start = sync.OnceValues(func() (*Lab, error) { return r.up(flavour) })
		r.started[flavour] = start
	}
	r.mutex.Unlock()
	return start()
}

func (r *registry) up(flavour Flavour) (*Lab, error) {
	lab := newLab(flavour)
	if r.reaper != nil {
		if _, err := fmt.Fprintln(r.reaper, lab.Name); err != nil {
			return nil, fmt.Errorf("naming a lab to its reaper: %w", err)
		}
	}
	return lab, script("lab.sh", "up", "SUITE="+lab.Suite, "FLAVOUR="+string(flavour), "LAB="+lab.Name)
}

// script runs one of the scripts beside this file. Its progress goes to standard error; the error is its last line.
func script(name, action string, env ...string) error {
	cmd := exec.Command(path(name), action)
	cmd.Env = append(os.Environ(), env...)
	var said strings.Builder
	cmd.Stderr = io.MultiWriter(&said, os.Stderr)
	err := cmd.Run()
	if err == nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(said.String()), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return errors.New(last)
	}
	return fmt.Errorf("%s %s: %w", name, action, err)
}

// path is that of a file beside this one.
func path(name string) string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), name)
}
