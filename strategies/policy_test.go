package strategies

import (
	"strings"
	"testing"
	"time"

	"hpcsub/configs"
)

func site(change func(*configs.Rules)) configs.Rules {
	r := configs.Rules{Name: "Hawk", Contact: "help@hawk"}
	change(&r)
	return r
}

func withSite(in Input, change func(*configs.Rules)) Input {
	in.Site = site(change)
	return in
}

func candidate(t *testing.T, p Plan, strategy string) Candidate {
	t.Helper()
	for _, c := range p.Candidates {
		if c.Strategy == strategy {
			return c
		}
	}
	t.Fatalf("%s is no candidate: %q", strategy, p.Against(strategy))
	return Candidate{}
}

func TestForbiddenStrategy(t *testing.T) {
	in := withSite(job(7, 10*time.Minute), func(r *configs.Rules) { r.Policy.Forbid = []string{"array"} })
	plan := Choose(in)
	if plan.Chosen == nil || plan.Chosen.Strategy == "array" || plan.Against("array") != "Hawk forbids it (policy.forbid; ask help@hawk)" {
		t.Errorf("got %+v, %q", plan.Chosen, plan.Against("array"))
	}
	in.Plan.Strategy = "array"
	if plan := Choose(in); plan.Chosen != nil || !strings.Contains(plan.Against("array"), "Hawk forbids it") {
		t.Errorf("forced: got %+v", plan)
	}
}

func TestRequiredKeys(t *testing.T) {
	plan := Choose(withSite(job(7, 10*time.Minute), func(r *configs.Rules) { r.Missing = []string{"slurm.account"} }))
	if plan.Chosen != nil || !strings.Contains(plan.Against("packed"), "Hawk requires slurm.account of every job: write it into job.toml") {
		t.Errorf("got %+v", plan)
	}
}

func TestArraysAsTheSiteWants(t *testing.T) {
	for _, tt := range []struct {
		name  string
		rule  func(*configs.Policy)
		tasks int // of an array of 600 items of 10 s, at most
		note  string
	}{
		{"as many as items", func(*configs.Policy) {}, 600, ""},
		{"few tasks", func(p *configs.Policy) { p.MaxArrayTasks = 50 }, 50, "Hawk's policy.max_array_tasks is 50 (ask help@hawk)"},
		{"long tasks", func(p *configs.Policy) { p.ShortestTask = 5 * time.Minute }, 20, "Hawk's policy.shortest_task is 5 min"},
		{"few starts", func(p *configs.Policy) { p.StartsPerMinute = 4 }, 28, "Hawk's policy.job_starts_per_minute is 4"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := withSite(job(600, 10*time.Second), func(r *configs.Rules) { tt.rule(&r.Policy) })
			in.Plan.Strategy = "array"
			plan := Choose(in)
			c := candidate(t, plan, "array")
			if c.Request.ArrayTasks > tt.tasks || c.Request.ArrayTasks < tt.tasks/2 {
				t.Errorf("got %d tasks, want up to %d", c.Request.ArrayTasks, tt.tasks)
			}
			note := ""
			for _, w := range plan.Warnings {
				note += w.Text
			}
			if !strings.Contains(note, tt.note) {
				t.Errorf("got %q, want %q", note, tt.note)
			}
			in.Plan.Strategy = "packed"
			c = candidate(t, Choose(in), "packed")
			work := 6000.0 / float64(c.Layout.Slots)
			if p := in.Site.Policy; p.MaxArrayTasks > 0 && c.Request.ArrayTasks > p.MaxArrayTasks ||
				p.ShortestTask > 0 && c.Request.ArrayTasks > 1 && work/float64(c.Request.ArrayTasks) < p.ShortestTask.Seconds() ||
				p.StartsPerMinute > 0 && float64(c.Request.ArrayTasks) > float64(p.StartsPerMinute)*max(1, c.Estimate.Elapsed/60) {
				t.Errorf("packed: %d tasks of %d slots", c.Request.ArrayTasks, c.Layout.Slots)
			}
		})
	}
}

func TestJobsOfAUser(t *testing.T) {
	in := withSite(job(600, 5*time.Minute), func(r *configs.Rules) { r.Policy.UserJobs = 100 })
	in.Cluster.Limits.Associations[0].Use.SubmittedJobs = 60
	in.Plan.Strategy = "array"
	if c := candidate(t, Choose(in), "array"); c.Request.ArrayTasks > 40 {
		t.Errorf("got %d tasks beside 60 jobs, want 100 in all", c.Request.ArrayTasks)
	}
	in.Cluster.Limits.Associations[0].Use.SubmittedJobs = 100
	if got := Choose(in).Against("array"); !strings.Contains(got, "Hawk's policy.user_jobs is 100, of which 100 are taken (ask help@hawk)") {
		t.Errorf("got %q", got)
	}
}

func TestThrottleOfTheSite(t *testing.T) {
	in := withSite(job(300, 5*time.Minute), func(r *configs.Rules) { r.Policy.MaxThrottle = 6 })
	in.Plan.Strategy = "array"
	if c := candidate(t, Choose(in), "array"); c.Request.ArrayThrottle != 6 {
		t.Errorf("got throttle %d, want 6", c.Request.ArrayThrottle)
	}
	in.Limits.CPUs = 2 // the user's own is tighter
	if c := candidate(t, Choose(in), "array"); c.Request.ArrayThrottle != 2 {
		t.Errorf("got throttle %d, want 2", c.Request.ArrayThrottle)
	}
}

func TestMostOfARun(t *testing.T) {
	in := withSite(job(12, 20*time.Minute), func(r *configs.Rules) { r.Policy.CPUHours = 3 })
	in.Limits.CPUHours = 100
	plan := Choose(in)
	if plan.Chosen != nil || !strings.Contains(plan.Against("packed"), "Hawk's policy.cpu_hours is 3.0 (ask help@hawk)") {
		t.Errorf("got %q", plan.Against("packed"))
	}
	in.Limits.CPUHours = 2
	if got := Choose(in).Against("packed"); !strings.Contains(got, "limits.cpu_hours is 2.0 (you can raise it in job.toml)") {
		t.Errorf("got %q", got)
	}
	in = withSite(job(1, time.Minute), func(r *configs.Rules) { r.Policy.CPUs = 2 })
	in.Each.CPUs = 4
	if got := Choose(in).Against("single"); !strings.Contains(got, "Hawk's policy.cpus is 2") {
		t.Errorf("got %q", got)
	}
}

func TestPreferredStrategy(t *testing.T) {
	in := job(200, time.Minute)
	in.Slurm.Partition = "short"
	first := Choose(in)
	second := first.Candidates[1]
	if second.Estimate.Makespan > 1.2*first.Chosen.Estimate.Makespan {
		t.Fatalf("%s and %s are too far apart for this test", first.Chosen.Strategy, second.Strategy)
	}
	in = withSite(in, func(r *configs.Rules) { r.Policy.Prefer = []string{second.Strategy} })
	if got := Choose(in).Chosen.Strategy; got != second.Strategy {
		t.Errorf("got %s, want the preferred %s", got, second.Strategy)
	}
	in = withSite(job(7, 10*time.Minute), func(r *configs.Rules) { r.Policy.Prefer = []string{"single"} })
	if got := Choose(in).Chosen.Strategy; got == "single" {
		t.Error("what is preferred won although it takes seven times as long")
	}
}

func TestStepsOfOneJob(t *testing.T) {
	in := withSite(job(20, time.Minute), func(r *configs.Rules) { r.Policy.MaxSteps = 10 })
	in.Each.CPUs, in.Each.Parallel, in.Plan.Strategy = 4, "mpi", "single"
	if got := Choose(in).Against("single"); !strings.Contains(got, "one Slurm job would have 21 steps; Hawk's policy.max_steps is 10") {
		t.Errorf("got %q", got)
	}
}

func TestPartitionForThoseThatNameIt(t *testing.T) {
	in := withSite(job(1, time.Hour), func(r *configs.Rules) {
		r.Partitions = map[string]configs.PartitionRule{"long": {NamedOnly: true}}
	})
	for _, c := range Choose(in).Candidates {
		if c.Request.Partition == "long" {
			t.Error("long was chosen without being named")
		}
	}
	in.Slurm.Partition = "long"
	if plan := Choose(in); plan.Chosen == nil || plan.Chosen.Request.Partition != "long" {
		t.Errorf("named: got %+v", plan.Rejections)
	}
}

func TestCharges(t *testing.T) {
	in := withSite(job(40, 10*time.Minute), func(r *configs.Rules) { r.Charges = configs.Charges{CPUHour: 0.01, GPUHour: 2} })
	in.Each.GPUs = 1
	plan := Choose(in)
	e := plan.Chosen.Estimate
	if e.Cost == nil || *e.Cost < 2*e.GPUHours || *e.Cost > 2*e.GPUHours+0.02*e.CPUHours {
		t.Errorf("got cost %v of %g CPU-hours and %g GPU-hours", e.Cost, e.CPUHours, e.GPUHours)
	}
	if Choose(job(1, time.Minute)).Chosen.Estimate.Cost != nil {
		t.Error("a cost where nothing is charged")
	}
}
