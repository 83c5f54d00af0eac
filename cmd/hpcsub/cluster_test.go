package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hpcsub/slurm"
)

// TestClusterText holds what hpcsub cluster prints against golden files, at 80 columns; no line may
// be longer.
func TestClusterText(t *testing.T) {
	for _, test := range []struct {
		name string
		got  string
	}{
		{"small", clusterText(smallCluster(), 80, false)},
		{"small-nodes", nodesText(smallCluster(), 80)},
		{"small-one", clusterText(partOf(only(smallCluster(), []string{"long"})), 80, true)},
		{"laptop", clusterText(laptop(), 80, false)},
		{"wide", clusterText(wideCluster(10_000, 20), 80, false)},
		{"wide-nodes", nodesText(wideCluster(10_000, 20), 80)},
		{"wide-one", clusterText(partOf(only(wideCluster(10_000, 20), []string{"part-07"})), 80, true)},
		{"crowded", clusterText(wideCluster(1_000, 120), 80, false)},
	} {
		t.Run(test.name, func(t *testing.T) {
			for i, line := range strings.Split(test.got, "\n") {
				if n := cells(line); n > 80 {
					t.Errorf("line %d has %d characters: %s", i+1, n, line)
				}
			}
			path := filepath.Join("testdata", "cluster", test.name+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(test.got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if test.got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", test.got, want)
			}
		})
	}
}

func partOf(c *slurm.Cluster, err error) *slurm.Cluster {
	if err != nil {
		panic(err)
	}
	return c
}

func TestClusterOnly(t *testing.T) {
	_, err := only(smallCluster(), []string{"gpus"})
	if err == nil || !strings.Contains(err.Error(), `no partition "gpus"`) {
		t.Errorf("got %v", err)
	}
	part := partOf(only(smallCluster(), []string{"gpu"}))
	if len(part.Partitions) != 1 || len(part.Nodes) != 1 || part.Nodes[0].Name != "c4" {
		t.Errorf("got %+v", part)
	}
}

// The sums in the table are those of the nodes, folded or not.
func TestFoldKeepsSums(t *testing.T) {
	c := wideCluster(10_000, 20)
	all := shapes(c.In(c.Partitions[0].Name), true)
	if len(all) != 15 {
		t.Fatalf("got %d shapes, want 15", len(all))
	}
	for most := 1; most <= len(all)+1; most++ {
		rows := fold(all, most)
		var nodes, cpus, gpus, kinds int
		for _, s := range rows {
			nodes, cpus, gpus, kinds = nodes+s.nodes, cpus+s.freeCPUs, gpus+s.freeGPUs, kinds+s.kinds
		}
		var wantCPUs, wantGPUs int
		for _, s := range all {
			wantCPUs, wantGPUs = wantCPUs+s.freeCPUs, wantGPUs+s.freeGPUs
		}
		if len(rows) != min(most, 15) || nodes != 10_000 || cpus != wantCPUs || gpus != wantGPUs || kinds != 15 {
			t.Errorf("at most %d rows: got %d with %d nodes, %d CPUs, %d GPUs, %d shapes", most, len(rows), nodes, cpus, gpus, kinds)
		}
	}
}

// What is free of a node: not what is drained, and no CPUs that have no memory left beside them.
func TestFreeOfShape(t *testing.T) {
	node := slurm.Node{State: "MIXED", Sockets: 1, CoresPerSocket: 8, ThreadsPerCore: 1, CPUs: 8, CPUsAllocated: 3, MemoryMiB: 1000,
		MemoryAllocatedMiB: 400, GRES: []slurm.GRES{{Name: "gpu", Type: "a", Count: 4, Used: 1}, {Name: "shard", Count: 40, Used: 1}}}
	drained, full, idle := node, node, node
	drained.Flags = []string{"DRAIN"}
	full.MemoryAllocatedMiB = 1000
	idle.State, idle.CPUsAllocated = "IDLE", 0
	for _, test := range []struct {
		name             string
		node             slurm.Node
		memoryCounts     bool
		idle, cpus, gpus int
	}{
		{"in part", node, true, 0, 5, 3},
		{"drained", drained, true, 0, 0, 0},
		{"no memory left", full, true, 0, 0, 0},
		{"memory is not handed out", full, false, 0, 5, 3},
		{"idle", idle, true, 1, 8, 3},
	} {
		s := shapes(slices.Values([]*slurm.Node{&test.node}), test.memoryCounts)[0]
		if s.idle != test.idle || s.freeCPUs != test.cpus || s.freeGPUs != test.gpus {
			t.Errorf("%s: got %d nodes, %d CPUs, %d GPUs", test.name, s.idle, s.freeCPUs, s.freeGPUs)
		}
	}
}

func most(n int) *int { return &n }

func seconds60(minutes int) *int { s := 60 * minutes; return &s }

// smallCluster is the lab of integration/, in use, with a node drained.
func smallCluster() *slurm.Cluster {
	node := func(name string, sockets, cores, threads, mib int, partitions ...string) slurm.Node {
		return slurm.Node{Name: name, State: "IDLE", Partitions: partitions, Sockets: sockets, CoresPerSocket: cores, ThreadsPerCore: threads,
			CPUs: sockets * cores * threads, MemoryMiB: mib}
	}
	c := &slurm.Cluster{Name: "lab", Version: "24.11.5", User: "alice", Scheduler: slurm.Scheduler{SelectParameters: []string{"CR_CORE_MEMORY"}},
		Limits: slurm.Limits{Associations: []slurm.Association{{Account: "physics", Default: true, QOS: []string{"fast", "normal"}}}},
		Partitions: []slurm.Partition{
			{Name: "short", Default: true, State: "UP", TimeLimitS: seconds60(30), Usable: true},
			{Name: "long", State: "UP", TimeLimitS: seconds60(2880), Usable: true},
			{Name: "gpu", State: "UP", WhyNot: "it is open only to the accounts chem, and yours are physics"},
			{Name: "empty", State: "DOWN", WhyNot: "it is DOWN: jobs may be queued there, but none is started"}},
		Nodes: []slurm.Node{node("c1", 2, 4, 1, 16000, "short", "long"), node("c2", 2, 4, 1, 16000, "short", "long"),
			node("c3", 2, 8, 2, 64000, "long"), node("c4", 2, 16, 1, 128000, "long", "gpu")}}
	c.Partitions[1].Access = []slurm.Access{{Account: "physics", Default: true, QOS: []string{"fast", "normal"}}}
	c.Scheduler.EnforceLimits = true
	c.Limits.QOS = []slurm.QOS{
		{Name: "fast", Use: slurm.Use{MaxTRES: map[string]int{"cpu": 16, "gres/gpu:a100": 2}, TRES: map[string]int{"cpu": 12, "gres/gpu:a100": 0}, MaxWallS: seconds60(10)}},
		{Name: "normal", Use: slurm.Use{MaxSubmitJobs: most(12_000), SubmittedJobs: 31, MaxTRESPerJob: map[string]int{"mem": 64_000, "node": 4}}},
		{Name: "chem", Use: slurm.Use{MaxSubmitJobs: most(1)}}}
	c.Limits.Associations[0].Use = slurm.Use{GroupMaxTRESMinutes: map[string]int{"cpu": 600_000}, GroupTRESMinutes: map[string]int{"cpu": 540_300},
		GroupMaxJobs: most(200), GroupJobs: 17}
	c.Partitions[0].Access = c.Partitions[1].Access
	day, used := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC), 4
	c.Reservations = []slurm.Reservation{
		{Name: "maint", Start: day, End: day.Add(4 * time.Hour), Flags: []string{"MAINT"}, Nodes: "c[1-4]", NodeCount: 4},
		{Name: "course", Start: day, End: day.Add(30 * time.Hour), Active: true, Nodes: "c3", NodeCount: 1, Usable: true},
		{Name: "chem", Start: day, End: day.Add(48 * time.Hour), Nodes: "c4", NodeCount: 1, WhyNot: "it is open only to the accounts chem"}}
	c.Licenses = []slurm.License{{Name: "matlab", Total: 10, Used: &used}, {Name: "ansys@flex", Total: 5}}
	c.Switches = []slurm.Switch{{Name: "leaf1", Nodes: "c[1-2]"}, {Name: "leaf2", Nodes: "c[3-4]"}, {Name: "spine", Level: 1, Nodes: "c[1-4]"}}
	c.Nodes[1].Flags, c.Nodes[1].Reason = []string{"DRAIN"}, "bad fan: replace [root@1795341096]"
	c.Nodes[2].State, c.Nodes[2].CPUsAllocated, c.Nodes[2].MemoryAllocatedMiB = "MIXED", 6, 4096
	c.Nodes[3].State, c.Nodes[3].CPUsAllocated, c.Nodes[3].MemoryAllocatedMiB = "MIXED", 2, 3072
	c.Nodes[3].GRES = []slurm.GRES{{Name: "gpu", Type: "a100", Count: 4, Used: 2}}
	return c
}

// laptop is a cluster without Slurm: one node, no name for anything.
func laptop() *slurm.Cluster {
	return &slurm.Cluster{Name: "local", Partitions: []slurm.Partition{{Name: "local", Default: true, State: "UP", Usable: true}},
		Nodes: []slurm.Node{{Name: "laptop", State: "MIXED", Partitions: []string{"local"}, Sockets: 1, CoresPerSocket: 4, ThreadsPerCore: 2,
			CPUs: 8, CPUsAllocated: 1, MemoryMiB: 7800}}}
}

// wideCluster has so many nodes of fifteen shapes in so many partitions, each of which has a window of
// the nodes, and one all of them.
func wideCluster(nodes, partitions int) *slurm.Cluster {
	limit := 4
	c := &slurm.Cluster{Name: "wide", Version: "23.02.7", User: "bob", Scheduler: slurm.Scheduler{SelectParameters: []string{"CR_CORE_MEMORY"}},
		Limits: slurm.Limits{Associations: []slurm.Association{{Account: "astro", Default: true, QOS: []string{"normal"}}, {Account: "bio"}}}}
	for p := range partitions {
		part := slurm.Partition{Name: fmt.Sprintf("part-%02d", p), State: "UP", TimeLimitS: seconds60(60 * (p + 1)), Default: p == 1, Usable: true}
		switch {
		case p == 0:
			part.Name, part.TimeLimitS = "everything-for-preemptable-jobs", nil
		case p%4 == 3:
			part.Usable, part.WhyNot, part.AllowAccounts, part.MaxNodes = false, "it is open only to the accounts geo, and yours are astro, bio", []string{"geo"}, &limit
		case p%9 == 8:
			part.Usable, part.WhyNot = false, "it takes only jobs that name a reservation (slurm.reservation)"
		}
		c.Partitions = append(c.Partitions, part)
	}
	states := []string{"IDLE", "MIXED", "ALLOCATED", "MIXED"}
	gpus := [][]slurm.GRES{nil, nil, {{Name: "gpu", Type: "a100", Count: 4, Used: 1}}, nil, {{Name: "gpu", Type: "nvidia_h100_80gb_hbm3", Count: 8, Used: 3}, {Name: "gpu", Type: "1g.10gb", Count: 7}}}
	for i := range nodes {
		kind := i * 15 / nodes
		n := slurm.Node{Name: fmt.Sprintf("n%05d", i+1), State: states[i%4], Sockets: 2, CoresPerSocket: 8 * (kind%4 + 1), ThreadsPerCore: 1 + kind%2,
			MemoryMiB: 64000 * (kind + 1), GRES: gpus[kind%5]}
		n.CPUs = n.Cores() * n.ThreadsPerCore
		switch n.State {
		case "ALLOCATED":
			n.CPUsAllocated, n.MemoryAllocatedMiB = n.CPUs, n.MemoryMiB
		case "MIXED":
			n.CPUsAllocated, n.MemoryAllocatedMiB = 1+i%(n.CPUs-1), 1000*(i%60)
		}
		if i%500 == 499 {
			n.State, n.Flags, n.Reason = "DOWN", []string{"NOT_RESPONDING"}, "Not responding [slurm@1795341096]"
		}
		n.Partitions = []string{c.Partitions[0].Name}
		for p := 1; p < partitions; p++ {
			if at := (p - 1) * nodes / partitions; i >= at && i < at+nodes/5 {
				n.Partitions = append(n.Partitions, c.Partitions[p].Name)
			}
		}
		c.Nodes = append(c.Nodes, n)
	}
	return c
}

// Where Slurm told the limits and not their use, none is claimed.
func TestLimitsWithoutUse(t *testing.T) {
	c := smallCluster()
	c.Unknown = []string{"how much of the limits of your accounts and QOS is used: slurmrestd does not tell"}
	got := strings.Join(limitNotes(c), "\n")
	want := `Limits of QOS fast: at most 16 CPUs in use by you, at most 2 GPUs a100 in use by you, at most 10 min a job.
Limits of QOS normal: at most 12,000 jobs of yours in the queue, at most 62.5 GiB a job, at most 4 nodes a job.
Limits of account physics: at most 200 jobs of everybody running, at most 600,000 CPU-minutes spent.`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if c.Scheduler.EnforceLimits = false; limitNotes(c) != nil {
		t.Errorf("limits that bind nobody are told: %q", limitNotes(c))
	}
	c.Scheduler.EnforceLimits = true
	for range 9 {
		c.Limits.QOS = append(c.Limits.QOS, c.Limits.QOS[0])
	}
	if got := limitNotes(c); len(got) != mostLimitNotes+1 || !strings.HasPrefix(got[mostLimitNotes], "7 more QOS or accounts") {
		t.Errorf("got %q", got)
	}
}

// TestPartitionRules: what a partition holds jobs to is said in words.
func TestPartitionRules(t *testing.T) {
	n := 4
	got := rules(slurm.Partition{Name: "gpu", State: "UP", MaxCPUsPerSocket: &n, ExclusiveUser: true, NeedsReservation: true, PreemptMode: "REQUEUE",
		BillingWeights: map[string]float64{"cpu": 1, "mem": 0.25 / 1024, "gres/gpu": 8, "gres/gpu:a100": 16}}, func(func(*slurm.Node) bool) {})
	want := "gpu: UP, at most 4 CPUs a socket, one user a node, only with a reservation, jobs may have to make room for others (REQUEUE), " +
		"billed are 1 a CPU, 8 a GPU, 16 a gpu:a100, 0.25 a GiB."
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := rules(slurm.Partition{Name: "short", State: "UP", PreemptMode: "OFF"}, func(func(*slurm.Node) bool) {}); got != "short: UP, no limits but its longest time." {
		t.Errorf("got %s", got)
	}
}
