package slurm

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	maxStdout = 512 << 20 // a hundred times what ten thousand nodes print
	maxStderr = 64 << 10
	killWait  = 2 * time.Second // between SIGTERM and SIGKILL
)

// call is one command to be run.
type call struct {
	argv []string
	dir  string
	stay time.Duration // how long it may go on after its caller has given up
	out  io.Writer     // where its output goes, which is not kept then; nil = it is kept
}

// reply is what a command that was started left behind.
type reply struct {
	stdout  []byte
	stderr  string
	code    int   // exit code; -1 where a signal ended it
	stopped error // why we ended it: the time-out, or the caller's context
}

// run starts a command in a process group of its own, so that a Ctrl-C at the terminal does not
// cut a submission in two, and ends the whole group at the time-out. The error is an
// *AbsentError: nothing was started.
func (c *Commands) run(ctx context.Context, k call) (reply, error) {
	path, ok := c.find(k.argv[0])
	if !ok {
		return reply{}, &AbsentError{commandLine(k.argv), fmt.Sprintf("there is no %s on PATH", k.argv[0])}
	}
	ctx, cancel := c.deadline(ctx, k.stay)
	defer cancel()
	stdout, stderr := bounded{max: maxStdout, to: k.out}, bounded{max: maxStderr}
	cmd := exec.CommandContext(ctx, path, k.argv[1:]...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = c.env, k.dir, &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		if syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) != nil {
			return os.ErrProcessDone
		}
		return nil
	}
	cmd.WaitDelay = killWait

	start := time.Now()
	if err := cmd.Start(); err != nil {
		return reply{}, &AbsentError{commandLine(k.argv), err.Error()}
	}
	err := cmd.Wait()
	c.traced(k.argv, start)
	r := reply{stdout: stdout.kept.Bytes(), stderr: strings.TrimSpace(stderr.kept.String()), code: cmd.ProcessState.ExitCode()}
	if err != nil && ctx.Err() != nil {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what is left of the group
		r.stopped = context.Cause(ctx)
	}
	if stdout.lost > 0 {
		r.code, r.stderr = -1, fmt.Sprintf("it printed more than %d MiB", maxStdout>>20)
	}
	return r, nil
}

// NoAnswer is how an error begins to say that a command was given up after its time-out.
const NoAnswer = "no answer within "

// deadline is the time-out of one command. With stay, a caller that gives up is heard that much
// later: a submission that is nearly through is better ended than left unknown.
func (c *Commands) deadline(caller context.Context, stay time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(caller))
	stop := context.AfterFunc(caller, func() {
		time.AfterFunc(stay, func() { cancel(context.Cause(caller)) })
	})
	timer := time.AfterFunc(c.opt.Timeout, func() { cancel(fmt.Errorf("%s%s", NoAnswer, c.opt.Timeout)) })
	return ctx, func() { stop(); timer.Stop(); cancel(nil) }
}

// ask runs a command that changes nothing and returns what it printed.
func (c *Commands) ask(ctx context.Context, argv ...string) ([]byte, error) {
	r, err := c.run(ctx, call{argv: argv})
	if err != nil {
		return nil, err
	}
	return r.stdout, r.failure(ctx, argv)
}

// failure says why a command that changes nothing did not answer; nil if it did.
func (r reply) failure(caller context.Context, argv []string) error {
	switch {
	case r.stopped != nil && caller.Err() != nil:
		return fmt.Errorf("%s: %w", commandLine(argv), r.stopped)
	case r.stopped != nil:
		return &AbsentError{commandLine(argv), r.words()}
	case r.code == 0:
		return nil
	case silent(r.stderr):
		return &AbsentError{commandLine(argv), r.words()}
	}
	return &RefusedError{commandLine(argv), r.words()}
}

// words are Slurm's own, and what they leave unsaid.
func (r reply) words() string {
	words := r.stderr
	if r.stopped != nil {
		words = strings.TrimPrefix(words+": "+r.stopped.Error(), ": ")
	}
	if words == "" {
		return "exit code " + strconv.Itoa(r.code) + " without a message"
	}
	return words
}

// bounded takes the first max bytes that are written to it, and keeps them or passes them on. It embeds no
// buffer, whose ReadFrom would go past the bound.
type bounded struct {
	kept             bytes.Buffer
	to               io.Writer // nil = they are kept
	max, taken, lost int
}

func (b *bounded) Write(p []byte) (int, error) {
	n := min(len(p), b.max-b.taken)
	b.taken += n
	b.lost += len(p) - n
	if b.to == nil {
		b.kept.Write(p[:n])
		return len(p), nil
	}
	if _, err := b.to.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// commandLine shows a command as it could be typed, without its tail where that is long.
func commandLine(argv []string) string {
	const most = 200
	var s strings.Builder
	for i, a := range argv {
		if i > 0 {
			s.WriteByte(' ')
		}
		if s.Len() > most {
			return s.String() + "…"
		}
		s.WriteString(quote(a))
	}
	return s.String()
}

func quote(arg string) string {
	plain := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("%+,-./:=@_", r)
	}
	if arg != "" && strings.IndexFunc(arg, func(r rune) bool { return !plain(r) }) < 0 {
		return arg
	}
	return strconv.Quote(arg)
}
