package templates

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hpcsub/configs"
	"hpcsub/strategies"
)

// hostile are values that break scripts which quote carelessly. Each would make a file "pwned".
var hostile = []string{
	"plain", "two words", " leads and trails ", "it's", `say "hi"`, "`touch pwned`", "$(touch pwned)", "${HOME}", "$'x'",
	"; touch pwned;", "& touch pwned &", "| touch pwned", "> pwned", "< pwned", "a\\", `\n`, `\`, "#comment", "a #b", "%j%%a", "*", "~", "!!",
	"-rf", "--help", "{}", "{{.}}", "{{/*", "}", "{", "fi", "é ü 日本", "'", `"`, `'"'"'`, "'; touch pwned; '", "\"; touch pwned; \"", "hetjob",
	"#SBATCH --wrap=x", "shellcheck disable=all", strings.Repeat("x'\"$ ", 2000),
}

// control are values that no #SBATCH line can carry, but the rest of a script must.
var control = []string{"line\nbreak", "\n#SBATCH --uid=0", "\ntouch pwned\n", "carriage\rreturn", "dos\r\nline", "tab\there", "bell\x07", "\x7f", "\x1b[31m"}

// filling returns a script with a value in every field that may hold one.
func filling(s Script, value string) Script {
	s.Version, s.Run, s.JobFile, s.Why, s.Estimate, s.SlurmVersion = value, value, value, value, value, value
	s.JobName, s.Comment, s.Token, s.Exclude = value, value, value, []string{value, value}
	s.Request.Partition, s.Request.Account, s.Request.QOS, s.Request.GRES = value, value, value, value
	s.Slurm = configs.SlurmKeys{Reservation: value, Constraint: value, Options: []string{"--mail-user=" + value, "--comment " + value, "-J " + value}}
	s.Environment = environmentOf(value)
	return s
}

func environmentOf(value string) configs.Environment {
	return configs.Environment{
		Modules: []string{value, value}, Conda: value, Setup: ": " + Quote(value),
		Variables: []configs.Variable{{Name: "HOSTILE", Value: value}},
	}
}

func TestHostileValuesInEveryField(t *testing.T) {
	for _, strategy := range strategies.Names() {
		for _, value := range hostile {
			s := filling(example(strategy, "24.11.5"), value)
			s.Environment.Venv = "/" + value
			s.Attempt, s.Dir, s.Hpcsub = "/"+value, "/"+value, "/"+value
			checkSyntax(t, value, render(t, s))
		}
	}
}

// TestHostileDirectives reads the #SBATCH lines back as sbatch does.
func TestHostileDirectives(t *testing.T) {
	for _, value := range hostile {
		s := filling(example("packed", "24.11.5"), value)
		var got []string
		for line := range strings.Lines(render(t, s)) {
			if rest, ok := strings.CutPrefix(line, "#SBATCH"); ok {
				got = append(got, sbatchWords(t, rest)...)
			}
		}
		trimmed := strings.TrimSpace(value)
		for _, want := range []string{"--job-name=" + value, "--comment=" + value, "--partition=" + value, "--account=" + value,
			"--qos=" + value, "--gres=" + value, "--reservation=" + value, "--constraint=" + value, "--exclude=" + value + "," + value,
			"--mail-user=" + trimmed, "--comment", trimmed, "-J", trimmed} {
			if !slices.Contains(got, want) {
				t.Errorf("sbatch would read %q, want %q among them", got, want)
			}
		}
		if n := slices.IndexFunc(got, func(w string) bool { return strings.HasPrefix(w, "--wrap") || strings.HasPrefix(w, "--uid") }); n >= 0 {
			t.Errorf("value %q became the option %q", value, got[n])
		}
	}
}

// sbatchWords splits a line as _get_argument of src/sbatch/opt.c does.
func sbatchWords(t *testing.T, line string) []string {
	t.Helper()
	var words []string
	var b strings.Builder
	var quote byte
	escaped, some := false, false
	for _, c := range []byte(line) {
		switch {
		case c == '\n' || quote == 0 && !escaped && (c == ' ' || c == '\t'):
			if some {
				words = append(words, b.String())
			}
			b.Reset()
			some = false
		case escaped:
			escaped = false
			b.WriteByte(c)
		case c == '\\':
			escaped, some = true, true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, some = c, true
		case quote == 0 && c == '#':
			t.Fatalf("an unquoted # would end %q", line)
		default:
			some = true
			b.WriteByte(c)
		}
	}
	if quote != 0 {
		t.Fatalf("unmatched quote in %q", line)
	}
	return words
}

func TestControlCharacters(t *testing.T) {
	for _, value := range control {
		s := filling(example("packed", "24.11.5"), value)
		if _, err := Render(s); err == nil {
			t.Errorf("%q was accepted in #SBATCH lines", value)
		}
		text := render(t, commentsOnly(value))
		checkSyntax(t, value, text)
		if strings.Contains(text, "\r") { // sbatch refuses a script with DOS line ends
			t.Errorf("%q left a carriage return in the script", value)
		}
	}
}

// commentsOnly has the value everywhere but in #SBATCH lines.
func commentsOnly(value string) Script {
	s := example("packed", "24.11.5")
	s.Run, s.JobFile, s.Why, s.Estimate, s.Version, s.Token = value, value, value, value, value, value
	s.Environment = environmentOf(value)
	s.Environment.Venv = "/" + value
	s.Dir, s.Attempt, s.Hpcsub = "/"+value, "/"+value, "/"+value
	return s
}

// TestScriptsRun runs whole scripts, with fakes of the commands that they call, in folders with hostile
// names: the worker must get each argument as it is, and nothing else may happen.
func TestScriptsRun(t *testing.T) {
	for i, value := range slices.Concat(hostile, control) {
		if len(value) > 200 || strings.Contains(value, "/") { // no name of a file
			continue
		}
		strategy := strategies.Names()[i%len(strategies.Names())]
		t.Run(fmt.Sprintf("%s %q", strategy, value), func(t *testing.T) { runScript(t, strategy, value) })
	}
}

func runScript(t *testing.T, strategy, value string) {
	root := t.TempDir()
	dir := filepath.Join(root, "x"+value)
	fakes := filepath.Join(root, "fakes")
	const record = "#!/bin/bash\nprintf '%s\\0' \"$@\" >\"$OUT/${0##*/}\"; printf %s \"$HOSTILE\" >\"$OUT/HOSTILE\"; pwd >\"$OUT/pwd\"\n"
	for path, text := range map[string]string{
		filepath.Join(dir, "hpcsub"):               record,
		filepath.Join(fakes, "module"):             record,
		filepath.Join(fakes, "conda"):              "#!/bin/bash\necho 'conda() { printf \"%s\\0\" \"$@\" >\"$OUT/conda\"; }'\n",
		filepath.Join(dir, ".venv/bin/activate"):   "export ENTERED=yes\n",
		filepath.Join(root, "out/placeholder"):     "",
		filepath.Join(dir, "attempts/1/work.json"): "{}",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s := example(strategy, "22.05.8")
	s.Environment, s.Token = environmentOf(value), value
	s.Environment.Venv = ".venv"
	s.Dir, s.Hpcsub, s.Attempt = dir, filepath.Join(dir, "hpcsub"), filepath.Join(dir, "attempts/1")
	s.Range = strategies.IndexRange{First: s.Range.First + 5, Count: s.Range.Count}
	cmd := exec.Command("bash", "-s")
	cmd.Stdin = strings.NewReader(render(t, s))
	cmd.Dir = root
	cmd.Env = []string{"PATH=" + fakes + ":/usr/bin:/bin", "OUT=" + filepath.Join(root, "out"), "SLURM_ARRAY_TASK_ID=2", "SLURM_EXPORT_ENV=NONE", "HOME=" + root}
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%v: %s", err, out)
	}
	part := "5"
	if s.Request.ArrayTasks > 0 {
		part = "7"
	}
	want := []string{"worker", "run", "--attempt", s.Attempt, "--token", value, "--part", part, "--slots", fmt.Sprint(s.Layout.Slots),
		"--time-limit-s", fmt.Sprint(s.Request.TimeLimitS)}
	if strategy == "gnu-parallel" {
		want = append(want, "--", "parallel", "--plain", "--will-cite", "--ungroup", "--jobs", "8", `"$HPCSUB_PROGRAM" worker item {}`)
	}
	switch strategy {
	case "pathos":
		want = append(want, "--", "python3", filepath.Join(s.Attempt, "python/pathos_pool.py"), "8")
	case "dask":
		want = append(want, "--", "python3", filepath.Join(s.Attempt, "python/dask_pool.py"), "8")
	}
	compare(t, root, "hpcsub", strings.Join(want, "\x00")+"\x00")
	compare(t, root, "HOSTILE", value)
	compare(t, root, "pwd", dir+"\n")
	compare(t, root, "module", "load\x00"+value+"\x00"+value+"\x00")
	compare(t, root, "conda", "activate\x00"+value+"\x00")
	filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if e.Name() == "pwned" {
			t.Errorf("something of %q was executed", value)
		}
		return nil
	})
}

func compare(t *testing.T, root, name, want string) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(root, "out", name))
	if err != nil || string(got) != want {
		t.Errorf("%s: got %q, %v; want %q", name, got, err, want)
	}
}

// TestSetupFails: the script ends before the work, with words that name the key.
func TestSetupFails(t *testing.T) {
	tests := []struct {
		name string
		env  configs.Environment
		want string
	}{
		{"a module", configs.Environment{Modules: []string{"nope/1"}}, "[environment] modules: loading nope/1"},
		{"a venv", configs.Environment{Venv: "nope"}, "[environment] venv: entering"},
		{"conda", configs.Environment{Conda: "nope"}, "[environment] conda: there is no command conda"},
		{"setup", configs.Environment{Setup: "source nope.sh # a comment"}, "[environment] setup: source nope.sh # a comment"},
		{"setup of two lines", configs.Environment{Setup: "true\nfalse"}, "[environment] setup: true\nfalse"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			s := example("single", "24.11.5")
			s.Environment, s.Dir, s.Hpcsub = tt.env, dir, "/bin/echo"
			cmd := exec.Command("bash", "-s")
			cmd.Stdin = strings.NewReader(render(t, s))
			cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + dir}
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "hpcsub: error: "+tt.want) || strings.Contains(string(out), "worker run --attempt") {
				t.Errorf("got %v and %q, want exit 1 and %q", err, out, tt.want)
			}
		})
	}
}

func TestNodeThatSeesNothing(t *testing.T) {
	s := example("single", "24.11.5")
	for want, change := range map[string]func(){
		"does not see the folder of the job, /nowhere": func() { s.Hpcsub, s.Dir = "/bin/echo", "/nowhere" },
		"does not see /nowhere/hpcsub":                 func() { s.Hpcsub = "/nowhere/hpcsub" },
	} {
		change()
		cmd := exec.Command("bash", "-s")
		cmd.Stdin = strings.NewReader(render(t, s))
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), want) {
			t.Errorf("got %v and %q, want %q", err, out, want)
		}
	}
}

// TestShellcheckOfHostileScripts: from warnings up; below, it advises against quotes that are meant.
func TestShellcheckOfHostileScripts(t *testing.T) {
	dir := t.TempDir()
	args := []string{"--severity=warning"}
	for i, value := range slices.Concat(hostile, control) {
		if len(value) > 1000 { // it takes a minute over such a line
			continue
		}
		s := commentsOnly(value)
		if i < len(hostile) {
			s = filling(s, value)
		}
		s.Strategy, s.Environment.Setup = strategies.Names()[i%len(strategies.Names())], ""
		path := filepath.Join(dir, fmt.Sprintf("%d.sh", i))
		if err := os.WriteFile(path, []byte(render(t, s)), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	if out, err := exec.Command("shellcheck", args...).CombinedOutput(); err != nil {
		t.Errorf("shellcheck: %v\n%s", err, out)
	}
}
