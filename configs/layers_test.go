package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// layered reads a site's file with a user's file over it, where it is not empty.
func layered(t *testing.T, site, user string) (*Site, error) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if user != "" {
		write("home/.config/hpcsub/site.toml", user)
	}
	env := map[string]string{"HOME": filepath.Join(dir, "home")}
	return FindSite(write("etc/site.toml", site), func(name string) string { return env[name] })
}

func parse(t *testing.T, text string) *Job {
	t.Helper()
	job, err := ParseJob("/home/alice/job.toml", []byte("command = \"true\"\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func originOf(t *testing.T, site *Site, job *Job, key string) Value {
	t.Helper()
	for _, v := range site.Values(job) {
		if v.Key == key {
			return v
		}
	}
	t.Fatalf("%s has no value", key)
	return Value{}
}

func TestLayers(t *testing.T) {
	site, err := layered(t, "[slurm]\naccount = \"site\"\nqos = \"site\"\npartition = \"site\"\n[environment]\nvariables = { A = \"1\", B = \"1\" }",
		"[slurm]\nqos = \"user\"\npartition = \"user\"\n[environment]\nvariables = { B = \"2\" }")
	if err != nil {
		t.Fatal(err)
	}
	job := parse(t, "[slurm]\npartition = \"job\"\n[environment]\nvariables = { C = \"3\" }")
	if err := site.Apply(job, Setting{"--partition", "slurm.partition", "flag"}); err != nil {
		t.Fatal(err)
	}
	got := job.Slurm.Account + " " + job.Slurm.QOS + " " + job.Slurm.Partition
	if got != "site user flag" {
		t.Errorf("got %q", got)
	}
	if got := valueText(job.Environment.Variables); got != `{ A = "1", B = "2", C = "3" }` {
		t.Errorf("variables: got %s", got)
	}
	for key, want := range map[string]string{
		"slurm.account": "site: ", "slurm.qos": "user: ", "slurm.partition": "flag: --partition", "client": "built in", "environment.variables": "job: /home/alice/job.toml, line 5",
	} {
		if got := originOf(t, site, job, key).Origin.String(); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got origin %q, want %q", key, got, want)
		}
	}
	if got := originOf(t, site, nil, "slurm.qos").Origin.String(); !strings.HasSuffix(got, "hpcsub/site.toml, line 2") {
		t.Errorf("got origin %q", got)
	}
}

// A locked key holds against the user's file, job.toml and the command line.
func TestLockedKeys(t *testing.T) {
	const rules = "name = \"Hawk\"\ncontact = \"help@hawk\"\nlocked = [\"slurm.account\", \"plan\"]\n[slurm]\naccount = \"a\"\n[policy]\nmax_throttle = 5\n"
	const says = "is locked to \"a\" by Hawk ("
	if _, err := layered(t, rules, "[slurm]\naccount = \"b\""); err == nil || !strings.Contains(err.Error(), "line 2: slurm.account: "+says) ||
		!strings.Contains(err.Error(), "etc/site.toml, line 3): take it out, or ask help@hawk") {
		t.Errorf("the user's file: got %v", err)
	}
	if _, err := layered(t, rules, "[policy]\nmax_throttle = 50"); err == nil || !strings.Contains(err.Error(), "policy.max_throttle: is locked to 5") {
		t.Errorf("a rule: got %v", err)
	}
	if _, err := layered(t, rules, "locked = []"); err == nil || !strings.Contains(err.Error(), "locked: is locked") {
		t.Errorf("the list of what is locked: got %v", err)
	}
	site, err := layered(t, rules, "[policy]\nmax_array_tasks = 50\n[slurm]\naccount = \"a\"")
	if err != nil || site.Policy.MaxArrayTasks != 50 {
		t.Fatalf("what the site leaves open, and the same value: got %v", err)
	}
	for name, tt := range map[string]struct {
		job  string
		flag []Setting
		want string
	}{
		"job.toml":            {"[slurm]\naccount = \"b\"", nil, "/home/alice/job.toml: line 3: slurm.account: " + says},
		"empty in job.toml":   {"[slurm]\naccount = \"\"", nil, says},
		"a table":             {"[plan]\nstrategy = \"array\"", nil, "plan.strategy: is locked to no value by Hawk"},
		"a flag":              {"", []Setting{{"--account", "slurm.account", "b"}}, "--account: slurm.account " + says},
		"the same":            {"[slurm]\naccount = \"a\"", []Setting{{"--account", "slurm.account", "a"}}, ""},
		"nothing":             {"", nil, ""},
		"a flag that is odd":  {"", []Setting{{"--partition", "slurm.partition", "a b"}}, "--partition: \"a b\" has a space in it"},
		"another key is free": {"[slurm]\nqos = \"long\"", nil, ""},
	} {
		job := parse(t, tt.job)
		err := site.Apply(job, tt.flag...)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
		if err == nil && job.Slurm.Account != "a" {
			t.Errorf("%s: got account %q", name, job.Slurm.Account)
		}
	}
}

// What is active in the caller's shell goes before the site's, unless that is locked.
func TestShellAndSite(t *testing.T) {
	shell := func(name string) string { return map[string]string{"LOADEDMODULES": "mine/1"}[name] }
	for text, want := range map[string]string{
		"[environment]\nmodules = [\"site/1\"]":                             "mine/1",
		"locked = [\"environment\"]\n[environment]\nmodules = [\"site/1\"]": "site/1",
		"locked = [\"environment.modules\"]":                                "",
		"":                                                                  "mine/1",
	} {
		site, err := layered(t, text, "")
		if err != nil {
			t.Fatal(err)
		}
		job := parse(t, "")
		job.AdoptEnvironment(shell)
		if err := site.Apply(job); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(job.Environment.Modules, " "); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestCheckFlag(t *testing.T) {
	site, err := layered(t, "locked = [\"client\", \"timeout\"]\nclient = \"commands\"\ntimeout = \"1m\"", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := site.CheckFlag(Setting{"--client", "client", "rest"}); err == nil || !strings.HasPrefix(err.Error(), `--client: client is locked to "commands" by this site`) {
		t.Errorf("got %v", err)
	}
	for _, same := range []Setting{{"--client", "client", "commands"}, {"--client", "client", ""}, {"HPCSUB_TIMEOUT", "timeout", "1m"}} {
		if err := site.CheckFlag(same); err != nil {
			t.Errorf("%v: got %v", same, err)
		}
	}
}

func TestRequired(t *testing.T) {
	site, err := layered(t, "[policy]\nrequire = [\"slurm.account\", \"each.time\", \"slurm.qos\", \"command\"]\n[slurm]\nqos = \"normal\"", "")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"": "slurm.account each.time", "[each]\ntime = \"1m\"": "slurm.account",
		"[slurm]\naccount = \"\"\n[each]\ntime = \"1m\"": "slurm.account", "[slurm]\naccount = \"x\"\n[each]\ntime = \"1m\"": "",
	} {
		job := parse(t, text)
		if err := site.Apply(job); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(site.RulesFor(job).Missing, " "); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
