//go:build integration

package integration

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"hpcsub/slurm"
)

// may is a limit that is set up on the cluster, what hpcsub says of a job under it, and what
// sbatch makes of the same request: the proof that hpcsub refuses neither too much nor too little.
type may struct {
	name  string
	setup string // by root on ctl
	undo  string
	toml  string   // after the job itself
	want  []string // of hpcsub's refusal; nil = it is accepted
	// The request that hpcsub would have made, and what Slurm makes of it: "refused", "held", or
	// "taken"; its words, or its reason for holding the job.
	sbatch, fate, words string

	newer bool // Slurm 20.11 and 22.05 do not tell users of such a limit

	before string // by alice, after the setup
	each   string // the time of an item; "" = 1s
}

const mayJob = `name = "may"
command = "true {n}"
[sweep]
n = { from = 1, to = 4 }
[each]
time = "1s"
`

const (
	setUser    = "sacctmgr -i modify user alice where account=physics set "
	setAccount = "sacctmgr -i modify account physics set "
	setQOS     = "sacctmgr -i modify qos gpuq set "
	setGPU     = "scontrol update partitionname=gpu "
	reserve    = "scontrol create reservation starttime=%s duration=%d flags=ignore_jobs%s reservationname="
)

func mays() []may {
	gpuq, gpu := "[slurm]\nqos = \"gpuq\"\n", "[slurm]\npartition = \"gpu\"\n"
	now := fmt.Sprintf(reserve, "now", 30, "")
	return []may{
		{name: "submitted jobs of a user under a QOS", setup: setQOS + "MaxSubmitJobsPerUser=1", undo: setQOS + "MaxSubmitJobsPerUser=-1", before: "sbatch --hold -q gpuq --wrap true", toml: gpuq,
			want: []string{"QOS gpuq's MaxSubmitJobsPerUser is 1, of which 1 are taken", "sacctmgr modify qos gpuq set MaxSubmitJobsPerUser"}, sbatch: "-q gpuq", fate: "refused", words: "Job violates accounting/QOS policy"},
		{name: "one more than that is free", setup: setQOS + "MaxSubmitJobsPerUser=2", undo: setQOS + "MaxSubmitJobsPerUser=-1", before: "sbatch --hold -q gpuq --wrap true", toml: gpuq,
			sbatch: "-q gpuq", fate: "taken"},
		{name: "submitted jobs of an account under a QOS", setup: setQOS + "MaxSubmitJobsPerAccount=1", undo: setQOS + "MaxSubmitJobsPerAccount=-1", before: "sbatch --hold -q gpuq --wrap true", toml: gpuq,
			want: []string{"QOS gpuq's MaxSubmitJobsPerAccount is 1"}, sbatch: "-q gpuq", fate: "refused", words: "Job violates accounting/QOS policy"},
		{name: "submitted jobs of an association", setup: setUser + "MaxSubmitJobs=0", undo: setUser + "MaxSubmitJobs=-1", toml: gpuq,
			want: []string{"account physics's MaxSubmitJobs is 0", "sacctmgr modify user alice where account=physics set MaxSubmitJobs"}, sbatch: "-q gpuq", fate: "refused", words: "Job violates accounting/QOS policy"},
		{name: "the QOS allows more than the association", setup: setUser + "MaxSubmitJobs=0", undo: setUser + "MaxSubmitJobs=-1",
			fate: "taken"},
		{name: "submitted jobs of a whole account", setup: setAccount + "GrpSubmitJobs=0", undo: setAccount + "GrpSubmitJobs=-1",
			want: []string{"account physics's GrpSubmitJobs is 0", "sacctmgr modify account physics set GrpSubmitJobs"}, fate: "refused", words: "Job violates accounting/QOS policy"},
		{name: "no job may run", setup: setUser + "MaxJobs=0", undo: setUser + "MaxJobs=-1",
			want: []string{"account physics's MaxJobs is 0"}, fate: "held", words: "AssocMaxJobsLimit"},
		{name: "CPUs of a job under a QOS", setup: setQOS + "MaxTRESPerJob=cpu=1", undo: setQOS + "MaxTRESPerJob=cpu=-1", toml: "cpus = 2\n" + gpuq,
			want: []string{"one Slurm job would ask for 2 CPUs; QOS gpuq's MaxTRESPerJob is cpu=1"}, sbatch: "-q gpuq -c2", fate: "held", words: "QOSMaxCpuPerJobLimit"},
		{name: "as many CPUs as it allows", setup: setQOS + "MaxTRESPerJob=cpu=2", undo: setQOS + "MaxTRESPerJob=cpu=-1", toml: "cpus = 2\n" + gpuq,
			sbatch: "-q gpuq -c2", fate: "taken"},
		{name: "memory of a job under a QOS", setup: setQOS + "MaxTRESPerJob=mem=1G", undo: setQOS + "MaxTRESPerJob=mem=-1", toml: "memory = \"1GiB\"\n" + gpuq,
			want: []string{"QOS gpuq's MaxTRESPerJob is mem=1024"}, sbatch: "-q gpuq --mem=1088", fate: "held", words: "QOSMaxMemoryPerJob"},
		{name: "CPUs of a job on a node", setup: setQOS + "MaxTRESPerNode=cpu=1", undo: setQOS + "MaxTRESPerNode=cpu=-1", toml: "cpus = 2\n" + gpuq,
			want: []string{"QOS gpuq's MaxTRESPerNode is cpu=1"}, sbatch: "-q gpuq -c2", fate: "held", words: "QOSMaxCpuPerNode"},
		{name: "the least of a job", setup: setQOS + "MinTRESPerJob=cpu=20", undo: setQOS + "MinTRESPerJob=cpu=-1", toml: gpuq + "partition = \"short\"\n",
			want: []string{"QOS gpuq's MinTRESPerJob is cpu=20"}, sbatch: "-q gpuq -c4", fate: "held", words: "QOSMinCpuNotSatisfied"},
		{name: "CPU-minutes of a job", setup: setQOS + "MaxTRESMinsPerJob=cpu=1", undo: setQOS + "MaxTRESMinsPerJob=cpu=-1", toml: gpuq,
			want: []string{"QOS gpuq's MaxTRESMinsPerJob is cpu=1"}, sbatch: "-q gpuq -t 2", fate: "held", words: "QOSMaxCpuMinutesPerJobLimit"},
		{name: "CPUs of a whole account", setup: setAccount + "GrpTRES=cpu=1", undo: setAccount + "GrpTRES=cpu=-1", toml: "cpus = 2\n",
			want: []string{"account physics's GrpTRES is cpu=1"}, sbatch: "-c2", fate: "held", words: "AssocGrpCpuLimit"},
		{name: "CPU-minutes of a whole account", setup: setAccount + "GrpTRESMins=cpu=1", undo: setAccount + "GrpTRESMins=cpu=-1",
			want: []string{"account physics's GrpTRESMins is cpu="}, sbatch: "-t 2", fate: "held", words: "AssocGrpCPUMinutesLimit"},
		{name: "time of a whole account", setup: setAccount + "GrpWall=0", undo: setAccount + "GrpWall=-1",
			want: []string{"account physics's GrpWall is 0", "sacctmgr modify account physics set GrpWall"}, fate: "held", words: "AssocGrpWallLimit"},
		{name: "CPU-minutes of what an account runs", setup: setAccount + "GrpTRESRunMins=cpu=1", undo: setAccount + "GrpTRESRunMins=cpu=-1",
			want: []string{"account physics's GrpTRESRunMins is cpu=1"}, sbatch: "-t 2", fate: "held", words: "AssocGrpCPURunMinutesLimit"},
		{name: "CPU-minutes of what a user runs under a QOS", newer: true, setup: setQOS + "MaxTRESRunMinsPerUser=cpu=1", undo: setQOS + "MaxTRESRunMinsPerUser=cpu=-1", toml: gpuq,
			want: []string{"QOS gpuq's MaxTRESRunMinsPerUser is cpu=1"}, sbatch: "-q gpuq -t 2", fate: "held", words: "MaxCpuRunMinsPerUser"},
		{name: "CPU-minutes of what an account runs under a QOS", newer: true, setup: setQOS + "MaxTRESRunMinsPerAccount=cpu=1", undo: setQOS + "MaxTRESRunMinsPerAccount=cpu=-1", toml: gpuq,
			want: []string{"QOS gpuq's MaxTRESRunMinsPerAccount is cpu=1"}, sbatch: "-q gpuq -t 2", fate: "held", words: "MaxCpuRunMinsPerAccount"},
		{name: "what a job is billed for", setup: setQOS + "MaxTRESPerJob=billing=1", undo: setQOS + "MaxTRESPerJob=billing=-1", toml: "cpus = 2\n" + gpuq,
			want: []string{"QOS gpuq's MaxTRESPerJob is billing=1"}, sbatch: "-q gpuq -c2", fate: "held", words: "QOSMaxBillingPerJob"},
		{name: "a partition's time limit", each: "40m", toml: "[slurm]\npartition = \"short\"\n",
			want: []string{"one Slurm job would run for 40 min", "the time limit of partition short is 30 min"}, sbatch: "-p short -t 40", fate: "held", words: "PartitionTimeLimit"},
		{name: "just within it", each: "20m", toml: "[slurm]\npartition = \"short\"\n",
			sbatch: "-p short -t 30", fate: "taken"},
		{name: "a partition for groups", setup: setGPU + "allowgroups=root", undo: setGPU + "allowgroups=ALL", toml: gpu,
			want: []string{"it is open only to the groups root (AllowGroups), and yours are alice"}, sbatch: "-p gpu", fate: "held", words: "group"},
		{name: "a partition for accounts", setup: setGPU + "allowaccounts=chem", undo: setGPU + "allowaccounts=ALL", toml: gpu,
			want: []string{"it is open only to the accounts chem (AllowAccounts), and yours are physics"}, sbatch: "-p gpu", fate: "held"},
		{name: "a partition for a QOS that is not the default", setup: setGPU + "allowqos=gpuq", undo: setGPU + "allowqos=ALL", toml: gpu,
			want: []string{"QOS normal is not let in; partition gpu's AllowQos is gpuq", `you may write [slurm] qos = "gpuq"`}, sbatch: "-p gpu", fate: "held"},
		{name: "the same with that QOS", setup: setGPU + "allowqos=gpuq", undo: setGPU + "allowqos=ALL", toml: gpu + "qos = \"gpuq\"\n",
			sbatch: "-p gpu -q gpuq", fate: "taken"},
		{name: "a partition closed to the QOS", setup: setGPU + "denyqos=normal", undo: setGPU + "denyqos=", toml: gpu,
			want: []string{"QOS normal is not let in; partition gpu's DenyQos is normal"}, sbatch: "-p gpu", fate: "held"},
		{name: "a partition for other hosts", setup: setGPU + "allocnodes=c1", undo: setGPU + "allocnodes=ALL", toml: gpu,
			want: []string{"only from c1 (AllocNodes), and this is login"}, sbatch: "-p gpu", fate: "refused", words: "Access/permission denied"},
		{name: "a partition for root", setup: setGPU + "rootonly=yes", undo: setGPU + "rootonly=no", toml: gpu,
			want: []string{"only root may submit to it"}, sbatch: "-p gpu", fate: "refused", words: "Access/permission denied"},
		{name: "a hidden partition", setup: setGPU + "hidden=yes", undo: setGPU + "hidden=no", toml: gpu,
			sbatch: "-p gpu", fate: "taken"},
		{name: "a partition that is down", setup: setGPU + "state=down", undo: setGPU + "state=up", toml: gpu,
			want: []string{"it is DOWN"}, sbatch: "-p gpu", fate: "held", words: "PartitionDown"},
		{name: "a partition that drains", setup: setGPU + "state=drain", undo: setGPU + "state=up", toml: gpu,
			want: []string{"it is DRAIN"}, sbatch: "-p gpu", fate: "refused", words: "not available"},
		{name: "a partition for reservations", setup: setGPU + "reqresv=yes", undo: setGPU + "reqresv=no", toml: gpu,
			want: []string{"it takes only jobs that name a reservation, and there is none that you may use"}, sbatch: "-p gpu", fate: "refused", words: "Access/permission denied"},
		{name: "the same with one", setup: setGPU + "reqresv=yes; " + now + "mine users=alice nodes=c4", undo: "scontrol delete reservationname=mine; " + setGPU + "reqresv=no", toml: gpu + "reservation = \"mine\"\n",
			sbatch: "-p gpu --reservation=mine -t 2", fate: "taken"},
		{name: "memory of a partition's node", setup: setGPU + "maxmempernode=1000", undo: setGPU + "maxmempernode=0", toml: "memory = \"2GiB\"\n" + gpu,
			want: []string{"partition gpu's MaxMemPerNode is 1000 MiB"}, sbatch: "-p gpu --mem=2112", fate: "held", words: "MaxMemPerLimit"},
		{name: "CPUs of a partition's node", setup: setGPU + "maxcpuspernode=1", undo: setGPU + "maxcpuspernode=UNLIMITED", toml: "cpus = 2\n" + gpu,
			want: []string{"partition gpu's MaxCPUsPerNode is 1"}, sbatch: "-p gpu -c2", fate: "refused"},
		{name: "a reservation that is not there", toml: "[slurm]\nreservation = \"nope\"\n",
			want: []string{`there is no reservation "nope"`}, sbatch: "--reservation=nope", fate: "refused", words: "Requested reservation is invalid"},
		{name: "a reservation of somebody else", setup: now + "bobs users=bob nodes=c3", undo: "scontrol delete reservationname=bobs", toml: "[slurm]\npartition = \"long\"\nreservation = \"bobs\"\n",
			want: []string{`reservation "bobs" cannot be used: it is for user bob, and you are alice`}, sbatch: "-p long --reservation=bobs", fate: "refused"},
		{name: "one for another account of one's own", setup: "sacctmgr -i add account optics parent=physics; sacctmgr -i add user alice account=optics; " + now + "opt accounts=optics nodes=c3", undo: "scontrol delete reservationname=opt; sacctmgr -i delete account optics", toml: "[slurm]\npartition = \"long\"\nreservation = \"opt\"\n",
			want: []string{`reservation "opt" is not for account physics; you may write [slurm] account = "optics"`}, sbatch: "-p long --reservation=opt", fate: "refused", words: "Access denied to requested reservation"},
		{name: "one's own", setup: now + "mine users=alice nodes=c3", undo: "scontrol delete reservationname=mine", toml: "[slurm]\npartition = \"long\"\nreservation = \"mine\"\n",
			sbatch: "-p long --reservation=mine -t 2", fate: "taken"},
		{name: "a licence that is not there", toml: "[slurm]\noptions = [\"--licenses=nope:1\"]\n",
			want: []string{`there is no licence "nope" here`}, sbatch: "-L nope:1", fate: "refused", words: "Invalid license specification"},
		{name: "more licences than there are", setup: licenses("matlab:2"), undo: licenses(""), toml: "[slurm]\noptions = [\"--licenses=matlab:3\"]\n",
			want: []string{"each Slurm job asks for 3; the number of licences matlab is 2"}, sbatch: "-L matlab:3", fate: "refused", words: "Invalid license specification"},
		{name: "all licences", setup: licenses("matlab:2"), undo: licenses(""), toml: "[slurm]\noptions = [\"--licenses=matlab:2\"]\n",
			sbatch: "-L matlab:2", fate: "taken"},
		{name: "a QOS for reservations", setup: setQOS + "flags+=RequiresReservation", undo: setQOS + "flags-=RequiresReservation", toml: gpuq,
			want: []string{"QOS gpuq takes only jobs that name a reservation"}, sbatch: "-q gpuq", fate: "refused", words: "Invalid qos specification"},
	}
}

// TestMayI sets up one limit after another.
func TestMayI(t *testing.T) {
	lab := Start(t, Default)
	lab.WaitIdle(t)
	for _, m := range mays() {
		if !m.newer || lab.Suite == "trixie" || lab.Suite == "forky" {
			t.Run(m.name, func(t *testing.T) { m.test(t) })
		}
	}
}

// TestMayICounted does so with limits on what Slurm counts only where it is told to: a type of GPUs, a licence.
func TestMayICounted(t *testing.T) {
	lab := Start(t, Default)
	lab.WaitIdle(t)
	const conf = "/etc/slurm/slurm.conf"
	t.Cleanup(func() {
		lab.rule(t, "sed -i 's#,gres/gpu:a100,license/matlab##; /^Licenses=/d' "+conf)
		lab.RestartDaemon(t, Slurmctld)
		lab.waitNodes(t)
	})
	lab.rule(t, "sed -i 's#^AccountingStorageTRES=.*#&,gres/gpu:a100,license/matlab#' "+conf+" && echo Licenses=matlab:4 >>"+conf)
	lab.RestartDaemon(t, Slurmctld)
	lab.waitNodes(t)
	gpu, licence := "[slurm]\nqos = \"gpuq\"\npartition = \"gpu\"\n", "[slurm]\nqos = \"gpuq\"\noptions = [\"--licenses=matlab:2\"]\n"
	set := func(limit string) string { return setQOS + "MaxTRESPerJob=" + limit }
	for _, m := range []may{
		{name: "GPUs of a type", setup: set("gres/gpu:a100=1"), undo: set("gres/gpu:a100=-1"), toml: "gpus = \"a100:2\"\n" + gpu,
			want: []string{"one Slurm job would ask for 2 GPUs of type a100; QOS gpuq's MaxTRESPerJob is gres/gpu:a100=1"}, sbatch: "-p gpu -q gpuq --gres=gpu:a100:2", fate: "held", words: "QOSMaxGRESPerJob"},
		{name: "GPUs of any type", setup: set("gres/gpu:a100=1"), undo: set("gres/gpu:a100=-1"), toml: "gpus = 2\n" + gpu,
			sbatch: "-p gpu -q gpuq --gres=gpu:2", fate: "taken"},
		{name: "licences", setup: set("license/matlab=1"), undo: set("license/matlab=-1"), toml: licence,
			want: []string{"one Slurm job would ask for 2 licences matlab; QOS gpuq's MaxTRESPerJob is license/matlab=1"}, sbatch: "-q gpuq -L matlab:2", fate: "held", words: "QOSMaxLicensePerJob"},
		{name: "as many licences", setup: set("license/matlab=2"), undo: set("license/matlab=-1"), toml: licence,
			sbatch: "-q gpuq -L matlab:2", fate: "taken"},
	} {
		t.Run(m.name, func(t *testing.T) { m.test(t) })
	}
}

func (m may) test(t *testing.T) {
	j := newJob(t, Default, strings.Replace(mayJob, "1s", cmp.Or(m.each, "1s"), 1)+m.toml, nil)
	t.Cleanup(func() { j.lab.rule(t, "scancel -u alice; "+m.undo) })
	j.lab.rule(t, m.setup)
	if m.before != "" {
		j.shell(t, m.before)
	}
	// The database tells the controller of a change a moment later.
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		fate, words := j.fate(t, m.sbatch)
		if fate == m.fate && strings.Contains(words, m.words) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("sbatch %s: it is %s, %q; want %s, %q", m.sbatch, fate, words, m.fate, m.words)
		}
	}
	code := 0
	if m.want != nil {
		code = 3
	}
	r := j.expect(t, code, "plan")
	said := strings.Join(strings.Fields(r.Stdout+r.Stderr), " ")
	for _, want := range m.want {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s%s", want, r.Stdout, r.Stderr)
		}
	}
	if code == 3 {
		j.expect(t, 3, "submit")
		j.nothingSubmitted(t)
	}
}

// rule is a change of the cluster's rules by root.
func (l *Lab) rule(t *testing.T, line string) {
	t.Helper()
	l.Must(t, Command{Host: "ctl", User: "root", Line: line})
}

// licenses sets those that Slurm counts.
func licenses(list string) string {
	if list != "" {
		list = "echo Licenses=" + list + " >>/etc/slurm/slurm.conf; "
	}
	return "sed -i /^Licenses=/d /etc/slurm/slurm.conf; " + list + "scontrol reconfigure"
}

// fate is what Slurm makes of a request: refused, taken, or held for ever, with its words.
func (j *job) fate(t *testing.T, options string) (fate, words string) {
	t.Helper()
	r := j.lab.Run(t, Command{Folder: j.folder, Line: "sbatch --parsable -o /dev/null " + options + " --wrap 'sleep 20'"})
	if r.Code != 0 {
		return "refused", r.Stderr
	}
	id := strings.TrimSpace(r.Stdout)
	defer j.shell(t, "scancel "+id)
	state := func() string { return j.shell(t, "squeue -h -j "+id+" -o '%T %r'") }
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		words = state()
		reason := strings.TrimPrefix(words, "PENDING ")
		switch {
		case reason == words:
			return "taken", words // it runs
		case reason != "None" && reason != "Priority" && reason != "Resources":
			// Slurm looks at it every two seconds: a reason that stays is why it is never started.
			time.Sleep(5 * time.Second)
			if again := state(); again == words {
				return "held", words
			}
		}
	}
	return "pending", words
}

// TestMaintenanceAhead: a job that would reach into a maintenance of all nodes starts after it, and hpcsub says so; a
// shorter one starts now.
func TestMaintenanceAhead(t *testing.T) {
	long := strings.Replace(mayJob, `"1s"`, `"20m"`, 1)
	j := newJob(t, Default, long, nil)
	short := newJob(t, Default, mayJob, nil)
	j.lab.WaitIdle(t)
	t.Cleanup(func() { j.lab.rule(t, "scancel -u alice; scontrol delete reservationname=maint") })
	j.lab.rule(t, fmt.Sprintf(reserve, "now+10minutes", 30, ",maint")+"maint users=root nodes=ALL")
	var plan struct {
		Chosen *struct {
			Estimate struct {
				Wait *float64 `json:"queue_wait_s"`
			}
		}
		Warnings []struct{ Rule, Text string }
	}
	ask := func(j *job) (wait float64, warned string) {
		t.Helper()
		plan.Chosen, plan.Warnings = nil, nil
		if err := json.Unmarshal([]byte(j.expect(t, 0, "plan --json").Stdout), &plan); err != nil || plan.Chosen == nil || plan.Chosen.Estimate.Wait == nil {
			t.Fatalf("got %+v, %v", plan, err)
		}
		for _, w := range plan.Warnings {
			if w.Rule == "reservation" {
				warned = w.Text
			}
		}
		return *plan.Chosen.Estimate.Wait, warned
	}
	if wait, warned := ask(j); wait < 38*60 || wait > 40*60 || !strings.Contains(warned, "reaches into reservation maint") {
		t.Errorf("a job that reaches into it: wait %v s, warning %q", wait, warned)
	}
	if wait, warned := ask(short); wait != 0 || warned != "" {
		t.Errorf("a job that ends before it: wait %v s, warning %q", wait, warned)
	}
	if fate, words := j.fate(t, "-t 20"); fate != "held" || !strings.Contains(words, "ReqNodeNotAvail") {
		t.Errorf("sbatch -t 20: %s, %q; want held by the maintenance", fate, words)
	}
	if fate, words := j.fate(t, "-t 2"); fate != "taken" {
		t.Errorf("sbatch -t 2: %s, %q; want taken", fate, words)
	}
	c, _ := j.look(t, "commands")
	if r := c.Reservation("maint"); r == nil || r.Usable || r.Nodes != "c[1-4]" || !r.Has("MAINT") {
		t.Errorf("got %+v", r)
	}
}

// TestAccessIsShown: cluster --json says of each partition with which accounts and QOS it may be used, or why not.
func TestAccessIsShown(t *testing.T) {
	j := newJob(t, Default, mayJob, nil)
	t.Cleanup(func() { j.lab.rule(t, setGPU+"allowqos=ALL; scontrol update partitionname=long allowgroups=ALL") })
	j.lab.rule(t, setGPU+"allowqos=gpuq,fast; scontrol update partitionname=long allowgroups=root")
	c, _ := j.look(t, "commands")
	want := []slurm.Access{{Account: "physics", Default: true, QOS: []string{"fast", "gpuq"}, DefaultQOS: "normal"}}
	same(t, "access to gpu", c.Partition("gpu").Access, want)
	if p := c.Partition("long"); p.Usable || !strings.Contains(p.WhyNot, "groups root") || p.Access == nil || len(p.Access) > 0 {
		t.Errorf("got %+v", p)
	}
	if len(c.Switches) != 3 || c.Leaves()["c1"] != "leaf1" || c.Licenses == nil {
		t.Errorf("got switches %+v, licences %+v", c.Switches, c.Licenses)
	}
}
