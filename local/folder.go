package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// folder is a job's folder.
type folder string

// The files of a job's folder.
const (
	jobFile        = "job.json"   // what was submitted
	scriptFile     = "script"     // the script as it was: a later edit changes nothing
	supervisorFile = "supervisor" // who runs the job; touched while that lives
	statesFile     = "states"     // what became of each task, appended by the supervisor alone
	holdsFile      = "holds"      // CPUs, memory and GPUs that the job holds now; gone when it has ended
	cancelFile     = "cancel"     // a wish that the job end; cancel-3: that task 3 end
	logFile        = "log"        // what the supervisor has to say
	unfinished     = "tmp-"       // how the name of a folder starts that is not a job yet, or no longer
)

const (
	heartbeat    = 10 * time.Second // how often a supervisor touches its file
	silence      = 3 * time.Minute  // NFS may show a file a minute late, and clocks differ
	latestStart  = 30 * time.Second // a supervisor that gets to run later than this gives up …
	neverStarted = time.Minute      // … so that after this the job surely never runs
)

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

func (f folder) id() int {
	id, _ := strconv.Atoi(filepath.Base(string(f)))
	return id
}

func (f folder) read() (*job, error) {
	text, err := os.ReadFile(f.path(jobFile))
	if err != nil {
		return nil, fmt.Errorf("reading local job %d: %w", f.id(), err)
	}
	j := new(job)
	if err := json.Unmarshal(text, j); err != nil {
		return nil, fmt.Errorf("reading %q: %w; remove the folder if the job is of no use", f.path(jobFile), err)
	}
	return j, nil
}

// life is what can be told of a job's supervisor.
type life int

const (
	starting life = iota // it has not said yet that it runs
	alive
	gone // it does not run and never will
)

// life looks for the supervisor. What a supervisor wrote is complete once it is found gone, so
// look for it before reading its files.
func (f folder) life(submitted, now time.Time) life {
	p, err := f.supervisor()
	switch {
	case errors.Is(err, errWithdrawn):
		return gone
	case err != nil && now.Sub(submitted) < neverStarted:
		return starting
	case err != nil:
		return gone
	case p.here() && p.runs(), !p.here() && now.Sub(f.lastSign()) < silence:
		return alive
	}
	return gone
}

// supervisor reads who runs the job.
func (f folder) supervisor() (process, error) {
	text, err := os.ReadFile(f.path(supervisorFile))
	if err != nil {
		return process{}, err
	}
	if string(text) == withdrawn {
		return process{}, errWithdrawn
	}
	return parseProcess(string(text))
}

// lastSign is when the supervisor last showed that it lives; zero when it never did.
func (f folder) lastSign() time.Time {
	info, err := os.Stat(f.path(supervisorFile))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// claim makes this process the job's one supervisor.
func (f folder) claim() error {
	self, err := currentProcess()
	if err != nil {
		return err
	}
	if err := f.occupy(self.String()); err != nil {
		return fmt.Errorf("claiming local job %d: %w", f.id(), err)
	}
	return nil
}

// withdrawn stands in the supervisor file of a job that was cancelled before it had one, and will have none.
const withdrawn = "withdrawn\n"

var errWithdrawn = errors.New("the job was cancelled before it started")

// occupy makes the supervisor file, which only one can do.
func (f folder) occupy(text string) error {
	file, err := os.OpenFile(f.path(supervisorFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}
