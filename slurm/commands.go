package slurm

import (
	"os"
	"sync"
	"time"
)

// Commands is the Client that runs Slurm's own commands and reads text of named fields. That
// works on every version, also where Slurm was built without its JSON plugin.
type Commands struct {
	opt   CommandsOptions
	env   []string // cleaned: nothing in it changes what a command does
	trace sync.Mutex
}

var _ Client = (*Commands)(nil)

// CommandsOptions says how the commands are run.
type CommandsOptions struct {
	Timeout     time.Duration // of one command; 0 = DefaultTimeout
	Environment []string      // "NAME=value"; nil = that of this process
	Cluster     string        // where Slurm serves several clusters: the one that the user named
	// Trace, if set, hears of every command once it has ended; of one at a time.
	Trace func(argv []string, elapsed time.Duration)
}

// DefaultTimeout is three times Slurm's default MessageTimeout: whoever is silent for longer
// than that will not answer this call any more.
const DefaultTimeout = 30 * time.Second

// NewCommands returns the client. It runs nothing yet.
func NewCommands(opt CommandsOptions) *Commands {
	if opt.Timeout <= 0 {
		opt.Timeout = DefaultTimeout
	}
	if opt.Environment == nil {
		opt.Environment = os.Environ()
	}
	return &Commands{opt: opt, env: cleanEnvironment(opt.Environment, opt.Cluster)}
}

func (c *Commands) traced(argv []string, start time.Time) {
	if c.opt.Trace == nil {
		return
	}
	c.trace.Lock()
	defer c.trace.Unlock()
	c.opt.Trace(argv, time.Since(start))
}
