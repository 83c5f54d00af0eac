//go:build integration

package integration

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// A Flavour is a way to configure the cluster.
type Flavour string

// The flavours of a lab.
const (
	Default Flavour = "default" // memory is sampled: a job over its memory is FAILED
	Cgroup  Flavour = "cgroup"  // memory is held by the kernel: such a job is OUT_OF_MEMORY
)

// Big is a cluster of so many nodes, which nobody runs, and as many queued jobs. It has one host, ctl.
func Big(nodes int) Flavour { return Flavour(fmt.Sprintf("big-%d", nodes)) }

// A Lab is a Slurm cluster in containers: hosts ctl and login, and nodes c1 to c4, which share /home and the small
// file system /small. Ordinary users are alice and bob. Its methods fail the test where the lab does not obey.
type Lab struct {
	Name  string // of the compose project; the container of a host is Name-host
	Suite string // Debian's, which decides the version of Slurm

	big     bool
	install sync.Once // of the program
	dumped  sync.Map  // tests that failed and for which the lab's state was logged
}

// Start returns the lab of a flavour, which all tests share: it is brought up for the first that asks for it.
// When the test fails, the state of the cluster is logged.
func Start(t testing.TB, flavour Flavour) *Lab {
	t.Helper()
	lab, err := labs.start(flavour)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, again := lab.dumped.LoadOrStore(t.Name(), true); t.Failed() && !again {
			lab.dump(t)
		}
	})
	return lab
}

// newLab names a lab: a kept one as lab.sh does, so that the next run finds it, and otherwise so that runs at the
// same time have their own.
func newLab(flavour Flavour) *Lab {
	suite := cmp.Or(os.Getenv("SUITE"), "trixie")
	name := cmp.Or(os.Getenv("LAB"), fmt.Sprintf("hpcsub-%s-%s", suite, flavour))
	if !keep {
		name = fmt.Sprintf("hpcsub-test-%d-%s", os.Getpid(), flavour)
	}
	return &Lab{Name: name, Suite: suite, big: strings.HasPrefix(string(flavour), "big-")}
}

// WaitFor asks for a condition until it holds, and fails the test when it has not within the limit.
func WaitFor(t testing.TB, what string, limit time.Duration, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v in vain: %s", limit, what)
		}
	}
}

// WaitIdle waits until no job is left and all nodes are idle.
func (l *Lab) WaitIdle(t testing.TB) {
	t.Helper()
	WaitFor(t, "all nodes idle", 90*time.Second, func() bool {
		return l.Exec(t, "ctl", "root", "squeue -h; sinfo -h -o %T").Stdout == "idle\n"
	})
}

// WaitIdleOf waits until a user has no job left.
func (l *Lab) WaitIdleOf(t testing.TB, user string) {
	t.Helper()
	WaitFor(t, "no job of "+user+" left", 90*time.Second, func() bool {
		return l.Exec(t, "ctl", "root", "squeue -h -u "+user).Stdout == ""
	})
}

// State is what sinfo says of a node, such as "idle" or "down*".
func (l *Lab) State(t testing.TB, node string) string {
	t.Helper()
	return strings.TrimSpace(l.Exec(t, "ctl", "root", "sinfo -h -p long -o %T -n "+node).Stdout)
}

// isDown says whether Slurm holds a node for down. sinfo has one word for a state, and may have a better one just then.
func (l *Lab) isDown(t testing.TB, node string) bool {
	t.Helper()
	return strings.Contains(l.Exec(t, "ctl", "root", "scontrol show node "+node).Stdout, "State=DOWN")
}

func (l *Lab) container(host string) string {
	if l.big {
		host = "ctl"
	}
	return l.Name + "-" + host
}

// docker runs a command of the engine's client and returns what it says.
func (l *Lab) docker(t testing.TB, args ...string) string {
	t.Helper()
	output, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v: %s", strings.Join(args, " "), err, output)
	}
	return string(output)
}

// dump logs what is needed to understand a failure, and no more.
func (l *Lab) dump(t testing.TB) {
	result := l.Run(t, Command{Host: "ctl", User: "root", Timeout: 40 * time.Second, Line: `
		show() { echo "== $1"; shift; timeout 8 "$@" 2>&1 | tail -n 15; }
		show nodes sinfo -N -p long -o '%6N %12T %8O %E'
		show queue squeue -a -o '%12i %8u %9P %24j %2t %8M %4D %R'
		show 'jobs of the last ten minutes' sacct -a -X -n -S now-10minutes -o jobid%14,user%8,jobname%24,state%14,exitcode,nodelist%12
		show slurmctld.log grep -v 'error: NOTE\|state file' /var/log/slurm/slurmctld.log`})
	t.Logf("lab %s:\n%s%s", l.Name, result.Stdout, result.Stderr)
}

// waitNodes waits until all nodes can take jobs: a controller that has begun again has to hear from them.
func (l *Lab) waitNodes(t testing.TB) {
	t.Helper()
	WaitFor(t, "all nodes usable", 60*time.Second, func() bool {
		return l.Exec(t, "ctl", "root", "sinfo -h -N -p long -o %T | grep -cE '^(idle|mixed|allocated)$'").Stdout == "4\n"
	})
}
