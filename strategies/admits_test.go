package strategies

import (
	"strings"
	"testing"
	"time"

	"hpcsub/slurm"
)

// what the chosen partition says, or the packed strategy's rejection.
func outcomeOf(in Input) string {
	plan := Choose(in)
	if plan.Chosen != nil {
		return "on " + plan.Chosen.Request.Partition
	}
	for _, r := range plan.Rejections {
		if r.Strategy == "packed" {
			return r.Reason
		}
	}
	return ""
}

// TestMayI: what Slurm would refuse, or take and never start, is refused with the limit, its value and who can raise it.
func TestMayI(t *testing.T) {
	own := func(use slurm.Use) func(*Input) {
		return func(in *Input) { in.Cluster.Limits.QOS[0].Use = use }
	}
	association := func(use slurm.Use) func(*Input) {
		return func(in *Input) { in.Cluster.Limits.Associations[0].Use = use }
	}
	tests := []struct {
		name   string
		change func(*Input)
		want   string
	}{
		{"nothing against it", func(*Input) {}, "on short"},
		{"submitted jobs of a QOS", own(slurm.Use{MaxSubmitJobs: intp(4), SubmittedJobs: 4}),
			"not one more job can be submitted; QOS normal's MaxSubmitJobsPerUser is 4, of which 4 are taken (an administrator of the cluster can raise it: sacctmgr modify qos normal set MaxSubmitJobsPerUser=…)"},
		{"of an account under it", own(slurm.Use{AccountMaxSubmit: intp(4), AccountSubmitted: 4}), "QOS normal's MaxSubmitJobsPerAccount is 4, of which 4 are taken"},
		{"of everybody under it", own(slurm.Use{GroupMaxSubmit: intp(4), GroupSubmitted: 4}), "QOS normal's GrpSubmitJobs is 4, of which 4 are taken"},
		{"of the association", association(slurm.Use{MaxSubmitJobs: intp(4), SubmittedJobs: 4}),
			"account physics's MaxSubmitJobs is 4, of which 4 are taken (a coordinator of the account or an administrator can raise it: sacctmgr modify user alice where account=physics set MaxSubmitJobs=…)"},
		{"of the whole account", association(slurm.Use{GroupMaxSubmit: intp(4), GroupSubmitted: 4}), "sacctmgr modify account physics set GrpSubmitJobs=…"},
		{"a QOS that allows more than the association", func(in *Input) {
			association(slurm.Use{MaxSubmitJobs: intp(4), SubmittedJobs: 4})(in)
			own(slurm.Use{MaxSubmitJobs: intp(100), SubmittedJobs: 4})(in)
		}, "on short"},
		{"a partition's QOS before the job's", func(in *Input) {
			in.Cluster.Partitions[0].QOS = "part"
			in.Cluster.Limits.QOS = append(in.Cluster.Limits.QOS, slurm.QOS{Name: "part", Use: slurm.Use{MaxTRESPerJob: map[string]int{"cpu": 8}}})
			own(slurm.Use{MaxTRESPerJob: map[string]int{"cpu": 0}})(in)
		}, "on short"},
		{"unless the job's overrides it", func(in *Input) {
			in.Cluster.Partitions[0].QOS = "part"
			in.Cluster.Limits.QOS = append(in.Cluster.Limits.QOS, slurm.QOS{Name: "part", Use: slurm.Use{MaxTRESPerJob: map[string]int{"cpu": 8}}})
			own(slurm.Use{MaxTRESPerJob: map[string]int{"cpu": 0}})(in)
			in.Cluster.Limits.QOS[0].Flags = []string{"OverPartQOS"}
		}, "QOS normal's MaxTRESPerJob is cpu=0"},
		{"a QOS that lifts the partition's time limit", func(in *Input) {
			in.Each.Time = 2 * time.Hour
			in.Cluster.Limits.QOS[0].Flags = []string{"PartitionTimeLimit"}
		}, "on short"},
		{"no job at all", association(slurm.Use{MaxJobs: intp(0)}), "a job would be taken and never started; account physics's MaxJobs is 0"},
		{"CPUs of a node", own(slurm.Use{MaxTRESPerNode: map[string]int{"cpu": 0}}), "QOS normal's MaxTRESPerNode is cpu=0"},
		{"CPU-minutes of a job", own(slurm.Use{MaxTRESMinutesPerJob: map[string]int{"cpu": 1}}), "times its time limit in minutes; QOS normal's MaxTRESMinsPerJob is cpu=1"},
		{"what is left of a budget", association(slurm.Use{GroupMaxTRESMinutes: map[string]int{"cpu": 500}, GroupTRESMinutes: map[string]int{"cpu": 499}}),
			"account physics's GrpTRESMins is cpu=1 left of 500"},
		{"enough is left of a budget", association(slurm.Use{GroupMaxTRESMinutes: map[string]int{"cpu": 500}, GroupTRESMinutes: map[string]int{"cpu": 100}}), "on short"},
		{"CPU-minutes of what runs", association(slurm.Use{GroupMaxTRESRunMinutes: map[string]int{"cpu": 1}}),
			"times its time limit in minutes; account physics's GrpTRESRunMins is cpu=1 (a coordinator of the account or an administrator can raise it: sacctmgr modify account physics set GrpTRESRunMins=…)"},
		{"CPU-minutes of what runs, while others run", own(slurm.Use{GroupMaxTRESRunMinutes: map[string]int{"cpu": 500}, GroupTRESRunMinutes: map[string]int{"cpu": 499}}), "on short"},
		{"CPU-minutes of what one runs", own(slurm.Use{MaxTRESRunMinutes: map[string]int{"cpu": 1}}), "times its time limit in minutes; QOS normal's MaxTRESRunMinsPerUser is cpu=1"},
		{"CPU-minutes of what an account runs", own(slurm.Use{AccountMaxTRESRunMinutes: map[string]int{"cpu": 1}}), "QOS normal's MaxTRESRunMinsPerAccount is cpu=1"},
		{"CPU-minutes of what one runs, while it runs", own(slurm.Use{MaxTRESRunMinutes: map[string]int{"cpu": 500}, TRESRunMinutes: map[string]int{"cpu": 499}}), "on short"},
		{"what a CPU is billed for", func(in *Input) {
			own(slurm.Use{MaxTRESPerJob: map[string]int{"billing": 1}})(in)
			in.Each.CPUs = 2
		}, "one Slurm job would ask for 2 billing; QOS normal's MaxTRESPerJob is billing=1"},
		{"what is billed for memory", func(in *Input) {
			own(slurm.Use{MaxTRESPerJob: map[string]int{"billing": 40}})(in)
			in.Each.MemoryMiB = 1024
			in.Cluster.Partitions[0].BillingWeights = map[string]float64{"cpu": 1, "mem": 64. / 1024}
		}, "QOS normal's MaxTRESPerJob is billing=40"},
		{"the dearest is billed", func(in *Input) {
			own(slurm.Use{MaxTRESPerJob: map[string]int{"billing": 3}})(in)
			in.Each.MemoryMiB, in.Cluster.Scheduler.BillsMost = 1024, true
			in.Cluster.Partitions[0].BillingWeights = map[string]float64{"cpu": 3, "mem": 2. / 1024}
		}, "on short"},
		{"licences under a QOS", func(in *Input) {
			own(slurm.Use{MaxTRESPerJob: map[string]int{"license/matlab": 1}})(in)
			in.Slurm.Options = []string{"--licenses=matlab:2"}
		}, "one Slurm job would ask for 2 licences matlab; QOS normal's MaxTRESPerJob is license/matlab=1"},
		{"as many licences as a QOS allows", func(in *Input) {
			own(slurm.Use{MaxTRESPerJob: map[string]int{"license/matlab": 2}})(in)
			in.Slurm.Options = []string{"--licenses=matlab:2"}
		}, "on short"},
		{"shards under a QOS", func(in *Input) {
			own(slurm.Use{MaxTRESPerNode: map[string]int{"gres/shard": 1}})(in)
			in.Slurm.Options = []string{"--gres=shard:2"}
		}, "one Slurm job would ask for 2 gres/shard; QOS normal's MaxTRESPerNode is gres/shard=1"},
		{"GPUs of any type, where one type is limited", func(in *Input) {
			own(slurm.Use{MaxTRESPerJob: map[string]int{"gres/gpu:v100": 0}})(in)
			in.Slurm.Partition, in.Each.GPUs = "long", 1
		}, "on long"},
		{"GPUs of a type that is limited", func(in *Input) {
			own(slurm.Use{MaxTRESPerJob: map[string]int{"gres/gpu:a100": 0}})(in)
			in.Slurm.Partition, in.Each.GPUs, in.Each.GPUType = "long", 1, "a100"
		}, "one Slurm job would ask for 1 GPU of type a100; QOS normal's MaxTRESPerJob is gres/gpu:a100=0"},
		{"time that is spent", own(slurm.Use{GroupMaxWallS: intp(3600), GroupWallS: 3660}),
			"a job would be taken and not started; QOS normal's GrpWall is 1 h, of which 1 h 1 min are used (an administrator of the cluster can raise it: sacctmgr modify qos normal set GrpWall=…)"},
		{"time that is left", own(slurm.Use{GroupMaxWallS: intp(3600), GroupWallS: 3540}), "on short"},
		{"the least of a job", own(slurm.Use{MinTRESPerJob: map[string]int{"cpu": 20}}), "QOS normal's MinTRESPerJob is cpu=20"},
		{"the least of a job, which a pack has", own(slurm.Use{MinTRESPerJob: map[string]int{"cpu": 4}}), "on short"},
		{"a QOS that a partition lets in, though not the default one", func(in *Input) {
			in.Slurm.Partition = "long"
			in.Cluster.Limits.Associations[0].QOS = []string{"fast", "normal"}
			in.Cluster.Partitions[1].AllowQOS = []string{"fast"}
			in.Cluster.Partitions[1].Access = []slurm.Access{{Account: "physics", QOS: []string{"fast"}}}
		}, `QOS normal is not let in; partition long's AllowQos is fast (you may write [slurm] qos = "fast")`},
		{"an account that a partition lets in, though not the default one", func(in *Input) {
			in.Slurm.Partition = "long"
			in.Cluster.Partitions[1].AllowAccounts = []string{"chem"}
			in.Cluster.Partitions[1].Access = []slurm.Access{{Account: "chem"}}
		}, `account physics is not let in; partition long's AllowAccounts is chem (you may write [slurm] account = "chem")`},
		{"an account below one that is let in", func(in *Input) {
			in.Slurm.Partition = "long"
			in.Cluster.Partitions[1].AllowAccounts = []string{"science"}
			in.Cluster.Partitions[1].Access = []slurm.Access{{Account: "physics", QOS: []string{"normal"}}}
		}, "on long"},
		{"a QOS for reservations", func(in *Input) { in.Cluster.Limits.QOS[0].Flags = []string{"RequiresReservation"} }, "QOS normal takes only jobs that name a reservation"},
		{"a partition for reservations", func(in *Input) {
			in.Slurm.Partition, in.Cluster.Partitions[1].NeedsReservation = "long", true
			in.Cluster.Reservations = []slurm.Reservation{{Name: "course", Usable: true, End: labTime.Add(time.Hour)}}
		}, "partition long takes only jobs that name a reservation: write [slurm] reservation; you may use course"},
		{"a licence that is not there", func(in *Input) {
			in.Slurm.Options = []string{"--licenses=matlab:2,nope"}
			in.Cluster.Licenses = []slurm.License{{Name: "matlab", Total: 10}}
		}, `there is no licence "nope" here; there are matlab`},
		{"more licences than there are", func(in *Input) {
			in.Slurm.Options = []string{"-L matlab:11"}
			in.Cluster.Licenses = []slurm.License{{Name: "matlab", Total: 10}}
		}, "each Slurm job asks for 11; the number of licences matlab is 10"},
		{"licences that are there", func(in *Input) {
			in.Slurm.Options = []string{"--licenses=matlab:10,abaqus@flex:1"}
			in.Cluster.Licenses = []slurm.License{{Name: "abaqus@flex", Total: 1, Remote: true}, {Name: "matlab", Total: 10}}
		}, "on short"},
		{"licences of which nothing is known", func(in *Input) { in.Slurm.Options = []string{"--licenses=nope"} }, "on short"},
		{"more CPUs than its nodes have", func(in *Input) { in.Each.CPUs = 16 },
			"no node of partition short has that (at most 8 CPUs, 15.6 GiB); partition long has at most 32 CPUs, 125.0 GiB"},
		{"limits that the site does not enforce", func(in *Input) {
			own(slurm.Use{MaxSubmitJobs: intp(4), SubmittedJobs: 4})(in)
			in.Cluster.Scheduler.EnforceLimits = false
		}, "on short"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := job(100, time.Minute)
			in.Slurm.Partition = "short"
			tt.change(&in)
			if got := outcomeOf(in); !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func reservation(name string, from, until time.Duration, nodes string) slurm.Reservation {
	return slurm.Reservation{Name: name, Start: labTime.Add(from), End: labTime.Add(until), Active: from <= 0, Nodes: nodes, WhyNot: "it is for user root, and you are alice"}
}

func TestNamedReservations(t *testing.T) {
	mine := func(r slurm.Reservation) slurm.Reservation {
		r.Usable, r.WhyNot = true, ""
		return r
	}
	tests := []struct {
		name string
		r    slurm.Reservation
		want string
		wait *float64 // of what is chosen
	}{
		{"there is none of that name", reservation("other", 0, time.Hour, "c3"), `there is no reservation "course"; there is none that you may use`, nil},
		{"it is for others", reservation("course", 0, time.Hour, "c3"), `reservation "course" cannot be used: it is for user root, and you are alice`, nil},
		{"it was over", mine(reservation("course", -2*time.Hour, -time.Hour, "c3")), `reservation "course" was over on 2027-01-15 07:00`, nil},
		{"its nodes are in no partition that is asked for", mine(reservation("course", 0, time.Hour, "c4")), `no node of partition short takes jobs now and is in reservation "course"`, nil},
		{"it ends too soon", mine(reservation("course", 0, time.Minute, "c1")), "what is left of reservation course is 1 min", nil},
		{"now", mine(reservation("course", 0, time.Hour, "c1")), "on short", new(float64)},
		{"later", mine(reservation("course", time.Hour, 2*time.Hour, "c1")), "on short", func() *float64 { s := 3600.0; return &s }()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := job(100, time.Minute)
			in.Slurm.Reservation, in.Slurm.Partition = "course", "short"
			in.Cluster.Reservations = []slurm.Reservation{tt.r}
			for i := range in.Cluster.Nodes {
				in.Cluster.Nodes[i].Flags = []string{"RESERVED"}
				in.Cluster.Nodes[i].CPUsReserved = intp(in.Cluster.Nodes[i].CPUs)
			}
			if got := outcomeOf(in); !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if c := Choose(in).Chosen; c != nil && (c.Estimate.QueueWait == nil || *c.Estimate.QueueWait != *tt.wait) {
				t.Errorf("queue wait %v, want %v", c.Estimate.QueueWait, *tt.wait)
			}
		})
	}
}

// A job that would reach into a maintenance of all nodes starts after it, and a warning says so.
func TestMaintenanceAhead(t *testing.T) {
	tests := []struct {
		name  string
		all   []slurm.Reservation
		wait  float64
		warns string
	}{
		{"far enough", []slurm.Reservation{reservation("maint", 48*time.Hour, 50*time.Hour, "c[1-4]")}, 0, ""},
		{"too near", []slurm.Reservation{reservation("maint", 10*time.Minute, 2*time.Hour, "c[1-4]")}, 7200,
			"reaches into reservation maint, which has every node that could run it from 2027-01-15 08:10 to 2027-01-15 10:00, so nothing starts before its end; Slurm jobs of less than 10 min could run before it"},
		{"now", []slurm.Reservation{reservation("maint", -time.Hour, time.Hour, "c[1-4]")}, 3600,
			"reservation maint has every node that could run it until 2027-01-15 09:00, so nothing starts before"},
		{"of other nodes", []slurm.Reservation{reservation("maint", 10*time.Minute, 2*time.Hour, "c[1-2]")}, 0, ""},
		{"of some cores", []slurm.Reservation{func() slurm.Reservation {
			r := reservation("maint", -time.Hour, time.Hour, "c[1-4]")
			r.CoresOf = map[string]int{"c1": 1, "c2": 1, "c3": 1, "c4": 1}
			return r
		}()}, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := job(20, time.Hour)
			in.Slurm.Partition = "long"
			in.Cluster.Reservations = tt.all
			if tt.all[0].Active && tt.all[0].CoresOf == nil {
				for i := range in.Cluster.Nodes {
					in.Cluster.Nodes[i].Flags = []string{"MAINT", "RESERVED"}
				}
			}
			plan := Choose(in)
			if plan.Chosen == nil {
				t.Fatalf("nothing fits: %+v", plan.Rejections)
			}
			if got := plan.Chosen.Estimate.QueueWait; got == nil || *got != tt.wait {
				t.Errorf("queue wait %v, want %v", got, tt.wait)
			}
			warned := ""
			for _, w := range plan.Warnings {
				if w.Rule == "reservation" {
					warned = w.Text
				}
			}
			if (warned == "") != (tt.warns == "") || !strings.Contains(warned, tt.warns) {
				t.Errorf("got the warning %q, want %q", warned, tt.warns)
			}
		})
	}
}

func TestPreemptionIsSaid(t *testing.T) {
	tests := []struct {
		name   string
		change func(*slurm.Cluster)
		want   string
	}{
		{"none", func(*slurm.Cluster) {}, ""},
		{"a partition of a higher tier", func(c *slurm.Cluster) {
			c.Scheduler.PreemptType, c.Partitions[1].PriorityTier, c.Partitions[0].PreemptMode = "preempt/partition_prio", 10, "REQUEUE"
			c.Partitions[0].GraceTimeS = 60
		}, "jobs in partition short may have to make room for those of partition long (PreemptMode=REQUEUE): they wait anew, and go on with the items that are not done, after 1 min"},
		{"of other nodes", func(c *slurm.Cluster) {
			c.Scheduler.PreemptType, c.Partitions[2].PriorityTier, c.Partitions[0].PreemptMode = "preempt/partition_prio", 10, "REQUEUE"
		}, ""},
		{"a partition that is let be", func(c *slurm.Cluster) {
			c.Scheduler.PreemptType, c.Partitions[1].PriorityTier, c.Partitions[0].PreemptMode = "preempt/partition_prio", 10, "OFF"
		}, ""},
		{"a QOS", func(c *slurm.Cluster) {
			c.Scheduler.PreemptType, c.Scheduler.PreemptMode, c.Limits.QOS[0].PreemptedBy = "preempt/qos", "CANCEL", []string{"urgent"}
		}, "those of QOS urgent (PreemptMode=CANCEL): they are ended, and hpcsub retry runs what was not done"},
		{"a QOS with a mode of its own", func(c *slurm.Cluster) {
			c.Scheduler.PreemptType, c.Scheduler.PreemptMode, c.Limits.QOS[0].PreemptedBy = "preempt/qos", "CANCEL", []string{"urgent"}
			c.Limits.QOS[0].PreemptMode = "SUSPEND"
		}, "(PreemptMode=SUSPEND): they stand still until there is room again"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := job(100, time.Minute)
			in.Slurm.Partition = "short"
			tt.change(in.Cluster)
			got := ""
			for _, w := range Choose(in).Warnings {
				if w.Rule == "preemption" {
					got = w.Text
				}
			}
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNodesBelowSeveralSwitchesAreSaid(t *testing.T) {
	in := job(1, time.Minute)
	in.Each.Parallel = "mpi"
	in.Cluster.Switches = []slurm.Switch{{Name: "leaf1", Nodes: "c[1-2]"}, {Name: "leaf2", Nodes: "c[3-4]"}, {Name: "spine", Level: 1, Nodes: "c[1-4]"}}
	p := &problem{in: in}
	for nodes, want := range map[int]bool{1: false, 2: false, 3: true} {
		c := prediction{Candidate: Candidate{Request: Request{Partition: "long", Nodes: nodes}}}
		if got := p.apart(c); (got != nil) != want {
			t.Errorf("%d nodes: got %+v", nodes, got)
		}
	}
}
