package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"hpcsub/slurm"
)

// maxScript is Slurm's default limit of a script's size (max_script_size).
const maxScript = 4 << 20

// confirmWithin is how long a supervisor may take to say that it runs.
const confirmWithin = 5 * time.Second

// Submit keeps the script as a job and starts a supervisor for it, which outlives this process and
// ends with the job. It returns once the supervisor has said that it runs. As with sbatch the
// script is read now; what is in the file later does not matter.
func (c *Client) Submit(ctx context.Context, s slurm.Submission) (string, error) {
	j, script, err := c.read(ctx, s)
	if err != nil {
		return "", refused(s, err)
	}
	st, err := c.store()
	if err != nil {
		return "", refused(s, err)
	}
	id, err := st.create(j, script)
	if err != nil {
		return "", refused(s, err)
	}
	if err := c.launch(ctx, st.folder(id), s); err != nil {
		return "", err
	}
	st.purge(time.Now())
	return strconv.Itoa(id), nil
}

func command(s slurm.Submission) string { return "local submit " + s.Script }

func refused(s slurm.Submission, err error) error {
	return &slurm.RefusedError{Command: command(s), Words: err.Error()}
}

// read makes a job of a submission.
func (c *Client) read(ctx context.Context, s slurm.Submission) (*job, []byte, error) {
	dir, err := filepath.Abs(s.Dir)
	if err != nil {
		return nil, nil, err
	}
	path := s.Script
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	text, err := readLimited(path)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the script: %w", err)
	}
	parsed, err := readScript(text)
	if err != nil {
		return nil, nil, err
	}
	r, err := parseRequest(parsed.options)
	if err != nil {
		return nil, nil, err
	}
	if r.Name == "" {
		r.Name = filepath.Base(path)
	}
	if r.Chdir != "" {
		dir = names{dir: dir}.absolute(r.Chdir)
	}
	devices, err := c.suitable(ctx, &r)
	if err != nil {
		return nil, nil, err
	}
	m := c.machine()
	return &job{
		request: r, Interpreter: parsed.interpreter, Args: s.Args, Dir: dir,
		Environment: append(loginEnvironment(os.Environ()), c.hidden(ctx, &r)...), Submitted: time.Now(),
		CPUs: m.cpus, MemoryMiB: m.memoryMiB, Devices: devices, KillWait: c.opt.KillWait, Token: rand.Text(),
	}, text, nil
}

func readLimited(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxScript+1))
	if len(text) > maxScript {
		return nil, fmt.Errorf("%q is larger than %d MiB", path, maxScript>>20)
	}
	return text, err
}

// launch starts the job's supervisor. Where it surely does not run the job is taken back and the error
// is a refusal; where nobody can tell, the job stays, to be looked up.
func (c *Client) launch(ctx context.Context, f folder, s slurm.Submission) error {
	exited, err := c.startSupervisor(f)
	if err != nil {
		os.RemoveAll(string(f))
		return refused(s, fmt.Errorf("starting the supervisor: %w", err))
	}
	late := time.After(confirmWithin)
	for pause := time.NewTicker(2 * time.Millisecond); ; {
		if _, err := f.supervisor(); err == nil {
			return nil
		}
		select {
		case how := <-exited:
			return f.stillborn(s, how)
		case <-late:
			return &slurm.UnknownError{Command: command(s), Words: fmt.Sprintf("the supervisor has not said within %v that it runs: %s", confirmWithin, f.lastWords())}
		case <-ctx.Done():
			return &slurm.UnknownError{Command: command(s), Words: ctx.Err().Error()}
		case <-pause.C:
		}
	}
}

// stillborn judges a supervisor that has ended: it may have run the whole job meanwhile.
func (f folder) stillborn(s slurm.Submission, how string) error {
	if _, err := f.supervisor(); err == nil {
		return nil
	}
	err := fmt.Errorf("the supervisor ended at once: %s: %s", how, f.lastWords())
	os.RemoveAll(string(f))
	return refused(s, err)
}

// startSupervisor starts the program again in a session of its own, with nothing of this process
// but its limits and umask. The channel tells when it ends, as long as this process lives.
func (c *Client) startSupervisor(f folder) (<-chan string, error) {
	program, err := c.program()
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(f.path(logFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	closeOnExec()
	p, err := os.StartProcess(program, []string{program, SupervisorCommand, string(f)}, &os.ProcAttr{
		Dir: "/", // holds no file system busy
		Env: loginEnvironment(os.Environ()), Files: []*os.File{null, log, log},
		Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return nil, err
	}
	exited := make(chan string, 1)
	go func() { // collects it, or it would stay a zombie while this process follows the job
		state, err := p.Wait()
		exited <- strings.Join(strings.Fields(fmt.Sprint(state, " ", errors.Join(err))), " ")
	}()
	return exited, nil
}

func (c *Client) program() (string, error) {
	if c.opt.Program == "" {
		return os.Executable()
	}
	return filepath.Abs(c.opt.Program)
}

// lastWords are the end of the supervisor's log.
func (f folder) lastWords() string {
	text, err := os.ReadFile(f.path(logFile))
	if err != nil {
		return err.Error()
	}
	words := strings.TrimSpace(string(text[max(0, len(text)-500):]))
	if words == "" {
		return "its log " + strconv.Quote(f.path(logFile)) + " is empty"
	}
	return words
}
