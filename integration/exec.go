//go:build integration

package integration

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A Command is a line for a user's login shell.
type Command struct {
	Host    string        // "login" if empty
	User    string        // "alice" if empty
	Folder  string        // the user's home if empty
	Env     []string      // NAME=VALUE, beside what a login sets
	Stdin   string        // nothing if empty
	Timeout time.Duration // two minutes if zero
	Line    string        // for bash
}

// A Result is how a command ended.
type Result struct {
	Stdout, Stderr string
	Code           int // the exit code; 124 if it was ended for its time-out, as by timeout(1)
}

// A Process is a command that runs.
type Process struct {
	lab            *Lab
	command        Command
	client         *exec.Cmd
	stdout, stderr bytes.Buffer
	pidFile        string // in its container
}

var processes atomic.Int64

// Exec runs a line in a user's login shell, in the user's home.
func (l *Lab) Exec(t testing.TB, host, user, line string) Result {
	t.Helper()
	return l.Run(t, Command{Host: host, User: user, Line: line})
}

// Must is Run for a command that has to succeed, and returns its standard output without space around it.
func (l *Lab) Must(t testing.TB, command Command) string {
	t.Helper()
	result := l.Run(t, command)
	if result.Code != 0 {
		t.Fatalf("%s\nexit code %d\n%s%s", command.Line, result.Code, result.Stdout, result.Stderr)
	}
	return strings.TrimSpace(result.Stdout)
}

// Run runs a command to its end.
func (l *Lab) Run(t testing.TB, command Command) Result {
	t.Helper()
	return l.Begin(t, command).Wait(t)
}

// Begin starts a command and does not wait for it.
func (l *Lab) Begin(t testing.TB, command Command) *Process {
	t.Helper()
	command.Host = cmp.Or(command.Host, "login")
	command.User = cmp.Or(command.User, "alice")
	command.Timeout = cmp.Or(command.Timeout, 2*time.Minute)
	p := &Process{
		lab:     l,
		command: command,
		pidFile: fmt.Sprintf("/run/lab/%d-%d.pid", os.Getpid(), processes.Add(1)),
	}
	p.client = exec.Command("docker", p.args()...)
	p.client.Stdin = strings.NewReader(command.Stdin)
	p.client.Stdout, p.client.Stderr = &p.stdout, &p.stderr
	if err := p.client.Start(); err != nil {
		t.Fatalf("running %q on %s: %v", command.Line, command.Host, err)
	}
	return p
}

// args are those of docker. The shell leads its own process group, and its id is written down: so can a signal reach
// all that it started.
func (p *Process) args() []string {
	c := p.command
	home := "/home/" + c.User
	if c.User == "root" {
		home = "/root"
	}
	args := []string{"exec", "-i", "-u", c.User, "-w", cmp.Or(c.Folder, home), "-e", "USER=" + c.User, "-e", "LOGNAME=" + c.User}
	for _, variable := range c.Env {
		args = append(args, "-e", variable)
	}
	return append(args, p.lab.container(c.Host), "bash", "-lc", "echo $$ >"+p.pidFile+"\n"+c.Line)
}

// Wait waits for the command's end, or ends it when its time is out.
func (p *Process) Wait(t testing.TB) Result {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- p.client.Wait() }()
	select {
	case err := <-ended:
		return p.result(t, err)
	case <-time.After(p.command.Timeout):
		p.Signal(t, "KILL")
		<-ended
		return Result{Stdout: p.stdout.String(), Stderr: p.stderr.String(), Code: 124}
	}
}

func (p *Process) result(t testing.TB, err error) Result {
	t.Helper()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("running %q on %s: %v", p.command.Line, p.command.Host, err)
	}
	return Result{Stdout: p.stdout.String(), Stderr: p.stderr.String(), Code: p.client.ProcessState.ExitCode()}
}

// Signal sends a signal, such as "INT", to the command and all that it started in the foreground, as a terminal does.
func (p *Process) Signal(t testing.TB, signal string) {
	t.Helper()
	p.lab.docker(t, "exec", p.lab.container(p.command.Host), "bash", "-c",
		"until [ -s "+p.pidFile+" ]; do sleep 0.05; done; kill -"+signal+" -- -$(cat "+p.pidFile+")")
}
