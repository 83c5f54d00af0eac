//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hpcsub/slurm"
)

// overREST are the variables that make hpcsub talk to the lab's slurmrestd.
var overREST = []string{"HPCSUB_CLIENT=rest", "HPCSUB_ADDRESS=http://ctl:6820"}

// newRESTJob is a job that goes through slurmrestd.
func newRESTJob(t *testing.T, toml string, files map[string]string) *job {
	t.Helper()
	j := newJob(t, Default, toml, files)
	j.env = overREST
	return j
}

// look is what `hpcsub cluster --json` says, with the warnings.
func (j *job) look(t *testing.T, client string) (c slurm.Cluster, warnings string) {
	t.Helper()
	r := j.expect(t, 0, "cluster --json --fresh --client "+client)
	if err := json.Unmarshal([]byte(r.Stdout), &c); err != nil {
		t.Fatal(err)
	}
	return c, r.Stderr
}

const countJob = `name = "count"
command = "sh -c 'echo $0 >>ran.txt; test -e wait && sleep 300; echo $((2 * $0))' {n}"
[sweep]
n = { from = 1, to = 40 }
[each]
time = "1s"
[slurm]
partition = "short"
`

// TestVersionClusterOverREST holds the picture over REST against that of the commands, on a cluster in use, with a
// drained node and a GPU taken.
func TestVersionClusterOverREST(t *testing.T) {
	j := newRESTJob(t, countJob, nil)
	j.lab.WaitIdle(t)
	t.Cleanup(func() {
		j.lab.rule(t, "scontrol update nodename=c2 state=resume; scancel -u alice; scontrol delete partitionname=dark; scontrol delete reservationname=part; scontrol delete reservationname=maint")
	})
	j.lab.Must(t, Command{Line: "sbatch -p gpu --gres=gpu:2 --mem=3G --wrap 'sleep 300'; sbatch -p long -w c3 -n5 --mem=4G --wrap 'sleep 300'"})
	j.lab.Must(t, Command{User: "root", Host: "ctl", Line: "scontrol update nodename=c2 state=drain reason='bad fan: replace'"})
	j.lab.rule(t, "scontrol create partitionname=dark nodes=c1 hidden=yes allowgroups=root")
	j.lab.rule(t, fmt.Sprintf(reserve, "now+1day", 60, ",maint")+"maint users=root nodes=ALL; "+fmt.Sprintf(reserve, "now", 30, "")+"part users=-bob nodes=c1 corecnt=2")
	WaitFor(t, "the jobs run", 30*time.Second, func() bool {
		return j.lab.Must(t, Command{Line: "squeue -h -t R -u alice | wc -l"}) == "2"
	})
	WaitFor(t, "the node shows that it is reserved", 30*time.Second, func() bool {
		return strings.Contains(j.lab.Must(t, Command{Line: "scontrol show node c1"}), "RESERVED")
	})
	want, _ := j.look(t, "commands")
	got, warnings := j.look(t, "rest")
	// slurmrestd of 26.05 tells a moment later what a job has taken of its node.
	for range 10 {
		if forgetUntold(j.lab.Suite, &want, &got); reflect.DeepEqual(got.Nodes, want.Nodes) {
			break
		}
		time.Sleep(time.Second)
		want, _ = j.look(t, "commands")
		got, warnings = j.look(t, "rest")
	}
	if got.Client != "rest" || want.Client != "commands" || got.Name != "lab" || got.Version != want.Version || got.User != "alice" {
		t.Errorf("got %q %q %q %q", got.Client, got.Name, got.Version, got.User)
	}
	for _, words := range []string{"how much of the limits", "planned starts"} {
		if !strings.Contains(warnings, words) {
			t.Errorf("no warning of %s: %s", words, warnings)
		}
	}
	forgetUntold(j.lab.Suite, &want, &got)
	for i := range want.Nodes {
		if !reflect.DeepEqual(got.Nodes[i], want.Nodes[i]) {
			t.Errorf("node: got  %+v\nwant %+v", got.Nodes[i], want.Nodes[i])
		}
	}
	same(t, "partitions", got.Partitions, want.Partitions)
	same(t, "limits", got.Limits, want.Limits)
	same(t, "scheduler", got.Scheduler, want.Scheduler)
	same(t, "reservations", got.Reservations, want.Reservations)
	same(t, "licences", got.Licenses, want.Licenses)
	if len(want.Partitions) != 4 || len(want.Switches) != 3 || !strings.Contains(warnings, "which nodes share a switch") {
		t.Errorf("got %d partitions, switches %+v, warnings %s", len(want.Partitions), want.Switches, warnings)
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(want)
		t.Errorf("%s:\ngot  %s\nwant %s", what, a, b)
	}
}

// forgetUntold takes from both pictures what slurmrestd of a release does not tell.
func forgetUntold(suite string, clusters ...*slurm.Cluster) {
	for _, c := range clusters {
		unused := func(u *slurm.Use) {
			u.Jobs, u.SubmittedJobs, u.GroupJobs, u.GroupSubmitted, u.AccountJobs, u.AccountSubmitted = 0, 0, 0, 0, 0, 0
			u.TRES, u.GroupTRES, u.AccountTRES, u.GroupTRESMinutes, u.GroupTRESRunMinutes, u.GroupWallS = nil, nil, nil, nil, nil, 0
			if suite == "bullseye" {
				u.MaxSubmitJobs = nil
			}
		}
		c.Limits.JobCount = nil
		for i := range c.Limits.Associations {
			unused(&c.Limits.Associations[i].Use)
		}
		for i := range c.Limits.QOS {
			unused(&c.Limits.QOS[i].Use)
		}
		for i := range c.Reservations {
			slices.Sort(c.Reservations[i].Flags)
			if suite == "bookworm" { // it names no cores
				c.Reservations[i].CoresOf = nil
			}
		}
		if suite == "bullseye" { // it tells neither these nor which part of a node is reserved
			c.Reservations, c.Licenses = nil, nil
		}
		if suite != "forky" {
			c.Scheduler, c.Limits.MaxArraySize, c.Limits.MaxJobCount = slurm.Scheduler{}, nil, nil
		}
		if suite == "bullseye" {
			c.Limits.MaxSubmitJobs = nil
		}
		for i := range c.Partitions {
			p := &c.Partitions[i]
			if suite != "forky" {
				p.PreemptMode = ""
			}
			switch suite {
			case "trixie":
				p.Default, p.Hidden = false, false
			case "bookworm":
				p.OverSubscribe = ""
			case "bullseye":
				p.OverSubscribe, p.DefaultTimeS = "", nil
			}
		}
		for i := range c.Nodes {
			n := &c.Nodes[i]
			if suite == "bookworm" { // it does not say who drained it
				n.Reason, _, _ = strings.Cut(n.Reason, " [")
			}
			if suite != "bullseye" {
				continue
			}
			n.CPUsReserved = nil
			n.Flags = slices.DeleteFunc(n.Flags, func(f string) bool { return f == "RESERVED" })
			n.Reason, _, _ = strings.Cut(n.Reason, " [")
			if n.State != "IDLE" { // what is free of it is not told: full
				n.State, n.CPUsAllocated, n.MemoryAllocatedMiB = "ALLOCATED", n.CPUs, n.MemoryMiB
			}
		}
	}
}

// requested are the fields of `scontrol show job` that the #SBATCH lines decide.
var requested = regexp.MustCompile(` ((?:Account|QOS|ArrayTaskId|ArrayTaskThrottle|TimeLimit|Partition|ReqNodeList|ExcNodeList|NumNodes|NumCPUs|NumTasks|` +
	`CPUs/Task|MinMemoryNode|MinMemoryCPU|Features|OverSubscribe|Contiguous|Licenses|TresPerNode|Requeue|Reason|NtasksPerN:B:S:C|MailType|MailUser|Dependency|Priority)=\S*)`)

// TestVersionRequestOverREST holds what Slurm understood of a script over REST against what it understood of sbatch.
func TestVersionRequestOverREST(t *testing.T) {
	options := `options = ["--hold", "--nodelist=c1", "--mail-type=END,FAIL", "--mail-user=a@example.org", "--dependency=singleton"]` + "\n"
	for _, strategy := range []string{"array", "packed", "gnu-parallel"} {
		t.Run(strategy, func(t *testing.T) {
			options := options
			if strategy == "gnu-parallel" { // over two nodes
				options = strings.Replace(options, "--nodelist=c1", "--exclude=c[3-4]", 1)
			}
			toml := countJob + "qos = \"normal\"\nconstraint = \"intel\"\naccount = \"physics\"\n" + options + fmt.Sprintf("[plan]\nstrategy = %q\n", strategy)
			understood := func(client string) []string {
				j := newJob(t, Default, toml, nil)
				j.env = []string{overREST[1], "HPCSUB_CLIENT=" + client}
				var s struct {
					JobIDs []string `json:"job_ids"`
				}
				if err := json.Unmarshal([]byte(j.expect(t, 0, "submit --json").Stdout), &s); err != nil || len(s.JobIDs) != 1 {
					t.Fatal(err, s)
				}
				line := j.shell(t, "scontrol -o show job "+s.JobIDs[0])
				j.expect(t, 0, "cancel")
				var fields []string
				for _, m := range requested.FindAllStringSubmatch(line, -1) {
					fields = append(fields, m[1])
				}
				if len(fields) < 15 || !strings.Contains(line, "WorkDir=") {
					t.Fatalf("scontrol shows %s", line)
				}
				return fields
			}
			got, want := understood("rest"), understood("commands")
			if !slices.Equal(got, want) {
				t.Errorf("over REST\n%q\nby sbatch\n%q", got, want)
			}
		})
	}
}

// TestRESTRefusals: a request that Slurm refuses, and one that cannot be made over REST, leave no job.
func TestRESTRefusals(t *testing.T) {
	for name, test := range map[string]struct{ toml, want string }{
		"an option that REST has not": {countJob + "options = [\"--power=level\"]\n", "--power: hpcsub cannot ask slurmrestd for this"},
		"a reservation that is not":   {countJob + "reservation = \"nope\"\n", "reservation"},
	} {
		t.Run(name, func(t *testing.T) {
			j := newRESTJob(t, test.toml, nil)
			r := j.hpcsub(t, "submit")
			if r.Code == 0 || !strings.Contains(r.Stdout+r.Stderr, test.want) {
				t.Errorf("got exit code %d\n%s%s\nwant %q", r.Code, r.Stdout, r.Stderr, test.want)
			}
			if got := j.shell(t, "squeue -h -u $USER"); got != "" {
				t.Errorf("there is a job: %s", got)
			}
		})
	}
}

// TestRESTFallback: where slurmrestd cannot be asked, the commands are, and a warning says why. The
// token is in none of it.
func TestRESTFallback(t *testing.T) {
	// SLURM_JWT would be for the commands too.
	const file = "mkdir -pm 700 etc; printf 'client = \"rest\"\naddress = \"http://ctl:6820\"\ntoken_file = \"%s/etc/token\"\n' $PWD >etc/site.toml; export HPCSUB_SITE=$PWD/etc/site.toml; umask 077; "
	tests := []struct {
		name, line string // a line before the call
		want       string
		before     func(*testing.T, *Lab)
	}{
		{"a bad token", file + "echo " + bad + " >etc/token", "slurmrestd at http://ctl:6820: GET", nil},
		{"an expired token", file + "scontrol token lifespan=1 >etc/token; sleep 2.1", "it expired on", nil},
		{"no such server", "export HPCSUB_ADDRESS=http://ctl:6821", "connection refused", nil},
		{"slurmrestd is down", "true", "connection refused", func(t *testing.T, l *Lab) { l.StopDaemon(t, Slurmrestd) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j := newRESTJob(t, countJob, nil)
			if test.before != nil {
				test.before(t, j.lab)
			}
			r := j.lab.Run(t, Command{Folder: j.folder, Env: j.env, Line: test.line + "; hpcsub cluster --json && hpcsub submit --wait"})
			if r.Code != 0 || !strings.Contains(r.Stderr, "warning: "+fallbackWords) || !strings.Contains(r.Stderr, test.want) {
				t.Errorf("exit code %d, stderr %s", r.Code, r.Stderr)
			}
			if !strings.Contains(strings.ReplaceAll(r.Stdout, " ", ""), `"client":"commands"`) || strings.Contains(r.Stdout+r.Stderr, bad) {
				t.Errorf("got %s %s", r.Stdout, r.Stderr)
			}
			j.eachOnce(t, 40)
		})
	}
}

// TestRESTBadToken: where nothing works, the answer is one error, and the token is not in it.
func TestRESTBadToken(t *testing.T) {
	j := newRESTJob(t, countJob, nil)
	j.env = append([]string{"SLURM_JWT=" + bad}, j.env...)
	r := j.hpcsub(t, "submit")
	if r.Code != 4 || !strings.Contains(r.Stderr, "slurmrestd at http://ctl:6820: GET") || strings.Contains(r.Stdout+r.Stderr, bad) {
		t.Errorf("got exit code %d, %s", r.Code, r.Stderr)
	}
}

// bad is a token that somebody else signed.
const bad = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjIxNDc0ODMwMDAsInN1biI6ImFsaWNlIn0.bm90LXRoZS1rZXk"

const fallbackWords = "slurmrestd could not be asked, so Slurm's commands were: "

// TestRESTToken looks for the token while a run goes through slurmrestd: it is in no file, script, environment of an
// item or command line, on the login node and on the nodes.
func TestRESTToken(t *testing.T) {
	j := newVersionJob(t, "rest", "[plan]\nstrategy = \"packed\"\n[limits]\ncpus = 2\n")
	secret := strings.TrimPrefix(j.env[0], "SLURM_JWT=")
	j.lab.Put(t, File{Path: j.folder + "/item.sh", Content: "env >>environment.txt; echo $1 >>ran.txt; sleep 1\n"})
	// The command line of every process is read all the while.
	watch := j.lab.Begin(t, Command{User: "root", Folder: j.folder, Timeout: 5 * time.Minute,
		Line: "until [ -e over ]; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'; done | sort -u >/run/lab/cmdlines; grep -c hpcsub /run/lab/cmdlines"})
	r := j.expect(t, 0, "submit --wait")
	j.shell(t, "touch over")
	if lines := watch.Wait(t); strings.TrimSpace(lines.Stdout) == "0" || lines.Code != 0 {
		t.Errorf("no command line of hpcsub was seen: %+v", lines)
	}
	j.eachOnce(t, 40)
	if strings.Contains(r.Stdout+r.Stderr, secret) {
		t.Errorf("submit printed the token")
	}
	// The pattern comes by a file, so that grep's own command line does not hold it.
	j.lab.Put(t, File{Path: "/run/lab/token", Owner: "root", Content: secret + "\n", Mode: "600"})
	found := j.lab.Must(t, Command{User: "root", Folder: j.folder,
		Line: "grep -rlFf /run/lab/token . /home/alice /tmp /run/lab/cmdlines 2>/dev/null || true"})
	if found != "" {
		t.Errorf("the token is in %s", found)
	}
	j.lab.Exec(t, "login", "root", "rm -f /run/lab/token /run/lab/cmdlines")
}
