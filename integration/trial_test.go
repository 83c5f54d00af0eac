//go:build integration

package integration

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"

	"hpcsub/trials"
)

// trialItem takes a second and 120 MiB, and makes a file.
const trialItem = `import sys, time
held = bytearray(120 << 20)
time.sleep(1)
open(f"out/{sys.argv[1]}.txt", "w").write("new\n")
`

const trialJob = `name = "tried"
command = "python3 item.py {n}"
[sweep]
n = { from = 1, to = 60 }
[each]
outputs = ["out/{n}.txt"]
`

// TestTrial: one short job measures what an item needs within a tenth of the time and a twentieth of the memory that GNU time
// tells there, leaves earlier outputs alone, is never the newest run, and a plan and a submission rest on it.
func TestTrial(t *testing.T) {
	j := newJob(t, Default, trialJob, map[string]string{"item.py": trialItem})
	j.shell(t, "mkdir out; for n in $(seq 60); do echo old > out/$n.txt; done")
	r := j.expect(t, 0, "trial --json")
	var report trials.Report
	if err := json.Unmarshal([]byte(r.Stdout), &report); err != nil {
		t.Fatalf("%v in %s", err, r.Stdout)
	}
	if !strings.Contains(r.Stderr, "items really run now") || report.Samples < 5 || report.Node == "" || report.Tools["python"] == "" {
		t.Errorf("got %+v\n%s", report, r.Stderr)
	}
	if got := j.shell(t, "cat out/*.txt | sort | uniq -c"); strings.Join(strings.Fields(got), " ") != "60 old" {
		t.Errorf("outputs afterwards: %s", got)
	}
	if r := j.hpcsub(t, "status"); r.Code != 2 {
		t.Errorf("a trial counts as a run: %s%s", r.Stdout, r.Stderr)
	}
	// The same item under another clock, on the node where the trial ran.
	var lengths, peaks []float64
	for range 5 {
		line := j.shell(t, "mkdir -p aside/out; cp item.py aside; srun -Q -w "+report.Node+` -n1 bash -c "cd aside; python3 -c \"
import os, resource, subprocess, time
begin = time.time()
subprocess.run(['python3', 'item.py', '1'], check=True)
print(time.time() - begin, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
\""`)
		fields := strings.Fields(line)
		length, err := strconv.ParseFloat(fields[0], 64)
		if err != nil {
			t.Fatal(err)
		}
		peak, err := strconv.ParseFloat(fields[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		lengths, peaks = append(lengths, length), append(peaks, peak)
	}
	length, peak := trials.Median(lengths), trials.Median(peaks)
	t.Logf("trial: %.3f s, %.1f MiB; other clock: %.3f s, %.1f MiB", *report.Elapsed.Median, *report.MaxRSS, length, peak)
	if math.Abs(*report.Elapsed.Median-length) > 0.1*length {
		t.Errorf("elapsed: %v, want %v", *report.Elapsed.Median, length)
	}
	if math.Abs(*report.MaxRSS-peak) > 0.05*peak {
		t.Errorf("memory: %v MiB, want %v", *report.MaxRSS, peak)
	}
	if plan := j.expect(t, 0, "plan"); !strings.Contains(plan.Stdout, "Item lengths are those of trial tried-") {
		t.Errorf("the plan does not rest on it:\n%s%s", plan.Stdout, plan.Stderr)
	}
	if script := j.expect(t, 0, "render"); !strings.Contains(script.Stdout, "measured in trial tried-") || !strings.Contains(script.Stdout, "#SBATCH --mem=") {
		t.Errorf("the script does not rest on it:\n%s", script.Stdout)
	}
	j.expect(t, 0, "submit --wait")
	if got := j.shell(t, "cat out/*.txt | sort | uniq -c"); strings.Join(strings.Fields(got), " ") != "60 new" {
		t.Errorf("outputs after the run: %s", got)
	}
}
