//go:build integration

package integration

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// tallyScript is an item that tells when it begins and when it has ended, in which part of which Slurm job, and on
// which node: so it is counted by what the items did. Usage: tally.sh ITEM SECONDS; where there is a
// file called go, it takes no time.
const tallyScript = `who="${SLURM_JOB_NAME}/${SLURM_ARRAY_TASK_ID:-0}.${SLURM_PROCID:-0} ${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID} $SLURMD_NODENAME"
echo "$1 begin $(date +%s.%N) $who" >>tally.txt
test -e go || sleep "$2"
echo "$1 end $(date +%s.%N) $who" >>tally.txt
`

// A tally is what the items of a job's newest run told. A job has a second run where `submit` was typed and the first
// had ended a moment before.
type tally struct {
	run          string // "" while none is known: then all of them are read
	begun, ended map[int]int
	ends         map[int][]float64          // Unix times
	open         map[string]int             // node → items that began there last and have not ended
	jobs         map[string]map[string]bool // part of an attempt → the Slurm jobs that ran items of it
	recorded     map[int]int                // items that were once recorded as done → how often they had begun by then
	faults       []float64                  // Unix times
	aftermath    float64                    // for so many seconds after a fault Slurm may end more of the job
}

// read takes in what the items have told by now.
func (y *tally) read(t *testing.T, j *job) {
	t.Helper()
	y.parse(t, j.shell(t, "cat tally.txt 2>/dev/null || true"))
}

func (y *tally) parse(t *testing.T, text string) {
	t.Helper()
	y.begun, y.ended, y.ends = map[int]int{}, map[int]int{}, map[int][]float64{}
	y.open, y.jobs = map[string]int{}, map[string]map[string]bool{}
	at := map[int]string{}
	for line := range strings.Lines(text) {
		w, what := parseTold(t, line)
		if run, _, _ := strings.Cut(w.part, "."); y.run != "" && run != y.run {
			if len(y.begun) > 0 {
				t.Errorf("run %s has begun, and another one goes on: %s", y.run, line)
			}
			continue
		}
		if y.jobs[w.part] == nil {
			y.jobs[w.part] = map[string]bool{}
		}
		y.jobs[w.part][w.slurmJob] = true
		if what == "begin" {
			y.begun[w.item]++
			at[w.item] = w.node
			continue
		}
		y.ended[w.item]++
		y.ends[w.item] = append(y.ends[w.item], w.time)
		delete(at, w.item)
	}
	for _, node := range at {
		y.open[node]++
	}
}

// told is one line of tally.txt.
type told struct {
	item                 int
	time                 float64
	part, slurmJob, node string
}

func parseTold(t *testing.T, line string) (w told, what string) {
	t.Helper()
	if _, err := fmt.Sscan(line, &w.item, &what, &w.time, &w.part, &w.slurmJob, &w.node); err != nil {
		t.Fatalf("tally.txt: %v in %q", err, line)
	}
	return w, what
}

// mark notes which items hpcsub holds for done, and how often they have begun: no more often may they ever begin.
func (y *tally) mark(t *testing.T, j *job) {
	t.Helper()
	if run := j.status(t).Run; run != y.run {
		y.run, y.recorded = run, map[int]int{}
	}
	rows := j.results(t)
	y.read(t, j)
	for _, r := range rows {
		if _, known := y.recorded[r.Index+1]; r.State == "done" && !known {
			y.recorded[r.Index+1] = y.begun[r.Index+1]
		}
	}
}

// fault notes that something is about to be broken now.
func (y *tally) fault() { y.faults = append(y.faults, float64(time.Now().UnixNano())/1e9) }

// check holds what items 1 to n told against the promises: none is lost, no recorded success is run again, no part
// is run by two Slurm jobs, and only what a fault has cut short is run again.
func (y *tally) check(t *testing.T, j *job, n int) {
	t.Helper()
	y.mark(t, j)
	for item := 1; item <= n; item++ {
		if y.ended[item] == 0 {
			t.Errorf("item %d is lost: it has begun %d times and never ended", item, y.begun[item])
		}
		if again := y.repeated(item); again > 0 {
			t.Errorf("item %d ended at %.2f, it was run again %d times, and the faults were at %.2f", item, y.ends[item], again, y.faults)
		}
		if was, recorded := y.recorded[item]; !recorded || y.begun[item] != was {
			t.Errorf("item %d: recorded as done: %t; it had begun %d times then and %d times now", item, recorded, was, y.begun[item])
		}
	}
	if len(y.begun) != n {
		t.Errorf("%d different items ran, want %d", len(y.begun), n)
	}
	for part, jobs := range y.jobs {
		if len(jobs) > 1 {
			t.Errorf("part %s was run by %d Slurm jobs: %v", part, len(jobs), slices.Sorted(maps.Keys(jobs)))
		}
	}
	twice := `cat .hpcsub/` + y.run + `/attempts/*/results/*.jsonl | grep '"state":"done"' | grep -o '"index":[0-9]*' | sort | uniq -d`
	if got := j.shell(t, twice+" || true"); got != "" {
		t.Errorf("these items have two records of success: %s", strings.ReplaceAll(got, "\n", ", "))
	}
}

// unrecorded is how long after its end an item's record may be on its way to the disk.
const unrecorded = 1.0

// repeated is how often an item was run again without a reason: it had ended, and no fault came just then.
func (y *tally) repeated(item int) int {
	again := len(y.ends[item]) - 1
	for _, end := range y.ends[item] {
		if slices.ContainsFunc(y.faults, func(fault float64) bool { return fault > end-unrecorded-y.aftermath && fault < end+2*unrecorded }) && again > 0 {
			again--
		}
	}
	return again
}

// over are the states of a run in which nothing happens any more without a retry.
var over = []string{"failed", "incomplete", "cancelled"}

// finish brings a run to its end: it follows it, and runs again what is not done, as often as needed.
func (j *job) finish(t *testing.T, y *tally) {
	t.Helper()
	for range 6 {
		s := j.status(t)
		next := "watch"
		switch {
		case s.State == "done":
			return
		case s.State == "submitting":
			next = "submit --wait"
		case slices.Contains(over, s.State):
			y.mark(t, j)
			next = "retry --wait"
		}
		if r := j.lab.Run(t, Command{Folder: j.folder, Line: "hpcsub " + next}); r.Code != 0 && r.Code != 5 {
			j.dump(t)
			t.Fatalf("hpcsub %s: exit code %d, want 0 or 5\n%s", next, r.Code, r.Stderr)
		}
	}
	t.Errorf("six retries were not enough: %+v", j.status(t))
}

// dump logs what a run that does not end has written, and what its nodes are doing.
func (j *job) dump(t *testing.T) {
	t.Helper()
	t.Log(j.shell(t, "cd .hpcsub; ls -l */attempts/*/claims; tail -n 2 */attempts/*/results/*.jsonl; tail -n 20 */attempts/*/slurm/*.log; true"))
	for _, node := range []string{"c1", "c2", "c3", "c4"} {
		t.Log(node, j.lab.Exec(t, node, "root", "ps -eo pid,ppid,etimes,stat,wchan:20,args --forest | grep -v ' ps -eo' | cut -c1-200").Stdout)
	}
}
