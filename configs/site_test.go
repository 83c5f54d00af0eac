package configs

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestSite(t *testing.T) {
	t.Setenv("HOME", "/home/alice")
	tests := []struct {
		name, text string
		want       string // in the error
		site       Site
	}{
		{"nothing", "", "", Site{}},
		{"all", "client = \"rest\"\naddress = \"http://ctl:6820\"\ntoken_file = \"~/t\"\ntimeout = \"10s\"\n", "",
			Site{Client: "rest", Address: "http://ctl:6820", TokenFile: "/home/alice/t", Timeout: 10 * time.Second}},
		{"costs", "[costs]\njob_start_s = [0.1, 0.2, 0.5]\narray_rate = 40\n", "", Site{Costs: CostRange{
			Low: Costs{JobStart: 0.1, ArrayRate: 40}, Middle: Costs{JobStart: 0.2, ArrayRate: 40}, High: Costs{JobStart: 0.5, ArrayRate: 40}}}},
		{"a cost in words", "[costs]\nstop_s = \"50ms\"", "costs.stop_s: want a number, got \"50ms\"", Site{}},
		{"two ends of a cost", "[costs]\nstop_s = [1, 2]", "want a number, or the low end, the middle and the high end", Site{}},
		{"ends that are crossed", "[costs]\nstop_s = [3, 2, 1]", "in this order", Site{}},
		{"a cost of nothing", "[costs]\nstop_s = 0", "want a number above 0", Site{}},
		{"a slip in a cost", "[costs]\nstop = 1", "line 2: costs.stop: there is no such key; did you mean stop_s?", Site{}},
		{"commands", "client = \"commands\"", "", Site{Client: "commands"}},
		{"a socket", "client = \"rest\"\naddress = \"unix:/run/s\"", "", Site{Client: "rest", Address: "unix:/run/s"}},
		{"rest without an address", "client = \"rest\"", "site.toml: line 1: client: \"rest\" needs to know", Site{}},
		{"a slip", "\nadress = \"x\"", "site.toml: line 2: adress: there is no such key; did you mean address?", Site{}},
		{"another word", "url = \"http://x\"", "write address", Site{}},
		{"a key of job.toml", "command = \"x\"", "there is no such key; the top of the file has client, address, ca_file, token_file, timeout, interface, runs_dir", Site{}},
		{"a network", "interface = \"ib0\"", "", Site{Interface: "ib0"}},
		{"no network", "interface = \"ib0 eth1\"", "want the name of a network interface as ip link shows it", Site{}},
		{"the wrong case", "Client = \"rest\"", "write client", Site{}},
		{"a table", "[each]\ncpus = 2", "there is no such table; the tables are [partitions], [charges], [costs]", Site{}},
		{"defaults of job.toml", "[slurm]\naccount = \"x\"\n[limits]\ncpus = 8", "", Site{Defaults: Job{Slurm: SlurmKeys{Account: "x"}, Limits: Limits{CPUs: 8}}}},
		{"rules", "name = \"Hawk\"\nlocked = [\"slurm.account\", \"plan\"]\n[policy]\nforbid = [\"array\"]\nrequire = [\"each.time\"]\nshortest_task = \"5m\"", "", Site{
			Locked: []string{"slurm.account", "plan"},
			Rules:  Rules{Name: "Hawk", Policy: Policy{Forbid: []string{"array"}, Require: []string{"each.time"}, ShortestTask: 5 * time.Minute}}}},
		{"partitions", "[partitions.debug]\npurpose = \"tests\"\nnamed_only = true\n[partitions.long]", "", Site{
			Rules: Rules{Partitions: map[string]PartitionRule{"debug": {Purpose: "tests", NamedOnly: true}, "long": {}}}}},
		{"a key of a partition", "[partitions.debug]\nonly = true", "line 2: partitions.debug.only: there is no such key; a partition has purpose, named_only", Site{}},
		{"a partition that is none", "[partitions]\ndebug = 1", "write [partitions.debug] on a line of its own", Site{}},
		{"a strategy", "[policy]\nforbid = [\"packd\"]", "value 1 of the list: want", Site{}},
		{"forbidden and preferred", "[policy]\nforbid = [\"array\"]\nprefer = [\"array\"]", "take it out of one", Site{}},
		{"a required slip", "[policy]\nrequire = [\"slurm.acount\"]", "is no key of job.toml; did you mean \"slurm.account\"?", Site{}},
		{"a locked slip", "locked = [\"slurm.acount\"]", "line 1: locked: value 1 of the list: \"slurm.acount\" is no key of site.toml, and no table; did you mean \"slurm.account\"?", Site{}},
		{"a required key without its table", "[policy]\nrequire = [\"account\"]", "\"account\" is no key of job.toml; did you mean \"slurm.account\"?", Site{}},
		{"a locked key without its table", "locked = [\"time\"]", "did you mean \"limits.time\" or \"policy.time\"?", Site{}},
		{"a # before the table's name", "[partitions.long]\n#[policy]\nforbid = [\"array\"]", "partitions.long.forbid: there is no such key; a partition has purpose, named_only; forbid belongs below [policy]: does a # stand before that line?", Site{}},
		{"a number that no computer counts", "[policy]\nnodes = 99999999999999999999", "line 2: 99999999999999999999 is too large for a number: write a smaller one", Site{}},
		{"half a table's name", "\n[policy\nnodes = 1", "line 2: a table is written [policy], with both brackets", Site{}},
		{"tables without end", "name = \"a. b\"\nlocked" + strings.Repeat(".a", 1000) + " = 1", "line 2: locked.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.…: tables stand in tables here deeper", Site{}},
		{"a title of two lines", "name = \"a\\nb\"", "write one line", Site{}},
		{"a module that is an option", "[modules]\npython = \"-a\"", "modules.python: \"-a\" is no name of a module", Site{}},
		{"a table of items", "[sweep]\nn = [1]", "there is no such table", Site{}},
		{"a bad client", "client = \"ssh\"", `want "commands" or "rest", got "ssh"`, Site{}},
		{"a bad address", "address = \"ctl:6820\"", "line 1: address: the address of slurmrestd: want http://host:6820", Site{}},
		{"a bad time", "timeout = 30", `want a duration in quotes, got 30: write "30s"`, Site{}},
		{"relative certificates", "ca_file = \"ca.pem\"", "want an absolute path", Site{}},
		{"a relative path", "token_file = \"t\"", "want an absolute path", Site{}},
		{"a variable of the shell", "\nruns_dir = \"/x/$USER\"", `site.toml: line 2: runs_dir: $USER is not filled in here: write "/x/{user}", got "/x/$USER"`, Site{}},
		{"the same in braces", "scratch = \"${HOME}/${USER}/s\"", `scratch: ${HOME} is not filled in here: write "~/{user}/s", got "${HOME}/${USER}/s"`, Site{}},
		{"a dollar before the braces", "scratch = \"/x/${user}\"", `is not filled in here: write "/x/{user}", got "/x/${user}"`, Site{}},
		{"a pattern of Slurm", "scratch = \"/scratch/%u\"", `scratch: %u is not filled in here: write "/scratch/{user}"`, Site{}},
		{"what only a job knows", "scratch = \"/local/$SLURM_JOB_ID\"", "scratch: $SLURM_JOB_ID is not filled in here, only {user} (the user's name) and ~/", Site{}},
		{"a name in braces", "runs_dir = \"/x/{project}/{user}\"", "runs_dir: {project} is not filled in here, only {user}", Site{}},
		{"a file below home", "token_file = \"$HOME/t\"", `token_file: $HOME is not filled in here: write "~/t"`, Site{}},
		{"a dollar that is none", "scratch = \"/x/a$/b\"", "", Site{Rules: Rules{Scratch: "/x/a$/b"}}},
		{"no TOML", "client = ", "line 1", Site{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site, err := ParseSite("site.toml", []byte(tt.text))
			if tt.want != "" {
				var all Errors
				if !errors.As(err, &all) || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			tt.site.Path, tt.site.File, site.origins = "site.toml", "site.toml", nil
			if !reflect.DeepEqual(*site, tt.site) {
				t.Errorf("got %+v; want %+v", site, tt.site)
			}
		})
	}
}

// The file says where a user's token goes: whoever can change it could have it.
func TestSiteOfOthersIsRefused(t *testing.T) {
	write := func(t *testing.T, file, folder os.FileMode) string {
		dir := filepath.Join(t.TempDir(), "etc")
		path := filepath.Join(dir, "site.toml")
		for _, err := range []error{os.Mkdir(dir, 0o755), os.WriteFile(path, []byte("timeout = \"5s\"\n"), 0o644), os.Chmod(path, file), os.Chmod(dir, folder)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		return path
	}
	for _, tt := range []struct {
		name         string
		file, folder os.FileMode
		want         string
	}{
		{"the owner's", 0o644, 0o755, ""},
		{"private", 0o600, 0o700, ""},
		{"the group's", 0o664, 0o755, "others than its owner may change the file: chmod go-w"},
		{"everybody's", 0o646, 0o755, "others than its owner may change the file"},
		{"a folder of the group's", 0o644, 0o775, "others than its owner may change its folder"},
		{"a folder of everybody's", 0o644, 0o777 | os.ModeSticky, "others than its owner may change its folder"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, tt.file, tt.folder)
			link := filepath.Join(t.TempDir(), "link.toml")
			if err := os.Symlink(path, link); err != nil {
				t.Fatal(err)
			}
			for _, p := range []string{path, link} {
				site, err := ReadSite(p)
				if tt.want == "" && (err != nil || site.Timeout != 5*time.Second) || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
					t.Errorf("%s: got %+v, %v; want %q", p, site, err, tt.want)
				}
			}
		})
	}
}

// What is no file that can be read to its end is refused, by what it is, and nothing waits for it.
func TestSiteThatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, err := range []error{
		os.Chmod(dir, 0o755), syscall.Mkfifo(path("pipe"), 0o600), os.Symlink("circle", path("circle")), os.Symlink("nowhere", path("dangling")),
		os.WriteFile(path("long"), bytes.Repeat([]byte("#"), maxText+1), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"pipe": "pipe: is a pipe, a socket or a device: name a file", "circle": "circle: looking for it: too many levels of symbolic links",
		"dangling": "there is no such file", "none": "there is no such file", "long": "is longer than 1 MiB, and no site.toml is",
		"": "is a folder: name the file in it, as in " + dir + "/site.toml", "long/x": "looking for it: not a directory",
	} {
		if _, err := ReadSite(path(name)); err == nil || !strings.Contains(err.Error(), want) || name != "" && strings.Count(err.Error(), name+": ") > 1 {
			t.Errorf("%q: got %v, want %q", name, err, want)
		}
	}
	if _, err := ReadJob(path("pipe")); err == nil || !strings.HasSuffix(err.Error(), "pipe: is a pipe, a socket or a device: name a file") {
		t.Errorf("a job.toml that is a pipe: got %v", err)
	}
}

func TestFindSite(t *testing.T) {
	dir := t.TempDir()
	write := func(name, timeout string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("timeout = \""+timeout+"\"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	one, two := write("one.toml", "1s"), write("two.toml", "2s")
	env := func(value string) func(string) string {
		return func(name string) string { return map[string]string{"HPCSUB_SITE": value}[name] }
	}
	for _, tt := range []struct {
		named, env string
		want       time.Duration
	}{{one, two, time.Second}, {"", two, 2 * time.Second}, {one, "", time.Second}} {
		if site, err := FindSite(tt.named, env(tt.env)); err != nil || site.Timeout != tt.want {
			t.Errorf("%+v: got %+v, %v", tt, site, err)
		}
	}
	if _, err := FindSite("", env(dir+"/none.toml")); err == nil || !strings.Contains(err.Error(), "there is no such file") {
		t.Errorf("a named file that is missing: got %v", err)
	}
}

func TestEverySiteKeyIsDocumented(t *testing.T) {
	text, err := os.ReadFile("site.annotated.toml")
	if err != nil {
		t.Fatal(err)
	}
	on := regexp.MustCompile(`(?m)^#(\w+ = |\[)`).ReplaceAllString(string(text), "$1")
	site, err := ParseSite("site.toml", []byte(on))
	if err != nil || site.Client == "" || site.Address == "" || site.TokenFile == "" || site.Timeout == 0 {
		t.Fatalf("got %+v, %v", site, err)
	}
	for _, c := range AllCosts() {
		if *c.In(&site.Costs.Middle) == 0 {
			t.Errorf("costs.%s is not documented", c.Name)
		}
	}
	for _, k := range (&Site{}).keys() {
		if _, said := site.origins[k.path]; !said {
			t.Errorf("%s is not documented", k.path)
		}
		_, name := splitPath(k.path)
		if k.example != "" && !strings.HasPrefix(k.path, "costs.") && !strings.Contains(string(text), "\n#"+name+" = "+k.example+"\n") {
			t.Errorf("%s = %s is not documented", k.path, k.example)
		}
	}
}

// FuzzSite: whatever a site's file holds, a user's over it and a job under both, there are values, or problems of one line
// each that name the file and the line.
func FuzzSite(f *testing.F) {
	f.Add("client = \"rest\"\naddress = \"http://ctl:6820\"\ntoken_file = \"~/t\"\ntimeout = \"10s\"\n", "")
	f.Add("[a]\nb = 1\n", "[costs]\nstop_s = [1, 2, 3]\n")
	f.Add("locked = [\"slurm\"]\n[slurm]\naccount = \"a\"\n[policy]\nrequire = [\"each.time\"]\n", "[slurm]\naccount = \"b\"\n")
	f.Add("[partitions.x]\npurpose = \"y\"\n[environment]\nvariables = { A = \"1\" }\n", "[environment]\nvariables = { A = \"2\" }\n")
	f.Fuzz(func(t *testing.T, text, own string) {
		site, err := ParseSite("site.toml", []byte(text))
		if err != nil {
			ofFile(t, err, "site.toml: line ")
			return
		}
		if site.Client == "rest" && site.Address == "" || site.Timeout < 0 || site.Policy.MaxThrottle < 0 {
			t.Errorf("got %+v", site)
		}
		if user, err := parseSite("own.toml", []byte(own), LayerUser); err != nil {
			ofFile(t, err, "own.toml: line ")
		} else if err := site.over(user); err != nil {
			ofFile(t, err, "own.toml: line ")
		}
		job, err := ParseJob("/j/job.toml", []byte("command = \"true\"\n[slurm]\naccount = \"mine\""))
		if err != nil {
			t.Fatal(err)
		}
		if err := site.Apply(job); err != nil {
			ofFile(t, err, "/j/job.toml: line 3: slurm.account: ")
		}
		for _, v := range site.Values(job) {
			if v.Text == "" || strings.ContainsAny(v.Text, "\r\n") {
				t.Errorf("%s is shown as %q", v.Key, v.Text)
			}
		}
	})
}

func ofFile(t *testing.T, err error, begin string) {
	t.Helper()
	var list Errors
	if !errors.As(err, &list) || len(list) == 0 {
		t.Fatalf("%T %v is no list of problems", err, err)
	}
	for _, one := range list {
		if line := one.Error(); strings.ContainsAny(line, "\n\r") || !strings.HasPrefix(line, begin) {
			t.Errorf("not one line that begins with %q: %q", begin, line)
		}
	}
}
