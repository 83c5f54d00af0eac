package configs

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"hpcsub/items"
)

func TestReadJob(t *testing.T) {
	job, err := ReadJob("testdata/full.toml")
	if err != nil {
		t.Fatal(err)
	}
	dir, _ := filepath.Abs("testdata")
	never := 0
	want := Job{
		Path: "testdata/full.toml", Dir: dir, Name: "fourier",
		Work: items.Spec{
			Dir:     dir,
			Command: []string{"python", "my fourier.py", "{image}", "--beta={beta}"},
			Outputs: []string{"results/{image.stem}.pdf"},
			File:    "params.csv",
			Repeat:  2,
			Sweep: []items.Column{
				{Name: "zeta", Values: []items.Value{items.FloatValue(0.1), items.FloatValue(0.2), items.FloatValue(0.5)}},
				{Name: "beta", Range: &items.Range{From: "0.0", To: "0.3", Step: "0.1"}},
				{Name: "alpha", Range: &items.Range{From: "0.0001", To: "0.1", Count: 4, Scale: "log"}},
				{Name: "image", Glob: "images/*.jpg"},
				{Name: "mixed", Values: []items.Value{
					{Text: "a b"}, {Text: "7", Kind: items.Int}, {Text: "1.0", Kind: items.Float}, {Text: "true", Kind: items.Bool},
					{Text: "16", Kind: items.Int}, {Text: "-3", Kind: items.Int}, {Text: "1e+16", Kind: items.Float}, {Text: "1e-05", Kind: items.Float},
				}},
			},
			Zip: []items.Column{
				{Name: "x", Values: []items.Value{items.IntValue(1), items.IntValue(2)}},
				{Name: "y", Values: []items.Value{items.TextValue("one"), items.TextValue("two")}},
			},
			Types: map[string]string{"my col": "int"},
		},
		Each:   Each{Time: 42 * time.Second, MemoryMiB: 1536, CPUs: 2, GPUs: 2, GPUType: "a100_1g.10gb+me", Parallel: "threads", Timeout: 10 * time.Minute},
		Limits: Limits{Nodes: 4, CPUs: 160, GPUs: 8, Time: 30 * time.Hour, CPUHours: 2.5, GPUHours: 50, Failures: &never},
		Plan:   PlanKeys{Minimize: "cost", Strategy: "gnu-parallel"},
		Slurm: SlurmKeys{Account: "scw1389", Partition: "compute", QOS: "normal", Constraint: "[rack1|rack2]",
			Options: []string{"--mail-type=END", "--nice=5"}},
		Check:    Check{Command: []string{"pytest", "-q"}, Tolerance: 1e-9},
		Variants: []Variant{{Name: "numba", Command: []string{"python", "my numba.py", "{image}"}}, {Name: "list", Command: []string{"python", "a b.py"}}},
		Trial:    Trial{Items: 7, Repeats: 2, Budget: 90 * time.Second},
		Environment: Environment{Modules: []string{"gcc/12", "python/3.11"}, Venv: ".venv", Setup: "source env.sh\nulimit -c 0\n",
			Variables: []Variable{{"Z", "last"}, {"DATA", "/scratch/my data"}, {"A", ""}}},
	}
	want.Text, _ = os.ReadFile("testdata/full.toml")
	want.lines, want.Warnings = job.lines, job.Warnings
	if !reflect.DeepEqual(*job, want) {
		t.Errorf("got\n%+v\nwant\n%+v", *job, want)
	}
	if len(job.Warnings) != 1 || !strings.Contains(job.Warnings[0].Error(), "testdata/full.toml: line 52: environment.venv: there is no virtual environment") {
		t.Errorf("warnings %v, want one of the venv that is not there", job.Warnings)
	}
}

// A struct field that no key fills would be a key that was forgotten.
func TestEveryFieldHasAKey(t *testing.T) {
	job, err := ReadJob("testdata/full.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []any{job.Each, job.Limits, job.Plan, job.Slurm, job.Environment, job.Trial, job.Check} {
		v := reflect.ValueOf(part)
		for i := range v.NumField() {
			name := v.Type().Name() + "." + v.Type().Field(i).Name
			if v.Field(i).IsZero() && name != "Environment.Conda" && name != "SlurmKeys.Reservation" {
				t.Errorf("testdata/full.toml has every key, and %s is not filled", name)
			}
		}
	}
}

func TestOneColumnOrder(t *testing.T) {
	// The order of the file is the order of the sweep, however its tables are written.
	for _, text := range []string{
		"command='x'\n[sweep]\nb=[1]\na=[2]\nc=[3]\n",
		"command='x'\nsweep.b=[1]\nsweep.a=[2]\nsweep.c=[3]\n",
		"command='x'\nsweep = {b=[1], a=[2], c=[3]}\n",
		"command='x'\n[sweep]\nb=[1]\n[sweep.a]\nfrom=1\nto=2\n[sweep.c]\nfrom=1\nto=2\n",
	} {
		job, err := ParseJob("job.toml", []byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		var names string
		for _, c := range job.Work.Sweep {
			names += c.Name
		}
		if names != "bac" {
			t.Errorf("%q: columns in the order %q, want \"bac\"", text, names)
		}
	}
}

func TestCommand(t *testing.T) {
	for _, c := range []struct {
		text  string
		argv  []string
		shell string
	}{
		{`command = "python f.py {x}"`, []string{"python", "f.py", "{x}"}, ""},
		{`command = ["python", "f.py", "a b", ""]`, []string{"python", "f.py", "a b", ""}, ""},
		{"command = '''python \"f g.py\" 'a\"b' '''", []string{"python", "f g.py", `a"b`}, ""},
		{"command = 'python f.py {x} > out/{x}'\nshell = true", nil, "python f.py {x} > out/{x}"},
		{"shell = true\ncommand = 'a | b'", nil, "a | b"},
		{"shell = false\ncommand = 'a b'", []string{"a", "b"}, ""},
	} {
		job, err := ParseJob("job.toml", []byte(c.text))
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
		} else if !reflect.DeepEqual(job.Work.Command, c.argv) || job.Work.Shell != c.shell {
			t.Errorf("%q: got %q and %q, want %q and %q", c.text, job.Work.Command, job.Work.Shell, c.argv, c.shell)
		}
	}
}

func TestNameFromFolder(t *testing.T) {
	for folder, want := range map[string]string{
		"fourier": "fourier", "my job (2)": "my-job-2", "Été": "t", "...": "job", "日本": "job",
		"-rf": "rf", "v1.2_x": "v1.2_x", strings.Repeat("a", 100): strings.Repeat("a", 64),
	} {
		job, err := ParseJob(filepath.Join("/tmp", folder, "job.toml"), []byte(`command = "echo"`))
		if err != nil {
			t.Fatal(err)
		}
		if job.Name != want {
			t.Errorf("folder %q: name %q, want %q", folder, job.Name, want)
		}
		if !safeName.MatchString(job.Name) {
			t.Errorf("folder %q: name %q would be refused as a key", folder, job.Name)
		}
	}
}

func TestFilesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	long := filepath.Join(dir, "long.toml")
	if err := os.WriteFile(long, make([]byte, maxText+1), 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "job.toml"):      "job.toml: there is no such file; `hpcsub init` writes one",
		dir:                                 "is a folder; name the file in it: " + filepath.Join(dir, "job.toml"),
		long:                                `is longer than 1 MiB; a long list belongs in a file: items = "params.csv"`,
		filepath.Join(long, "job.toml"):     "reading it: not a directory",
		filepath.Join(dir, "a\x00b", "job"): "reading it: invalid argument",
	} {
		_, err := ReadJob(path)
		if err == nil || !strings.HasSuffix(err.Error(), want) || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("%q: got %v, want … %s", path, err, want)
		}
		if !errors.As(err, new(Errors)) {
			t.Errorf("%q: %T is no Errors", path, err)
		}
	}
}

func TestTextOfWindows(t *testing.T) {
	// A mark of byte order and CRLF line ends are what some editors write.
	job, err := ParseJob("job.toml", []byte("\xef\xbb\xbfcommand = \"echo {n}\"\r\n[sweep]\r\nn = [1]\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(job.Work.Sweep) != 1 || !strings.HasPrefix(string(job.Text), "\xef\xbb\xbf") {
		t.Errorf("got %+v with text %q", job.Work, job.Text)
	}
	_, err = ParseJob("job.toml", []byte("\xef\xbb\xbfcommand = \"echo\"\r\n[each]\r\ncpus = ten\r\n"))
	if want := "job.toml: line 3: text stands in quotes: cpus = \"ten\"; the line reads: cpus = ten"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestBlame(t *testing.T) {
	job, err := ParseJob("x/job.toml", []byte("command = 'echo {n} {m}'\n[sweep]\nn = [1]\n\"a b\" = [2]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{&items.KeyError{Key: "command", Err: errors.New("no column \"m\"")}, `x/job.toml: line 1: command: no column "m"`},
		{&items.KeyError{Key: "sweep.a b", Err: errors.New("bad")}, "x/job.toml: line 4: sweep.a b: bad"},
		{&items.KeyError{Key: "sweep", Err: errors.New("bad")}, "x/job.toml: line 2: sweep: bad"},
		{&items.KeyError{Key: "items", Err: errors.New("two\nlines")}, "x/job.toml: items: two lines"},
		{errors.New("bad"), "x/job.toml: bad"},
	} {
		got := job.Blame(c.err)
		if got.Error() != c.want || !errors.As(got, new(Errors)) {
			t.Errorf("got %v, want %s", got, c.want)
		}
	}
	if err := job.Blame(nil); err != nil {
		t.Errorf("blame for nothing: %v", err)
	}
}

func TestErrorsUnwrap(t *testing.T) {
	_, err := ParseJob("job.toml", []byte("command = 5\nrepeat = 0\n"))
	var p *Problem
	if !errors.As(err, &p) || p.File != "job.toml" || p.Line != 1 || p.Key != "command" {
		t.Errorf("got %+v of %v", p, err)
	}
	if n := len(err.(Errors)); n != 2 {
		t.Errorf("%d problems, want 2: %v", n, err)
	}
}
