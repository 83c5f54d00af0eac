package sites

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hpcsub/configs"
	"hpcsub/slurm"
	"hpcsub/strategies"
)

// exampleSite is one of configs/examples, in a folder that nobody else can write.
func exampleSite(t *testing.T, name string) *configs.Site {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("../configs/examples", name))); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{dir, configs.TemplatesDir(filepath.Join(dir, "site.toml"))} {
		if err := os.Chmod(d, 0o755); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	site, err := configs.ReadSite(filepath.Join(dir, "site.toml"))
	if err != nil {
		t.Fatal(err)
	}
	return site
}

// cluster has partitions of some nodes each: "compute 8 40 192000" or, with GPUs, "gpu 4 64 512000 a100 4".
func cluster(partitions ...string) *slurm.Cluster {
	c := &slurm.Cluster{Name: "c", Version: "24.11.5", Client: "commands"}
	c.Scheduler.SelectType, c.Scheduler.SelectParameters = "select/cons_tres", []string{"CR_CORE_MEMORY"}
	limit := 3 * 86400
	for i, text := range partitions {
		var p slurm.Partition
		var cpus, memory, gpus int
		var kind string
		fmt.Sscan(text, &p.Name, &p.Nodes, &cpus, &memory, &kind, &gpus)
		p.Default, p.State, p.TimeLimitS, p.Usable = i == 0, "UP", &limit, true
		for n := range p.Nodes {
			node := slurm.Node{Name: fmt.Sprintf("%s%d", p.Name, n), State: "IDLE", Partitions: []string{p.Name}, Arch: "x86_64", Sockets: 2, CoresPerSocket: cpus / 2, ThreadsPerCore: 1, CPUs: cpus, MemoryMiB: memory, Weight: 1}
			if gpus > 0 {
				node.GRES = []slurm.GRES{{Name: "gpu", Type: kind, Count: gpus}}
			}
			c.Nodes = append(c.Nodes, node)
		}
		c.Partitions = append(c.Partitions, p)
	}
	return c
}

// tried is what becomes of the examples on a site: each strategy's scripts, which bash reads.
func tried(t *testing.T, site *configs.Site, c *slurm.Cluster) map[string]Script {
	t.Helper()
	all, err := Examples(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Script{}
	var paths []string
	dir := t.TempDir()
	for _, e := range all {
		for _, strategy := range append(strategies.Names(), "") {
			s := e.Try(site, c, strategy)
			if s.Err != nil {
				t.Fatalf("%s as %s: %v", e.Name, strategy, s.Err)
			}
			out[strings.TrimSuffix(e.Name+" "+strategy, " ")] = s
			if s.Text == "" {
				continue
			}
			path := filepath.Join(dir, e.Name+"-"+strategy+".sh")
			if err := os.WriteFile(path, []byte(s.Text), 0o600); err != nil {
				t.Fatal(err)
			}
			paths = append(paths, path)
		}
	}
	if len(paths) < 10 {
		t.Errorf("only %d scripts", len(paths))
	}
	if text, err := exec.Command("shellcheck", paths...).CombinedOutput(); err != nil {
		t.Errorf("shellcheck: %v\n%.2000s", err, text)
	}
	return out
}

func TestSmallLab(t *testing.T) {
	site := exampleSite(t, "small-lab")
	got := tried(t, site, cluster("all 4 32 64000"))
	for name, s := range got {
		if r := s.Plan.Chosen; r != nil && r.Request.ArrayTasks > 500 {
			t.Errorf("%s: %d array tasks", name, r.Request.ArrayTasks)
		}
	}
	if c := got["many-short packed"].Plan.Chosen; c == nil || c.Request.CPUsPerTask*min(c.Request.ArrayTasks, max(c.Request.ArrayThrottle, c.Request.ArrayTasks)) > 64 && c.Request.ArrayThrottle == 0 {
		t.Errorf("more than 64 CPUs: %+v", c)
	}
}

func TestUniversity(t *testing.T) {
	site := exampleSite(t, "university")
	c := cluster("compute 20 40 192000", "htc 10 40 192000", "highmem 2 40 1500000", "dev 2 40 192000")
	got := tried(t, site, c)
	for name, s := range got {
		chosen := s.Plan.Chosen
		if chosen == nil {
			continue
		}
		if p := chosen.Request.Partition; p == "dev" || p == "highmem" {
			t.Errorf("%s runs in %s, which it does not name", name, p)
		}
		for _, want := range []string{"\n#SBATCH --qos=normal\n", "\nexport HPCSUB_SCRATCH=/scratch/", `export TMPDIR="/local/`, `rm -rf -- "$TMPDIR"`, "export LANG=C.UTF-8"} {
			if !strings.Contains(s.Text, want) {
				t.Errorf("%s: there is no %q in\n%s", name, want, s.Text)
			}
		}
	}
	for name, want := range map[string]string{
		"few-long gnu-parallel": "module load parallel/20230422 ", "calls dask": "module load python/3.11.4 dask/2024.8.0 ",
		"mpi single": "module load openmpi/4.1.6 ", "calls pathos": "module load python/3.11.4 pathos/0.3.2 ",
	} {
		if !strings.Contains(got[name].Text, want) {
			t.Errorf("%s: there is no %q in\n%s", name, want, got[name].Text)
		}
	}
	// 3,000 items of 8 s: 667 CPU-minutes are at most 66 tasks of ten minutes, and ten starts a minute.
	if c := got["many-short array"].Plan.Chosen; c == nil || c.Request.ArrayTasks > 40 {
		t.Errorf("many-short as an array: %+v", c)
	}
	job, err := configs.ParseJob("job.toml", []byte("command = \"true\""))
	if err != nil {
		t.Fatal(err)
	}
	s := Case{Job: job, Items: 1, Saved: &strategies.Input{}}.Try(site, c, "")
	if s.Plan.Chosen != nil || !strings.Contains(s.Plan.Rejections[0].Reason, "Hawk requires slurm.account of every job") {
		t.Errorf("without an account: %+v", s.Plan)
	}
}

func TestGPUCentre(t *testing.T) {
	site := exampleSite(t, "gpu-centre")
	c := cluster("cpu 8 64 256000", "gpu 4 64 512000 a100 4", "mig 2 64 512000 a100_1g.10gb 28")
	got := tried(t, site, c)
	gpus := got["gpus"]
	if gpus.Plan.Chosen == nil || gpus.Plan.Chosen.Estimate.Cost == nil || !strings.Contains(gpus.Text, "\n#SBATCH --gres-flags=enforce-binding\n") {
		t.Fatalf("a job with GPUs: %+v\n%s", gpus.Plan.Chosen, gpus.Text)
	}
	if cost, e := *gpus.Plan.Chosen.Estimate.Cost, gpus.Plan.Chosen.Estimate; cost < 1.5*e.GPUHours {
		t.Errorf("%.3g GPU-hours cost %.3g", e.GPUHours, cost)
	}
	if gpus.Plan.Minimize != "cost" || strings.Contains(got["one"].Text, "gres-flags") {
		t.Errorf("got %s, and for a job without GPUs\n%s", gpus.Plan.Minimize, got["one"].Text)
	}
	for name, s := range got {
		if strings.HasSuffix(name, "gnu-parallel") && s.Plan.Chosen != nil {
			t.Errorf("%s is used", name)
		}
	}
	job, err := configs.ParseJob("job.toml", []byte("command = \"true\"\n[each]\ngpus = \"a100_1g.10gb:1\"\ntime = \"10m\"\n[slurm]\naccount = \"x\""))
	if err != nil {
		t.Fatal(err)
	}
	s := Case{Job: job, Items: 1}.Try(site, c, "")
	if s.Plan.Chosen == nil || s.Plan.Chosen.Request.Partition != "mig" || s.Plan.Chosen.Request.GRES != "gpu:a100_1g.10gb:1" {
		t.Errorf("a seventh of a GPU: %+v %v", s.Plan.Chosen, s.Plan.Rejections)
	}
}

// The example sites differ in what they do to a job, and the difference is told; the same site differs in nothing.
func TestDiff(t *testing.T) {
	a, b := exampleSite(t, "small-lab"), exampleSite(t, "university")
	c := cluster("compute 20 40 192000", "gpu 4 64 512000 a100 4")
	examples, err := Examples(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range examples {
		if same := Diff(a, a, e, c); !same.Same() {
			t.Errorf("%s differs from itself: %+v", e.Name, same)
		}
		d := Diff(a, b, e, c)
		if d.Same() || !strings.Contains(strings.Join(d.Script, "\n"), "+ #SBATCH --qos=normal") {
			t.Errorf("%s: got %+v", e.Name, d)
		}
	}
	if got := strings.Join(lineDiff("a\nb\nc", "a\nx\nc\nd"), "|"); got != "- b|+ x|+ d" {
		t.Errorf("got %s", got)
	}
}

func TestInit(t *testing.T) {
	c := cluster("compute 20 40 192000", "gpu 4 64 512000 a100 4", "it's odd \"name 1 1 1000")
	c.Partitions[1].Usable, c.Partitions[1].WhyNot = false, "your account\nis not let in"
	c.Name = `a "cluster"`
	most := 1001
	c.Limits.MaxArraySize = &most
	text := Init(Facts{Cluster: c, Modules: []string{"/opt:", "python/3.9.1", "python/3.12.1", "python/3.10.2", "Parallel/2023(default)", "Parallel/2024", "py-dask/1"}, Networks: []string{"eth0", "ib0"}})
	site, err := configs.ParseSite("site.toml", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if site.Modules.Python != "python/3.12.1" || site.Modules.Parallel != "Parallel/2023" || site.Modules.Dask != "" || site.Interface != "ib0" || site.Name != c.Name {
		t.Errorf("got %+v", site)
	}
	if got := site.Partitions["gpu"].Purpose; got != "4 nodes of up to 64 CPUs and 500 GiB, GPUs a100, at most 3 d" {
		t.Errorf("got %q", got)
	}
	// What is for an administrator to decide can be taken as it is.
	var on []string
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "#"); ok && !strings.HasPrefix(rest, " ") && !strings.HasPrefix(rest, "named_only") && !strings.HasPrefix(rest, "prefer") {
			line = rest
		}
		on = append(on, line)
	}
	if _, err := configs.ParseSite("site.toml", []byte(strings.Join(on, ""))); err != nil {
		t.Errorf("with every # taken away: %v", err)
	}
}
