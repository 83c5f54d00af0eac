//go:build integration

package integration

import (
	"fmt"
	"os"
	"testing"
)

// bareWork is work for one node of eight CPUs, by hpcsub and by a tool alone (bare/job.sh).
type bareWork struct {
	name        string
	strategy    string
	tools       []string // of bare/job.sh
	work        string   // what bare/job.sh is given
	kind        string   // command or function, and what it is
	first, last int
	time        string
}

// bareWorks: 400 uneven waits of half a second in the mean, 25 s of eight CPUs, and shorter ones, where the tools' own
// costs show.
var bareWorks = []bareWork{
	{"parallel/uneven", "gnu-parallel", []string{"parallel"}, "sleep 0.{}", `command = "sleep 0.{n}"`, 300, 699, "500ms"},
	{"parallel/nothing", "gnu-parallel", []string{"parallel"}, "true {}", `command = "true {n}"`, 1, 1000, "1ms"},
	{"pathos/uneven", "pathos", []string{"pathos"}, "uneven", `function = "work:uneven"`, 300, 699, "500ms"},
	{"pathos/short", "pathos", []string{"pathos"}, "short", `function = "work:short"`, 1, 8000, "10ms"},
	{"pathos/nothing", "pathos", []string{"pathos"}, "nothing", `function = "work:nothing"`, 1, 20000, "1ms"},
	{"dask/uneven", "dask", []string{"dask", "dask-threads"}, "uneven", `function = "work:uneven"`, 300, 699, "500ms"},
	{"dask/short", "dask", []string{"dask", "dask-threads"}, "short", `function = "work:short"`, 1, 8000, "10ms"},
	{"dask/nothing", "dask", []string{"dask", "dask-threads"}, "nothing", `function = "work:nothing"`, 1, 5000, "1ms"},
}

func (w bareWork) job() string {
	return fmt.Sprintf("%s\n[sweep]\nn = { from = %d, to = %d }\n[each]\ntime = %q\nmemory = \"30MiB\"\n[plan]\nstrategy = %q\n[limits]\nnodes = 1\n[slurm]\npartition = \"short\"\n",
		w.kind, w.first, w.last, w.time, w.strategy)
}

// BenchmarkBare holds hpcsub against each tool alone, in a job that has the same CPUs of the same node: from the
// allocation to the end of the Slurm job, in turns.
func BenchmarkBare(b *testing.B) {
	lab := Start(b, Default)
	lab.Install(b, "../bin/hpcsub")
	by := lab.clock(b)
	for _, work := range bareWorks {
		b.Run(work.name, func(b *testing.B) {
			folder := lab.Folder(b)
			lab.Put(b, File{Path: folder + "/job.toml", Content: work.job()})
			for _, name := range []string{"job.sh", "work.py", "with_pathos.py", "with_dask.py"} {
				content, err := os.ReadFile("bare/" + name)
				if err != nil {
					b.Fatal(err)
				}
				lab.Put(b, File{Path: folder + "/" + name, Content: string(content)})
			}
			var own []float64
			bare := map[string][]float64{}
			for b.Loop() {
				for _, tool := range work.tools {
					bare[tool] = append(bare[tool], by.bare(b, folder, tool, work))
				}
				own = append(own, by.hpcsub(b, folder, work))
			}
			for _, tool := range work.tools {
				b.ReportMetric(median(bare[tool]), "s/"+tool)
				b.ReportMetric(median(own)/median(bare[tool]), "x/"+tool)
			}
			b.ReportMetric(median(own), "s/hpcsub")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// bare runs the tool alone, and returns how long its job ran.
func (c clock) bare(t testing.TB, folder, tool string, w bareWork) float64 {
	t.Helper()
	c.lab.WaitIdle(t)
	// --wait asks seldom, so that nobody is in the job's way.
	id := c.lab.Must(t, Command{Folder: folder, Env: []string{"WORK=" + w.work}, Line: fmt.Sprintf(
		`rm -f bare.out; sbatch --wait --parsable -p short -w c1 -c 8 --mem=1000M -t 10 -o bare.log job.sh %s "$WORK" %d %d`, tool, w.first, w.last)})
	s := c.ran(t, id)
	results := c.lab.Must(t, Command{Folder: folder, Line: "wc -l <bare.out"})
	if s.cpus != 8 || w.strategy != "gnu-parallel" && results != fmt.Sprint(w.last-w.first+1) {
		t.Fatalf("%s alone had %d CPUs and left %s results, want 8 and %d:\n%s", tool, s.cpus, results, w.last-w.first+1, c.lab.Get(t, folder+"/bare.log"))
	}
	return s.seconds()
}

// hpcsub runs the same by hpcsub, and returns how long its job ran.
func (c clock) hpcsub(t testing.TB, folder string, w bareWork) float64 {
	t.Helper()
	c.lab.WaitIdle(t)
	c.lab.Must(t, Command{Folder: folder, Line: "rm -rf .hpcsub; hpcsub submit --wait"})
	s := c.ran(t, c.lab.Must(t, Command{Folder: folder, Line: "hpcsub status --json | jq -r '.attempts[0].job_id'"}))
	if s.cpus != 8 {
		t.Fatalf("hpcsub had %d CPUs, want 8", s.cpus)
	}
	return s.seconds()
}
