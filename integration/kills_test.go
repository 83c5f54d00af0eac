//go:build integration && kills

package integration

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// kills is how many processes TestKills ends, at random.
const kills = 200

// TestKills ends `submit --wait`, the worker and the batch script by SIGKILL at random moments, in short runs of
// every way. Whatever was killed, submit and retry bring each run to its end: no item is lost, no recorded success is
// run again, no part is run by two jobs. HPCSUB_SEED repeats a choice of moments and victims.
func TestKills(t *testing.T) {
	seed, _ := strconv.ParseUint(cmp.Or(os.Getenv("HPCSUB_SEED"), fmt.Sprint(time.Now().UnixNano())), 10, 64)
	t.Logf("HPCSUB_SEED=%d", seed)
	var count atomic.Int64
	byKind := map[string]*atomic.Int64{"client": {}, "worker": {}, "script": {}}
	t.Run("ways", func(t *testing.T) {
		for i, way := range killWays {
			t.Run(way.name, func(t *testing.T) {
				t.Parallel()
				rng := rand.New(rand.NewPCG(seed, uint64(i)))
				for count.Load() < kills {
					k := &killer{job: way.job(t), random: rng, prefix: way.prefix(), nodes: strings.Fields(way.nodes), byKind: byKind, count: &count}
					k.run(t)
					k.check(t, k.job, killItems)
				}
			})
		}
	})
	for kind, n := range byKind {
		t.Logf("%s: %d kills", kind, n.Load())
		if n.Load() < kills/10 {
			t.Errorf("only %d kills of a %s, of %d in all", n.Load(), kind, count.Load())
		}
	}
}

// killItems is how many items a run has, of 0.1 to 0.3 s.
const killItems = 40

// killWay is a strategy with room for its runs beside the others'. The setup gives the batch script a while in which
// it is a shell.
type killWay struct{ name, toml, nodes string }

var killWays = []killWay{
	{"packed on 2", "cpus = 3\n[slurm]\npartition = \"short\"\n", "c1 c2"},
	{"array on 2", "[limits]\ncpus = 2\n[slurm]\npartition = \"short\"\n", "c1 c2"},
	{"gnu-parallel on 2", "cpus = 10\n[limits]\nnodes = 2\n[slurm]\npartition = \"long\"\nconstraint = \"amd\"\n", "c3 c4"},
	{"array on 1", "[limits]\ncpus = 4\n[slurm]\npartition = \"long\"\nconstraint = \"big\"\n", "c3"},
	{"packed on 1", "[limits]\ncpus = 2\n[slurm]\npartition = \"long\"\nconstraint = \"big\"\n", "c3"},
	{"gnu-parallel on 1", "[limits]\ncpus = 2\n[slurm]\npartition = \"long\"\nconstraint = \"big\"\n", "c3"},
	{"array also on 1", "[limits]\ncpus = 4\n[slurm]\npartition = \"long\"\nconstraint = \"big\"\n", "c3"},
	{"packed also on 1", "[limits]\ncpus = 2\n[slurm]\npartition = \"long\"\nconstraint = \"big\"\n", "c3"},
	{"gnu-parallel also on 1", "[limits]\ncpus = 2\n[slurm]\npartition = \"long\"\nconstraint = \"big\"\n", "c3"},
}

func (w killWay) prefix() string { return "kill-" + unsafe.ReplaceAllString(w.name, "-") }

func (w killWay) job(t *testing.T) *job {
	t.Helper()
	strategy, _, _ := strings.Cut(w.name, " ")
	toml := fmt.Sprintf("name = %q\ncommand = \"sh tally.sh {n} {s}\"\n[sweep]\nn = { from = 1, to = %d }\ns = [0.2]\n[environment]\nsetup = \"sleep 0.2\"\n[plan]\nstrategy = %q\n[each]\ntime = \"1s\"\n%s",
		w.prefix(), killItems, strategy, w.toml)
	return newJob(t, Default, toml, map[string]string{"tally.sh": tallyScript})
}

// A killer takes one run to its end, against its own will.
type killer struct {
	*job
	tally
	random *rand.Rand
	prefix string
	nodes  []string
	byKind map[string]*atomic.Int64
	count  *atomic.Int64
}

// mostRounds is how often a run is taken up again under fire; after that it is left in peace.
const mostRounds = 6

func (k *killer) run(t *testing.T) {
	t.Helper()
	for range mostRounds {
		command := k.next(t)
		if command == "" || k.count.Load() >= kills {
			break
		}
		client := k.lab.Begin(t, Command{Folder: k.folder, Line: "hpcsub " + command})
		for range 2 + k.random.IntN(6) {
			time.Sleep(time.Duration(k.random.IntN(500)) * time.Millisecond)
			k.kill(t)
		}
		if k.random.IntN(2) == 0 {
			k.killClient(t, client)
		}
		client.Wait(t)
	}
	k.finish(t, &k.tally)
}

// next is the command that a user would type now; "" when all is done.
func (k *killer) next(t *testing.T) string {
	t.Helper()
	if k.hpcsub(t, "status").Code != 0 { // nothing was submitted yet
		return "submit --wait"
	}
	s := k.status(t)
	switch {
	case s.State == "done":
		return ""
	case slices.Contains(over, s.State):
		k.mark(t, k.job)
		return "retry --wait"
	}
	return "submit --wait"
}

func (k *killer) killed(kind string) {
	k.fault()
	k.byKind[kind].Add(1)
	k.count.Add(1)
}

func (k *killer) killClient(t *testing.T, client *Process) {
	t.Helper()
	if client.kill(t) {
		k.killed("client")
	}
}

// kill ends workers and batch scripts of the run on some node; there may be none just now.
func (k *killer) kill(t *testing.T) {
	t.Helper()
	node := k.nodes[k.random.IntN(len(k.nodes))]
	script := `for p in $(grep -lz '^SLURM_JOB_NAME=` + k.prefix + `-' /proc/[0-9]*/environ); do
		echo "$(basename "${p%/environ}") $(tr '\0' ' ' <"${p%environ}cmdline")"
	done 2>/dev/null`
	var victims [][2]string // process id, kind
	for line := range strings.Lines(k.lab.Exec(t, node, "root", script).Stdout) {
		pid, what, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case strings.Contains(what, "worker run"):
			victims = append(victims, [2]string{pid, "worker"})
		case strings.Contains(what, "slurm_script"):
			victims = append(victims, [2]string{pid, "script"})
		}
	}
	if len(victims) == 0 {
		return
	}
	k.random.Shuffle(len(victims), func(i, j int) { victims[i], victims[j] = victims[j], victims[i] })
	for _, victim := range victims[:min(len(victims), 1+k.random.IntN(4))] {
		if k.lab.Exec(t, node, "root", "kill -KILL "+victim[0]).Code == 0 {
			k.killed(victim[1])
		}
	}
}

// kill ends the command by SIGKILL, and says whether it was still running.
func (p *Process) kill(t testing.TB) bool {
	t.Helper()
	return exec.Command("docker", "exec", p.lab.container(p.command.Host), "bash", "-c",
		"for i in {1..40}; do [ -s "+p.pidFile+" ] && break; sleep 0.05; done; kill -KILL -- -$(cat "+p.pidFile+")").Run() == nil
}
