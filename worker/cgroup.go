package worker

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// cgroup is the memory control group that the worker and its items stand in: where the
// kernel tells what the limit is and how often it killed for it. The zero value knows nothing.
type cgroup struct {
	dir     string // the group's folder
	top     string // where its hierarchy is mounted
	unified bool   // version 2
}

// ownCgroup finds the worker's memory group. Version 1 goes first: where both are mounted, the
// memory controller belongs to one of them, and version 2 then has no memory files.
func ownCgroup() cgroup {
	mounts, _ := os.ReadFile("/proc/self/mountinfo") // without them nothing is known
	paths, _ := os.ReadFile("/proc/self/cgroup")
	for _, c := range memoryCgroups(string(mounts), string(paths)) {
		if _, err := os.Stat(filepath.Join(c.dir, c.limitFile())); err == nil {
			return c
		}
	}
	return cgroup{}
}

// memoryCgroups lists where the memory group may be seen, by /proc/self/mountinfo and
// /proc/self/cgroup (cgroups(7)). A container may have the hierarchy mounted more than once and
// at any place, and its paths may lie outside of what a mount shows.
func memoryCgroups(mountinfo, paths string) []cgroup {
	var v1, v2 []cgroup
	for line := range strings.Lines(mountinfo) {
		mount, super, found := strings.Cut(line, " - ")
		fields, kind := strings.Fields(mount), strings.Fields(super)
		if !found || len(fields) < 5 || len(kind) < 3 {
			continue
		}
		root, top := unescapeMount(fields[3]), unescapeMount(fields[4])
		switch {
		case kind[0] == "cgroup2":
			v2 = append(v2, cgroup{dir: within(top, root, cgroupPath(paths, "")), top: top, unified: true})
		case kind[0] == "cgroup" && hasWord(kind[2], "memory"):
			v1 = append(v1, cgroup{dir: within(top, root, cgroupPath(paths, "memory")), top: top})
		}
	}
	return append(v1, v2...)
}

// cgroupPath is the path of the group in the hierarchy of a controller; "" names version 2.
func cgroupPath(paths, controller string) string {
	for line := range strings.Lines(paths) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(parts) == 3 && (parts[1] == controller || controller != "" && hasWord(parts[1], controller)) {
			return parts[2]
		}
	}
	return "/"
}

// within turns a group's path into a folder below a mount that shows the hierarchy from root on.
func within(top, root, path string) string {
	if below, ok := strings.CutPrefix(path, strings.TrimSuffix(root, "/")); ok {
		path = below
	}
	return filepath.Join(top, filepath.Join("/", path))
}

func hasWord(list, word string) bool {
	for w := range strings.SplitSeq(list, ",") {
		if w == word {
			return true
		}
	}
	return false
}

// unescapeMount undoes mountinfo's octal escapes of blanks and backslashes.
func unescapeMount(path string) string {
	for i := strings.IndexByte(path, '\\'); i >= 0 && i+4 <= len(path); {
		if c, err := strconv.ParseUint(path[i+1:i+4], 8, 8); err == nil {
			path = path[:i] + string([]byte{byte(c)}) + path[i+4:]
		}
		next := strings.IndexByte(path[i+1:], '\\')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return path
}

func (c cgroup) limitFile() string {
	if c.unified {
		return "memory.max"
	}
	return "memory.limit_in_bytes"
}

// limit is the lowest memory limit of the group and of those that hold it, in bytes, and the group
// that has it; 0 = none.
func (c cgroup) limit() (lowest int64, holder cgroup) {
	for dir := c.dir; c.dir != ""; dir = filepath.Dir(dir) {
		text, _ := os.ReadFile(filepath.Join(dir, c.limitFile())) // the top of version 2 has none
		n := number(bytes.TrimSpace(text))                        // "max" is no number and reads as 0
		const unlimited = 1 << 60                                 // version 1 says "no limit" with a huge number
		if n > 0 && n < unlimited && (lowest == 0 || n < lowest) {
			lowest, holder = n, cgroup{dir: dir, top: c.top, unified: c.unified}
		}
		if dir == c.top || dir == "/" {
			break
		}
	}
	return lowest, holder
}

// used is the memory of the group in bytes that the kernel cannot take back by dropping files
// from its cache.
func (c cgroup) used() (int64, bool) {
	usage, prefix := "memory.usage_in_bytes", "total_"
	if c.unified {
		usage, prefix = "memory.current", ""
	}
	text, err := os.ReadFile(filepath.Join(c.dir, usage))
	if c.dir == "" || err != nil {
		return 0, false
	}
	stat, err := os.ReadFile(filepath.Join(c.dir, "memory.stat"))
	if err != nil {
		return 0, false
	}
	active, _ := counter(string(stat), prefix+"active_file")
	inactive, _ := counter(string(stat), prefix+"inactive_file")
	return number(bytes.TrimSpace(text)) - active - inactive, true
}

// kills is how many processes of the group the kernel killed for memory, and whether it says so.
func (c cgroup) kills() (int64, bool) {
	if c.dir == "" {
		return 0, false
	}
	name := "memory.oom_control"
	if c.unified {
		name = "memory.events"
	}
	text, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		return 0, false
	}
	return counter(string(text), "oom_kill")
}

// counter reads "name N" lines.
func counter(text, name string) (int64, bool) {
	for line := range strings.Lines(text) {
		if word, value, found := strings.Cut(strings.TrimSpace(line), " "); found && word == name {
			return number([]byte(value)), true
		}
	}
	return 0, false
}
