//go:build integration

package integration

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
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
					k.aftermath = way.aftermath
					k.run(t)
					k.check(t, k.job, way.items())
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

// killWay is a strategy with room for its runs beside the others'. The setup gives the batch script a while in which
// it is a shell. Where steps run on other nodes than the batch script, Slurm ends them some time after that was killed.
type killWay struct {
	name, toml, nodes string
	aftermath         float64 // seconds
}

// items is how many items of 0.2 s a run has: of an array few, since each costs the start of a task.
func (w killWay) items() int {
	if strings.HasPrefix(w.name, "array") {
		return 16
	}
	return 40
}

var killWays = []killWay{
	{"packed on 2", "cpus = 3\n[slurm]\npartition = \"short\"\n", "c1 c2", 0},
	{"array on 2", "[limits]\ncpus = 2\n[slurm]\npartition = \"short\"\n", "c1 c2", 0},
	{"gnu-parallel on 2", "cpus = 10\n[limits]\nnodes = 2\n[slurm]\npartition = \"long\"\nconstraint = \"amd\"\n", "c3 c4", 10},
	{"array on 1", "[limits]\ncpus = 4\n[slurm]\npartition = \"long\"\nconstraint = \"big\"\n", "c3", 0},
	{"packed on 1", "[limits]\ncpus = 2\n[slurm]\npartition = \"long\"\nconstraint = \"big\"\n", "c3", 0},
	{"gnu-parallel on 1", "[limits]\ncpus = 2\n[slurm]\npartition = \"long\"\nconstraint = \"big\"\n", "c3", 0},
	{"array also on 1", "[limits]\ncpus = 4\n[slurm]\npartition = \"long\"\nconstraint = \"big\"\n", "c3", 0},
	{"packed also on 1", "[limits]\ncpus = 2\n[slurm]\npartition = \"long\"\nconstraint = \"big\"\n", "c3", 0},
	{"gnu-parallel also on 1", "[limits]\ncpus = 2\n[slurm]\npartition = \"long\"\nconstraint = \"big\"\n", "c3", 0},
}

func (w killWay) prefix() string { return "kill-" + unsafe.ReplaceAllString(w.name, "-") }

func (w killWay) job(t *testing.T) *job {
	t.Helper()
	strategy, _, _ := strings.Cut(w.name, " ")
	toml := fmt.Sprintf("name = %q\ncommand = \"sh tally.sh {n} {s}\"\n[sweep]\nn = { from = 1, to = %d }\ns = [0.2]\n[environment]\nsetup = \"sleep 0.5\"\n[plan]\nstrategy = %q\n[each]\ntime = \"1s\"\n%s",
		w.prefix(), w.items(), strategy, w.toml)
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
		if k.random.IntN(4) == 0 { // in the middle of submitting, perhaps
			time.Sleep(time.Duration(k.random.IntN(1500)) * time.Millisecond)
			k.killClient(t, client)
		}
		for range 1 + k.random.IntN(4) {
			if !k.kill(t) {
				break
			}
		}
		if k.random.IntN(4) == 0 {
			k.killClient(t, client)
		}
		client.Wait(t)
	}
	if k.hpcsub(t, "status").Code != 0 { // killed before there was a run
		k.lab.Run(t, Command{Folder: k.folder, Line: "hpcsub submit --wait"})
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
	case s.State != "submitting" && k.random.IntN(2) == 0:
		return "watch"
	}
	return "submit --wait" // takes up the run, or begins another where it has ended just now
}

// note counts what was killed, lines of a kind and the moment, and says whether there was anything.
func (k *killer) note(t *testing.T, lines string) bool {
	t.Helper()
	for line := range strings.Lines(lines) {
		var kind string
		var moment float64
		if _, err := fmt.Sscan(line, &kind, &moment); err != nil || k.byKind[kind] == nil {
			t.Fatalf("killing: %v in %q", err, line)
		}
		k.faults = append(k.faults, moment)
		k.byKind[kind].Add(1)
		k.count.Add(1)
	}
	return lines != ""
}

// killClient ends the command, if it still runs.
func (k *killer) killClient(t *testing.T, client *Process) {
	t.Helper()
	k.note(t, k.lab.Exec(t, client.command.Host, "root", `for i in {1..40}; do [ -s `+client.pidFile+` ] && break; sleep 0.05; done
		kill -KILL -- "-$(cat `+client.pidFile+`)" && date '+client %s.%N'`).Stdout)
}

// victims prints the workers and batch scripts of runs on a node, a line each.
const victims = `for p in $(grep -lz '^SLURM_JOB_NAME=%s-' /proc/[0-9]*/environ); do
	case $(tr '\0' ' ' <"${p%%environ}cmdline") in
	*'worker run'*) echo worker "$(basename "${p%%/environ}")" ;;
	*slurm_script*) echo script "$(basename "${p%%/environ}")" ;;
	esac
done 2>/dev/null`

// kill waits a while until the run has something on some node, and ends up to four of its workers and batch scripts
// a random time later, or at once. It says whether there were any.
func (k *killer) kill(t *testing.T) bool {
	t.Helper()
	node := k.nodes[k.random.IntN(len(k.nodes))]
	script := fmt.Sprintf(`victims() { `+victims+`; }
		for i in {1..15}; do [ -n "$(victims)" ] && break; sleep 0.2; done
		sleep 0.%03d
		victims | awk 'BEGIN { srand(%d) } { print rand(), $0 }' | sort -n | head -n %d | while read -r _ kind pid; do
			kill -KILL "$pid" && date "+$kind %%s.%%N"
		done`, k.prefix, max(0, k.random.IntN(1000)-500), k.random.Uint32(), 1+k.random.IntN(4))
	return k.note(t, k.lab.Exec(t, node, "root", script).Stdout)
}
