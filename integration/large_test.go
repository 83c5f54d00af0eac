//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const largeJob = `name = "large"
command = "true {n}"
[sweep]
n = { from = 1, to = 10000 }
[each]
time = "30s"
memory = "1GiB"
`

// timesCommands and secondsMore are what `cluster` and `plan` may take: so many times the Slurm commands
// that they run, run one after the other by bash, and so much more.
const (
	timesCommands = 1.3
	secondsMore   = 0.2
	mostMiB       = 200
	mostWarm      = 6
	mostCold      = 10
)

// TestLarge: on ten thousand nodes with as many queued jobs, looking and planning cost little more than the
// Slurm commands that they cannot do without, and few of those.
func TestLarge(t *testing.T) {
	lab, folder := newLarge(t, 10_000)
	for _, command := range []string{"cluster", "plan"} {
		t.Run(command, func(t *testing.T) {
			warm := measure(t, lab, folder, command, 5)
			cold := measure(t, lab, folder, command+" --fresh", 5)
			for name, m := range map[string]figures{"warm": warm, "cold": cold} {
				if !m.within() {
					t.Errorf("%s: %.2f s, want at most %.2f s: its commands take %.2f s", name, m.own, m.limit(), m.slurm)
				}
				if m.mib > mostMiB {
					t.Errorf("%s: %d MiB at its peak, want at most %d", name, m.mib, mostMiB)
				}
				t.Logf("%s: %s", name, m)
			}
			if warm.calls > mostWarm || cold.calls > mostCold {
				t.Errorf("%d calls warm, %d cold, want at most %d and %d", warm.calls, cold.calls, mostWarm, mostCold)
			}
		})
	}
	t.Run("picture", func(t *testing.T) { testLargePicture(t, lab, folder) })
	t.Run("rest", func(t *testing.T) { testLargeREST(t, lab, folder) })
}

// BenchmarkLarge measures what TestLarge holds, for 100, 1,000 and 10,000 nodes: the table of docs/benchmarks.md.
func BenchmarkLarge(b *testing.B) {
	for _, nodes := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprint(nodes), func(b *testing.B) {
			lab, folder := newLarge(b, nodes)
			for _, command := range []string{"cluster", "cluster --fresh", "plan", "plan --fresh"} {
				m := measure(b, lab, folder, command, max(5, b.N))
				fmt.Fprintf(os.Stderr, "| %d | %s | %s |\n", nodes, command, m.cells())
			}
			for _, command := range []string{"cluster", "cluster --fresh"} {
				m := measureREST(b, lab, folder, command, max(5, b.N))
				fmt.Fprintf(os.Stderr, "| %d | %s, REST | %s |\n", nodes, command, m.cells())
			}
		})
	}
}

// newLarge is a lab of so many nodes with the program, spies on Slurm's commands, and a job.
func newLarge(t testing.TB, nodes int) (*Lab, string) {
	t.Helper()
	lab := Start(t, Big(nodes))
	lab.Install(t, "../bin/hpcsub")
	folder := lab.Folder(t)
	lab.Put(t, File{Path: folder + "/job.toml", Content: largeJob})
	lab.Put(t, File{Path: folder + "/script.sh", Content: "#!/bin/bash\n#SBATCH --ntasks=1\ntrue\n"})
	putSpies(t, lab, folder)
	return lab, folder
}

// putSpies writes wrappers of Slurm's commands, which say in $CALLS how they were called.
func putSpies(t testing.TB, lab *Lab, folder string) {
	t.Helper()
	for _, name := range slurmCommands {
		lab.Put(t, File{Path: folder + "/spies/" + name, Content: spy, Mode: "755"})
	}
	lab.Must(t, Command{Folder: folder, Line: "mkdir -p scripts"})
}

// slurmCommands are those that a user may run.
var slurmCommands = []string{"scontrol", "squeue", "sbatch", "sacct", "sacctmgr", "sinfo", "scancel", "sprio", "sshare", "sdiag", "salloc", "sstat", "strigger"}

// figures are what a command of hpcsub took, and what the Slurm commands that it runs take without it.
type figures struct {
	calls            int
	own, slurm       float64 // seconds: the least of all rounds, because what other programs take only adds
	ownMid, slurmMid float64 // the medians
	mib              int
}

func (m figures) limit() float64 { return timesCommands*m.slurm + secondsMore }
func (m figures) within() bool   { return m.own <= m.limit() }

// rounds takes times of two lines in turns: least of each, and up to most where the machine has been too busy for
// the limit to hold.
func (m *figures) rounds(least, most int, own, slurm func() float64) {
	var owns, slurms []float64
	for i := 0; i < least || i < most && !m.within(); i++ {
		owns, slurms = append(owns, own()), append(slurms, slurm())
		m.own, m.slurm, m.ownMid, m.slurmMid = slices.Min(owns), slices.Min(slurms), median(owns), median(slurms)
	}
}

func (m figures) String() string {
	return fmt.Sprintf("%.2f s, its %d commands %.2f s (medians %.2f and %.2f s), %d MiB", m.own, m.calls, m.slurm, m.ownMid, m.slurmMid, m.mib)
}

// cells are those of the table in docs/benchmarks.md.
func (m figures) cells() string {
	return fmt.Sprintf("%d | %.2f s | %.2f s | %.2f | %.2f and %.2f s | %d MiB", m.calls, m.own, m.slurm, m.own/m.slurm, m.ownMid, m.slurmMid, m.mib)
}

// measure runs a command of hpcsub and the Slurm commands that it ran, in turns.
func measure(t testing.TB, lab *Lab, folder, command string, rounds int) figures {
	t.Helper()
	lab.Must(t, Command{Folder: folder, Line: `hpcsub ` + command + ` >/dev/null # what is kept for an hour is there now
export CALLS=$PWD/calls TMPDIR=$PWD/scripts PATH=$PWD/spies:$PATH
hpcsub ` + command + ` >/dev/null
rm -f calls
hpcsub ` + command + ` >/dev/null
sed -E 's#[^ ]*hpcsub-plan[^ ]*#script.sh#; s#$# >/dev/null 2>\&1#' calls >replay.sh`})
	m := figures{calls: len(strings.Split(lab.Must(t, Command{Folder: folder, Line: "cat calls"}), "\n"))}
	m.rounds(rounds, 4*rounds,
		func() float64 { return seconds(t, lab, folder, "hpcsub "+command) },
		func() float64 { return seconds(t, lab, folder, "bash replay.sh") })
	m.mib = peak(t, lab, Command{Folder: folder, Line: "hpcsub " + command})
	return m
}

// peak is the most memory that the command, or one that it ran, held, by GNU time.
func peak(t testing.TB, lab *Lab, command Command) int {
	t.Helper()
	command.Line = "/usr/bin/time -o peak -f %M " + command.Line + " >/dev/null && cat peak"
	kib, err := strconv.Atoi(lab.Must(t, command))
	if err != nil {
		t.Fatal(err)
	}
	return kib / 1024
}

// testLargePicture holds the picture against what Slurm counts.
func testLargePicture(t *testing.T, lab *Lab, folder string) {
	var c struct {
		Nodes      []struct{ Name string }
		Partitions []struct {
			Name   string
			Nodes  int
			Usable bool
			WhyNot string `json:"why_not"`
		}
	}
	if err := json.Unmarshal([]byte(lab.Must(t, Command{Folder: folder, Line: "hpcsub cluster --json"})), &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Nodes) != 10_000 || len(c.Partitions) != 7 {
		t.Errorf("got %d nodes in %d partitions", len(c.Nodes), len(c.Partitions))
	}
	for _, p := range c.Partitions {
		if got := lab.Must(t, Command{Line: "sinfo -h -p " + p.Name + " -o %D | awk '{n += $1} END {print n}'"}); got != strconv.Itoa(p.Nodes) {
			t.Errorf("%s: got %d nodes, want %s", p.Name, p.Nodes, got)
		}
		if p.Usable == (p.Name == "chem") {
			t.Errorf("%s: usable is %v: %s", p.Name, p.Usable, p.WhyNot)
		}
	}
	text := lab.Must(t, Command{Folder: folder, Line: "hpcsub cluster; hpcsub cluster --nodes"})
	for _, line := range strings.Split(text, "\n") {
		if len([]rune(line)) > 80 {
			t.Errorf("wider than 80 columns: %s", line)
		}
	}
}

// restProxy passes requests on to slurmrestd and writes down what was asked for.
const restProxy = `import http.client, http.server, sys
class Proxy(http.server.BaseHTTPRequestHandler):
    def handle_one(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with open("paths", "a") as f:
            print(self.command, self.path, file=f)
        c = http.client.HTTPConnection("ctl", 6820, timeout=100)
        c.request(self.command, self.path, body, dict(self.headers))
        r = c.getresponse()
        text = r.read()
        self.send_response(r.status)
        self.send_header("Content-Type", r.getheader("Content-Type") or "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    do_GET = do_POST = do_DELETE = handle_one
    def log_message(self, *args): pass
http.server.ThreadingHTTPServer(("127.0.0.1", 6821), Proxy).serve_forever()
`

// allJobs is a request for the jobs of everybody.
var allJobs = regexp.MustCompile(`^GET /slurm/v[0-9.]+/jobs`)

// testLargeREST: it takes little longer than curl for the same questions, by the least of each, in turns: one answer of
// slurmrestd takes up to three times as long as the next, while slurmctld plans. And slurmrestd, which would hold
// gigabytes after it, is never asked for all jobs, whatever is done.
func testLargeREST(t *testing.T, lab *Lab, folder string) {
	for name, m := range map[string]figures{"warm": measureREST(t, lab, folder, "cluster", 3), "cold": measureREST(t, lab, folder, "cluster --fresh", 3)} {
		if !m.within() {
			t.Errorf("%s: %.2f s, want at most %.2f s: curl takes %.2f s for the same", name, m.own, m.limit(), m.slurm)
		}
		if m.mib > mostMiB {
			t.Errorf("%s: %d MiB at its peak, want at most %d", name, m.mib, mostMiB)
		}
		t.Logf("%s: %s", name, m)
	}
	held := strings.Replace(largeJob, "[each]", "[slurm]\npartition = \"standard\"\noptions = [\"--hold\"]\n[plan]\nstrategy = \"packed\"\n[each]", 1)
	lab.Put(t, File{Path: folder + "/held/job.toml", Content: held})
	lab.Must(t, Command{Folder: folder, Timeout: 4 * time.Minute, Line: asREST(6821) + `cp paths held/before; cd held
hpcsub plan --fresh && hpcsub submit && hpcsub status && hpcsub why 2>/dev/null; hpcsub runs && hpcsub results --summary; hpcsub cancel && hpcsub status`})
	paths := lab.Must(t, Command{Folder: folder, Line: "cat paths"})
	if !strings.Contains(paths, "POST /slurm/") || !strings.Contains(paths, "GET /slurm/v0.0.42/job/") && lab.Suite == "trixie" {
		t.Errorf("these requests are not those of a run: %s", paths)
	}
	for _, line := range strings.Split(paths, "\n") {
		if allJobs.MatchString(line) {
			t.Errorf("all jobs were asked for: %s", line)
		}
	}
}

// asREST is a line that makes hpcsub ask slurmrestd, or the proxy before it.
func asREST(port int) string {
	host := "ctl"
	if port != 6820 {
		host = "127.0.0.1"
	}
	return fmt.Sprintf("export HPCSUB_CLIENT=rest HPCSUB_ADDRESS=http://%s:%d; export $(scontrol token lifespan=1800); ", host, port)
}

// measureREST is measure over REST: against curl, which makes the same requests one after the other.
func measureREST(t testing.TB, lab *Lab, folder, command string, rounds int) figures {
	t.Helper()
	lab.Put(t, File{Path: folder + "/proxy.py", Content: restProxy})
	lab.Must(t, Command{Folder: folder, Timeout: 4 * time.Minute, Line: `curl -s -o /dev/null http://127.0.0.1:6821 || { setsid python3 proxy.py </dev/null >proxy.log 2>&1 & sleep 1; }
` + asREST(6821) + `hpcsub cluster >/dev/null 2>&1; : >paths; hpcsub ` + command + ` >/dev/null
sed -n 's#^GET \(.*\)#curl -s -o /dev/null -H "X-SLURM-USER-NAME: alice" -H "X-SLURM-USER-TOKEN: $SLURM_JWT" "http://ctl:6820\1"#p' paths >curls.sh`})
	m := figures{calls: len(strings.Split(lab.Must(t, Command{Folder: folder, Line: "cat curls.sh"}), "\n"))}
	m.rounds(rounds, 4*rounds,
		func() float64 { return secondsOf(t, lab, folder, asREST(6820), "hpcsub "+command) },
		func() float64 { return secondsOf(t, lab, folder, asREST(6820), "bash curls.sh") })
	m.mib = peak(t, lab, Command{Folder: folder, Env: []string{"HPCSUB_CLIENT=rest", "HPCSUB_ADDRESS=http://ctl:6820"}, Line: "hpcsub " + command})
	return m
}
