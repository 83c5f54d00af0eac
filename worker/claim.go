package worker

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
)

// claim is the fence before a part: a symlink whose target says which life of which Slurm job
// took it. Making a symlink is atomic, on NFS too, so of two workers one finds the other's.
type claim struct {
	path    string // claims/<part>
	job     string
	restart int
	nonce   string
	mu      sync.Mutex // two goroutines hold it
}

func newClaim(path, job string, restart int) *claim {
	nonce := make([]byte, 8)
	rand.Read(nonce) // never returns an error (crypto/rand)
	return &claim{path: path, job: job, restart: restart, nonce: hex.EncodeToString(nonce)}
}

func (c *claim) target() string {
	return fmt.Sprintf("%s.%d.%s", c.job, c.restart, c.nonce)
}

// takenError says that the part belongs to another worker.
type takenError struct {
	target string
}

func (e *takenError) Error() string { return "claimed by " + e.target }

// take claims the part, or takes it over from an earlier life of the same Slurm job.
// A *takenError says that it belongs to somebody else.
func (c *claim) take() error {
	err := os.Symlink(c.target(), c.path)
	if err == nil || !errors.Is(err, fs.ErrExist) {
		return err
	}
	return c.hold()
}

// hold makes sure that the part is still ours. NFS may send a request twice, so a claim that
// "exists" may well be our own; and where an earlier life of this job stands in it, that one
// is gone or about to go, and the later life takes over.
func (c *claim) hold() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	target, err := os.Readlink(c.path)
	switch {
	case err != nil:
		return err
	case target == c.target():
		return nil
	case !c.follows(target):
		return &takenError{target: target}
	}
	next := c.path + "." + c.nonce
	if err := os.Symlink(c.target(), next); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := os.Rename(next, c.path); err != nil {
		return err
	}
	target, err = os.Readlink(c.path)
	if err == nil && target != c.target() {
		err = &takenError{target: target}
	}
	return err
}

// follows says whether target is an earlier life of this job. Without a job id there is
// nothing that tells two workers apart, so nothing is taken over.
func (c *claim) follows(target string) bool {
	job, restart, ok := parseClaim(target)
	return ok && c.job != "" && job == c.job && restart < c.restart
}

// parseClaim reads "<jobid>.<restart>.<nonce>"; a job id may hold dots, the rest does not.
func parseClaim(target string) (job string, restart int, ok bool) {
	rest, _, found := cutLast(target, ".")
	job, life, more := cutLast(rest, ".")
	restart, err := strconv.Atoi(life)
	return job, restart, found && more && err == nil && restart >= 0
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// holder words a claim for a person: "Slurm job 12_3" and, after a requeue, which life of it.
func holder(target string) string {
	job, restart, ok := parseClaim(target)
	switch {
	case !ok:
		return strconv.Quote(target)
	case job == "":
		return "a worker outside of Slurm"
	case restart > 0:
		return fmt.Sprintf("Slurm job %s (restart %d)", job, restart)
	}
	return "Slurm job " + job
}
