//go:build integration

package integration

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// A job is a folder with a job.toml on a lab, and what is asked of hpcsub there.
type job struct {
	lab    *Lab
	folder string
	env    []string // of every hpcsub that it runs
	before string   // of the shell, before every hpcsub
}

// newJob installs the program, makes a folder and writes job.toml and other files into it.
func newJob(t *testing.T, flavour Flavour, toml string, files map[string]string) *job {
	t.Helper()
	lab := Start(t, flavour)
	lab.Install(t, "../bin/hpcsub")
	j := &job{lab: lab, folder: lab.Folder(t)}
	t.Cleanup(func() {
		if t.Failed() { // its Slurm jobs are not to be in the way of other tests
			lab.Run(t, Command{Folder: j.folder, Line: "hpcsub cancel"})
		}
	})
	lab.Put(t, File{Path: j.folder + "/job.toml", Content: toml})
	for name, content := range files {
		lab.Put(t, File{Path: j.folder + "/" + name, Content: content})
	}
	return j
}

// hpcsub runs one command in the job's folder.
func (j *job) hpcsub(t *testing.T, args string) Result {
	t.Helper()
	return j.lab.Run(t, Command{Folder: j.folder, Env: j.env, Line: j.before + "hpcsub " + args, Timeout: 5 * time.Minute})
}

// expect runs one command and holds its exit code against the one that is wanted.
func (j *job) expect(t *testing.T, code int, args string) Result {
	t.Helper()
	r := j.hpcsub(t, args)
	if r.Code != code {
		t.Fatalf("hpcsub %s: got exit code %d, want %d\n%s%s", args, r.Code, code, r.Stdout, r.Stderr)
	}
	return r
}

// shell runs a line in the job's folder.
func (j *job) shell(t *testing.T, line string) string {
	t.Helper()
	return j.lab.Must(t, Command{Folder: j.folder, Line: line})
}

// row is one line of `hpcsub results --json`.
type row struct {
	Index    int
	State    string
	ExitCode *int `json:"exit_code"`
	Signal   *string
	Node     string
	Start    float64 // Unix seconds
	End      float64
	Columns  map[string]any
	Elapsed  *float64 `json:"elapsed_s"`
	CPU      *float64 `json:"cpu_s"`
	RSS      *float64 `json:"max_rss_mib"`
	Tree     *float64 `json:"max_rss_tree_mib"`
}

func (j *job) results(t *testing.T) []row {
	t.Helper()
	var rows []row
	lines := bufio.NewScanner(strings.NewReader(j.expect(t, 0, "results --json").Stdout))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("results --json: %v in %q", err, lines.Text())
		}
		rows = append(rows, r)
	}
	return rows
}

// status is what `hpcsub status --json` says.
type status struct {
	Run      string
	State    string
	Items    struct{ Total, Done, Failed, Running, Pending int }
	Attempts []struct {
		JobID  string `json:"job_id"`
		State  string
		Reason string
	}
}

func (j *job) status(t *testing.T) (s status) {
	t.Helper()
	if err := json.Unmarshal([]byte(j.expect(t, 0, "status --json").Stdout), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// ran counts, from the lines that the items themselves appended to ran.txt, how often each ran.
func (j *job) ran(t *testing.T) map[string]int {
	t.Helper()
	times := map[string]int{}
	for line := range strings.Lines(j.shell(t, "cat ran.txt 2>/dev/null || true")) {
		times[strings.TrimSpace(line)]++
	}
	return times
}

// eachOnce checks that items 1 to n ran, each once.
func (j *job) eachOnce(t *testing.T, n int) {
	t.Helper()
	times := j.ran(t)
	for i := 1; i <= n; i++ {
		if got := times[fmt.Sprint(i)]; got != 1 {
			t.Errorf("item %d ran %d times, want once", i, got)
		}
	}
	if len(times) != n {
		t.Errorf("%d different items ran, want %d", len(times), n)
	}
}

// way is a strategy over one node or several.
type way struct {
	name string
	toml string // appended to job.toml
	most int    // nodes that it may use
}

// ways are the strategies that run many items, each on one node and over several. The tasks of
// an array are held to one node by name: [limits] nodes = 1 would let only one run at a time.
func ways() []way {
	var all []way
	for _, strategy := range []string{"array", "packed", "gnu-parallel"} {
		for _, nodes := range []int{1, 2} {
			limit := fmt.Sprintf("[limits]\nnodes = %d\n", nodes)
			place := ""
			if strategy == "array" {
				limit = ""
				if nodes == 1 {
					place = "options = [\"--nodelist=c1\"]\n"
				}
			}
			all = append(all, way{
				name: fmt.Sprintf("%s on %d", strategy, nodes), most: nodes,
				toml: fmt.Sprintf("\n[plan]\nstrategy = %q\n%s[slurm]\npartition = \"short\"\n%s", strategy, limit, place),
			})
		}
	}
	return all
}
