package strategies

import (
	"strings"
	"testing"
	"time"

	"hpcsub/configs"
	"hpcsub/slurm"
)

// TestRejections: what cannot run says which limit stands in the way, its value, and who can raise it.
func TestRejections(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Input)
		reason string // of packed
		limit  string
		value  string
		raise  string
	}{
		{"no items", func(in *Input) { in.Items = 0 }, "there are no items", "", "", ""},
		{"no cluster", func(in *Input) { in.Cluster = nil }, "nothing is known of the cluster", "", "", ""},
		{"unknown partition", func(in *Input) { in.Slurm.Partition = "shrt" }, `there is no partition "shrt"; there are short, long, gpu`, "", "", ""},
		{"a partition that cannot be used", func(in *Input) {
			in.Slurm.Partition = "long"
			in.Cluster.Partitions[1].Usable, in.Cluster.Partitions[1].WhyNot = false, "it is for group staff"
		}, "partition long cannot be used: it is for group staff", "", "", ""},
		{"a partition that is down", func(in *Input) {
			in.Slurm.Partition = "long"
			in.Cluster.Partitions[1].Usable, in.Cluster.Partitions[1].State = false, "DOWN"
		}, "its state is DOWN", "", "", ""},
		{"nodes that are all drained", func(in *Input) {
			for i := range in.Cluster.Nodes {
				in.Cluster.Nodes[i].Flags = []string{"DRAIN"}
			}
		}, "no node of partition short takes jobs now", "", "", ""},
		{"nodes of another architecture", func(in *Input) { in.Arch = "aarch64" }, "node c2 of partition short is x86_64, and this hpcsub is built for aarch64", "", "", ""},
		{"features that no node has", func(in *Input) { in.Slurm.Constraint = "intel&big" }, `has the features of [slurm] constraint, "intel&big"`, "", "", ""},
		{"all nodes were named bad", func(in *Input) { in.Exclude = []string{"c1", "c2", "c3", "c4"} }, "no node of partition short takes jobs now", "", "", ""},
		{"an account of somebody else", func(in *Input) { in.Slurm.Account = "chemistry" }, `account "chemistry" is not one of yours in partition short: physics`, "", "", ""},
		{"a QOS of somebody else", func(in *Input) { in.Slurm.QOS = "urgent" }, `QOS "urgent" is not one that account physics may use: normal`, "", "", ""},
		{"AllowAccounts", func(in *Input) {
			in.Slurm.Partition = "long"
			in.Cluster.Partitions[1].AllowAccounts = []string{"staff", "root"}
		},
			"account physics is not let in; partition long's AllowAccounts is staff,root", "partition long's AllowAccounts", "staff,root", theAdmin},
		{"DenyQos", func(in *Input) {
			in.Slurm.Partition, in.Slurm.QOS, in.Cluster.Partitions[1].DenyQOS = "long", "normal", []string{"normal"}
		}, "partition long's DenyQos is normal", "partition long's DenyQos", "normal", theAdmin},
		{"MinNodes", func(in *Input) { in.Slurm.Partition, in.Cluster.Partitions[1].MinNodes = "long", 2 }, "items run on one node each", "partition long's MinNodes", "2", theAdmin},
		{"more CPUs than any node has", func(in *Input) { in.Each.CPUs = 48 }, "an item needs 48 CPUs; no node of partition short has that (at most 8 CPUs, 15.6 GiB)", "", "", ""},
		{"more memory than any node has", func(in *Input) { in.Slurm.Partition, in.Each.MemoryMiB = "long", 200000 },
			"an item needs 1 CPU and 195.4 GiB with its worker; no node of partition long has that (at most 32 CPUs, 125.0 GiB)", "", "", ""},
		{"MaxCPUsPerSocket", func(in *Input) {
			in.Slurm.Partition, in.Each.CPUs, in.Cluster.Partitions[1].MaxCPUsPerSocket = "long", 6, intp(2)
		}, "an item needs 6 CPUs, and no node has more than 2 sockets; partition long's MaxCPUsPerSocket is 2", "partition long's MaxCPUsPerSocket", "2", theAdmin},
		{"MaxCPUsPerNode", func(in *Input) {
			in.Slurm.Partition, in.Each.CPUs, in.Cluster.Partitions[1].MaxCPUsPerNode = "long", 6, intp(4)
		}, "an item needs 6 CPUs; partition long's MaxCPUsPerNode is 4", "partition long's MaxCPUsPerNode", "4", theAdmin},
		{"MaxMemPerNode", func(in *Input) {
			in.Slurm.Partition, in.Each.MemoryMiB, in.Cluster.Partitions[1].MaxMemPerNodeMiB = "long", 5000, intp(4000)
		}, "an item and its worker need 5064 MiB; partition long's MaxMemPerNode is 4000 MiB", "partition long's MaxMemPerNode", "4000 MiB", theAdmin},
		{"the time limit of all partitions", func(in *Input) { in.Each.Time = 100 * time.Hour },
			"one Slurm job would run for 4 d 4 h; the time limit of partition long is 2 d", "the time limit of partition long", "2 d", theAdmin},
		{"MaxWall of the QOS", func(in *Input) { in.Cluster.Limits.QOS[0].Use.MaxWallS = intp(30) },
			"QOS normal's MaxWall is 30 s", "QOS normal's MaxWall", "30 s", "an administrator of the cluster can raise it: sacctmgr modify qos normal set MaxWall=…"},
		{"MaxTRES of one job", func(in *Input) {
			in.Each.CPUs, in.Cluster.Limits.QOS[0].Use.MaxTRESPerJob = 4, map[string]int{"cpu": 2}
		}, "one Slurm job would ask for 4 CPUs; QOS normal's MaxTRESPerJob is cpu=2 (an administrator of the cluster can raise it: sacctmgr modify qos normal set MaxTRESPerJob=…)",
			"QOS normal's MaxTRESPerJob", "cpu=2", "an administrator of the cluster can raise it: sacctmgr modify qos normal set MaxTRESPerJob=…"},
		{"MaxTRES of the user", func(in *Input) {
			in.Each.MemoryMiB, in.Cluster.Limits.QOS[0].Use.MaxTRES = 3000, map[string]int{"mem": 2000}
		}, "QOS normal's MaxTRESPerUser is mem=2000", "QOS normal's MaxTRESPerUser", "mem=2000", "an administrator of the cluster can raise it: sacctmgr modify qos normal set MaxTRESPerUser=…"},
		{"no job left to submit", func(in *Input) {
			in.Cluster.Limits.Associations[0].Use = slurm.Use{MaxSubmitJobs: intp(10), SubmittedJobs: 10}
		}, "not one more job can be submitted; account physics's MaxSubmitJobs is 10, of which 10 are taken", "account physics's MaxSubmitJobs", "10, of which 10 are taken",
			"a coordinator of the account or an administrator can raise it: sacctmgr modify user alice where account=physics set MaxSubmitJobs=…"},
		{"limits.cpus below one item", func(in *Input) { in.Each.CPUs, in.Limits.CPUs = 4, 2 }, "limits.cpus is 2 (you can raise it in job.toml)", "limits.cpus", "2", theUser},
		{"limits.cpu_hours", func(in *Input) { in.Limits.CPUHours = 1 }, "it would take 1.7 CPU-hours; limits.cpu_hours is 1.0", "limits.cpu_hours", "1.0", theUser},
		{"limits.cpu_hours where another partition is too short", func(in *Input) { in.Each.Time, in.Limits.CPUHours = time.Hour, 5 },
			"CPU-hours; limits.cpu_hours is 5.0", "limits.cpu_hours", "5.0", theUser},
		{"limits.cpu_hours where another partition has smaller nodes", func(in *Input) { in.Each.CPUs, in.Limits.CPUHours = 16, 5 },
			"CPU-hours; limits.cpu_hours is 5.0", "limits.cpu_hours", "5.0", theUser},
		{"limits.time", func(in *Input) { in.Limits.Time = 90 * time.Second }, "it would take 2 min 1 s; limits.time is 1 min 30 s", "limits.time", "1 min 30 s", theUser},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := job(100, time.Minute)
			tt.change(&in)
			plan := Choose(in)
			if plan.Chosen != nil {
				t.Fatalf("got %s in %s, want a rejection", plan.Chosen.Strategy, plan.Chosen.Request.Partition)
			}
			for _, r := range plan.Rejections {
				if r.Strategy != "packed" {
					continue
				}
				if !strings.Contains(r.Reason, tt.reason) || r.Limit != tt.limit || r.Value != tt.value || r.Raise != tt.raise {
					t.Errorf("got %+v, want %q", r, tt.reason)
				}
				if tt.raise != "" && !strings.HasSuffix(r.Reason, "("+tt.raise+")") {
					t.Errorf("got %q, want who can raise it at its end", r.Reason)
				}
				return
			}
			t.Errorf("packed is not among %+v", plan.Rejections)
		})
	}
}

// TestArraysWithinLimits: an array of one item a task, unless a limit asks for fewer tasks.
func TestArraysWithinLimits(t *testing.T) {
	tests := []struct {
		name        string
		items       int
		change      func(*Input)
		tasks       int
		throttle    int
		each        int
		submissions []int
		warning     string
	}{
		{"one item a task", 1000, func(in *Input) {}, 1000, 0, 1, []int{1000}, ""},
		{"MaxArraySize caps the index: as many as it says fit", 1001, func(in *Input) { in.Cluster.Limits.MaxArraySize = intp(1001) }, 1001, 0, 1, []int{1001}, ""},
		{"one more is split", 1002, func(in *Input) { in.Cluster.Limits.MaxArraySize = intp(1001) }, 1002, 0, 1, []int{501, 501}, ""},
		{"MaxSubmitJobs counts tasks", 1000, func(in *Input) {
			in.Cluster.Limits.QOS[0].Use = slurm.Use{MaxSubmitJobs: intp(150), SubmittedJobs: 50}
		}, 100, 0, 10, []int{100}, "QOS normal's MaxSubmitJobsPerUser is 150, of which 50 are taken"},
		{"GrpSubmitJobs", 1000, func(in *Input) { in.Cluster.Limits.Associations[0].Use = slurm.Use{GroupMaxSubmit: intp(300)} },
			250, 0, 4, []int{250}, "account physics's GrpSubmitJobs is 300"},
		{"where limits are told in sum only", 1000, func(in *Input) {
			in.Cluster.Limits.Associations, in.Cluster.Limits.QOS, in.Cluster.Limits.MaxSubmitJobs = nil, nil, intp(500)
		}, 500, 0, 2, []int{500}, "your account's MaxSubmitJobs is 500"},
		{"half of what the controller holds", 1000, func(in *Input) { in.Cluster.Limits.MaxJobCount = intp(1000) }, 500, 0, 2, []int{500}, "MaxJobCount"},
		{"what others left of it", 1000, func(in *Input) {
			in.Cluster.Limits.MaxJobCount, in.Cluster.Limits.JobCount = intp(1000), intp(800)
		}, 200, 0, 5, []int{200}, "the controller's MaxJobCount, for everybody's jobs, is 1000, of which 800 are taken"},
		{"limits.cpus throttles", 1000, func(in *Input) { in.Limits.CPUs = 12 }, 1000, 12, 1, []int{1000}, ""},
		{"a throttle holds in one array only", 5000, func(in *Input) {
			in.Limits.CPUs, in.Cluster.Limits.MaxArraySize = 12, intp(1001)
		}, 1000, 12, 5, []int{1000}, "MaxArraySize"},
		{"limits.nodes throttles: each task may get a node of its own", 100, func(in *Input) { in.Limits.Nodes, in.Slurm.Partition = 3, "long" }, 100, 3, 1, []int{100}, ""},
		{"CPUs are counted as allocated", 100, func(in *Input) { in.Limits.CPUs, in.Slurm.Partition = 12, "long" }, 100, 6, 1, []int{100}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := job(tt.items, time.Minute)
			in.Plan.Strategy, in.Slurm.Partition = "array", "short"
			tt.change(&in)
			plan := Choose(in)
			if plan.Chosen == nil {
				t.Fatalf("%+v", plan.Rejections)
			}
			c := plan.Chosen
			if c.Request.ArrayTasks != tt.tasks || c.Request.ArrayThrottle != tt.throttle || c.Layout.ItemsPerPart != tt.each {
				t.Errorf("got %d tasks, throttle %d, %d items each; want %d, %d, %d", c.Request.ArrayTasks, c.Request.ArrayThrottle,
					c.Layout.ItemsPerPart, tt.tasks, tt.throttle, tt.each)
			}
			if len(c.Layout.Submissions) != len(tt.submissions) {
				t.Fatalf("got %+v, want %v", c.Layout.Submissions, tt.submissions)
			}
			for i, s := range c.Layout.Submissions {
				if s.Count != tt.submissions[i] {
					t.Errorf("got %+v, want %v", c.Layout.Submissions, tt.submissions)
				}
			}
			warned := ""
			for _, w := range plan.Warnings {
				if w.Rule == "items-per-task" {
					warned = w.Text
				}
			}
			if !strings.Contains(warned, tt.warning) || (tt.warning == "") != (warned == "") {
				t.Errorf("got the warning %q, want %q", warned, tt.warning)
			}
		})
	}
}

// TestLimitsHold: no candidate asks for more at once than [limits] and the site allow.
func TestLimitsHold(t *testing.T) {
	for _, limits := range []configs.Limits{{CPUs: 1}, {CPUs: 7}, {CPUs: 20}, {Nodes: 1}, {Nodes: 2}, {CPUs: 33, Nodes: 3}} {
		for _, items := range []int{1, 5, 100, 3000} {
			in := job(items, 20*time.Second)
			in.Limits = limits
			for _, c := range Choose(in).Candidates {
				once := max(1, c.Request.ArrayTasks)
				if c.Request.ArrayThrottle > 0 {
					once = min(once, c.Request.ArrayThrottle)
				}
				if cpus := once * c.Request.Nodes * c.Request.CPUsPerTask; limits.CPUs > 0 && cpus > limits.CPUs {
					t.Errorf("%+v, %d items: %s takes %d CPUs at once", limits, items, c.Strategy, cpus)
				}
				if nodes := once * c.Request.Nodes; limits.Nodes > 0 && nodes > limits.Nodes && limits.Nodes < in.Cluster.Partition(c.Request.Partition).Nodes {
					t.Errorf("%+v, %d items: %s may take %d nodes at once", limits, items, c.Strategy, nodes)
				}
			}
		}
	}
}

func TestTimeLimits(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Input)
		want   int
		warned bool
	}{
		{"declared: twice, a fifth and a minute more", func(in *Input) {}, 60 * 26, false}, // 1.2 times 20 min and what the worker takes, and a minute: rounded up
		{"a short item still gets two minutes", func(in *Input) { in.Each.Time = time.Second }, 120, false},
		{"a timeout bounds the item", func(in *Input) { in.Each.Timeout = 11 * time.Minute }, 60 * 15, false},
		{"nothing known: ten minutes", func(in *Input) { in.Each.Time = 0 }, 60 * 14, false},
		{"nothing known but a timeout", func(in *Input) { in.Each.Time, in.Each.Timeout = 0, time.Hour }, 60 * 74, false},
		{"the partition's limit caps it, with a warning", func(in *Input) { in.Cluster.Partitions[1].TimeLimitS = intp(900) }, 900, true},
		{"a limit that leaves less of a margin is no reason to warn", func(in *Input) { in.Cluster.Partitions[1].TimeLimitS = intp(1300) }, 1300, false},
		{"of a mere guess there is no such warning", func(in *Input) { in.Each.Time, in.Cluster.Partitions[1].TimeLimitS = 0, intp(600) }, 600, false},
		{"limits.time caps it", func(in *Input) { in.Limits.Time = 20 * time.Minute }, 1200, true},
		{"measured: the worst is still to come", func(in *Input) { in.Sample = []float64{600, 600, 600, 600} }, 60 * 27, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := job(5, 10*time.Minute)
			in.Plan.Strategy, in.Slurm.Partition = "array", "long"
			tt.change(&in)
			plan := Choose(in)
			if plan.Chosen == nil {
				t.Fatalf("%+v", plan.Rejections)
			}
			if got := plan.Chosen.Request.TimeLimitS; got != tt.want {
				t.Errorf("got %d s, want %d s", got, tt.want)
			}
			warned := false
			for _, w := range plan.Warnings {
				warned = warned || w.Rule == "time-limit"
			}
			if warned != tt.warned {
				t.Errorf("got warnings %+v, want one of the time limit: %v", plan.Warnings, tt.warned)
			}
		})
	}
}
