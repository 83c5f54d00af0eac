package worker

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"hpcsub/items"
	"hpcsub/trials"
)

// TestTrialAgainstTime holds what a trial measures against /usr/bin/time around the same runs, of programs that are not quiet on
// purpose: elapsed within a tenth, peak memory within a twentieth, and what makes them vary is named.
func TestTrialAgainstTime(t *testing.T) {
	if _, err := exec.LookPath("/usr/bin/time"); err != nil {
		t.Fatal("GNU time is needed: apt-get install time")
	}
	tests := []struct {
		name   string
		length string // of item {n}, the run number $run: an expression of awk
		varies string // what is to be said of it
		steady bool
	}{
		{"bimodal", "($n % 4 ? 0.3 : 0.9)", "items differ: the longest takes", true},
		{"slow-first", "($run == 1 ? 1.5 : 0.3)", "the first run took", true},
		{"drifting", "0.3 + 0.04 * $run", "it drifts", false},
		{"heavy-tail", "0.3 / (1 - ($n * 0.618) % 1) ^ 0.7", "items differ: the longest takes", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			spec := numbers(`exec /usr/bin/time -a -o times -f "%e %M" bash item.sh {n}`, 40)
			spec.Dir = t.TempDir()
			program := "n=$1; echo >> runs; run=$(wc -l < runs)\n" + actAs + `=allocate exec "$SELF" $((80 + n)) "$(awk "BEGIN { print ` + tt.length + " }\")\"\n"
			must(t, os.WriteFile(filepath.Join(spec.Dir, "item.sh"), []byte(program), 0o600))
			r := tried(t, spec, trials.Rules{Items: 12, Repeats: 2, Budget: 100})
			r.exits(ExitDone, lifeOptions{})
			log := r.log()
			report := trials.Evaluate(log.Measurements, log.End)
			elapsed, peak := timesOf(t, filepath.Join(r.job, "times"), log.Measurements)
			t.Logf("elapsed %.2f s, GNU time %.2f; peak %.1f MiB, GNU time %.1f", *report.Elapsed.Median, elapsed, *report.MaxRSS, peak)
			if got := *report.Elapsed.Median; math.Abs(got-elapsed) > 0.1*elapsed {
				t.Errorf("elapsed %v, GNU time says %v", got, elapsed)
			}
			if got := *report.MaxRSS; math.Abs(got-peak) > 0.05*peak {
				t.Errorf("peak %v MiB, GNU time says %v", got, peak)
			}
			if all := strings.Join(report.Varies, "; "); !strings.Contains(all, tt.varies) {
				t.Errorf("it varies because %q, want %q", all, tt.varies)
			}
			if !tt.steady && (report.Consistent == nil || *report.Consistent) {
				t.Errorf("consistent: %v", report.Consistent)
			}
		})
	}
}

// timedImports is a program that writes down how long ago the kernel started its process (proc(5), starttime, to a hundredth of a second)
// when it has imported everything, so that each run of a trial is timed by another clock, whatever else the machine does.
const timedImports = `import os, time
import PACKAGE
begun = int(open("/proc/self/stat").read().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
print(time.clock_gettime(7) - begun, file=open("starts", "a")) # 7: CLOCK_BOOTTIME
def work(n): time.sleep(0.1)
if __name__ == "__main__": work(1)
`

// TestTrialStartup: the start of a program of Python and of a function is known within a fifth of what the kernel's clock says of the same
// runs: of a package of some size, a tenth of a second or two, and of one that takes seconds.
func TestTrialStartup(t *testing.T) {
	program, call := items.Spec{Command: []string{"python3", "work.py", "{n}"}}, items.Spec{Function: "work:work"}
	for _, tt := range []struct {
		name, imports string
		spec          items.Spec
		slow          bool
	}{
		{"program", "dask", program, false}, {"function", "dask", call, false},
		{"program that is slow to start", "slow", program, true}, {"function that is slow to start", "slow", call, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			spec := tt.spec
			spec.Sweep, spec.Dir = numbers("", 4).Sweep, t.TempDir()
			must(t, os.WriteFile(filepath.Join(spec.Dir, "work.py"), []byte(strings.Replace(timedImports, "PACKAGE", tt.imports, 1)), 0o600))
			must(t, os.WriteFile(filepath.Join(spec.Dir, "slow.py"), []byte("import time\ntime.sleep(2.5)\n"), 0o600))
			r := tried(t, spec, trials.Rules{Items: 2, Repeats: 1, Budget: 60})
			r.putDrivers()
			r.exits(ExitDone, lifeOptions{env: []string{"PATH=" + pythonPath(t)}})
			var took, same []float64 // of all runs, and of those that were asked for their start
			for _, line := range r.lines("starts") {
				seconds, err := strconv.ParseFloat(line, 64)
				must(t, err)
				took = append(took, seconds)
			}
			done := r.log().Measurements
			if same = took[1:]; spec.Function == "" { // where the first process makes all calls of the sample
				same = nil
				for i, m := range done {
					if m.Phase == trials.Startup {
						same = append(same, took[i])
					}
				}
			}
			want := trials.Median(same)
			report := trials.Evaluate(done, "")
			t.Logf("start-up %v s, the clock says %.3f s of the same %d runs, %.3f s of all %d", value(report.Startup), want, len(same), trials.Median(took), len(took))
			if report.Startup == nil || math.Abs(*report.Startup-want) > 0.2*want {
				t.Errorf("start-up %v, want about %.3f", value(report.Startup), want)
			}
			if spec.Function != "" && tt.slow && *report.Elapsed.Median > want/2 {
				t.Errorf("a call takes %v: the start is counted", *report.Elapsed.Median)
			}
		})
	}
}

// timesOf is what GNU time says of the runs of the sample: the median over items of each one's median, and the highest peak in MiB.
func timesOf(t *testing.T, path string, done []trials.Measurement) (elapsed, peak float64) {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	byPlace := map[int][]float64{}
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		var seconds, kib float64
		if _, err := fmt.Sscan(line, &seconds, &kib); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if m := done[i]; m.Phase == trials.Sample {
			byPlace[m.Place] = append(byPlace[m.Place], seconds)
			peak = max(peak, kib/1024)
		}
	}
	var medians []float64
	for _, all := range byPlace {
		medians = append(medians, trials.Median(all))
	}
	return trials.Median(medians), peak
}
