package worker

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// rankReport is what one rank of an item tells of its end, in a file of its own.
type rankReport struct {
	Rank   int     `json:"rank"`
	Node   string  `json:"node"`
	Code   int     `json:"code"`
	Signal string  `json:"signal,omitempty"` // "KILL"; "" = it exited
	OOM    bool    `json:"oom,omitempty"`    // the kernel killed it for memory
	End    float64 `json:"end"`              // Unix seconds
	CPU    float64 `json:"cpu_s"`
	RSS    float64 `json:"rss_mib"` // the kernel's peak
}

// argvFile holds what each rank runs: its arguments, each with a zero byte behind it.
const argvFile = "argv"

// RunRank stands above one rank of an item: srun, or mpiexec, starts it as often as the item has ranks. It takes
// the arguments from the folder, since srun reads a ":" among its own as the beginning of another program, and
// it leaves there how the rank ended and what it used, which srun does not tell.
func RunRank(dir string) (exit int, err error) {
	stayLean()
	text, err := os.ReadFile(filepath.Join(dir, argvFile))
	if err != nil {
		return ExitFailed, fmt.Errorf("rank: node %s does not see what to run: %w; is the run's folder on a file system that the nodes share?", nodeName(os.LookupEnv), err)
	}
	argv := strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
	// Slurm signals the whole process group. The rank gets it too, and its end is waited for.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	runtime.LockOSThread() // the rank is killed when the thread that started it ends
	group := ownCgroup()
	before, _ := group.kills()
	status, usage, err := runRank(argv)
	if bad, ok := err.(*execError); ok {
		fmt.Fprintln(os.Stderr, bad)
		status, err = syscall.WaitStatus(bad.code<<8), nil
	}
	if err != nil {
		return ExitFailed, fmt.Errorf("rank: starting %q: %w", argv[0], err)
	}
	r := rankReport{
		Rank: rankNumber(os.LookupEnv), Node: nodeName(os.LookupEnv), Code: shellCode(status), End: unixSeconds(time.Now()),
		CPU: seconds(usage.Utime) + seconds(usage.Stime), RSS: float64(usage.Maxrss) / 1024,
	}
	if status.Signaled() {
		r.Signal = signalName(status.Signal())
		after, _ := group.kills()
		r.OOM = status.Signal() == syscall.SIGKILL && after > before
	}
	r.leave(dir) // without it the item's record lacks a few figures
	return r.Code, nil
}

func runRank(argv []string) (status syscall.WaitStatus, usage syscall.Rusage, err error) {
	here, err := os.Getwd()
	if err != nil {
		return status, usage, err
	}
	spawn, err := newSpawner(here, os.Environ())
	if err != nil {
		return status, usage, err
	}
	defer spawn.close()
	spawn.sys.Setpgid = false // it stays in Slurm's process group
	pid, err := spawn.start(argv, os.Environ(), 0, 1, 2)
	if err != nil {
		return status, usage, err
	}
	for {
		if _, err = syscall.Wait4(pid, &status, 0, &usage); err != syscall.EINTR {
			return status, usage, err
		}
	}
}

// rankNumber is the rank, as Slurm, PMIx, Open MPI or MPICH's mpiexec has it.
func rankNumber(env lookup) int {
	for _, name := range []string{"PMIX_RANK", "PMI_RANK", "OMPI_COMM_WORLD_RANK", "SLURM_PROCID"} {
		if _, ok := env(name); ok {
			return int(variable(env, name))
		}
	}
	return 0
}

// leave writes the report. The name is the process's own, as ranks that do not know each other all have the rank 0.
func (r rankReport) leave(dir string) {
	text, err := json.Marshal(r)
	if err != nil {
		return
	}
	name := fmt.Sprintf("%s.%s", r.Node, strconv.Itoa(os.Getpid()))
	os.WriteFile(filepath.Join(dir, name), text, 0o600)
}
