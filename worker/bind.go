package worker

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// cpus are the CPUs of the allocation, dealt to slots: a program with threads that may wander over the CPUs of others
// is slower than one that keeps to its own, and takes from them. The zero value binds nothing.
type cpus struct {
	all    unix.CPUSet
	shares []unix.CPUSet // slot → its own
}

// dealCPUs gives each slot as many CPUs of its own as an item has. It binds nothing where the CPUs that this process
// may use are not the allocation: then other jobs run on some of them, and nobody knows which.
func dealCPUs(env lookup, slots, each int) cpus {
	var c cpus
	if unix.SchedGetaffinity(0, &c.all) != nil {
		return cpus{}
	}
	allowed := neighbouring(members(&c.all), coreOf)
	if len(allowed) < slots*each || int64(len(allowed)) != variable(env, "SLURM_CPUS_ON_NODE") {
		return cpus{}
	}
	for n := range slots {
		var share unix.CPUSet
		for _, cpu := range allowed[n*each : (n+1)*each] {
			share.Set(cpu)
		}
		c.shares = append(c.shares, share)
	}
	return c
}

func members(set *unix.CPUSet) []int {
	var all []int
	for cpu := range len(set) * 64 {
		if set.IsSet(cpu) {
			all = append(all, cpu)
		}
	}
	return all
}

// core says where a CPU is.
type core struct{ socket, core int }

// neighbouring sorts CPUs so that those of a core, and those of a socket, are together: the threads of a core often
// have numbers that lie far apart.
func neighbouring(all []int, of func(cpu int) core) []int {
	slices.SortFunc(all, func(a, b int) int {
		x, y := of(a), of(b)
		return cmp.Or(x.socket-y.socket, x.core-y.core, a-b)
	})
	return all
}

// coreOf reads where the kernel says that a CPU is; all are in one place where it does not.
func coreOf(cpu int) core {
	read := func(name string) int {
		text, err := os.ReadFile(fmt.Sprintf("/sys/devices/system/cpu/cpu%d/topology/%s", cpu, name))
		if err != nil {
			return 0
		}
		return int(number([]byte(strings.TrimSpace(string(text)))))
	}
	return core{read("physical_package_id"), read("core_id")}
}

// bind has what this thread starts next run on the CPUs of a slot, until it is undone. The thread must be
// locked: Go then makes no other from it, which would inherit this.
func (c *cpus) bind(slot int) (undo func()) {
	if len(c.shares) == 0 || unix.SchedSetaffinity(0, &c.shares[slot]) != nil {
		return func() {}
	}
	return func() { unix.SchedSetaffinity(0, &c.all) }
}
