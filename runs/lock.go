package runs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// lockAge is after how long a lock whose owner cannot be asked (it is on another host) counts
// as left behind. Everything done under the lock is bounded well below it.
const lockAge = 15 * time.Minute

// LockedError says that another hpcsub works on the same folder of runs.
type LockedError struct {
	Path  string
	Owner string // "host pid"
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("another hpcsub (%s) is working on these runs; wait for it, or, if it is gone, remove %s", e.Owner, e.Path)
}

// lock takes the folder's lock and returns its release. It is a symlink, because making one is
// atomic on NFS too, where flock may be local to a node; its target names the owner.
func lock(root string) (release func(), err error) {
	path := filepath.Join(root, "lock")
	host, _ := os.Hostname()
	mine := fmt.Sprintf("%s %d %d", host, os.Getpid(), time.Now().UnixNano())
	for range 3 {
		err = os.Symlink(mine, path)
		owner, _ := os.Readlink(path)
		if owner == mine { // also when NFS repeats a request that had succeeded
			return func() { unlock(path, mine) }, nil
		}
		if errors.Is(err, fs.ErrExist) && owner == "" {
			continue // released in between
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("locking %s: %w", root, err)
		}
		if !leftBehind(path, owner, host) {
			return nil, &LockedError{path, ownerName(owner)}
		}
		breakLock(path, owner)
	}
	return nil, &LockedError{path, "unknown"}
}

// unlock removes the lock, unless somebody who took us for dead has it now.
func unlock(path, mine string) {
	if owner, _ := os.Readlink(path); owner == mine {
		os.Remove(path)
	}
}

// breakLock removes a dead owner's lock. Of all processes that find it dead only the one that
// makes the mark for this owner may: the others could remove the lock of whoever came next.
func breakLock(path, owner string) {
	mark := path + ".broken." + strings.ReplaceAll(owner, " ", ".")
	if os.Symlink(owner, mark) != nil {
		return
	}
	if now, _ := os.Readlink(path); now == owner {
		os.Remove(path)
	}
	os.Remove(mark)
}

func ownerName(owner string) string {
	f := strings.Fields(owner)
	if len(f) < 2 {
		return owner
	}
	return f[0] + ", process " + f[1]
}

// leftBehind says whether the owner is known to be gone: its process does not live on this
// host, or, on another host, the lock is older than anything done under it takes.
func leftBehind(path, owner, host string) bool {
	f := strings.Fields(owner)
	if len(f) != 3 {
		return false
	}
	pid, err := strconv.Atoi(f[1])
	if err != nil {
		return false
	}
	if f[0] == host {
		return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
	}
	info, err := os.Lstat(path)
	return err == nil && time.Since(info.ModTime()) > lockAge
}
