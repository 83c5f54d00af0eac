//go:build integration

package integration

import (
	"strings"
	"testing"
	"time"
)

// preemptedJob fills the nodes of partition short for a while.
const preemptedJob = `name = "preempted"
command = "sh tally.sh {n} 4"
[sweep]
n = { from = 1, to = 32 }
[each]
time = "5s"
[plan]
strategy = "packed"
[slurm]
partition = "short"
`

// TestPreemption: where the jobs of a partition make room for those of another one, the plan says so; and a run that
// had to, goes on afterwards and does every item.
func TestPreemption(t *testing.T) {
	lab := Start(t, Default)
	lab.WaitIdle(t)
	// scontrol takes a partition's PreemptMode, where it has none of its own, from the file beside it.
	configure := func(line string) {
		for _, host := range []string{"ctl", "login"} {
			lab.Must(t, Command{Host: host, User: "root", Line: line + " /etc/slurm/slurm.conf"})
		}
	}
	t.Cleanup(func() {
		lab.rule(t, "scancel -u bob")
		configure("sed -i '/^Preempt/d'")
		lab.RestartDaemon(t, Slurmctld)
		lab.waitNodes(t)
		lab.Run(t, Command{Line: "hpcsub cluster --fresh"}) // what is kept for an hour is again what it was
	})
	configure("printf 'PreemptType=preempt/partition_prio\\nPreemptMode=REQUEUE\\n' >>")
	lab.RestartDaemon(t, Slurmctld)
	lab.waitNodes(t)
	lab.rule(t, "scontrol update partitionname=long prioritytier=10")

	j := newJob(t, Default, preemptedJob, map[string]string{"tally.sh": tallyScript})
	plan := j.expect(t, 0, "plan --fresh")
	said := strings.Join(strings.Fields(plan.Stdout+plan.Stderr), " ")
	if want := "jobs in partition short may have to make room for those of partition long (PreemptMode=REQUEUE): they wait anew"; !strings.Contains(said, want) {
		t.Errorf("the plan does not say %q:\n%s", want, said)
	}
	var y tally
	j.expect(t, 0, "submit")
	WaitFor(t, "items have ended", time.Minute, func() bool { y.read(t, j); return len(y.ended) > 0 })
	y.mark(t, j)
	y.fault()
	lab.Must(t, Command{User: "bob", Line: "sbatch -p long -w c1,c2 -N2 --exclusive -t 1 -o /dev/null --wrap 'sleep 2'"})
	WaitFor(t, "the run has made room", time.Minute, func() bool {
		return strings.Contains(j.shell(t, "squeue -h -r -u alice -o %T"), "PENDING")
	})
	j.shell(t, "touch go")
	WaitFor(t, "bob's job is over", time.Minute, func() bool { return lab.Exec(t, "ctl", "root", "squeue -h -u bob").Stdout == "" })
	// Slurm lets what it has requeued wait for two minutes.
	lab.rule(t, "for id in $(squeue -h -r -t PD -u alice -o %i); do scontrol update jobid=$id starttime=now; done")
	j.expect(t, 0, "watch")
	y.check(t, j, 32)
	if again := j.shell(t, "sacct -X -D -n -P -S now-1hour -o state -j "+j.status(t).Attempts[0].JobID); !strings.Contains(again, "PREEMPTED") && !strings.Contains(again, "REQUEUED") {
		t.Errorf("no job was preempted: %q", again)
	}
}
