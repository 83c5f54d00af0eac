package worker

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hpcsub/items"
	"hpcsub/trials"
)

// pythonPath is a PATH on which python3 has Pathos and Dask (integration/tools.sh makes it).
func pythonPath(t testing.TB) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	must(t, err)
	bin := filepath.Join(cache, "hpcsub", "python", "bin")
	if _, err := os.Stat(filepath.Join(bin, "python3")); err != nil {
		t.Fatalf("the Python packages that this tests are missing: run integration/tools.sh (%v)", err)
	}
	return bin + ":" + os.Getenv("PATH")
}

// calls freezes a run of the function f, whose body is given, over n = 0 … count-1.
func calls(t testing.TB, body string, count, parts int, set ...func(*items.Work)) *testRun {
	t.Helper()
	spec := numbers("", count)
	spec.Function, spec.Dir = "work:f", t.TempDir()
	text := "import os, signal, subprocess, sys, time\ndef f(n):\n    " + strings.ReplaceAll(strings.TrimSpace(body), "\n", "\n    ") + "\n"
	must(t, os.WriteFile(filepath.Join(spec.Dir, "work.py"), []byte(text), 0o600))
	r := freeze(t, spec, parts, set...)
	r.putDrivers()
	return r
}

// putDrivers puts the programs of Python where a run has them.
func (r *testRun) putDrivers() {
	r.t.Helper()
	sources, err := filepath.Glob("../templates/python/*.py")
	must(r.t, err)
	must(r.t, os.MkdirAll(filepath.Dir(r.dir.Python("x")), 0o700))
	for _, source := range sources {
		text, err := os.ReadFile(source)
		must(r.t, err)
		must(r.t, os.WriteFile(r.dir.Python(filepath.Base(source)), text, 0o600))
	}
}

// pathosCommand is the driver as a script writes it.
func (r *testRun) pathosCommand(slots int) []string {
	return []string{"python3", r.dir.Python("pathos_pool.py"), fmt.Sprint(slots)}
}

// daskCommand is the driver for one node as a script writes it.
func (r *testRun) daskCommand(slots int) []string {
	return []string{"python3", r.dir.Python("dask_pool.py"), fmt.Sprint(slots)}
}

// eachWay runs a test with the worker's own queue, with Pathos and with Dask.
func eachWay(t *testing.T, test func(t *testing.T, options func(*testRun) lifeOptions)) {
	path := "PATH=" + pythonPath(t)
	t.Run("single", func(t *testing.T) {
		t.Parallel()
		test(t, func(*testRun) lifeOptions { return lifeOptions{slots: 1, env: []string{path}} })
	})
	t.Run("pathos", func(t *testing.T) {
		t.Parallel()
		test(t, func(r *testRun) lifeOptions {
			return lifeOptions{slots: 3, env: []string{path}, dispatcher: r.pathosCommand(3)}
		})
	})
	t.Run("dask", func(t *testing.T) {
		t.Parallel()
		test(t, func(r *testRun) lifeOptions {
			return lifeOptions{slots: 3, env: []string{path}, dispatcher: r.daskCommand(3)}
		})
	})
}

// TestTheLastCallIsHeardOut: what ends the last call is recorded, however long it takes to tell: the worker ended meanwhile, and the
// call counted as lost.
func TestTheLastCallIsHeardOut(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, body, signal, cause string }{
		{"a SIGTERM that may be Slurm's", `if n == 1: os.kill(os.getpid(), signal.SIGTERM)`, "TERM", ""},
		{"a child that holds the socket", `
if n == 1:
    if os.fork() == 0: time.sleep(5); os._exit(0)
    os._exit(7)`, "", "the call ended its process with exit code 7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := calls(t, tt.body, 2, 1)
			r.exits(ExitUndone, lifeOptions{slots: 1})
			rec, ended := r.ends()[1]
			signal := ""
			if rec.Signal != nil {
				signal = *rec.Signal
			}
			if !ended || rec.State != items.Failed || signal != tt.signal || rec.Cause != tt.cause {
				t.Errorf("recorded: %t, as %s, signal %q, cause %q; want failed, %q, %q", ended, rec.State, signal, rec.Cause, tt.signal, tt.cause)
			}
		})
	}
}

func TestCallsRunOnceEachAndReturnTheirValues(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, options func(*testRun) lifeOptions) {
		r := calls(t, `
print("out", n)
print("err", n, file=sys.stderr)
open("ran", "a").write("%d\n" % n)
return {"n": n, "square": n * n}`, 300, 1)
		r.exits(ExitDone, options(r))
		if ran := r.lines("ran"); len(ran) != 300 {
			t.Errorf("%d calls were made, want 300", len(ran))
		}
		ends := r.ends()
		for n := range 300 {
			rec := ends[n]
			if got, want := string(rec.Value), fmt.Sprintf(`{"n":%d,"square":%d}`, n, n*n); rec.State != items.Done || got != want {
				t.Errorf("call %d: %s, value %s, want %s", n, rec.State, got, want)
			}
			for _, stream := range []struct {
				name string
				span items.Span
			}{{"out", rec.Stdout}, {"err", rec.Stderr}} {
				if got, want := r.output(rec, items.Writer{Attempt: 1}, stream.name, stream.span), fmt.Sprintf("%s %d\n", stream.name, n); got != want {
					t.Errorf("call %d: std%s %q, want %q", n, stream.name, got, want)
				}
			}
		}
	})
}

// TestCallsThatEndBadly: each is recorded for what it is, and the others go on.
func TestCallsThatEndBadly(t *testing.T) {
	t.Parallel()
	const body = `
if n == 1: raise ValueError("n is 1")
if n == 2: os._exit(0)
if n == 3: os._exit(7)
if n == 4: os.kill(os.getpid(), signal.SIGSEGV)
if n == 5: os.kill(os.getpid(), signal.SIGKILL)
if n == 6: sys.exit(3)
if n == 7: return sys.stdout
if n == 8: raise KeyboardInterrupt
if n == 9:
    class Mute(Exception):
        def __str__(self): raise RuntimeError
    raise Mute
here = os.getcwd()
if n == 10: os.chdir("/")
return here`
	causes := map[int]string{
		1: `raised ValueError "n is 1"`, 2: "the call ended its process with exit code 0", 3: "the call ended its process with exit code 7",
		4: "", 5: "", 6: `raised SystemExit "3"`, 7: `its value is neither JSON nor can it be pickled, TypeError "cannot pickle '_io.TextIOWrapper' object"`,
		8: "raised KeyboardInterrupt", 9: `raised Mute "(its own words cannot be had)"`,
	}
	eachWay(t, func(t *testing.T, options func(*testRun) lifeOptions) {
		r := calls(t, body, 30, 1)
		r.exits(ExitUndone, options(r))
		ends := r.ends()
		for n := range 30 {
			rec := ends[n]
			cause, bad := causes[n]
			switch {
			case bad && (rec.State != items.Failed || rec.Cause != cause):
				t.Errorf("call %d: %s, cause %q, want failed, %q", n, rec.State, rec.Cause, cause)
			case !bad && (rec.State != items.Done || string(rec.Value) != fmt.Sprintf("%q", r.job)):
				t.Errorf("call %d: %s, cause %q, value %s", n, rec.State, rec.Cause, rec.Value)
			}
		}
		for n, want := range map[int]string{4: "SEGV", 5: "KILL"} {
			if got := ends[n].Signal; got == nil || *got != want {
				t.Errorf("call %d: signal %v, want %s", n, got, want)
			}
		}
		if got := r.output(ends[1], items.Writer{Attempt: 1}, "err", ends[1].Stderr); !strings.Contains(got, "Traceback") || !strings.Contains(got, "in f\n") || strings.Contains(got, "call.py") {
			t.Errorf("call 1: stderr %q, want a traceback of the user's own lines", got)
		}
	})
}

func TestValuesOfCalls(t *testing.T) {
	t.Parallel()
	const body = `
class Scalar:
    shape = ()
    def item(self): return 7
class Float(float): # as NumPy's
    def __repr__(self): return "Float(" + float.__repr__(self) + ")"
deep = []
for _ in range(60): deep = [deep]
return [None, True, 1.5, float("nan"), float("-inf"), "ü\n\"", (1, 2), {"a": [1]}, Scalar(), 2**80,
        "x" * 100000, deep, {1, 2}, [float("nan")], {"k": Scalar()}, Float("nan"), Float(0.5)][n]`
	want := []string{"null", "true", "1.5", `"nan"`, `"-inf"`, `"ü\n\""`, "[1,2]", `{"a":[1]}`, "7", "1208925819614629174706176",
		`"` + strings.Repeat("x", 100000) + `"`, strings.Repeat("[", 61) + strings.Repeat("]", 61), "pickle", "pickle", `{"k":7}`, `"nan"`, "0.5"}
	r := calls(t, body, len(want), 1)
	r.exits(ExitDone, lifeOptions{env: []string{"PATH=" + pythonPath(t)}})
	all, err := items.Collect(len(want), r.dir)
	must(t, err)
	n := 0
	for res, err := range all.Results(r.dir.Run(), []string{"n"}) {
		must(t, err)
		text, err := json.Marshal(res)
		must(t, err)
		var got struct{ Value any }
		must(t, json.Unmarshal(text, &got))
		switch {
		case want[n] == "pickle":
			if res.Pickle == nil || res.Pickle.Length == 0 || got.Value != nil {
				t.Errorf("call %d: value %s, pickle %v", n, res.Value, res.Pickle)
			}
		default:
			var value any
			must(t, json.Unmarshal([]byte(want[n]), &value))
			if fmt.Sprint(got.Value) != fmt.Sprint(value) || res.Pickle != nil {
				t.Errorf("call %d: value %.80s, want %.80s; cause %q", n, res.Value, want[n], res.Cause)
			}
		}
		n++
	}
	if n != len(want) {
		t.Errorf("%d results, want %d", n, len(want))
	}
}

// TestValuesThatCannotBeWritten: on a full disk, say, the call fails, says of what, and takes no other with it.
func TestValuesThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	r := calls(t, noted+"open('pids', 'a').write('%d\\n' % os.getpid())\nreturn [\"x\" * 100000, {1, 2}, 3][n]", 3, 1)
	must(t, os.MkdirAll(r.dir.Log(items.Writer{Attempt: 1}, 0, "values"), 0o700)) // where the slot's file of values is to be
	r.exits(ExitUndone, lifeOptions{slots: 1})
	ends := r.ends()
	for n := range 2 {
		if rec := ends[n]; rec.State != items.Failed || !strings.HasPrefix(rec.Cause, "its value could not be written, IsADirectoryError ") {
			t.Errorf("call %d: %s, %q", n, rec.State, rec.Cause)
		}
	}
	if rec := ends[2]; rec.State != items.Done || string(rec.Value) != "3" {
		t.Errorf("call 2: %s, value %s", rec.State, rec.Value)
	}
	if pids := r.lines("pids"); len(slices.Compact(pids)) != 1 {
		t.Errorf("the calls were made by the processes %v, want one", pids)
	}
}

// TestCallsTakeTheirTime: importing the module is nobody's, and each.timeout ends one call alone.
func TestCallsTakeTheirTime(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, options func(*testRun) lifeOptions) {
		r := calls(t, "if n == 1: time.sleep(60)\nreturn n", 6, 1, func(w *items.Work) { w.TimeoutS = 1 })
		text, err := os.ReadFile(filepath.Join(r.job, "work.py"))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(r.job, "work.py"), append([]byte("import time\ntime.sleep(1.5)\n"), text...), 0o600))
		r.exits(ExitUndone, options(r))
		for n, rec := range r.ends() {
			want := items.Done
			if n == 1 {
				want = items.Timeout
			}
			if rec.State != want || n != 1 && *rec.Elapsed > 1 {
				t.Errorf("call %d: %s after %.3f s, want %s", n, rec.State, *rec.Elapsed, want)
			}
		}
	})
}

// TestCallsMeasureThemselves: the memory and the CPU time of one call are not those of another one.
func TestCallsMeasureThemselves(t *testing.T) {
	t.Parallel()
	r := calls(t, `
if n == 1: x = bytearray(200 << 20)
if n == 2:
    end = time.process_time() + 0.3
    while time.process_time() < end: pass
return n`, 4, 1)
	r.exits(ExitDone, lifeOptions{env: []string{"PATH=" + pythonPath(t)}})
	ends := r.ends()
	for n, rec := range ends {
		if large := *rec.MaxRSS > 200; large != (n == 1) {
			t.Errorf("call %d: %.0f MiB", n, *rec.MaxRSS)
		}
		if busy := *rec.CPU >= 0.3; busy != (n == 2) {
			t.Errorf("call %d: %.2f s of CPU time", n, *rec.CPU)
		}
	}
}

// TestCallsResume: a later life of the job makes no call again that returned.
func TestCallsResume(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, options func(*testRun) lifeOptions) {
		r := calls(t, "open('ran', 'a').write('%d\\n' % n)\nif n == 2 and not os.path.exists('go'): time.sleep(60)\nreturn n", 8, 1)
		first := options(r)
		l := r.start(first)
		eventually(t, "call 2 runs", func() bool { return strings.Contains(strings.Join(r.lines("ran"), " "), "2") })
		must(t, l.cmd.Process.Kill())
		l.wait(20 * time.Second)
		must(t, os.WriteFile(filepath.Join(r.job, "go"), nil, 0o600))
		before := 0
		for _, rec := range r.records() {
			if rec.State == items.Done {
				before++
			}
		}
		second := options(r)
		second.restart = 1
		r.exits(ExitDone, second)
		done := map[int]int{}
		for _, rec := range r.records() {
			if rec.State == items.Done {
				done[rec.Index]++
			}
		}
		for n := range 8 {
			if done[n] != 1 {
				t.Errorf("call %d is recorded as done %d times", n, done[n])
			}
		}
	})
}

// TestCallsEndWithTheJob: SIGTERM ends them, and nothing is left behind.
func TestCallsEndWithTheJob(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, options func(*testRun) lifeOptions) {
		r := calls(t, "open('pids', 'a').write('%d\\n' % os.getpid())\nsubprocess.Popen(['sleep', '61'])\ntime.sleep(60)", 5, 1)
		l := r.start(options(r))
		eventually(t, "a call runs", func() bool { return len(r.lines("pids")) > 0 })
		must(t, l.cmd.Process.Signal(syscall.SIGTERM))
		if got := l.wait(20 * time.Second); got != ExitUndone {
			t.Errorf("exit code %d: %s", got, &l.stderr)
		}
		for n, rec := range r.ends() {
			if rec.State != items.Cancelled {
				t.Errorf("call %d: %s", n, rec.State)
			}
		}
		for _, pid := range r.pids("pids") {
			if alive(pid) {
				t.Errorf("process %d lives on", pid)
			}
		}
	})
}

// TestCallsAreProfiled: one call more, alone, with what it called; it says who called whom, and the process of the next call goes on.
func TestCallsAreProfiled(t *testing.T) {
	t.Parallel()
	r := calls(t, "return sum(map(g, range(200000 + n)))", 2, 1, func(w *items.Work) { w.Trial = true })
	text, err := os.ReadFile(filepath.Join(r.job, "work.py"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(r.job, "work.py"), append([]byte("import json\ndef g(n): return n * n\n"), text...), 0o600))
	rules, err := json.Marshal(trials.Rules{Available: 2, Items: 2, Repeats: 1, Budget: 60, Profile: true})
	must(t, err)
	must(t, os.WriteFile(r.dir.Trial(), rules, 0o600))
	r.exits(ExitDone, lifeOptions{})
	var functions []trials.Function
	text, err = os.ReadFile(r.dir.Profile())
	must(t, err)
	must(t, json.Unmarshal(text, &functions))
	for _, f := range functions {
		switch f.Name {
		case "g":
			if f.Calls < 200000 || f.Place() != "work.py:2" || len(f.Callers) != 1 {
				t.Errorf("got %+v, want what f called", f)
			}
		case "_find_and_load", "load", "__exit__":
			t.Errorf("%+v is no part of the call", f)
		}
	}
	if len(functions) < 3 {
		t.Errorf("got %+v, want f, g and sum", functions)
	}
	if _, err := os.Stat(filepath.Join(string(r.dir), "profile.raw")); err == nil {
		t.Error("the profiler's own file was left behind")
	}
}

// TestCheckOfCalls: the check of a trial is a command, which runs while the process of the calls waits for the next one. The worker
// took its end for that of the process, and crashed.
func TestCheckOfCalls(t *testing.T) {
	t.Parallel()
	for check, want := range map[string]string{"true": trials.Done, "exit 3": string(items.Failed)} {
		r := calls(t, "return n", 2, 1, func(w *items.Work) { w.Trial, w.Check = true, []string{"sh", "-c", check} })
		rules, err := json.Marshal(trials.Rules{Available: 2, Items: 2, Repeats: 2, Budget: 60, Check: true})
		must(t, err)
		must(t, os.WriteFile(r.dir.Trial(), rules, 0o600))
		r.exits(ExitDone, lifeOptions{})
		got, log := "", r.log()
		for _, m := range log.Measurements {
			if m.Phase == trials.Check {
				got = m.State
			} else if m.State != trials.Done {
				t.Errorf("%s: a call is %+v", check, m)
			}
		}
		if got != want || log.End != trials.EndAll {
			t.Errorf("%s: the check is %q, want %q; it ended since %q", check, got, want, log.End)
		}
	}
}

// TestPathosIsMissing: the run is stopped with what is to be done about it.
func TestPathosIsMissing(t *testing.T) {
	t.Parallel()
	r := calls(t, "return n", 5, 1)
	hidden := t.TempDir()
	text, err := os.ReadFile(r.dir.Python("asking.py"))
	must(t, err)
	must(t, os.WriteFile(r.dir.Python("asking.py"), []byte(strings.Replace(string(text), "find_spec(name)", "find_spec('no_'+name)", 1)), 0o600))
	l := r.exits(ExitFailed, lifeOptions{slots: 2, env: []string{"PATH=" + pythonPath(t), "HOME=" + hidden}, dispatcher: r.pathosCommand(2)})
	stop, err := os.ReadFile(r.dir.Stop())
	must(t, err)
	for _, said := range []string{string(stop), l.stderr.String()} {
		if !strings.Contains(said, "strategy pathos needs the Python package pathos") || !strings.Contains(said, "pip install pathos") {
			t.Errorf("got %q", said)
		}
	}
}

// TestNoSuchModule: the traceback is every call's, and the run stops by itself.
func TestNoSuchModule(t *testing.T) {
	t.Parallel()
	r := calls(t, "return n", 30, 1, func(w *items.Work) { w.Failures = 10 })
	must(t, os.Remove(filepath.Join(r.job, "work.py")))
	r.exits(ExitUndone, lifeOptions{env: []string{"PATH=" + pythonPath(t)}})
	ends := r.ends()
	if rec := ends[0]; len(ends) != 10 || rec.Cause != `raised ModuleNotFoundError "No module named 'work'"` {
		t.Errorf("%d calls were made, cause %q", len(ends), rec.Cause)
	}
}
