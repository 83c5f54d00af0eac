//go:build integration

package integration

import (
	"fmt"
	"strings"
	"testing"
)

// endings is a program whose items end in every way that there is.
const endings = `import os, signal, sys, time
n = int(sys.argv[1])
with open("ran.txt", "a") as f:
    f.write(f"{n}\n")
mended = os.path.exists("mended")
if n == 3 and not mended:
    print("three is not allowed", file=sys.stderr)
    sys.exit(3)
if n == 9 and not mended:
    os.kill(os.getpid(), signal.SIGKILL)
if n == 20 and not mended:
    hog = bytearray(1200 << 20)  # more than the whole allocation has
    hog[::4096] = b"x" * len(hog[::4096])
    time.sleep(20)
if n == 30 and not mended:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)
if n == 40 and not mended:
    sys.exit(0)
time.sleep(0.1)
open(f"out/{n}", "w").close()
`

const endingsJob = `name = "endings"
command = "python3 endings.py {n}"
[sweep]
n = { from = 1, to = 60 }
[each]
time = "1s"
memory = "100MiB"
timeout = "12s"
outputs = ["out/{n}"]
`

// TestEndings tells apart how items end, on a cluster that holds jobs to their memory: the
// others finish, and retry runs only those.
func TestEndings(t *testing.T) {
	for _, way := range ways() {
		t.Run(way.name, func(t *testing.T) {
			j := newJob(t, Cgroup, endingsJob+way.toml, map[string]string{"endings.py": endings})
			r := j.expect(t, 5, "submit --wait")
			for _, want := range []string{"exited 3", "three is not allowed", "SIGKILL", "out of memory", "out of time", "no output"} {
				if !strings.Contains(r.Stderr, want) {
					t.Errorf("submit --wait does not say %q:\n%s", want, r.Stderr)
				}
			}
			j.eachOnce(t, 60)
			checkEndings(t, j.results(t))
			j.shell(t, "touch mended")
			j.expect(t, 0, "retry --wait")
			checkRetried(t, j.ran(t))
			if s := j.status(t); s.State != "done" || s.Items.Done != 60 {
				t.Errorf("after retry: got %+v, want all 60 done", s)
			}
		})
	}
}

func checkEndings(t *testing.T, rows []row) {
	t.Helper()
	want := map[int]string{3: "failed", 9: "failed", 20: "out_of_memory", 30: "timeout", 40: "failed"}
	for _, r := range rows {
		n := r.Index + 1
		state, special := want[n]
		if !special {
			state = "done"
		}
		if r.State != state {
			t.Errorf("item %d: got state %q, want %q", n, r.State, state)
		}
		switch {
		case n == 3 && (r.ExitCode == nil || *r.ExitCode != 3):
			t.Errorf("item 3: got exit code %v, want 3", r.ExitCode)
		case n == 9 && (r.Signal == nil || *r.Signal != "KILL"):
			t.Errorf("item 9: got signal %v, want KILL", r.Signal)
		case n == 40 && (r.ExitCode == nil || *r.ExitCode != 0):
			t.Errorf("item 40 exited 0 without its output: got exit code %v, want 0", r.ExitCode)
		}
	}
}

func checkRetried(t *testing.T, ran map[string]int) {
	t.Helper()
	for n := 1; n <= 60; n++ {
		want := 1
		switch n {
		case 3, 9, 20, 30, 40:
			want = 2
		}
		if got := ran[fmt.Sprint(n)]; got != want {
			t.Errorf("after retry item %d has run %d times, want %d", n, got, want)
		}
	}
}

// TestTimeLimit ends jobs at Slurm's own limit: what ran then is told from what failed, and
// the rest is left for retry.
func TestTimeLimit(t *testing.T) {
	const toml = `name = "limit"
command = "sh -c 'echo $0 >>ran.txt; test -e mended || test $0 -lt 9 || sleep 300' {n}"
[sweep]
n = { from = 1, to = 12 }
[each]
time = "1s"
[slurm]
`
	// Each on nodes of its own, since all three wait two minutes for the limit.
	for strategy, place := range map[string]string{
		"packed":       `partition = "short"`,
		"gnu-parallel": "partition = \"long\"\noptions = [\"--nodelist=c3\"]",
		"array":        `partition = "gpu"`,
	} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			j := newJob(t, Default, toml+place+fmt.Sprintf("\n[plan]\nstrategy = %q\n", strategy), nil)
			j.expect(t, 5, "submit --wait")
			for _, r := range j.results(t) {
				want := "done"
				if r.Index >= 8 {
					want = "timeout"
				}
				if r.State != want {
					t.Errorf("item %d: got %q, want %q", r.Index+1, r.State, want)
				}
			}
			j.shell(t, "touch mended")
			j.expect(t, 0, "retry --wait")
			for n := 1; n <= 8; n++ {
				if got := j.ran(t)[fmt.Sprint(n)]; got != 1 {
					t.Errorf("item %d has run %d times, want once", n, got)
				}
			}
		})
	}
}
