package worker

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// checkGNU makes sure that a program is GNU Parallel: moreutils has another one of that name.
func checkGNU(program string) error {
	out, err := exec.Command(program, "--version").CombinedOutput()
	line, _, _ := strings.Cut(string(out), "\n")
	switch {
	case strings.HasPrefix(line, "GNU parallel "):
		return nil
	case line != "":
		return fmt.Errorf("%q is not GNU Parallel (moreutils has a program of that name): --version says %q; load GNU Parallel's module or install it", program, line)
	}
	return fmt.Errorf("starting GNU Parallel: %w; load its module or install it", err)
}

// startParallel starts GNU Parallel with a pipe as its stdin; what it prints goes where the
// worker's own messages go.
func (d *dispatcher) startParallel(argv []string) error {
	read, write, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("starting GNU Parallel: %w", err)
	}
	defer read.Close()
	// Its jobs are started by a shell, and that of the user may be slow to start.
	environ := append(d.spawn.base[:len(d.spawn.base):len(d.spawn.base)],
		socketVariable+"="+d.socket.path, "PARALLEL_SHELL=/bin/sh")
	d.mu.Lock()
	defer d.mu.Unlock()
	d.parallel, err = d.spawn.start(argv, environ, [3]int{int(read.Fd()), 2, 2})
	if err != nil {
		write.Close()
		return fmt.Errorf("starting GNU Parallel: %w", err)
	}
	d.input = write
	return nil
}
