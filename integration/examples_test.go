//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// exampleJob puts an example on the lab, with more appended to its job.toml.
func exampleJob(t *testing.T, name, more string) *job {
	t.Helper()
	files := map[string]string{}
	found, err := filepath.Glob(filepath.Join("..", "examples", name, "*"))
	if err != nil || len(found) == 0 {
		t.Fatalf("example %s: got the files %q, %v", name, found, err)
	}
	for _, file := range found {
		if info, err := os.Stat(file); err != nil || info.IsDir() {
			continue // what somebody made there by hand
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(file)] = string(content)
	}
	toml := files["job.toml"] + more
	delete(files, "job.toml")
	return newJob(t, Default, toml, files)
}

// TestExamplePrimes is the lesson's work, 1,001 primality tests with a random sleep of up to a second, which was 83 %
// efficient on one node and 60 % on two. The limit is the sum of the sleeps over the CPUs that were allocated. Of the time before
// the first call and after the last one, what was spent waiting for a CPU of the machine below does not count: with as
// many CPUs as Slurm says nothing would have waited. What else runs can only lengthen a run, so the best of three counts.
func TestExamplePrimes(t *testing.T) {
	for _, tt := range []struct {
		nodes, cpus int
		wanted      float64
	}{{1, 8, 0.95}, {2, 16, 0.90}} {
		t.Run(fmt.Sprintf("nodes %d", tt.nodes), func(t *testing.T) {
			j := exampleJob(t, "primes", fmt.Sprintf("[limits]\nnodes = %d\n[slurm]\npartition = \"short\"\n", tt.nodes))
			best := 0.0
			for try := 0; try < 3 && best < tt.wanted; try++ {
				best = max(best, j.primes(t, tt.cpus))
			}
			if best < tt.wanted {
				t.Errorf("efficiency on %d nodes: got %.1f %%, want %.0f %%", tt.nodes, 100*best, 100*tt.wanted)
			}
		})
	}
}

// primes runs the example once, on so many CPUs, and returns its efficiency.
func (j *job) primes(t *testing.T, cpus int) float64 {
	t.Helper()
	var sleeps float64
	var primes, found int
	if _, err := fmt.Sscanf(j.shell(t, "python3 primes.py 99999500 100000500"), "%f s of waiting, %d primes", &sleeps, &primes); err != nil {
		t.Fatal(err)
	}
	j.lab.WaitIdle(t)
	clock, pressure := j.lab.clock(t), watchPressure(t)
	j.expect(t, 0, "submit --wait --again")
	calls := j.calls(t)
	for _, c := range calls {
		if string(c.Value) == "true" {
			found++
		}
	}
	if len(calls) != 1001 || found != primes {
		t.Errorf("%d calls found %d primes, want 1001 and %d", len(calls), found, primes)
	}
	s := clock.ran(t, j.status(t).Attempts[0].JobID)
	if most := mostAtOnce(calls); s.cpus != cpus || most > s.cpus {
		t.Errorf("%d calls ran at once on %d CPUs, want no more than CPUs, and %d of these", most, s.cpus, cpus)
	}
	first, last, _ := s.calls(calls)
	limit, waited := sleeps/float64(s.cpus), pressure.between(s.start, first)+pressure.between(last, s.end)
	efficiency := limit / (s.seconds() - waited)
	t.Logf("%s on %d CPUs: %.1f s of sleep in %.2f s, efficiency %.1f %%, and %.1f %% without %.2f s of waiting for the machine's CPUs at both ends; %s",
		j.strategy(t), s.cpus, sleeps, s.seconds(), 100*limit/s.seconds(), 100*efficiency, waited, s.phases(calls))
	return efficiency
}

// calls is when the first of them began, when the last one ended, and how many seconds they took.
func (s stretch) calls(calls []called) (first, last, busy float64) {
	first, last = s.end, s.start
	for _, c := range calls {
		first, last, busy = min(first, c.Start), max(last, c.End), busy+c.End-c.Start
	}
	return first, last, busy
}

// phases says where the time of a job with calls went, its CPUs' worth of each.
func (s stretch) phases(calls []called) string {
	first, last, busy := s.calls(calls)
	return fmt.Sprintf("%.2f s to the first call, %.2f s from its start to the last end, of which a CPU is busy for %.2f, and %.2f s to the end",
		first-s.start, last-first, busy/float64(s.cpus), s.end-last)
}

// strategy is that of the newest run.
func (j *job) strategy(t *testing.T) string {
	t.Helper()
	var kept struct {
		Plan struct{ Chosen struct{ Strategy string } }
	}
	if err := json.Unmarshal([]byte(j.shell(t, "cat \"$(ls -td .hpcsub/*/attempts/1 | head -n 1)/plan.json\"")), &kept); err != nil {
		t.Fatal(err)
	}
	return kept.Plan.Chosen.Strategy
}

// mostAtOnce is how many calls ran at the same time.
func mostAtOnce(calls []called) (most int) {
	for _, a := range calls {
		together := 0
		for _, b := range calls {
			if b.Start <= a.Start && a.Start < b.End {
				together++
			}
		}
		most = max(most, together)
	}
	return most
}

// TestExampleGPU: each item has another GPU from the others that run at the same time, and finds no other.
func TestExampleGPU(t *testing.T) {
	j := exampleJob(t, "gpu", "[slurm]\npartition = \"gpu\"\n")
	j.expect(t, 0, "submit --wait")
	var all []onGPU
	for i, r := range j.calls(t) {
		var said struct{ GPUs, Device string }
		if err := json.Unmarshal([]byte(j.shell(t, fmt.Sprintf("cat pi/%d.json", i+1))), &said); err != nil {
			t.Fatal(err)
		}
		if said.Device != "the CPU" { // behind the lab's GPUs is nothing
			t.Errorf("item %d counted on %q", i, said.Device)
		}
		all = append(all, onGPU{r.Node, strings.Split(said.GPUs, ","), r.Start, r.End})
	}
	if len(all) != 8 {
		t.Errorf("%d items ran, want 8", len(all))
	}
	if most, nodes := noneShared(t, all, 1); most < 2 || most > 4 || len(nodes) != 1 || nodes[0] != "c4" {
		t.Errorf("%d items ran at once on %q, want up to 4 on c4", most, nodes)
	}
	if got := j.shell(t, "hpcsub logs --item 0 2>&1"); !strings.Contains(got, "NO GPU WAS USED") {
		t.Errorf("the program does not say that it found no GPU: %q", got)
	}
}

// TestExampleThreads: NumPy is told how many threads an item has.
func TestExampleThreads(t *testing.T) {
	j := exampleJob(t, "threads", "[slurm]\npartition = \"short\"\n")
	j.expect(t, 0, "submit --wait")
	if s := len(j.results(t)); s != 8 {
		t.Errorf("%d items ran, want 8", s)
	}
	for seed := 1; seed <= 8; seed++ {
		var said struct {
			Ratio   float64
			Threads int `json:"threads_allowed"`
		}
		if err := json.Unmarshal([]byte(j.shell(t, fmt.Sprintf("cat levels/%d.json", seed))), &said); err != nil {
			t.Fatal(err)
		}
		if said.Threads != 2 || said.Ratio < 0.49 || said.Ratio > 0.57 { // 0.386 for levels that do not repel each other
			t.Errorf("matrix %d: got %+v, want 2 threads, and levels that repel each other", seed, said)
		}
	}
}

// TestExampleArray: a program with Dask on two nodes holds an array that is larger than what it has on one, and gets the
// known answer.
func TestExampleArray(t *testing.T) {
	j := exampleJob(t, "array", "[slurm]\npartition = \"short\"\n")
	j.shell(t, `sed -i 's/--gib 18/--gib 2.6/; s/28GiB/5GiB/' job.toml && grep -q 'gib 2.6' job.toml && grep -q 5GiB job.toml`)
	j.expect(t, 0, "submit --wait")
	said := j.expect(t, 0, "logs").Stdout
	t.Log(said)
	var all, most, largest, expected float64
	var nodes int
	lines := said[max(0, strings.Index(said, "2.6")):]
	if _, err := fmt.Sscanf(lines, "%f GiB in the memory of %d nodes, %f GiB on one\nlargest eigenvalue %f, for noise %f is expected",
		&all, &nodes, &most, &largest, &expected); err != nil {
		t.Fatalf("logs: %v in %q", err, said)
	}
	if all < 2.55 || nodes != 2 || most > 2 || largest < 0.995*expected || largest > 1.005*expected {
		t.Errorf("the program says %q, want 2.6 GiB on two nodes that have 2.5 GiB each for it, and the eigenvalue that is expected", said)
	}
	if s := j.slurmNodes(t); s != "c1 c2" {
		t.Errorf("it ran on %q, want c1 and c2", s)
	}
}

// slurmNodes are the nodes of the newest run's one Slurm job.
func (j *job) slurmNodes(t *testing.T) string {
	t.Helper()
	id := j.status(t).Attempts[0].JobID
	return strings.ReplaceAll(j.lab.Must(t, Command{Line: "scontrol show hostnames \"$(sacct -X -n -P -o NodeList -j " + id + ")\""}), "\n", " ")
}
