package local

import (
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// limits are what control groups leave of the machine; 0 = all.
type limits struct {
	cpus      float64
	memoryMiB int
}

func (l *limits) add(m limits) {
	if m.cpus > 0 && (l.cpus == 0 || m.cpus < l.cpus) {
		l.cpus = m.cpus
	}
	if m.memoryMiB > 0 && (l.memoryMiB == 0 || m.memoryMiB < l.memoryMiB) {
		l.memoryMiB = m.memoryMiB
	}
}

// readCgroup finds the least limit on the way from this process's groups to the root, in cgroup v2
// and v1. In a container /proc/self/cgroup may name a path of the host that is not mounted; what is
// mounted then has the container's own limits at its root, which is on every way.
func readCgroup(root string) limits {
	var all limits
	text, _ := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	mount := filepath.Join(root, "sys/fs/cgroup")
	for line := range strings.Lines(string(text)) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(fields) != 3 {
			continue
		}
		hierarchy := filepath.Join(mount, fields[1])
		for dir := path.Clean("/" + fields[2]); ; dir = path.Dir(dir) {
			all.add(limitsOf(filepath.Join(hierarchy, dir)))
			if dir == "/" {
				break
			}
		}
	}
	return all
}

// limitsOf reads one group's limits under the names of v2 and of v1.
func limitsOf(dir string) limits {
	var l limits
	if quota, period, ok := strings.Cut(line(dir, "cpu.max"), " "); ok {
		l.cpus = ratio(quota, period)
	}
	l.add(limits{cpus: ratio(line(dir, "cpu.cfs_quota_us"), line(dir, "cpu.cfs_period_us"))})
	for _, name := range []string{"memory.max", "memory.limit_in_bytes"} {
		// v1 shows no limit as the largest number of pages: beyond any machine's memory.
		if n, err := strconv.ParseUint(line(dir, name), 10, 63); err == nil && n < 1<<60 {
			l.add(limits{memoryMiB: int(n >> 20)})
		}
	}
	return l
}

// ratio is quota/period, 0 where either is no number ("max") or negative (no quota in v1).
func ratio(quota, period string) float64 {
	q, err1 := strconv.ParseUint(quota, 10, 63)
	p, err2 := strconv.ParseUint(period, 10, 63)
	if err1 != nil || err2 != nil || p == 0 {
		return 0
	}
	return float64(q) / float64(p)
}

func line(dir, name string) string {
	text, _ := os.ReadFile(filepath.Join(dir, name))
	return strings.TrimSpace(string(text))
}
