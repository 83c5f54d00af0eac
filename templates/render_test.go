package templates

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hpcsub/configs"
	"hpcsub/strategies"
)

var update = flag.Bool("update", false, "rewrite the golden scripts in testdata")

// example is a script as a run has it.
func example(strategy, version string) Script {
	const run = "/home/alice/fourier/.hpcsub/fourier-k3x9ab"
	s := Script{
		Hpcsub: "/home/alice/fourier/.hpcsub/bin/hpcsub-0.1.0-0123456789ab", Version: "0.1.0",
		Run: "fourier-k3x9ab", JobFile: "/home/alice/fourier/job.toml", Dir: "/home/alice/fourier",
		Attempt: run + "/attempts/1", LogDir: run + "/attempts/1/slurm",
		JobName: "fourier-k3x9ab.1-q1w2e3.0", Comment: "fourier-k3x9ab.1-q1w2e3.0",
		Token: "q1w2e3", Strategy: strategy, SlurmVersion: version, KillWaitS: 30, Items: 1000,
		Request: strategies.Request{Partition: "long", Nodes: 1, Tasks: 1, CPUsPerTask: 8, TimeLimitS: 1980},
		Layout:  strategies.Layout{Parts: 1, Slots: 8, CPUsPerItem: 1, ItemsPerPart: 1000},
		Range:   strategies.IndexRange{First: 0, Count: 1},
		Why:     strategy + " runs python for 1,000 items of 1 min. It is an example, with a sentence that goes on for longer than a line of comment may be.",
	}
	switch strategy {
	case "single":
		s.Request.CPUsPerTask, s.Layout.Slots = 1, 1
	case "array":
		s.Request.CPUsPerTask, s.Layout.Slots, s.Layout.ItemsPerPart = 1, 1, 1
		s.Layout.Parts, s.Request.ArrayTasks, s.Range.Count = 1000, 1000, 1000
	case "packed":
		s.Layout.Parts, s.Request.ArrayTasks, s.Range.Count, s.Layout.ItemsPerPart = 10, 10, 10, 100
		s.Layout.Queue = &strategies.Queue{ItemS: 120}
	}
	return s
}

// goldens are the scripts that are kept and reviewed.
func goldens() map[string]Script {
	all := map[string]Script{}
	for _, version := range []string{"20.11.4", "22.05.8", "24.11.5", "26.05.5"} {
		for _, strategy := range strategies.Names() {
			s := example(strategy, version)
			all[strategy+"-"+version] = s
			s.Environment = configs.Environment{
				Modules: []string{"python/3.11", "gcc"}, Venv: ".venv", Conda: "my env", Setup: "source env.sh  # site's\nulimit -n 4096",
				Variables: []configs.Variable{{Name: "DATA", Value: "/scratch/it's mine"}, {Name: "OMP_NUM_THREADS", Value: "2"}},
			}
			s.Slurm = configs.SlurmKeys{
				Account: "scw1389", QOS: "normal", Reservation: "course", Constraint: "intel&[rack1|rack2]",
				Options: []string{"--mail-type=END", "--mail-user alice@example.org", "--exclusive"},
			}
			s.Interface = "ib0"
			s.Request.Account, s.Request.QOS, s.Request.MemoryPerNodeMiB, s.Exclude = "scw1389", "normal", 8256, []string{"c7", "c9"}
			all[strategy+"-everything-"+version] = s
		}
		s := example("array", version)
		s.Layout.Parts, s.Request.ArrayTasks, s.Range, s.Request.ArrayThrottle = 2000, 2000, strategies.IndexRange{First: 1000, Count: 1000}, 16
		all["array-split-"+version] = s
		s = example("gnu-parallel", version)
		s.Request.Nodes, s.Request.Tasks, s.Layout.Parts, s.Range.Count, s.Layout.ItemsPerPart = 4, 4, 4, 4, 250
		s.Request.MemoryPerNodeMiB = 8256
		all["gnu-parallel-nodes-"+version] = s
		s.Strategy = "pathos"
		all["pathos-nodes-"+version] = s
		s.Strategy = "dask"
		all["dask-nodes-"+version] = s
		s.Strategy, s.Request.GRES, s.Layout.Slots = "gnu-parallel", "gpu:a100:4", 4
		all["gnu-parallel-nodes-gpus-"+version] = s
		s = example("dask", version)
		s.Layout.Slots, s.Layout.CPUsPerItem, s.Layout.Cluster = 1, 8, true
		all["dask-cluster-"+version] = s
		s.Request.Nodes, s.Request.Tasks, s.Layout.CPUsPerItem, s.Request.MemoryPerNodeMiB = 2, 2, 16, 8768
		s.Layout.Parts, s.Request.ArrayTasks, s.Range.Count, s.Layout.ItemsPerPart = 10, 10, 10, 1
		all["dask-cluster-nodes-"+version] = s
		s.Request.GRES = "gpu:a100:4"
		all["dask-cluster-nodes-gpus-"+version] = s
		s = example("packed", version)
		s.Request.GRES, s.Layout.Slots = "gpu:a100_1g.10gb+me:8", 8
		all["packed-gpus-"+version] = s
		s = example("single", version)
		s.Layout.Ranks, s.Layout.CPUsPerItem, s.Request.Tasks, s.Request.MemoryPerNodeMiB = 16, 16, 16, 8256
		all["single-mpi-"+version] = s
		s.Request.Nodes, s.Request.Tasks, s.Request.TasksPerNode, s.Layout.Ranks, s.Layout.CPUsPerItem = 4, 64, 16, 64, 256
		s.Request.CPUsPerTask, s.Request.GRES = 4, "gpu:a100:4"
		all["single-mpi-nodes-"+version] = s
		s = example("packed", version)
		s.Layout.Slots, s.Layout.Ranks, s.Layout.CPUsPerItem, s.Request.Tasks, s.Request.CPUsPerTask, s.Request.MemoryPerNodeMiB = 2, 16, 16, 32, 1, 8320
		all["packed-mpi-"+version] = s
	}
	site := withTemplates("gnu-parallel", "epilogue", "echo \"done with status $status\"\n", "setup", "{{template \"default.setup\" .}}umask 027\n")
	site.Site.Modules, site.Site.Scratch = configs.Tools{Parallel: "parallel/20230422"}, "/scratch/alice"
	all["gnu-parallel-site-24.11.5"] = site
	local := example("packed", "")
	local.KillWaitS, local.Request.ArrayTasks, local.Layout.Parts, local.Range.Count = 0, 1, 1, 1
	all["packed-local"] = local
	local.Layout.Slots, local.Layout.Ranks, local.Layout.CPUsPerItem, local.Request.CPUsPerTask = 1, 4, 4, 1
	all["packed-mpi-local"] = local
	return all
}

func render(t *testing.T, s Script) string {
	t.Helper()
	text, err := Render(s)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestGoldenScripts(t *testing.T) {
	for name, s := range goldens() {
		got, path := render(t, s), filepath.Join("testdata", name+".sh")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s changed (make golden rewrites it):\n%s", path, firstDifference(got, string(want)))
		}
	}
	kept, _ := filepath.Glob("testdata/*.sh")
	if len(kept) != len(goldens()) {
		t.Errorf("%d golden scripts are kept, %d are made", len(kept), len(goldens()))
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "got  " + g[i] + "\nwant " + w[i]
		}
	}
	return "one is longer"
}

// TestShellcheck runs shellcheck over all golden scripts at once.
func TestShellcheck(t *testing.T) {
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Fatal("shellcheck is needed: apt-get install shellcheck")
	}
	kept, _ := filepath.Glob("testdata/*.sh")
	if out, err := exec.Command("shellcheck", kept...).CombinedOutput(); err != nil {
		t.Errorf("shellcheck: %v\n%s", err, out)
	}
}

func TestBashReadsEveryScript(t *testing.T) {
	for name, s := range goldens() {
		checkSyntax(t, name, render(t, s))
	}
}

func checkSyntax(t *testing.T, name, script string) {
	t.Helper()
	cmd := exec.Command("bash", "-n")
	cmd.Stdin = strings.NewReader(script)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: bash -n: %v\n%s\n%s", name, err, out, script)
	}
}

func TestScriptContents(t *testing.T) {
	everything := goldens()["packed-everything-24.11.5"]
	tests := []struct {
		name   string
		change func(*Script)
		has    []string
		not    []string
	}{
		{"an array's parts", func(s *Script) {}, []string{"#SBATCH --array=0-9\n", "part=$((SLURM_ARRAY_TASK_ID))", "%A_%a.log"}, []string{"exec srun", "--ntasks-per-node"}},
		{"a later submission starts at index 0", func(s *Script) { s.Range = strategies.IndexRange{First: 5, Count: 3} },
			[]string{"#SBATCH --array=0-2\n", "part=$((5 + SLURM_ARRAY_TASK_ID))"}, nil},
		{"a throttle", func(s *Script) { s.Request.ArrayThrottle = 4 }, []string{"#SBATCH --array=0-9%4\n"}, nil},
		{"the worker is told the time limit: before 23.02 Slurm does not say when a job must end", func(s *Script) {}, []string{"--time-limit-s 1980\n"}, nil},
		{"no version of hpcsub", func(s *Script) { s.Version = "" }, []string{"# Written by hpcsub from its templates job.sh and worker, for Slurm 24.11.5.\n"}, nil},
		{"no token", func(s *Script) { s.Token = "" }, nil, []string{"--token"}},
		{"no srun on one node", func(s *Script) { s.Strategy, s.Request.ArrayTasks = "gnu-parallel", 0 },
			[]string{"part=0", "slurm-%j.log", "parallel --plain --will-cite --ungroup --jobs 8"}, []string{"exec srun", "--array"}},
		{"one step over nodes", func(s *Script) {
			s.Strategy, s.Request.ArrayTasks, s.Request.Nodes, s.Request.Tasks = "gnu-parallel", 0, 4, 4
		}, []string{"srun --nodes=4 --ntasks=4 --ntasks-per-node=1 --exact --cpus-per-task=8 --mem=8256M --immediate=600 --wait=0 --kill-on-bad-exit=0",
			"--rank-env SLURM_PROCID", "#SBATCH --ntasks-per-node=1"}, []string{"part="}},
		{"an srun that does not know --exact", func(s *Script) {
			s.Strategy, s.Request.ArrayTasks, s.Request.Nodes, s.Request.Tasks, s.SlurmVersion = "gnu-parallel", 0, 2, 2, "20.02.1"
		}, []string{"srun --nodes=2"}, []string{"--exact"}},
		{"memory that is not asked for is not written", func(s *Script) { s.Request.MemoryPerNodeMiB = 0 }, nil, []string{"--mem"}},
		{"days", func(s *Script) { s.Request.TimeLimitS = 2*86400 + 3661 }, []string{"#SBATCH --time=2-01:01:01\n"}, nil},
		{"the user's variable comes last", func(s *Script) {}, []string{"NUMBA_NUM_THREADS=1\nexport DATA='/scratch/it'\\''s mine'\nexport OMP_NUM_THREADS=2\n"}, nil},
		{"an absolute venv", func(s *Script) { s.Environment.Venv = "/opt/v" }, []string{"source /opt/v/bin/activate"}, nil},
		{"whole nodes", func(s *Script) { s.Request.Exclusive = true }, []string{"#SBATCH --exclusive\n"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := everything
			tt.change(&s)
			got := render(t, s)
			checkSyntax(t, tt.name, got)
			for _, want := range tt.has {
				if !strings.Contains(got, want) {
					t.Errorf("got no %q in\n%s", want, got)
				}
			}
			for _, no := range tt.not {
				if strings.Contains(got, no) {
					t.Errorf("got %q in\n%s", no, got)
				}
			}
		})
	}
}

// TestDirectivesComeFirst: sbatch stops reading #SBATCH lines at the first command.
func TestDirectivesComeFirst(t *testing.T) {
	for name, s := range goldens() {
		lines := strings.Split(render(t, s), "\n")
		command := slices.IndexFunc(lines, func(l string) bool { return l != "" && l[0] != '#' })
		for i, l := range lines {
			if strings.HasPrefix(l, "#SBATCH") && i > command {
				t.Errorf("%s: line %d, %q, stands below a command", name, i+1, l)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Script)
		want   string
	}{
		{"unknown strategy", func(s *Script) { s.Strategy = "magic" }, `there is no template for strategy "magic"`},
		{"account with a line break", func(s *Script) { s.Request.Account = "a\n#SBATCH --uid=0" }, "#SBATCH --account"},
		{"option with a line break", func(s *Script) { s.Slurm.Options = []string{"--nice=1\nrm -rf /"} }, "[slurm] options"},
		{"option without dashes", func(s *Script) { s.Slurm.Options = []string{"mail-type=END"} }, `"mail-type=END" is no option of sbatch`},
		{"log folder with a backslash", func(s *Script) { s.LogDir = `/a\b` }, "backslash"},
		{"no program", func(s *Script) { s.Hpcsub = "" }, "program"},
		{"NUL in a path", func(s *Script) { s.Dir = "/a\x00b" }, "job's folder"},
		{"NUL in a variable", func(s *Script) { s.Environment.Variables = []configs.Variable{{Name: "A", Value: "\x00"}} }, "NUL"},
		{"a variable's name", func(s *Script) { s.Environment.Variables = []configs.Variable{{Name: "A;B", Value: ""}} }, `"A;B" is no name`},
		{"NUL in a module", func(s *Script) { s.Environment.Modules = []string{"a\x00b"} }, "NUL"},
		{"an open quote in setup", func(s *Script) { s.Environment.Setup = "echo 'x" }, "not a complete line of shell"},
		{"setup that leaves its braces", func(s *Script) { s.Environment.Setup = "true\n}\n{ true" }, "not a complete line"},
		{"setup that swallows the next line", func(s *Script) { s.Environment.Setup = `echo \` }, "not a complete line"},
		{"an open here-document", func(s *Script) { s.Environment.Setup = "cat <<EOF\nx" }, "not a complete line"},
		{"no parts", func(s *Script) { s.Range.Count = 0 }, "0 parts"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := example("packed", "24.11.5")
			tt.change(&s)
			text, err := Render(s)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it\n%s", err, tt.want, text)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "writing the batch script: ") {
				t.Errorf("got %v, want the words of what was being done", err)
			}
		})
	}
}

func TestRenderIsPure(t *testing.T) {
	for name, s := range goldens() {
		if a, b := render(t, s), render(t, s); !bytes.Equal([]byte(a), []byte(b)) {
			t.Errorf("%s differs the second time", name)
		}
	}
}
