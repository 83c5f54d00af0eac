package worker

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Quota is what a user may keep on a file system, and keeps. A limit of 0 is none.
type Quota struct {
	UsedKiB, SoftKiB, HardKiB       int
	FilesUsed, FilesSoft, FilesHard int
}

// LimitKiB is the lower of two limits, of which either may be none.
func (q Quota) LimitKiB() int { return lowest(q.SoftKiB, q.HardKiB) }

// FilesLimit is the same of the number of files.
func (q Quota) FilesLimit() int { return lowest(q.FilesSoft, q.FilesHard) }

func lowest(a, b int) int {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// quotaWait is enough for the server of a file system; one that is silent is not waited for.
const quotaWait = 5 * time.Second

// FolderQuota asks for this user's quota where a folder is, with lfs on Lustre and else with quota. The result is false
// where that program is not there, or says nothing that is understood.
func FolderQuota(ctx context.Context, dir string, lustre bool) (Quota, bool) {
	argv := []string{"quota", "-u", "-w", "-p", "-f", mountPoint(dir)}
	if lustre {
		argv = []string{"lfs", "quota", "-q", "-u", strconv.Itoa(os.Getuid()), dir}
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return Quota{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, quotaWait)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, argv[1:]...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.WaitDelay = time.Second
	out, _ := cmd.Output() // its exit code says whether a quota is exceeded
	return parseQuota(string(out))
}

// mountPoint is the folder, at or above dir, where its file system begins.
func mountPoint(dir string) string {
	device := func(path string) (uint64, bool) {
		var s syscall.Stat_t
		return uint64(s.Dev), syscall.Stat(path, &s) == nil
	}
	for {
		above := filepath.Dir(dir)
		a, ok := device(dir)
		if b, okAbove := device(above); above == dir || !ok || !okAbove || a != b {
			return dir
		}
		dir = above
	}
}

// parseQuota reads the one record of a file system: its name, then blocks, quota, limit and grace, and the same of files.
// quota has lines above it; lfs breaks the line after a long name.
func parseQuota(text string) (q Quota, ok bool) {
	var words []string
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 0 && f[0] != "Filesystem" && !strings.HasPrefix(line, "Disk quotas") {
			words = append(words, f...)
		}
	}
	const columns = 9
	if len(words) != columns {
		return Quota{}, false
	}
	var n []int
	for i, word := range words[1:] {
		if i == 3 || i == 7 { // how long the soft limit may still be exceeded
			continue
		}
		// * marks what is exceeded; lfs puts what it could not ask of all its servers into brackets.
		count, err := strconv.Atoi(strings.TrimSuffix(word, "*"))
		if err != nil || count < 0 {
			return Quota{}, false
		}
		n = append(n, count)
	}
	return Quota{n[0], n[1], n[2], n[3], n[4], n[5]}, true
}
