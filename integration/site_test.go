//go:build integration

package integration

import (
	"strings"
	"testing"

	"hpcsub/configs"
)

const siteJob = `name = "sited"
command = "sh -c 'echo $0 >>ran.txt' {n}"
[sweep]
n = { from = 1, to = 8 }
[each]
time = "1s"
memory = "200MiB"
[slurm]
partition = "short"
`

// siteRules is what an administrator adds to the file that site init wrote.
const siteRules = `
[policy]
forbid = ["gnu-parallel"]
require = ["slurm.account"]
max_throttle = 2
`

// TestSite takes an administrator from nothing to a checked and calibrated site, and holds users to it.
func TestSite(t *testing.T) {
	j := newJob(t, Default, siteJob, nil)
	j.before = "umask 022; "
	j.shell(t, "umask 022; mkdir etc new")
	j.expect(t, 0, "site init --out etc/site.toml")
	if r := j.expect(t, 0, "site check --site etc/site.toml"); !strings.Contains(r.Stdout, "sbatch --test-only takes few-long.packed.sh") || !strings.Contains(r.Stdout, "\n0 problems") {
		t.Errorf("site check:\n%s", r.Stdout)
	}
	account := j.shell(t, "sacctmgr -nP show user $USER format=defaultaccount")
	j.shell(t, `umask 022; (echo 'contact = "help@lab"'; echo 'locked = ["slurm.qos"]'; cat etc/site.toml) >new/site.toml; cat >>new/site.toml <<'E'`+siteRules+"E\n")
	if r := j.expect(t, 0, "site diff etc/site.toml new/site.toml"); !strings.Contains(r.Stdout, "+ gnu-parallel: lab forbids it (policy.forbid; ask help@lab)") {
		t.Errorf("site diff:\n%s", r.Stdout)
	}

	j.env = []string{"HPCSUB_SITE=" + j.folder + "/new/site.toml"}
	if r := j.expect(t, 3, "submit"); !strings.Contains(r.Stdout, "lab requires slurm.account of every job") {
		t.Errorf("without an account: %s%s", r.Stdout, r.Stderr)
	}
	if r := j.expect(t, 2, "submit --qos normal --account "+account); !strings.Contains(r.Stderr, "--qos: slurm.qos is locked to no value by lab") {
		t.Errorf("a locked key: %s", r.Stderr)
	}
	if r := j.expect(t, 3, "plan --strategy gnu-parallel --account "+account); !strings.Contains(r.Stdout, "lab forbids it") {
		t.Errorf("a forbidden strategy: %s", r.Stdout)
	}
	j.expect(t, 0, "submit --wait --strategy array --account "+account)
	j.eachOnce(t, 8)
	if got := j.shell(t, "grep -h '^#SBATCH --a' .hpcsub/*/attempts/1/script.sh"); got != "#SBATCH --account="+account+"\n#SBATCH --array=0-7%2" {
		t.Errorf("the script asks for\n%s", got)
	}
	var all []called
	for _, r := range j.results(t) {
		all = append(all, called{row: r})
	}
	if most := mostAtOnce(all); most > 2 {
		t.Errorf("%d tasks ran at once, with a throttle of 2", most)
	}

	r := j.expect(t, 0, "site calibrate --partition short")
	t.Logf("%s%s", r.Stderr, r.Stdout)
	got := j.shell(t, "cat new/site.toml")
	for _, want := range []string{"\n[costs]\n", "max_throttle = 2"} {
		if !strings.Contains(got, want) {
			t.Errorf("site calibrate left no %q in\n%s", want, got)
		}
	}
	for _, c := range configs.AllCosts() { // the lab has every tool
		if !strings.Contains(got, "\n"+c.Name+" = [") {
			t.Errorf("site calibrate did not measure %s:\n%s", c.Name, got)
		}
	}
	if r := j.expect(t, 0, "plan --explain --account "+account); !strings.Contains(r.Stdout, "site.toml") {
		t.Errorf("the plan does not count with it:\n%s", r.Stdout)
	}
	j.expect(t, 0, "site check")
}

// TestStandalone runs what needs no hpcsub, on a node and over two.
func TestStandalone(t *testing.T) {
	toml := strings.NewReplacer("to = 8", "to = 16", "1s", "3s").Replace(siteJob)
	j := newJob(t, Default, toml+"[limits]\nnodes = 2\n", nil)
	for _, strategy := range []string{"array", "gnu-parallel"} {
		j.expect(t, 0, "render --standalone --strategy "+strategy)
		if got := j.shell(t, "grep -c 'srun --nodes=2' sited-standalone.sh || true"); strategy == "gnu-parallel" && got != "1" {
			t.Errorf("the script does not go over two nodes: %s", j.shell(t, "cat sited-standalone.sh"))
		}
		j.shell(t, "rm -f ran.txt *.done.*; PATH=/usr/bin:/bin sbatch --wait sited-standalone.sh; cat slurm-*.log >&2")
		j.eachOnce(t, 16)
		if got := j.shell(t, "cut -d' ' -f1,2 sited-standalone.items.done.* | sort -n | tr '\\n' ,"); got != "1 0,2 0,3 0,4 0,5 0,6 0,7 0,8 0,9 0,10 0,11 0,12 0,13 0,14 0,15 0,16 0," {
			t.Errorf("%s: the list of what is done has %s", strategy, got)
		}
	}
}
