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
		{"submitted jobs of a user under a QOS", setQOS + "MaxSubmitJobsPerUser=1", setQOS + "MaxSubmitJobsPerUser=-1", gpuq,
			[]string{"QOS gpuq's MaxSubmitJobsPerUser is 1, of which 1 are taken", "sacctmgr modify qos gpuq set MaxSubmitJobsPerUser", "sbatch --hold -q gpuq --wrap true", ""},
			"-q gpuq", "refused", "Job violates accounting/QOS policy", "", ""},
		{"one more than that is free", setQOS + "MaxSubmitJobsPerUser=2", setQOS + "MaxSubmitJobsPerUser=-1", gpuq, nil, "-q gpuq", "taken", "", "sbatch --hold -q gpuq --wrap true", ""},
		{"submitted jobs of an account under a QOS", setQOS + "MaxSubmitJobsPerAccount=1", setQOS + "MaxSubmitJobsPerAccount=-1", gpuq,
			[]string{"QOS gpuq's MaxSubmitJobsPerAccount is 1"}, "-q gpuq", "refused", "Job violates accounting/QOS policy", "sbatch --hold -q gpuq --wrap true", ""},
		{"submitted jobs of an association", setUser + "MaxSubmitJobs=0", setUser + "MaxSubmitJobs=-1", gpuq,
			[]string{"account physics's MaxSubmitJobs is 0", "sacctmgr modify user alice where account=physics set MaxSubmitJobs", "", ""},
			"-q gpuq", "refused", "Job violates accounting/QOS policy", "", ""},
		{"the QOS allows more than the association", setUser + "MaxSubmitJobs=0", setUser + "MaxSubmitJobs=-1", "", nil, "", "taken", "", "", ""},
		{"submitted jobs of a whole account", setAccount + "GrpSubmitJobs=0", setAccount + "GrpSubmitJobs=-1", "",
			[]string{"account physics's GrpSubmitJobs is 0", "sacctmgr modify account physics set GrpSubmitJobs"}, "", "refused", "Job violates accounting/QOS policy", "", ""},
		{"no job may run", setUser + "MaxJobs=0", setUser + "MaxJobs=-1", "", []string{"account physics's MaxJobs is 0"}, "", "held", "AssocMaxJobsLimit", "", ""},
		{"CPUs of a job under a QOS", setQOS + "MaxTRESPerJob=cpu=1", setQOS + "MaxTRESPerJob=cpu=-1", "cpus = 2\n" + gpuq,
			[]string{"one Slurm job would ask for 2 CPUs; QOS gpuq's MaxTRESPerJob is cpu=1"}, "-q gpuq -c2", "held", "QOSMaxCpuPerJobLimit", "", ""},
		{"as many CPUs as it allows", setQOS + "MaxTRESPerJob=cpu=2", setQOS + "MaxTRESPerJob=cpu=-1", "cpus = 2\n" + gpuq, nil, "-q gpuq -c2", "taken", "", "", ""},
		{"memory of a job under a QOS", setQOS + "MaxTRESPerJob=mem=1G", setQOS + "MaxTRESPerJob=mem=-1", "memory = \"1GiB\"\n" + gpuq,
			[]string{"QOS gpuq's MaxTRESPerJob is mem=1024"}, "-q gpuq --mem=1088", "held", "QOSMaxMemoryPerJob", "", ""},
		{"CPUs of a job on a node", setQOS + "MaxTRESPerNode=cpu=1", setQOS + "MaxTRESPerNode=cpu=-1", "cpus = 2\n" + gpuq,
			[]string{"QOS gpuq's MaxTRESPerNode is cpu=1"}, "-q gpuq -c2", "held", "QOSMaxCpuPerNode", "", ""},
		{"the least of a job", setQOS + "MinTRESPerJob=cpu=20", setQOS + "MinTRESPerJob=cpu=-1", gpuq + "partition = \"short\"\n",
			[]string{"QOS gpuq's MinTRESPerJob is cpu=20"}, "-q gpuq -c4", "held", "QOSMinCpuNotSatisfied", "", ""},
		{"CPU-minutes of a job", setQOS + "MaxTRESMinsPerJob=cpu=1", setQOS + "MaxTRESMinsPerJob=cpu=-1", gpuq,
			[]string{"QOS gpuq's MaxTRESMinsPerJob is cpu=1"}, "-q gpuq -t 2", "held", "QOSMaxCpuMinutesPerJobLimit", "", ""},
		{"CPUs of a whole account", setAccount + "GrpTRES=cpu=1", setAccount + "GrpTRES=cpu=-1", "cpus = 2\n",
			[]string{"account physics's GrpTRES is cpu=1"}, "-c2", "held", "AssocGrpCpuLimit", "", ""},
		{"CPU-minutes of a whole account", setAccount + "GrpTRESMins=cpu=1", setAccount + "GrpTRESMins=cpu=-1", "",
			[]string{"account physics's GrpTRESMins is cpu="}, "-t 2", "held", "AssocGrpCPUMinutesLimit", "", ""},

		{"a partition's time limit", "true", "true", "[slurm]\npartition = \"short\"\n",
			[]string{"one Slurm job would run for 40 min", "the time limit of partition short is 30 min"}, "-p short -t 40", "held", "PartitionTimeLimit", "", "40m"},
		{"just within it", "true", "true", "[slurm]\npartition = \"short\"\n", nil, "-p short -t 30", "taken", "", "", "20m"},
		{"a partition for groups", setGPU + "allowgroups=root", setGPU + "allowgroups=ALL", gpu,
			[]string{"it is open only to the groups root (AllowGroups), and yours are alice"}, "-p gpu", "held", "group", "", ""},
		{"a partition for accounts", setGPU + "allowaccounts=chem", setGPU + "allowaccounts=ALL", gpu,
			[]string{"it is open only to the accounts chem (AllowAccounts), and yours are physics"}, "-p gpu", "held", "", "", ""},
		{"a partition for a QOS that is not the default", setGPU + "allowqos=gpuq", setGPU + "allowqos=ALL", gpu,
			[]string{"QOS normal is not let in; partition gpu's AllowQos is gpuq", `you may write [slurm] qos = "gpuq"`}, "-p gpu", "held", "", "", ""},
		{"the same with that QOS", setGPU + "allowqos=gpuq", setGPU + "allowqos=ALL", gpu + "qos = \"gpuq\"\n", nil, "-p gpu -q gpuq", "taken", "", "", ""},
		{"a partition closed to the QOS", setGPU + "denyqos=normal", setGPU + "denyqos=", gpu,
			[]string{"QOS normal is not let in; partition gpu's DenyQos is normal"}, "-p gpu", "held", "", "", ""},
		{"a partition for other hosts", setGPU + "allocnodes=c1", setGPU + "allocnodes=ALL", gpu,
			[]string{"only from c1 (AllocNodes), and this is login"}, "-p gpu", "refused", "Access/permission denied", "", ""},
		{"a partition for root", setGPU + "rootonly=yes", setGPU + "rootonly=no", gpu, []string{"only root may submit to it"}, "-p gpu", "refused", "Access/permission denied", "", ""},
		{"a hidden partition", setGPU + "hidden=yes", setGPU + "hidden=no", gpu, nil, "-p gpu", "taken", "", "", ""},
		{"a partition that is down", setGPU + "state=down", setGPU + "state=up", gpu, []string{"it is DOWN"}, "-p gpu", "held", "PartitionDown", "", ""},
		{"a partition that drains", setGPU + "state=drain", setGPU + "state=up", gpu, []string{"it is DRAIN"}, "-p gpu", "refused", "not available", "", ""},
		{"a partition for reservations", setGPU + "reqresv=yes", setGPU + "reqresv=no", gpu,
			[]string{"it takes only jobs that name a reservation, and there is none that you may use"}, "-p gpu", "refused", "Access/permission denied", "", ""},
		{"the same with one", setGPU + "reqresv=yes; " + now + "mine users=alice nodes=c4", "scontrol delete reservationname=mine; " + setGPU + "reqresv=no",
			gpu + "reservation = \"mine\"\n", nil, "-p gpu --reservation=mine -t 2", "taken", "", "", ""},
		{"memory of a partition's node", setGPU + "maxmempernode=1000", setGPU + "maxmempernode=0", "memory = \"2GiB\"\n" + gpu,
			[]string{"partition gpu's MaxMemPerNode is 1000 MiB"}, "-p gpu --mem=2112", "held", "MaxMemPerLimit", "", ""},
		{"CPUs of a partition's node", setGPU + "maxcpuspernode=1", setGPU + "maxcpuspernode=UNLIMITED", "cpus = 2\n" + gpu,
			[]string{"partition gpu's MaxCPUsPerNode is 1"}, "-p gpu -c2", "refused", "", "", ""},

		{"a reservation that is not there", "true", "true", "[slurm]\nreservation = \"nope\"\n", []string{`there is no reservation "nope"`, "", ""},
			"--reservation=nope", "refused", "Requested reservation is invalid", "", ""},
		{"a reservation of somebody else", now + "bobs users=bob nodes=c3", "scontrol delete reservationname=bobs", "[slurm]\npartition = \"long\"\nreservation = \"bobs\"\n",
			[]string{`reservation "bobs" cannot be used: it is for user bob, and you are alice`}, "-p long --reservation=bobs", "refused", "", "", ""},
		{"one for another account of one's own", "sacctmgr -i add account optics parent=physics; sacctmgr -i add user alice account=optics; " + now + "opt accounts=optics nodes=c3",
			"scontrol delete reservationname=opt; sacctmgr -i delete account optics", "[slurm]\npartition = \"long\"\nreservation = \"opt\"\n",
			[]string{`reservation "opt" is not for account physics; you may write [slurm] account = "optics"`}, "-p long --reservation=opt", "refused", "Access denied to requested reservation", "", ""},
		{"one's own", now + "mine users=alice nodes=c3", "scontrol delete reservationname=mine", "[slurm]\npartition = \"long\"\nreservation = \"mine\"\n", nil,
			"-p long --reservation=mine -t 2", "taken", "", "", ""},

		{"a licence that is not there", "true", "true", "[slurm]\noptions = [\"--licenses=nope:1\"]\n", []string{`there is no licence "nope" here`, "", ""},
			"-L nope:1", "refused", "Invalid license specification", "", ""},
		{"more licences than there are", licenses("matlab:2"), licenses(""), "[slurm]\noptions = [\"--licenses=matlab:3\"]\n",
			[]string{"each Slurm job asks for 3; the number of licences matlab is 2"}, "-L matlab:3", "refused", "Invalid license specification", "", ""},
		{"all licences", licenses("matlab:2"), licenses(""), "[slurm]\noptions = [\"--licenses=matlab:2\"]\n", nil, "-L matlab:2", "taken", "", "", ""},
		{"a QOS for reservations", setQOS + "flags+=RequiresReservation", setQOS + "flags-=RequiresReservation", gpuq,
			[]string{"QOS gpuq takes only jobs that name a reservation"}, "-q gpuq", "refused", "Invalid qos specification", "", ""},
	}
}

// TestMayI sets up one limit after another.
func TestMayI(t *testing.T) {
	lab := Start(t, Default)
	lab.WaitIdle(t)
	for _, m := range mays() {
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
	WaitFor(t, fmt.Sprintf("sbatch %s: %s %q", m.sbatch, m.fate, m.words), time.Minute, func() bool {
		fate, words := j.fate(t, m.sbatch)
		return fate == m.fate && strings.Contains(words, m.words)
	})
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
