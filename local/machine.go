package local

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// machine is what this process may use of the machine that it runs on.
type machine struct {
	cpus           int // by affinity and by the cgroup's quota
	memoryMiB      int // by the cgroup's limit where that is less
	sockets        int
	coresPerSocket int
	threadsPerCore int
	arch           string // as uname -m
}

// readMachine reads /proc and /sys under root. What a container or an old kernel does not show is
// taken as one socket of single-thread cores without a limit.
func readMachine(root string) machine {
	allowed := allowedCPUs(root)
	m := machine{cpus: len(allowed), memoryMiB: memoryMiB(root), arch: architecture()}
	m.readTopology(root, allowed)
	l := readCgroup(root)
	if l.cpus > 0 {
		m.cpus = min(m.cpus, max(1, int(l.cpus)))
	}
	if l.memoryMiB > 0 && (m.memoryMiB == 0 || l.memoryMiB < m.memoryMiB) {
		m.memoryMiB = l.memoryMiB
	}
	return m
}

// allowedCPUs are the numbers of the CPUs in this process's affinity mask, as taskset, a cpuset or
// docker --cpuset-cpus leaves it.
func allowedCPUs(root string) []int {
	if list, ok := field(filepath.Join(root, "proc/self/status"), "Cpus_allowed_list:"); ok {
		if cpus, _, err := parseIndices(list); err == nil {
			return cpus
		}
	}
	cpus := make([]int, runtime.NumCPU())
	for i := range cpus {
		cpus[i] = i
	}
	return cpus
}

// readTopology counts the sockets and cores of the allowed CPUs.
func (m *machine) readTopology(root string, allowed []int) {
	sockets, cores := map[int]bool{}, map[string]bool{}
	for _, cpu := range allowed {
		dir := filepath.Join(root, fmt.Sprintf("sys/devices/system/cpu/cpu%d/topology", cpu))
		socket, ok1 := readInt(filepath.Join(dir, "physical_package_id"))
		core, ok2 := readInt(filepath.Join(dir, "core_id"))
		if !ok1 || !ok2 {
			m.sockets, m.coresPerSocket, m.threadsPerCore = 1, len(allowed), 1
			return
		}
		sockets[socket] = true
		cores[fmt.Sprint(socket, " ", core)] = true
	}
	m.sockets = max(1, len(sockets))
	m.coresPerSocket = roundUp(len(cores), m.sockets)
	m.threadsPerCore = roundUp(len(allowed), max(1, len(cores)))
}

func roundUp(n, by int) int { return (n + by - 1) / by }

func memoryMiB(root string) int {
	text, _ := field(filepath.Join(root, "proc/meminfo"), "MemTotal:")
	kib, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(text, "kB")))
	return kib / 1024
}

// field is the value of a line "NAME: value" of a file.
func field(path, name string) (string, bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", false
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name); ok {
			return strings.TrimSpace(value), true
		}
	}
	return "", false
}

func readInt(path string) (int, bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	return n, err == nil
}

func architecture() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return runtime.GOARCH
	}
	return unix.ByteSliceToString(u.Machine[:])
}
