package worker

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hpcsub/items"
	"hpcsub/trials"
)

// programs freezes a run of a Python program that uses Dask, over n = 0 … count-1.
func programs(t *testing.T, body string, count int, set ...func(*items.Work)) *testRun {
	t.Helper()
	spec := numbers("python3 program.py {n}", count)
	spec.Dir = t.TempDir()
	text := "import os, sys, time\nfrom distributed import Client\nimport helper\nn = int(sys.argv[1])\n" + body
	must(t, os.WriteFile(filepath.Join(spec.Dir, "program.py"), []byte(text), 0o600))
	must(t, os.WriteFile(filepath.Join(spec.Dir, "helper.py"), []byte("import os\ndef square(x): return x * x\ndef home(x): return os.getpid()\n"), 0o600))
	r := freeze(t, spec, 1, set...)
	r.putDrivers()
	return r
}

// clustered are the options of a worker that starts a cluster on so many CPUs around each program.
func (r *testRun) clustered(cpus string, env ...string) lifeOptions {
	return r.clusteredWith(cpus, "0", env...)
}

func (r *testRun) clusteredWith(cpus, gpus string, env ...string) lifeOptions {
	n := r.overNodes("dask_cluster.py", "1", cpus, "1024", gpus, "--")
	return lifeOptions{slots: 1, dispatcher: n.driver, flags: []string{"--around"}, env: append(n.env, env...)}
}

// TestTrialOfDaskPrograms: a trial measures a program with the cluster that is around it, and asks nothing of its start.
func TestTrialOfDaskPrograms(t *testing.T) {
	t.Parallel()
	r := programs(t, `
client = Client()
print(sum(client.gather(client.map(helper.square, range(100)))), flush=True)
`, 2, func(w *items.Work) { w.Trial = true })
	text, err := json.Marshal(trials.Rules{Available: 2, Items: 1, Repeats: 1, Budget: 100})
	must(t, err)
	must(t, os.WriteFile(r.dir.Trial(), text, 0o600))
	r.exits(ExitDone, r.clustered("2"))
	log := r.log()
	if len(log.Measurements) != 2 || log.End != trials.EndAll {
		t.Fatalf("got %+v, want a warm-up and one run", log)
	}
	for _, m := range log.Measurements {
		if m.State != trials.Done || m.MaxRSSTree == nil || m.MaxRSS == nil || *m.MaxRSSTree <= *m.MaxRSS {
			t.Errorf("got %+v, want one that is done, and a peak of the program and its cluster", m)
		}
	}
}

// TestClusterAroundPrograms: Client() finds a cluster of the program's own, whose workers find its modules; the program's
// end is the item's; and nothing stays behind.
func TestClusterAroundPrograms(t *testing.T) {
	t.Parallel()
	private := t.TempDir()
	r := programs(t, `
client = Client()
workers = client.scheduler_info()["workers"].values()
print(client.scheduler.address[:3], len(workers), sum(w["nthreads"] for w in workers), sum(w["memory_limit"] for w in workers) >> 20)
print(sum(client.gather(client.map(helper.square, range(100)))), flush=True)
open("homes", "a").write(" ".join(str(pid) for pid in client.gather(client.map(helper.home, range(20)))) + " ")
if n == 1: client.shutdown()
if n == 1: sys.exit(3)
if n == 2: os.kill(os.getpid(), 11)
`, 3)
	r.exits(ExitUndone, r.clustered("6", "TMPDIR="+private))
	ends := r.ends()
	for n, rec := range ends {
		if got, want := r.output(rec, items.Writer{Attempt: 1}, "out", rec.Stdout), "tls 3 6 1023\n328350\n"; got != want {
			t.Errorf("program %d printed %q, want %q; stderr %s", n, got, want, r.output(rec, items.Writer{Attempt: 1}, "err", rec.Stderr))
		}
	}
	if rec := ends[0]; rec.State != items.Done {
		t.Errorf("program 0: %s", rec.State)
	}
	if rec := ends[1]; rec.State != items.Failed || text(rec.ExitCode) != "3" {
		t.Errorf("program 1: %s, exit code %s, want failed, 3", rec.State, text(rec.ExitCode))
	}
	if rec := ends[2]; rec.State != items.Failed || rec.Signal == nil || *rec.Signal != "SEGV" {
		t.Errorf("program 2: %s, signal %v, want failed, SEGV", rec.State, rec.Signal)
	}
	for _, pid := range r.pids("homes") {
		if alive(pid) {
			t.Errorf("process %d of a worker of Dask lives on", pid)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(private, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestClusterLosesAWorker: the program goes on with the others, and that one is gone is told.
func TestClusterLosesAWorker(t *testing.T) {
	t.Parallel()
	r := programs(t, `
client = Client()
def left(): return len(client.scheduler_info()["workers"])
before = left()
open("break", "w").close()
while left() == before or "are left" not in open("/proc/self/fd/2").read(): time.sleep(0.05)
print(before - left(), sum(client.gather(client.map(helper.square, range(100)))), flush=True)
`, 1)
	r.exits(ExitDone, r.clustered("4", "PYTHONPATH="+r.breaker(`"multiprocessing.spawn" in " ".join(words)`)))
	rec := r.ends()[0]
	if got, want := r.output(rec, items.Writer{Attempt: 1}, "out", rec.Stdout), "1 328350\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	if said := r.output(rec, items.Writer{Attempt: 1}, "err", rec.Stderr); strings.Count(said, "3 of 4 workers of Dask on ") != 1 {
		t.Errorf("stderr %q", said)
	}
}

// TestClusterWithGPUs: each worker of Dask sees one GPU, and no other one sees it; where a node gives too few, that is said.
func TestClusterWithGPUs(t *testing.T) {
	t.Parallel()
	r := programs(t, `
client = Client()
print(sorted(client.run(lambda: os.environ["CUDA_VISIBLE_DEVICES"]).values()), [w["nthreads"] for w in client.scheduler_info()["workers"].values()])
`, 1)
	r.exits(0, r.clusteredWith("5", "2", "CUDA_VISIBLE_DEVICES=3,GPU-5a"))
	rec := r.ends()[0]
	if got, want := r.output(rec, items.Writer{Attempt: 1}, "out", rec.Stdout), "['3', 'GPU-5a'] [2, 2]\n"; got != want {
		t.Errorf("printed %q, want %q; stderr %s", got, want, r.output(rec, items.Writer{Attempt: 1}, "err", rec.Stderr))
	}
	few := programs(t, "pass", 1)
	few.exits(ExitUndone, few.clusteredWith("4", "2", "CUDA_VISIBLE_DEVICES=0"))
	rec = few.ends()[0]
	if said := few.output(rec, items.Writer{Attempt: 1}, "err", rec.Stderr); !strings.Contains(said, "{'CUDA_VISIBLE_DEVICES': ['0']}, and 2 workers of Dask want one each") {
		t.Errorf("stderr %q", said)
	}
}

// TestClusterEndsWithTheJob: SIGTERM reaches the program, which has a moment, and nothing stays behind.
func TestClusterEndsWithTheJob(t *testing.T) {
	t.Parallel()
	r := programs(t, `
import signal
def ended(*_):
    open("ended", "w").write("ended")
    sys.exit(1)
signal.signal(signal.SIGTERM, ended)
open("homes", "a").write(" ".join(str(pid) for pid in Client().run(os.getpid).values()))
time.sleep(100)
`, 1)
	l := r.start(r.clustered("2"))
	awaits(t, "the program has its cluster", func() bool { return len(r.lines("homes")) == 2 })
	must(t, l.cmd.Process.Signal(syscall.SIGTERM))
	if got := l.wait(20 * time.Second); got != ExitUndone {
		t.Errorf("exit code %d: %s", got, &l.stderr)
	}
	if rec := r.ends()[0]; rec.State != items.Cancelled || len(r.lines("ended")) == 0 {
		t.Errorf("%s, and the program said %v", rec.State, r.lines("ended"))
	}
	for _, pid := range r.pids("homes") {
		if alive(pid) {
			t.Errorf("process %d of a worker of Dask lives on", pid)
		}
	}
}

// TestClusterWithoutWorkers: a program whose workers are gone is ended, since it would wait for one for ever.
func TestClusterWithoutWorkers(t *testing.T) {
	t.Parallel()
	r := programs(t, `
import signal
if n == 1:
    print(os.path.exists("/proc/" + open("first").read()))
    sys.exit()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open("first", "w").write(str(os.getpid()))
client = Client()
os.kill(client.submit(os.getppid).result(), 9)
try:
    client.submit(time.sleep, 1000).result()
finally:
    time.sleep(1000)
`, 2)
	if got := r.start(r.clustered("1")).wait(2 * time.Minute); got != ExitUndone {
		t.Errorf("exit code %d", got)
	}
	ends := r.ends()
	said := r.output(ends[0], items.Writer{Attempt: 1}, "err", ends[0].Stderr)
	if ends[0].State != items.Failed || !strings.Contains(said, "the workers of Dask ended before the program") {
		t.Errorf("%s, stderr %q", ends[0].State, said)
	}
	if lives := r.output(ends[1], items.Writer{Attempt: 1}, "out", ends[1].Stdout); lives != "False\n" {
		t.Errorf("the program that SIGTERM did not end lives on beside the next: %q", lives)
	}
}

// TestDaskIsMissing: the program's standard error says what to do.
func TestDaskIsMissing(t *testing.T) {
	t.Parallel()
	r := programs(t, "pass", 1)
	hidden := t.TempDir()
	must(t, os.WriteFile(filepath.Join(hidden, "distributed.py"), []byte("raise ImportError('No module named distributed')\n"), 0o600))
	r.exits(ExitUndone, r.clustered("1", "PYTHONPATH="+hidden))
	rec := r.ends()[0]
	if said := r.output(rec, items.Writer{Attempt: 1}, "err", rec.Stderr); !strings.Contains(said, "needs the Python packages dask and distributed") || !strings.Contains(said, "pip install distributed") {
		t.Errorf("stderr %q", said)
	}
}
