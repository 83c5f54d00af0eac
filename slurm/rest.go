package slurm

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// REST is the Client that asks slurmrestd, in the newest version of its API that both sides know.
// It asks for one job, for what one user may do, for nodes and partitions, and never for all jobs:
// after a few such calls slurmrestd holds gigabytes.
type REST struct {
	opt   RESTOptions
	base  string // "http://ctl:6820"; of a unix socket, whatever HTTP wants there
	unix  bool
	http  *http.Client
	most  int64     // bytes of an answer
	local *Commands // id(1), and `scontrol token`

	first restVersion // is asked for before the others; 0 = none

	mutex sync.Mutex
	found *restServer // nil until it was asked
	made  madeToken
}

var _ Client = (*REST)(nil)

// RESTOptions says where slurmrestd is and who asks.
type RESTOptions struct {
	Address     string        // "http://host:6820", "https://host", "unix:/path"
	CAFile      string        // certificates that https is checked against, PEM; "" = those of the system
	TokenFile   string        // holds a JWT; asked after SLURM_JWT and before `scontrol token`
	User        string        // "" = the one who runs this
	Timeout     time.Duration // of one request; 0 = DefaultTimeout
	Environment []string      // "NAME=value"; nil = that of this process
	// Trace, if set, hears of every request once it has ended, of one at a time.
	Trace func(request string, elapsed time.Duration)
}

// NewREST returns the client. It asks nothing yet.
func NewREST(opt RESTOptions) (*REST, error) {
	r := &REST{most: maxAnswer, local: NewCommands(CommandsOptions{Timeout: opt.Timeout, Environment: opt.Environment})}
	r.opt = opt
	r.opt.Timeout = r.local.opt.Timeout
	transport, err := r.dialer(opt.Address)
	if err != nil {
		return nil, fmt.Errorf("the address of slurmrestd: %w", err)
	}
	if opt.CAFile != "" {
		if transport.TLSClientConfig, err = trust(opt.CAFile); err != nil {
			return nil, err
		}
	}
	r.http = &http.Client{
		Transport: transport,
		// A redirect would carry the token to wherever it leads.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return r, nil
}

// StartTime is the zero time: slurmrestd has no test-only, and whatever resembles it submits.
func (r *REST) StartTime(context.Context, Submission) (time.Time, error) { return time.Time{}, nil }

// user is the name that stands in the requests.
func (r *REST) user(ctx context.Context) string {
	if r.opt.User != "" {
		return r.opt.User
	}
	return r.local.whoami(ctx).name
}
