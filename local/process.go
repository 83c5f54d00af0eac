package local

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a process that can be told from a later one with the same number, from one before a
// reboot, and from one on another machine that shares the state folder.
type process struct {
	pid   int
	start string // in clock ticks since boot
	boot  string // the kernel's id of this boot
	place string // host name and PID namespace: where the number means something
}

// String is the one line of the supervisor file. Its newline says that it is whole.
func (p process) String() string {
	return fmt.Sprintf("%d %s %s %s\n", p.pid, p.start, p.boot, p.place)
}

func parseProcess(text string) (process, error) {
	line, whole := strings.CutSuffix(text, "\n")
	fields := strings.Fields(line)
	if !whole || len(fields) != 4 {
		return process{}, fmt.Errorf("want a process as %q, got %q", "PID START BOOT PLACE\n", text)
	}
	pid, err := strconv.ParseUint(fields[0], 10, 31)
	if err != nil || pid == 0 {
		return process{}, fmt.Errorf("want a process number, got %q", fields[0])
	}
	return process{pid: int(pid), start: fields[1], boot: fields[2], place: fields[3]}, nil
}

func currentProcess() (process, error) {
	pid := os.Getpid()
	s, err := readStat(pid)
	if err != nil {
		return process{}, err
	}
	return process{pid: pid, start: s.start, boot: bootID(), place: place()}, nil
}

// bootID is "-" where the kernel does not tell: then a start time in ticks has to do.
func bootID() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if id := strings.TrimSpace(string(text)); err == nil && id != "" {
		return id
	}
	return "-"
}

// place names the machine and the PID namespace (a container has its own).
func place() string {
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		space = "-"
	}
	return hostName() + "/" + space
}

// hostName is a name without spaces whatever the machine is called.
func hostName() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "localhost"
	}
	return strings.Join(strings.Fields(name), "-")
}

// host is the name of the machine that the process is on.
func (p process) host() string {
	host, _, _ := strings.Cut(p.place, "/")
	return host
}

// here says whether the process's number means anything to this one.
func (p process) here() bool { return p.place == place() }

// runs says whether this very process is there and not a zombie.
func (p process) runs() bool {
	s, err := readStat(p.pid)
	return err == nil && p.boot == bootID() && s.start == p.start && !s.dead()
}

// signal sends to this process or to none: the number is pinned first and compared afterwards.
func (p process) signal(sig os.Signal) error {
	handle, err := os.FindProcess(p.pid)
	if err != nil {
		return err
	}
	defer handle.Release()
	if !p.here() || !p.runs() {
		return os.ErrProcessDone
	}
	return handle.Signal(sig)
}

// sweep ends what a supervisor that is gone has left behind, as the failure of a node would: a job
// that is told as ended has no process left. The kernel ended the scripts with their supervisor. It
// says whether nothing is left on this machine.
func (p process) sweep(mark string) bool {
	if !p.here() || p.boot != bootID() {
		return true
	}
	for range 10 {
		left := trees(processes(), func(s stat) bool { return carries(s.pid, mark) })
		if len(left) == 0 {
			return true
		}
		kill(left)
		time.Sleep(5 * time.Millisecond)
	}
	return false
}

// kill ends processes without asking them. One that has ended in the meantime is no error.
func kill(pids []int) {
	for _, pid := range pids {
		syscall.Kill(pid, syscall.SIGKILL)
	}
}
