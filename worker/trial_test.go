package worker

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hpcsub/items"
	"hpcsub/trials"
)

// tried makes a run that is a trial.
func tried(t *testing.T, spec items.Spec, rules trials.Rules) *testRun {
	t.Helper()
	r := freeze(t, spec, 1, func(w *items.Work) { w.Trial = true })
	rules.Available = r.work.Items
	text, err := json.Marshal(rules)
	must(t, err)
	must(t, os.WriteFile(r.dir.Trial(), text, 0o600))
	return r
}

func (r *testRun) log() trials.Log {
	r.t.Helper()
	f, err := os.Open(r.dir.Measurements())
	must(r.t, err)
	defer f.Close()
	log, err := trials.ReadLog(f)
	must(r.t, err)
	return log
}

// TestTrial: a warm-up, rounds over the items, the kernel's figures of each, and nothing that counts as done.
func TestTrial(t *testing.T) {
	t.Parallel()
	r := tried(t, numbers(`echo {n} >> ran; head -c 2000000 /dev/zero | tail -c 1 > /dev/null; true`, 2), trials.Rules{Items: 2, Repeats: 2, Budget: 60})
	r.exits(ExitDone, lifeOptions{})
	log := r.log()
	if got := strings.Join(r.lines("ran"), " "); got != "0 0 1 0 1" {
		t.Errorf("ran %s", got)
	}
	if log.End != trials.EndAll || len(log.Measurements) != 5 || log.Measurements[0].Phase != trials.WarmUp {
		t.Errorf("got %+v", log)
	}
	if len(r.ends()) != 0 {
		t.Errorf("%d items are recorded as ended", len(r.ends()))
	}
	for _, m := range log.Measurements {
		if m.CPU == nil || m.MaxRSS == nil || m.Read == nil || *m.Read < 2000000 || m.Writes == nil || *m.Writes < 1 {
			t.Errorf("not measured: %+v", m)
		}
	}
	var machine trials.Machine
	text, err := os.ReadFile(r.dir.Machine())
	must(t, err)
	must(t, json.Unmarshal(text, &machine))
	if machine.CPUs < 1 || machine.MemoryMiB < 100 || machine.Node == "" || len(machine.Tools) < 5 {
		t.Errorf("machine: %+v", machine)
	}
}

// TestTrialKeepsOutputs: what was there before is there afterwards, also where the worker is killed; what the trial made
// is in its folder, once.
func TestTrialKeepsOutputs(t *testing.T) {
	t.Parallel()
	spec := numbers(`test -e made/{n}.txt && exit 9; echo new {n} > made/{n}.txt; test -e die && kill -9 $PPID; true`, 2)
	spec.Outputs = []string{"made/{n}.txt"}
	r := tried(t, spec, trials.Rules{Items: 2, Repeats: 2, Budget: 60})
	must(t, os.MkdirAll(filepath.Join(r.job, "made"), 0o700))
	earlier := filepath.Join(r.job, "made", "0.txt")
	must(t, os.WriteFile(earlier, []byte("old"), 0o600))
	must(t, os.WriteFile(filepath.Join(r.job, "die"), nil, 0o600))
	l := r.start(lifeOptions{})
	if got := l.wait(time.Minute); got != -1 {
		t.Fatalf("exit code %d, want to be killed", got)
	}
	must(t, os.Remove(filepath.Join(r.job, "die")))
	must(t, RestoreOutputs(r.dir))
	if text, _ := os.ReadFile(earlier); string(text) != "old" {
		t.Errorf("after a kill: %q", text)
	}
	r.exits(ExitDone, lifeOptions{restart: 1})
	if text, _ := os.ReadFile(earlier); string(text) != "old" {
		t.Errorf("the earlier output is now %q", text)
	}
	if _, err := os.Stat(filepath.Join(r.job, "made", "1.txt")); err == nil {
		t.Error("an output of the trial stayed")
	}
	for _, m := range r.log().Measurements {
		if m.State != trials.Done || len(m.Outputs) != 1 || m.Outputs[0].Size != 6 {
			t.Errorf("got %+v", m)
		}
	}
	kept, _ := filepath.Glob(filepath.Join(string(r.dir), "outputs", "*", "made", "*.txt"))
	if len(kept) != 2 {
		t.Errorf("kept %q, want each once", kept)
	}
}

// TestTrialPutsBackWhatAStepLeft: where what an item made cannot be moved away, the trial ends, and what was there before is back.
func TestTrialPutsBackWhatAStepLeft(t *testing.T) {
	t.Parallel()
	spec := numbers("echo new > made/{n}.txt", 2)
	spec.Outputs = []string{"made/{n}.txt"}
	r := tried(t, spec, trials.Rules{Items: 2, Repeats: 2, Budget: 60})
	must(t, os.MkdirAll(filepath.Join(r.job, "made"), 0o700))
	earlier := filepath.Join(r.job, "made", "0.txt")
	must(t, os.WriteFile(earlier, []byte("old"), 0o600))
	must(t, os.MkdirAll(filepath.Dir(r.dir.Made(1)), 0o700))
	must(t, os.WriteFile(r.dir.Made(1), nil, 0o600)) // where its folder is to be
	r.exits(ExitFailed, lifeOptions{})
	if text, err := os.ReadFile(earlier); string(text) != "old" {
		t.Errorf("the earlier output is now %q, %v", text, err)
	}
	if log := r.log(); log.End != trials.EndStopped {
		t.Errorf("ended: %q", log.End)
	}
}

// TestTrialGoesOnAfterATornLine: what an earlier life of the job was writing when it was killed takes no measurement along.
func TestTrialGoesOnAfterATornLine(t *testing.T) {
	t.Parallel()
	r := tried(t, numbers("true", 2), trials.Rules{Items: 2, Repeats: 1, Budget: 60})
	must(t, os.WriteFile(r.dir.Measurements(), []byte(`{"phase":"warm-up","place":0,"ind`), 0o600))
	r.exits(ExitDone, lifeOptions{})
	if log := r.log(); len(log.Measurements) != 3 || log.Measurements[0].Phase != trials.WarmUp || log.End != trials.EndAll {
		t.Errorf("got %+v, want the warm-up and two more", log)
	}
}

// TestTrialBudget: an item that is longer is ended, and how long it ran is known.
func TestTrialBudget(t *testing.T) {
	t.Parallel()
	r := tried(t, numbers("sleep 30", 3), trials.Rules{Budget: 1.5})
	r.exits(ExitDone, lifeOptions{})
	log := r.log()
	if len(log.Measurements) != 1 || log.Measurements[0].State != trials.Cut || log.End != trials.EndBudget {
		t.Fatalf("got %+v", log)
	}
	if got := log.Measurements[0].Elapsed; got < 1.4 || got > 5 {
		t.Errorf("elapsed %v", got)
	}
}

// TestTrialIsStopped: Slurm's SIGTERM leaves what was measured.
func TestTrialIsStopped(t *testing.T) {
	t.Parallel()
	r := tried(t, numbers("echo {n} >> ran; sleep 0.2", 3), trials.Rules{Items: 3, Repeats: 100, Budget: 60})
	l := r.start(lifeOptions{})
	eventually(t, "some runs", func() bool { return len(r.lines("ran")) > 4 })
	must(t, l.cmd.Process.Signal(syscall.SIGTERM))
	l.wait(20 * time.Second)
	if log := r.log(); log.End != trials.EndStopped || len(log.Measurements) < 3 {
		t.Errorf("got %+v", log)
	}
}

// TestTrialFailures are measured and told, with what they printed.
func TestTrialFailures(t *testing.T) {
	t.Parallel()
	r := tried(t, numbers("echo no {n} >&2; exit 7", 9), trials.Rules{Budget: 60})
	r.exits(ExitDone, lifeOptions{})
	log := r.log()
	if len(log.Measurements) != 3 || log.End != trials.EndFailing || *log.Measurements[0].ExitCode != 7 {
		t.Fatalf("got %+v", log)
	}
	for i, m := range log.Measurements {
		if got := r.output(items.Record{}, items.Writer{Attempt: 1}, "err", m.Stderr); got != fmt.Sprintf("no %d\n", m.Index) {
			t.Errorf("%d: it printed %q", i, got)
		}
	}
}

// TestTrialOfRanks: of a program of Python that runs in several ranks neither its start nor a profile is asked, which all ranks would tell;
// and its check runs once, not in each rank.
func TestTrialOfRanks(t *testing.T) {
	t.Parallel()
	r := tried(t, numbers("python3 program.py {n}", 2), trials.Rules{Items: 1, Repeats: 1, Budget: 60, Profile: true, Check: true})
	r.work.Check = []string{"sh", "-c", "echo x >> checked"}
	must(t, items.WriteWork(r.dir, r.work))
	// The test's program is the worker itself, and wants no word for that.
	for name, text := range map[string]string{"program.py": "open('ran', 'a').write('x\\n')\n", "twice.sh": "self=$1; shift 2\n\"$self\" \"$@\" & \"$self\" \"$@\"; wait\n"} {
		must(t, os.WriteFile(filepath.Join(r.job, name), []byte(text), 0o600))
	}
	r.exits(ExitDone, lifeOptions{slots: 1, flags: []string{"--ranks=2"}, dispatcher: []string{"sh", filepath.Join(r.job, "twice.sh")}})
	var phases []string
	for _, m := range r.log().Measurements {
		if phases = append(phases, m.Phase); m.State != trials.Done {
			t.Errorf("got %+v", m)
		}
	}
	if got := strings.Join(phases, " "); got != trials.WarmUp+" "+trials.Sample+" "+trials.Check {
		t.Errorf("phases: %s", got)
	}
	if got := len(r.lines("ran")); got != 4 {
		t.Errorf("%d ranks ran, want two of each item", got)
	}
	if got := len(r.lines("checked")); got != 1 {
		t.Errorf("the check ran %d times, want once", got)
	}
}

func value(p *float64) any {
	if p == nil {
		return "null"
	}
	return *p
}

func TestParseTraffic(t *testing.T) {
	tests := []struct {
		text string
		want traffic
	}{
		{"rchar: 4292\nwchar: 17\nsyscr: 9\nsyscw: 3\nread_bytes: 4096\nwrite_bytes: 0\ncancelled_write_bytes: 0\n", traffic{true, 4292, 17, 3}},
		{"", traffic{}},
		{"rchar\n: 3\nwchar: x", traffic{}},
	}
	for _, tt := range tests {
		if got := parseTraffic([]byte(tt.text)); got != tt.want {
			t.Errorf("%q: got %+v", tt.text, got)
		}
	}
}

// TestTrialCrowdOfCalls: calls side by side are measured each, after all processes have imported the function, and none of these is left
// to run beside what is measured alone.
func TestTrialCrowdOfCalls(t *testing.T) {
	t.Parallel()
	const beside = 3
	r := calls(t, `
print("said", n, file=sys.stderr)
time.sleep(0.5)
open("lives", "a").write(str(os.getpid()) + "\n")
return n`, beside, 1, func(w *items.Work) { w.Trial = true })
	text, err := os.ReadFile(filepath.Join(r.job, "work.py"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(r.job, "work.py"), append([]byte("import time\ntime.sleep(1.2)\n"), text...), 0o600))
	rules, err := json.Marshal(trials.Rules{Available: beside, Items: 1, Repeats: 1, Budget: 60, Beside: beside, Profile: true})
	must(t, err)
	must(t, os.WriteFile(r.dir.Trial(), rules, 0o600))
	r.exits(ExitDone, lifeOptions{slots: beside})
	var crowd []trials.Measurement
	log := r.log()
	for n, m := range log.Measurements {
		if m.State != trials.Done {
			t.Errorf("run %d: %+v", n+1, m)
		}
		if m.Phase == trials.Crowd {
			crowd = append(crowd, m)
			if m.Elapsed < 0.45 || m.CPU == nil || m.MaxRSS == nil {
				t.Errorf("run %d: %+v, want half a second, its CPU time and peak", n+1, m)
			}
			log, err := os.ReadFile(r.dir.Log(items.Writer{Attempt: 1}, m.Slot, "err"))
			must(t, err)
			if text := string(log[m.Stderr[0]:][:m.Stderr[1]]); !strings.Contains(text, fmt.Sprintf("said %d", m.Index)) {
				t.Errorf("call %d is said to have run in slot %d, whose log has %q", m.Index, m.Slot, text)
			}
		} else if m.Slot != 0 {
			t.Errorf("run %d, alone, was in slot %d", n+1, m.Slot)
		}
	}
	last, first := 0.0, math.Inf(1)
	for _, m := range crowd {
		last, first = max(last, m.Start), min(first, m.Start+m.Elapsed)
	}
	if len(crowd) != beside || last >= first {
		t.Errorf("got %d calls in the crowd, the last of which began at %v and the first ended at %v; want %d at the same time", len(crowd), last, first, beside)
	}
	if end := log.Measurements[len(log.Measurements)-1]; end.Phase != trials.Profiling {
		t.Errorf("after the crowd: got %s, want the profile", end.Phase)
	}
	processes := map[string]bool{}
	for _, pid := range r.lines("lives") {
		processes[pid] = true
	}
	if want := 1 + beside + 1; len(processes) != want { // of the sample, of the crowd, one of which was asked for its start, and of the profile
		t.Errorf("calls were made by %d processes, want %d", len(processes), want)
	}
}

// TestTrialCrowd: items side by side are measured each, with outputs of their own, and afterwards one alone is measured as before.
func TestTrialCrowd(t *testing.T) {
	t.Parallel()
	spec := numbers(`echo said {n} >&2; sleep 0.5; echo new {n} > made/{n}.txt`, 3)
	spec.Outputs = []string{"made/{n}.txt"}
	r := tried(t, spec, trials.Rules{Items: 1, Repeats: 1, Budget: 60, Beside: 3, Threads: 2})
	must(t, os.MkdirAll(filepath.Join(r.job, "made"), 0o700))
	earlier := filepath.Join(r.job, "made", "1.txt")
	must(t, os.WriteFile(earlier, []byte("old"), 0o600))
	r.exits(ExitDone, lifeOptions{slots: 3})
	var crowd []trials.Measurement
	first, last := math.Inf(1), 0.0
	log := r.log()
	for n, m := range log.Measurements {
		if m.State != trials.Done || len(m.Outputs) != 1 {
			t.Errorf("run %d: %+v", n+1, m)
		}
		if m.Phase == trials.Crowd {
			crowd = append(crowd, m)
			first, last = min(first, m.Start+m.Elapsed), max(last, m.Start)
			log, err := os.ReadFile(r.dir.Log(items.Writer{Attempt: 1}, m.Slot, "err"))
			must(t, err)
			if text := string(log[m.Stderr[0]:][:m.Stderr[1]]); !strings.Contains(text, fmt.Sprintf("said %d", m.Index)) {
				t.Errorf("item %d is said to have run in slot %d, whose log has %q", m.Index, m.Slot, text)
			}
		} else if m.Slot != 0 {
			t.Errorf("run %d, alone, was in slot %d", n+1, m.Slot)
		}
	}
	if len(crowd) != 3 || last >= first {
		t.Errorf("got %d runs in the crowd, the last of which began at %v and the first ended at %v; want 3 at the same time", len(crowd), last, first)
	}
	if end := log.Measurements[len(log.Measurements)-1]; end.Phase != trials.Scale {
		t.Errorf("after the crowd: got %s, want the threads", end.Phase)
	}
	if got, err := os.ReadFile(earlier); err != nil || string(got) != "old" {
		t.Errorf("an earlier output: got %q, %v, want it put back", got, err)
	}
}
