package worker

import (
	"os"
	"slices"
	"strconv"
	"syscall"

	"hpcsub/gpu"
)

// tree walks the descendants of a process through /proc/PID/task/TID/children.
type tree struct {
	procReader
	self  int
	pids  []int
	stats []procStat
}

func newTree() *tree { return &tree{self: os.Getpid()} }

// children appends the children of a process. The kernel keeps them by thread, so all of
// its threads are asked; threads = 1 spares reading the folder.
func (t *tree) children(pids []int, pid, threads int) []int {
	if threads == 1 {
		return t.childrenOf(pids, pid, strconv.Itoa(pid))
	}
	for _, tid := range threadsOf(pid) {
		pids = t.childrenOf(pids, pid, tid)
	}
	return pids
}

func threadsOf(pid int) []string {
	dir, err := os.Open("/proc/" + strconv.Itoa(pid) + "/task")
	if err != nil {
		return nil
	}
	defer dir.Close()
	tids, _ := dir.Readdirnames(-1) // what it could read is what lives
	return tids
}

func (t *tree) childrenOf(pids []int, pid int, tid string) []int {
	rest := t.read(t.file(pid, "task", tid, "children"))
	for {
		word, more := nextWord(&rest)
		if !more {
			return pids
		}
		pids = append(pids, int(number(word)))
	}
}

// walk fills t.stats with the living processes of the trees that start at the roots. Processes
// come and go meanwhile; one that is gone is left out.
func (t *tree) walk(roots ...int) []procStat {
	t.stats = t.stats[:0]
	t.pids = append(t.pids[:0], roots...)
	for i := 0; i < len(t.pids); i++ {
		s, alive := t.stat(t.pids[i])
		if !alive {
			continue
		}
		t.stats = append(t.stats, s)
		t.pids = t.children(t.pids, s.PID, s.Threads)
	}
	return t.stats
}

// orphans are the worker's children that are not items: processes whose parents ended, which
// the kernel handed to the worker as their subreaper. What watches the GPUs is none.
func (t *tree) orphans(known func(pid int) bool) []int {
	all := t.children(nil, t.self, 0)
	return slices.DeleteFunc(all, func(pid int) bool { return known(pid) || t.hasVariable(pid, gpu.Mark) })
}

// owner says to which process group or item a process belongs that was left behind: a
// process that changed its group still has the environment that it was started with.
func (t *tree) owned(pid, group int, variable string) bool {
	s, alive := t.stat(pid)
	return alive && (s.Group == group || t.hasVariable(pid, variable))
}

// kill sends SIGKILL to each process and all of its descendants, again until none is left
// that was not told: a process may fork while it is being looked for.
func (t *tree) kill(roots []int) {
	told := map[int]bool{}
	for range 5 {
		fresh := 0
		for _, s := range t.walk(roots...) {
			if !told[s.PID] {
				told[s.PID] = true
				fresh++
			}
			syscall.Kill(s.PID, syscall.SIGKILL) // gone already is what is wanted
		}
		if fresh == 0 {
			return
		}
	}
}
