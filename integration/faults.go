//go:build integration

package integration

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A Daemon is a program of Slurm's on host ctl.
type Daemon string

// The daemons that can be stopped and started.
const (
	Slurmctld  Daemon = "slurmctld"
	Slurmdbd   Daemon = "slurmdbd"
	Slurmrestd Daemon = "slurmrestd"
)

// Every fault is mended when its test ends, if the test has not mended it before: the lab is for all tests.

// KillNode ends a node as a power cut does.
func (l *Lab) KillNode(t testing.TB, node string) {
	t.Helper()
	l.docker(t, "kill", l.container(node))
	t.Cleanup(func() { l.StartNode(t, node) })
}

// StartNode starts a node again and waits until it can take jobs. A node that runs it leaves alone.
func (l *Lab) StartNode(t testing.TB, node string) {
	t.Helper()
	l.docker(t, "start", l.container(node))
	WaitFor(t, "node "+node+" back", 60*time.Second, func() bool {
		switch l.State(t, node) {
		case "idle", "mixed", "allocated", "completing":
			return true
		}
		return false
	})
}

// Pause stops all processes of a host, as a machine does that hangs.
func (l *Lab) Pause(t testing.TB, host string) {
	t.Helper()
	l.docker(t, "pause", l.container(host))
	t.Cleanup(func() { l.Unpause(t, host) })
}

// Unpause lets the processes of a host go on.
func (l *Lab) Unpause(t testing.TB, host string) {
	t.Helper()
	if strings.Contains(l.docker(t, "inspect", "--format", "{{.State.Paused}}", l.container(host)), "true") {
		l.docker(t, "unpause", l.container(host))
	}
}

// KillDaemon ends a daemon by SIGKILL. It starts again at once; for slurmctld, the call returns when it answers.
func (l *Lab) KillDaemon(t testing.TB, daemon Daemon) {
	t.Helper()
	l.daemon(t, "kill", daemon)
	l.waitAnswer(t, daemon)
}

// StopDaemon ends a daemon by SIGKILL, and it stays down until StartDaemon.
func (l *Lab) StopDaemon(t testing.TB, daemon Daemon) {
	t.Helper()
	l.daemon(t, "hold", daemon)
	t.Cleanup(func() { l.StartDaemon(t, daemon) })
}

// StartDaemon lets a stopped daemon start; for slurmctld, the call returns when it answers.
func (l *Lab) StartDaemon(t testing.TB, daemon Daemon) {
	t.Helper()
	l.daemon(t, "release", daemon)
	l.waitAnswer(t, daemon)
}

// Freeze makes a daemon hang: it accepts connections and answers none.
func (l *Lab) Freeze(t testing.TB, daemon Daemon) {
	t.Helper()
	l.daemon(t, "freeze", daemon)
	t.Cleanup(func() { l.Thaw(t, daemon) })
}

// Thaw lets a frozen daemon go on; for slurmctld, the call returns when it answers.
func (l *Lab) Thaw(t testing.TB, daemon Daemon) {
	t.Helper()
	l.daemon(t, "thaw", daemon)
	l.waitAnswer(t, daemon)
}

const schedulerFile = "/etc/slurm/scheduler.conf"

// SetScheduler restarts slurmctld with other SchedulerParameters, until the test ends.
func (l *Lab) SetScheduler(t testing.TB, parameters string) {
	t.Helper()
	before := l.Must(t, Command{Host: "ctl", User: "root", Line: "cat " + schedulerFile})
	l.restartScheduler(t, "SchedulerType=sched/backfill\nSchedulerParameters="+parameters)
	t.Cleanup(func() { l.restartScheduler(t, before) })
}

// SetProlog restarts slurmctld with a prolog that takes a while before each job, until the test ends.
func (l *Lab) SetProlog(t testing.TB, seconds int) {
	t.Helper()
	before := l.Must(t, Command{Host: "ctl", User: "root", Line: "cat " + schedulerFile})
	l.Must(t, Command{Host: "ctl", User: "root", Stdin: fmt.Sprintf("#!/bin/sh\nsleep %d\n", seconds), Line: "cat >/etc/slurm/prolog.sh && chmod 755 /etc/slurm/prolog.sh"})
	l.restartScheduler(t, before+"\nPrologSlurmctld=/etc/slurm/prolog.sh")
	t.Cleanup(func() { l.restartScheduler(t, before) })
}

func (l *Lab) restartScheduler(t testing.TB, configuration string) {
	t.Helper()
	l.Must(t, Command{Host: "ctl", User: "root", Stdin: configuration + "\n", Line: "cat >" + schedulerFile})
	l.daemon(t, "restart", Slurmctld)
	l.waitAnswer(t, Slurmctld)
}

func (l *Lab) daemon(t testing.TB, action string, daemon Daemon) {
	t.Helper()
	l.docker(t, "exec", l.container("ctl"), "daemon.sh", action, string(daemon))
}

// waitAnswer waits, for slurmctld, until it answers. It may take ten seconds more until it has heard from its nodes
// and they are no longer unknown: a test that needs them calls WaitIdle.
func (l *Lab) waitAnswer(t testing.TB, daemon Daemon) {
	t.Helper()
	if daemon != Slurmctld {
		return
	}
	WaitFor(t, "slurmctld answers", 60*time.Second, func() bool {
		output, _ := exec.Command("docker", "exec", l.container("ctl"), "scontrol", "ping").Output()
		return strings.Contains(string(output), "UP")
	})
}

// RestartDaemon ends a daemon by SIGTERM and lets it start again; for slurmctld, the call returns when it answers.
func (l *Lab) RestartDaemon(t testing.TB, daemon Daemon) {
	t.Helper()
	l.daemon(t, "restart", daemon)
	l.waitAnswer(t, daemon)
}

// Hurry starts jobs at once that Slurm has requeued and would let wait for two minutes, until the test ends.
func (l *Lab) Hurry(t testing.TB) {
	t.Helper()
	release := exec.Command("docker", "exec", "-i", l.container("ctl"), "bash", "-c", `while ! read -r -t 1; do
		squeue -h -a -t PENDING -o '%i %r' | awk '$2 == "BeginTime" {print $1}' | xargs -r -I{} scontrol update jobid={} StartTime=now
	done`)
	stop, err := release.StdinPipe()
	if err == nil {
		err = release.Start()
	}
	if err != nil {
		t.Fatalf("starting to hurry requeued jobs: %v", err)
	}
	t.Cleanup(func() {
		fmt.Fprintln(stop)
		release.Wait()
	})
}
