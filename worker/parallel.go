package worker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"hpcsub/items"
)

// checkGNU makes sure that a program is GNU Parallel: moreutils has another one of that name.
func checkGNU(program string) error {
	const long = time.Minute // a busy node, or a file system that does not answer
	ctx, end := context.WithTimeout(context.Background(), long)
	defer end()
	cmd := exec.CommandContext(ctx, program, "--version")
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	line, _, _ := strings.Cut(string(out), "\n")
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("starting GNU Parallel: %q --version has said nothing for %s", program, long)
	case strings.HasPrefix(line, "GNU parallel "):
		return nil
	case line != "":
		return fmt.Errorf("%q is not GNU Parallel (moreutils has a program of that name): --version says %q; load GNU Parallel's module or install it", program, line)
	}
	return fmt.Errorf("starting GNU Parallel: %w; load its module or install it", err)
}

// startParallel starts the dispatcher with a pipe as its stdin; what it prints goes where the
// worker's own messages go.
func (d *dispatcher) startParallel(argv []string) error {
	read, write, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("starting %s: %w", d.name(), err)
	}
	defer read.Close()
	events, out, err := d.hearing()
	if err != nil {
		write.Close()
		return fmt.Errorf("starting %s: %w", d.name(), err)
	}
	if events != nil {
		defer out.Close()
		d.said = make(chan struct{})
		go d.hear(events)
	}
	// Jobs of GNU Parallel are started by a shell, and that of the user may be slow to start.
	environ := append(d.spawn.base[:len(d.spawn.base):len(d.spawn.base)],
		socketVariable+"="+d.socket.path, "PARALLEL_SHELL=/bin/sh",
		"HPCSUB_RANK="+strconv.Itoa(d.shared.rank), "HPCSUB_NODE="+d.node, "HPCSUB_MEETING="+d.shared.meeting)
	spawn := *d.spawn
	if !d.driver {
		// When the worker is killed, GNU Parallel ends by itself, since nobody answers what it starts. Killed while it
		// starts, it would leave processes that sleep for hours and keep the step's output open.
		spawn.sys.Pdeathsig = syscall.SIGTERM
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.parallel, err = spawn.start(argv, environ, int(read.Fd()), int(out.Fd()), 2)
	if err != nil {
		write.Close()
		return fmt.Errorf("starting %s: %w", d.name(), err)
	}
	d.input = write
	return nil
}

// hearing is a driver's stdout: a pipe to the worker. GNU Parallel's goes where its stderr goes.
func (d *dispatcher) hearing() (events, out *os.File, err error) {
	if !d.driver {
		return nil, os.Stderr, nil
	}
	return os.Pipe()
}

// hear takes what a driver says: "error" and why it cannot go on, which ends the run.
func (d *dispatcher) hear(events *os.File) {
	defer close(d.said)
	defer events.Close()
	lines := bufio.NewScanner(events)
	for lines.Scan() {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		d.mu.Lock()
		switch word {
		case "error":
			d.giveUp(rest)
		case "answer":
			d.heardOf(strings.Fields(rest))
		default:
			fmt.Fprintln(d.stderr, lines.Text())
		}
		d.mu.Unlock()
	}
}

// seeOff waits for the end of the dispatcher, which is given no more places, and makes one where it does not come: the
// Slurm job would stand until its time limit.
func (d *dispatcher) seeOff() {
	since := time.Now()
	for {
		select {
		case <-d.ended:
			return
		case <-time.After(recheck):
		}
		d.mu.Lock()
		if d.parallel > 0 && d.overdue(time.Now(), since) {
			fmt.Fprintf(d.stderr, "hpcsub: warning: %s had nothing more to do and did not end; it was killed\n", d.name())
			d.tree.kill([]int{d.parallel})
			since = time.Now() // once more if it is still there
		}
		d.mu.Unlock()
	}
}

// overdue says whether the dispatcher, which was given the last place at a time, should have ended by now. GNU Parallel is
// left time for what it has yet to ask for, unless nothing will be started any more; a driver for what has no answer
// yet, which may run for hours elsewhere, and then for its own end.
func (d *dispatcher) overdue(now, since time.Time) bool {
	const short, end, long = 5 * time.Second, 30 * time.Second, 2 * time.Minute
	if d.running() > 0 || d.driver && d.fed > 0 {
		return false
	}
	if d.heard.After(since) {
		since = d.heard
	}
	return now.Sub(since) > long || d.driver && now.Sub(since) > end || d.halt != "" && now.Sub(since) > short
}

// giveUp stops the run: every part would fail in the same way.
func (d *dispatcher) giveUp(why string) {
	if err := items.WriteStop(d.dir, why); err != nil {
		d.fail(err)
	}
	d.fail(errors.New(why))
}
