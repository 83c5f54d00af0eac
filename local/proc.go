package local

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// stat is what of /proc/PID/stat is needed (proc_pid_stat(5)).
type stat struct {
	pid     int
	state   string
	parent  int
	session int
	threads int
	start   string // in clock ticks since boot
}

// dead says that the process runs no more; a zombie only waits for its parent. While other threads of it are
// about to end it still has its memory and files, on a GPU too.
func (s stat) dead() bool { return (s.state == "Z" || s.state == "X") && s.threads <= 1 }

func readStat(pid int) (stat, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return stat{}, err
	}
	return parseStat(string(text))
}

// parseStat reads the line from its last parenthesis: the name before it may hold anything.
func parseStat(line string) (stat, error) {
	number, _, _ := strings.Cut(line, " ")
	fields := strings.Fields(line[strings.LastIndexByte(line, ')')+1:])
	if len(fields) < 20 {
		return stat{}, fmt.Errorf("reading /proc/PID/stat: want 22 fields, got %q", line)
	}
	s := stat{state: fields[0], start: fields[19]}
	for _, f := range []struct {
		text string
		into *int
	}{{number, &s.pid}, {fields[1], &s.parent}, {fields[3], &s.session}, {fields[17], &s.threads}} {
		n, err := strconv.Atoi(f.text)
		if err != nil {
			return stat{}, fmt.Errorf("reading /proc/PID/stat: want a number, got %q in %q", f.text, line)
		}
		*f.into = n
	}
	return s, nil
}

// processes lists the living processes that can be seen.
func processes() []stat {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	var all []stat
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if s, err := readStat(pid); err == nil && !s.dead() {
			all = append(all, s)
		}
	}
	return all
}

// trees lists the processes that belong, and all their descendants. Supervisors are left out with
// theirs: a job that a job submitted lives on by itself, as on a cluster.
func trees(all []stat, belongs func(stat) bool) []int {
	children := map[int][]stat{}
	for _, s := range all {
		children[s.parent] = append(children[s.parent], s)
	}
	var pids []int
	seen := map[int]bool{}
	var add func(stat)
	add = func(s stat) {
		if seen[s.pid] || isSupervisor(s) {
			return
		}
		seen[s.pid] = true
		pids = append(pids, s.pid)
		for _, c := range children[s.pid] {
			add(c)
		}
	}
	for _, s := range all {
		if belongs(s) {
			add(s)
		}
	}
	return pids
}

// isSupervisor knows a supervisor, which leads its session, by its arguments.
func isSupervisor(s stat) bool {
	if s.session != s.pid {
		return false
	}
	args, err := os.ReadFile("/proc/" + strconv.Itoa(s.pid) + "/cmdline")
	words := bytes.Split(args, []byte{0})
	return err == nil && len(words) > 2 && string(words[1]) == SupervisorCommand
}

// markName is the variable by which a task's processes are known, wherever they went.
const markName = "HPCSUB_LOCAL_TASK"

// carries says whether a process was started with the mark "NAME=value" that starts so.
func carries(pid int, mark string) bool {
	env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	return err == nil && (bytes.HasPrefix(env, []byte(mark)) || bytes.Contains(env, []byte("\x00"+mark)))
}

// ownChildren lists the children of this process, orphans that came to it included; ok is false where
// the kernel has no such list (CONFIG_PROC_CHILDREN).
func ownChildren() (pids []int, ok bool) {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return nil, false
	}
	for _, t := range threads {
		text, err := os.ReadFile("/proc/self/task/" + t.Name() + "/children")
		if os.IsNotExist(err) {
			if _, gone := os.Stat("/proc/self/task/" + t.Name()); gone == nil {
				return nil, false
			}
		}
		for field := range strings.FieldsSeq(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids, true
}
