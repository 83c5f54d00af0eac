package strategies

import (
	"testing"
	"time"

	"hpcsub/slurm"
)

func TestQueueWait(t *testing.T) {
	occupied := func(cpus ...int) func(*slurm.Cluster) {
		return func(c *slurm.Cluster) {
			for i, n := range cpus {
				c.Nodes[i].CPUsAllocated = n
			}
		}
	}
	planned := func(in time.Duration, nodes ...string) func(*slurm.Cluster) {
		return func(c *slurm.Cluster) {
			c.Queue = append(c.Queue, slurm.Queued{Start: labTime.Add(in), Nodes: nodes})
		}
	}
	association := func(u slurm.Use) func(*slurm.Cluster) {
		return func(c *slurm.Cluster) { c.Limits.Associations[0].Use = u }
	}
	const unknown = -1
	tests := []struct {
		name   string
		change func(*slurm.Cluster)
		cpus   int
		nodes  int
		limitS int
		ever   int
		now    int
		wait   float64
	}{
		{"an idle cluster", func(*slurm.Cluster) {}, 1, 1, 600, 64, 64, 0},
		{"whole nodes", func(*slurm.Cluster) {}, 32, 1, 600, 2, 2, 0},
		{"scattered free CPUs", occupied(8, 5, 30, 29), 1, 1, 600, 64, 0 + 3 + 1 + 3, 0},
		{"packs find less of them", occupied(8, 5, 30, 29), 3, 1, 600, 2 + 2 + 8 + 10, 1 + 0 + 1, 0},
		{"nothing is free", occupied(8, 8, 32, 32), 1, 1, 600, 64, 0, unknown},
		{"ends before a planned start", planned(time.Hour, "c1", "c2", "c3", "c4"), 1, 1, 3600, 64, 64, 0},
		{"does not", planned(time.Hour, "c1", "c2", "c3", "c4"), 1, 1, 3660, 64, 0, 3600},
		{"the earliest of several counts", func(c *slurm.Cluster) {
			planned(time.Hour, "c1", "c2", "c3", "c4")(c)
			planned(20*time.Minute, "c2")(c)
		}, 1, 1, 3660, 64, 0, 1200},
		{"other nodes have no plan", planned(time.Hour, "c1", "c2"), 1, 1, 3660, 64, 48, 0},
		{"a plan for busy nodes says nothing", func(c *slurm.Cluster) { occupied(8, 8, 32, 32)(c); planned(time.Hour, "c1")(c) }, 1, 1, 3660, 64, 0, unknown},
		{"a plan that is due", planned(-time.Minute, "c1", "c2", "c3", "c4"), 1, 1, 60, 64, 0, unknown},
		{"a QOS cap", func(c *slurm.Cluster) { c.Limits.QOS[0].Use = slurm.Use{MaxTRES: map[string]int{"cpu": 20}} }, 1, 1, 600, 10, 10, 0},
		{"its use", association(slurm.Use{MaxTRES: map[string]int{"cpu": 20}, TRES: map[string]int{"cpu": 20}}), 1, 1, 600, 10, 0, unknown},
		{"what a group uses", association(slurm.Use{GroupMaxTRES: map[string]int{"cpu": 40}, GroupTRES: map[string]int{"cpu": 30}}), 1, 1, 600, 20, 5, 0},
		{"memory of a group", association(slurm.Use{GroupMaxTRES: map[string]int{"mem": 20000}}), 1, 1, 600, 10, 10, 0},
		{"MaxJobs", association(slurm.Use{MaxJobs: intp(5), Jobs: 2}), 1, 1, 600, 5, 3, 0},
		{"limits that the site does not enforce", func(c *slurm.Cluster) {
			c.Scheduler.EnforceLimits = false
			association(slurm.Use{MaxJobs: intp(5)})(c)
		}, 1, 1, 600, 64, 64, 0},
		{"a job over nodes", func(*slurm.Cluster) {}, 8, 4, 600, 1, 1, 0},
		{"one of its nodes is busy", occupied(1), 8, 4, 600, 1, 0, unknown},
		{"three nodes are free", occupied(1), 8, 3, 600, 1, 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := job(100, time.Minute)
			in.Slurm.Partition = "long"
			tt.change(in.Cluster)
			p, no := newProblem(in)
			if no != nil {
				t.Fatal(no.Reason)
			}
			got := p.pools[0].places(demand{cpus: tt.cpus}, tt.nodes, tt.limitS)
			if got.ever != tt.ever || got.now != tt.now {
				t.Errorf("got %d places and %d now, want %d and %d", got.ever, got.now, tt.ever, tt.now)
			}
			wait := float64(unknown)
			if got.wait != nil {
				wait = *got.wait
			}
			if diff := wait - tt.wait; diff > 0.01 || diff < -0.01 {
				t.Errorf("got a wait of %v s, want %v (-1 = unknown)", wait, tt.wait)
			}
		})
	}
}

func TestReservation(t *testing.T) {
	in := job(10, time.Minute)
	in.Slurm.Partition, in.Slurm.Reservation = "long", "course"
	for i := range in.Cluster.Nodes {
		in.Cluster.Nodes[i].Flags = []string{"RESERVED"}
	}
	p, no := newProblem(in)
	if no != nil {
		t.Fatal(no.Reason)
	}
	if got := p.pools[0].places(demand{cpus: 1}, 1, 60); got.ever != 64 || got.wait != nil {
		t.Errorf("in the reservation: got %d places, wait %v; want 64, unknown", got.ever, got.wait)
	}
	in.Slurm.Reservation = ""
	if _, no := newProblem(in); no == nil {
		t.Error("without it reserved nodes were used")
	}
}
