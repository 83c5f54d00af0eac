package strategies

import (
	"syscall"
	"testing"
	"time"

	"hpcsub/configs"
	"hpcsub/slurm"
)

func intp(n int) *int { return &n }

// labTime is when the pictures of the lab were taken.
var labTime = time.Unix(1_800_000_000, 0).UTC()

func node(name string, sockets, cores, threads, memory int, partitions ...string) slurm.Node {
	return slurm.Node{
		Name: name, State: "IDLE", Partitions: partitions, Arch: "x86_64", Sockets: sockets, CoresPerSocket: cores,
		ThreadsPerCore: threads, CPUs: sockets * cores * threads, MemoryMiB: memory, Weight: 1,
	}
}

// lab is the test cluster: 16 CPUs in the default partition, 80 in all, one node with two threads a
// core and one with GPUs.
func lab() *slurm.Cluster {
	c := &slurm.Cluster{
		Name: "lab", Version: "24.11.5", Client: "commands", User: "alice", Taken: labTime,
		Limits: slurm.Limits{
			MaxArraySize: intp(10001), MaxJobCount: intp(30000),
			Associations: []slurm.Association{{Account: "physics", Default: true, QOS: []string{"normal"}}},
			QOS:          []slurm.QOS{{Name: "normal"}},
		},
		Scheduler: slurm.Scheduler{
			SelectType: "select/cons_tres", SelectParameters: []string{"CR_CORE_MEMORY"},
			Parameters: map[string]string{"batch_sched_delay": "0"}, KillWaitS: 5, EnforceLimits: true, Accounting: true,
		},
		Partitions: []slurm.Partition{
			{Name: "short", Default: true, State: "UP", TimeLimitS: intp(1800), Nodes: 2, DefMemPerCPUMiB: intp(1000), Usable: true},
			{Name: "long", State: "UP", TimeLimitS: intp(172800), Nodes: 4, DefMemPerCPUMiB: intp(1000), Usable: true},
			{Name: "gpu", State: "UP", TimeLimitS: intp(86400), Nodes: 1, DefMemPerCPUMiB: intp(1000), Usable: true},
		},
		Nodes: []slurm.Node{
			node("c1", 2, 4, 1, 16000, "short", "long"), node("c2", 2, 4, 1, 16000, "short", "long"),
			node("c3", 2, 8, 2, 64000, "long"), node("c4", 2, 16, 1, 128000, "long", "gpu"),
		},
	}
	c.Nodes[3].GRES = []slurm.GRES{{Name: "gpu", Type: "a100", Count: 4}}
	return c
}

// job is an input over the lab, of items with a declared length.
func job(items int, each time.Duration) Input {
	return Input{Job: "test", Items: items, Program: "python", Each: configs.Each{Time: each}, Cluster: lab()}
}

// cpuTime is what this process has used, whatever else the machine is doing.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
