//go:build integration

package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A clock writes down when slurmctld says what, since sacct knows whole seconds only.
type clock struct {
	lab  *Lab
	file string // on ctl: its log from now on, each line behind the time in Unix seconds
}

// clock starts one, which ends with the test.
func (l *Lab) clock(t testing.TB) clock {
	t.Helper()
	c := clock{l, l.Must(t, Command{Host: "ctl", User: "root", Line: "mktemp"})}
	stamping := l.Begin(t, Command{Host: "ctl", User: "root", Timeout: time.Hour, Line: `tail -n 0 -s 0.02 -F /var/log/slurm/slurmctld.log 2>/dev/null |
		while read -r line; do echo "$EPOCHREALTIME $line"; done >` + c.file})
	t.Cleanup(func() {
		stamping.Signal(t, "TERM")
		stamping.Wait(t)
	})
	return c
}

// stretch is how long a Slurm job had how many CPUs.
type stretch struct {
	cpus       int
	start, end float64 // Unix seconds
}

func (s stretch) seconds() float64 { return s.end - s.start }

// ran is the stretch of a job that has ended: from when its CPUs were given to it until they were free again.
func (c clock) ran(t testing.TB, id string) (s stretch) {
	t.Helper()
	WaitFor(t, "accounting of job "+id, 30*time.Second, func() bool {
		_, err := fmt.Sscan(c.lab.Must(t, Command{Line: "sacct -X -n -P -o AllocCPUS -j " + id}), &s.cpus)
		return err == nil
	})
	var lines string
	WaitFor(t, "job "+id+" complete", 30*time.Second, func() bool {
		lines = c.lab.Run(t, Command{Host: "ctl", User: "root", Line: "grep 'JobId=" + id + " ' " + c.file}).Stdout
		return strings.Contains(lines, "_job_complete: ")
	})
	for line := range strings.Lines(lines) {
		var at float64
		fmt.Sscan(line, &at)
		switch {
		case strings.Contains(line, "Allocate JobId="), strings.Contains(line, "Started JobId="):
			s.start = at
		case strings.Contains(line, "_job_complete: "):
			s.end = at
		}
	}
	if s.start == 0 || s.end <= s.start {
		t.Fatalf("slurmctld's log does not tell when job %s ran:\n%s", id, lines)
	}
	return s
}
