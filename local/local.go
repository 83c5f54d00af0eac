// Package local answers: and without Slurm? It is this machine as a cluster of one node: a
// slurm.Client whose jobs are plain files in a state folder, each run by one detached
// supervisor, which ends with its job. There is no daemon and no port.
package local

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"hpcsub/gpu"
	"hpcsub/slurm"
)

// SupervisorCommand is the hidden command by which a program that uses this package hands
// its second argument, a folder, to Supervise.
const SupervisorCommand = "local-supervisor"

// Options say where jobs are kept and what may be handed out. The zero value is right for users.
type Options struct {
	StateDir  string        // "" = $XDG_STATE_HOME/hpcsub/local, else ~/.local/state/hpcsub/local
	Program   string        // started again as supervisor; "" = the running program
	CPUs      int           // 0 = those that this process may use
	MemoryMiB int           // 0 = the machine's, or its cgroup's where that is less
	GPUs      []gpu.Device  // nil = those that are found here
	KillWait  time.Duration // between SIGTERM and SIGKILL; 0 = 5 s
}

// Client runs jobs on this machine.
type Client struct {
	opt  Options
	look sync.Once // at the GPUs: a driver may take seconds to answer
	gpus gpu.Node
}

var _ slurm.Client = (*Client)(nil)

// New returns a client. It touches nothing: a state folder that cannot be used is the error of
// the call that needs it.
func New(opt Options) *Client {
	if opt.KillWait <= 0 {
		opt.KillWait = 5 * time.Second
	}
	return &Client{opt: opt}
}

// StartTime checks the script as Submit would, and cannot tell a time: nobody plans ahead here.
func (c *Client) StartTime(ctx context.Context, s slurm.Submission) (time.Time, error) {
	if _, _, err := c.read(ctx, s); err != nil {
		return time.Time{}, refused(s, err)
	}
	return time.Time{}, nil
}

// machine is this machine within what the options allow.
func (c *Client) machine() machine {
	m := readMachine("/")
	if c.opt.CPUs > 0 {
		m.cpus = c.opt.CPUs
	}
	if c.opt.MemoryMiB > 0 {
		m.memoryMiB = c.opt.MemoryMiB
	}
	return m
}

// store finds the state folder, which need not exist.
func (c *Client) store() (store, error) {
	if c.opt.StateDir != "" {
		dir, err := filepath.Abs(c.opt.StateDir)
		return store(dir), err
	}
	// The XDG specification says that a relative path is to be ignored.
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return store(filepath.Join(dir, "hpcsub", "local")), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("finding the state folder: %w; set XDG_STATE_HOME", err)
	}
	return store(filepath.Join(home, ".local", "state", "hpcsub", "local")), nil
}
