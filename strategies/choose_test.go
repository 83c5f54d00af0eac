package strategies

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"hpcsub/slurm"
)

// occupy takes CPUs of the lab's nodes away.
func occupy(c *slurm.Cluster, cpus ...int) {
	for i, n := range cpus {
		c.Nodes[i].CPUsAllocated, c.Nodes[i].MemoryAllocatedMiB = n, 1000*n
	}
}

// heavy is a sample in which one item in ten takes as long as all others together.
var heavy = []float64{0.5, 0.5, 0.6, 0.5, 0.7, 0.5, 0.5, 0.6, 0.6, 5}

func TestChoice(t *testing.T) {
	tests := []struct {
		name      string
		in        func() Input
		strategy  string
		partition string
		why       string // in the explanation
	}{
		{"one item", func() Input { return job(1, time.Minute) }, "single", "short", "One item needs one allocation"},
		{"few long items", func() Input { return job(7, 10*time.Minute) }, "array", "short", "As few long items as there are CPUs"},
		{"many short items", func() Input { return job(300, time.Second) }, "packed", "long", "are packed"},
		{"very many very short items", func() Input { return job(20000, 10*time.Millisecond) }, "packed", "long", "are packed"},
		{"uneven items", func() Input { in := job(640, 0); in.Sample = heavy; return in }, "packed", "long", "one queue"},
		{"many long items on unequal nodes", func() Input { return job(1000, time.Minute) }, "packed", "long", "from one queue"},
		{"whole nodes and the tool that is there", func() Input {
			in := job(320, time.Minute)
			in.Cluster.Nodes = in.Cluster.Nodes[3:]
			in.Tools = map[string]string{"parallel": "/usr/bin/parallel"}
			return in
		}, "gnu-parallel", "long", "GNU Parallel keeps it full"},
		{"the same where the tool is not known to be there", func() Input {
			in := job(320, time.Minute)
			in.Cluster.Nodes = in.Cluster.Nodes[3:]
			return in
		}, "packed", "long", ""},
		{"scattered free CPUs", func() Input {
			in := job(9, 20*time.Minute)
			occupy(in.Cluster, 7, 7, 28, 27)
			in.Slurm.Partition = "long"
			return in
		}, "array", "long", "independent jobs"},
		{"so little work that a second job is not worth it", func() Input { return job(2, 10*time.Millisecond) }, "single", "short", ""},
		{"a hole that only one item's length fits", func() Input {
			in := job(16, 6*time.Minute)
			in.Cluster.Queue = []slurm.Queued{{Start: labTime.Add(15 * time.Minute), Nodes: []string{"c1", "c2", "c3", "c4"}}}
			return in
		}, "array", "short", ""},
		{"the default partition has too little time", func() Input { return job(10, 2*time.Hour) }, "array", "long", ""},
		{"the default partition is full", func() Input { in := job(10, 5*time.Minute); occupy(in.Cluster, 8, 8); return in }, "array", "long", ""},
		{"one is named", func() Input { in := job(300, time.Second); in.Slurm.Partition = "gpu"; return in }, "packed", "gpu", ""},
		{"one of two is named", func() Input { in := job(300, time.Second); in.Slurm.Partition = "gpu,short"; return in }, "packed", "gpu", ""},
		{"a feature", func() Input { in := job(300, time.Second); in.Slurm.Constraint = "none|x"; return in }, "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			plan := Choose(tt.in())
			if tt.strategy == "" {
				if plan.Chosen != nil {
					t.Fatalf("got %s, want nothing to fit", plan.Chosen.Strategy)
				}
				return
			}
			if plan.Chosen == nil {
				t.Fatalf("nothing chosen: %+v", plan.Rejections)
			}
			if got := plan.Chosen; got.Strategy != tt.strategy || got.Request.Partition != tt.partition {
				t.Errorf("got %s in %s, want %s in %s: %s", got.Strategy, got.Request.Partition, tt.strategy, tt.partition, plan.Why)
			}
			if !strings.Contains(plan.Why, tt.why) {
				t.Errorf("got the explanation %q, want %q in it", plan.Why, tt.why)
			}
		})
	}
}

func TestMinimizeCost(t *testing.T) {
	// On nodes with two threads a core a job of one CPU is given two: dear, though it is quick.
	in := job(40, 10*time.Minute)
	in.Slurm.Partition = "long"
	fast := Choose(in)
	in.Plan.Minimize = "cost"
	cheap := Choose(in)
	if cheap.Chosen.Estimate.CPUHours > fast.Chosen.Estimate.CPUHours {
		t.Errorf("got %v CPU-hours for cost and %v for makespan", cheap.Chosen.Estimate.CPUHours, fast.Chosen.Estimate.CPUHours)
	}
	if cheap.Minimize != "cost" || fast.Minimize != "makespan" {
		t.Errorf("got minimize %q and %q", cheap.Minimize, fast.Minimize)
	}
	// 1,000 even items on 80 CPUs leave CPUs idle in the last round; cost avoids that.
	in = job(1000, time.Minute)
	fast = Choose(in)
	in.Plan.Minimize = "cost"
	cheap = Choose(in)
	if f, c := fast.Chosen.Estimate, cheap.Chosen.Estimate; c.CPUHours > f.CPUHours || c.Makespan > 60000 {
		t.Errorf("for cost %v CPU-hours in %v s, for makespan %v in %v s", c.CPUHours, c.Makespan, f.CPUHours, f.Makespan)
	}
}

func TestForcedStrategy(t *testing.T) {
	for _, name := range Names() {
		in := job(300, time.Second)
		in.Plan.Strategy, in.Function = name, ofFunctions(name)
		plan := Choose(in)
		if plan.Chosen == nil || plan.Chosen.Strategy != name || len(plan.Candidates) != 1 {
			t.Errorf("%s: got %+v", name, plan)
		}
		if len(plan.Rejections) != 5 || !strings.Contains(plan.Why, "asks for it") {
			t.Errorf("%s: got rejections %+v, why %q", name, plan.Rejections, plan.Why)
		}
	}
	for name, want := range map[string]string{
		"pakced": "there is no strategy of that name; [plan] strategy may be single, array, packed, gnu-parallel, pathos",
		"pathos": `the work is a command; set function = "module:name"`,
		"dask":   `the work is a command; set function = "module:name"`,
	} {
		in := job(300, time.Second)
		in.Plan.Strategy = name
		plan := Choose(in)
		if plan.Chosen != nil || !rejected(plan, name, want) {
			t.Errorf("%s: got %+v", name, plan.Rejections)
		}
	}
}

// ofFunctions says that a strategy runs functions and no commands.
func ofFunctions(name string) bool { return name == "pathos" || name == "dask" }

func rejected(plan Plan, strategy, words string) bool {
	for _, r := range plan.Rejections {
		if r.Strategy == strategy && strings.Contains(r.Reason, words) {
			return true
		}
	}
	return false
}

func TestWorkThatAStrategyCannotRun(t *testing.T) {
	plan := Choose(job(10, time.Second))
	for _, name := range []string{"pathos", "dask"} {
		if !rejected(plan, name, `the work is a command; set function = "module:name"`) {
			t.Errorf("%s is not among %+v", name, plan.Rejections)
		}
	}
	in := job(10, time.Second)
	in.Function = true
	plan = Choose(in)
	for _, name := range []string{"array", "packed", "gnu-parallel"} {
		if !rejected(plan, name, "the work is a function; write a program that calls it and set command = ") {
			t.Errorf("%s is not among %+v", name, plan.Rejections)
		}
	}
	if plan.Chosen == nil || plan.Chosen.Strategy != "pathos" {
		t.Errorf("got %+v, want pathos", plan.Chosen)
	}
}

// TestPackagesThatAreMissing: what is known to be missing is refused before anything is submitted.
func TestPackagesThatAreMissing(t *testing.T) {
	in := job(10, time.Second)
	in.Function, in.Tools = true, map[string]string{"pathos": "", "distributed": ""}
	if plan := Choose(in); !rejected(plan, "pathos", "has no package pathos: pip install pathos") || plan.Chosen.Strategy != "single" {
		t.Errorf("got %s, %+v", plan.Chosen.Strategy, plan.Rejections)
	}
}

func TestSlurmRefuses(t *testing.T) {
	in := job(300, time.Second)
	in.Starts = []Guess{{Strategy: "packed", Refused: "Invalid qos specification"}, {Strategy: "array", Start: labTime.Add(time.Hour)}}
	plan := Choose(in)
	if plan.Chosen.Strategy == "packed" || !rejected(plan, "packed", "sbatch refuses it: Invalid qos specification") {
		t.Errorf("got %s, %+v", plan.Chosen.Strategy, plan.Rejections)
	}
	for _, c := range plan.Candidates {
		if (c.Guess != nil) != (c.Strategy == "array") {
			t.Errorf("%s: got guess %v", c.Strategy, c.Guess)
		}
	}
	in.Starts = in.Starts[1:]
	if with, without := Choose(in), Choose(job(300, time.Second)); with.Chosen.Estimate.Makespan != without.Chosen.Estimate.Makespan {
		t.Error("Slurm's guess changed an estimate")
	}
}

func TestLocal(t *testing.T) {
	c := &slurm.Cluster{Name: "local", Client: "local", Taken: labTime,
		Scheduler:  slurm.Scheduler{SelectType: "select/cons_tres", SelectParameters: []string{"CR_CPU_MEMORY"}},
		Partitions: []slurm.Partition{{Name: "local", Default: true, State: "UP", Usable: true, Nodes: 1}},
		Nodes:      []slurm.Node{node("here", 1, 2, 2, 8000, "local")}}
	in := job(100, time.Second)
	in.Cluster, in.Local = c, true
	in.Tools = map[string]string{"parallel": ""}
	plan := Choose(in)
	if plan.Chosen == nil || plan.Chosen.Strategy != "packed" || plan.Chosen.Layout.Slots != 4 || plan.Chosen.Layout.Parts != 1 {
		t.Fatalf("got %+v, want one pack of four", plan.Chosen)
	}
	if !strings.Contains(plan.Why, "over the CPUs of this machine") {
		t.Errorf("got %q", plan.Why)
	}
	if !rejected(plan, "gnu-parallel", "install the package parallel") {
		t.Errorf("got %+v, want GNU Parallel to be missed", plan.Rejections)
	}
	if e := plan.Chosen.Estimate; e.Makespan < 25 || e.Makespan > 26 {
		t.Errorf("got a makespan of %v s, want 25 and a little: nothing waits for ticks here", e.Makespan)
	}
	in.Each.MemoryMiB = 3000
	if plan := Choose(in); plan.Chosen.Layout.Slots*plan.Chosen.Layout.Parts != 2 {
		t.Errorf("got %+v, want two items of 3000 MiB beside each other", plan.Chosen.Layout)
	}
}

// TestEstimatesAreWhole: every figure is filled in and fits the others.
func TestEstimatesAreWhole(t *testing.T) {
	for name, in := range goldenInputs() {
		for _, c := range Choose(in).Candidates {
			e := c.Estimate
			sum := 0.0
			for _, term := range e.Parts {
				sum += term.Seconds
				if term.Seconds < -1e-3*e.Makespan {
					t.Errorf("%s, %s: the term %s is %v s", name, c.Strategy, term.Name, term.Seconds)
				}
			}
			if math.Abs(sum-e.Makespan) > 1e-6*(1+e.Makespan) {
				t.Errorf("%s, %s: the terms make %v s, the makespan is %v s", name, c.Strategy, sum, e.Makespan)
			}
			if e.MakespanLow > e.Makespan || e.MakespanHigh < e.Makespan || e.MakespanLow <= 0 {
				t.Errorf("%s, %s: %v s is not between %v and %v", name, c.Strategy, e.Makespan, e.MakespanLow, e.MakespanHigh)
			}
			if e.Efficiency <= 0 || e.Efficiency > 1 || e.CPUHours <= 0 || e.Elapsed <= 0 || e.Elapsed > e.Makespan || e.Basis == "" {
				t.Errorf("%s, %s: %+v", name, c.Strategy, e)
			}
			if c.Request.TimeLimitS%60 != 0 || c.Request.TimeLimitS < 60 {
				t.Errorf("%s, %s: a time limit of %d s", name, c.Strategy, c.Request.TimeLimitS)
			}
		}
	}
}

// TestLayoutsAreWhole: every item has a place, and the submissions are all parts, each once.
func TestLayoutsAreWhole(t *testing.T) {
	for name, in := range goldenInputs() {
		for _, c := range Choose(in).Candidates {
			l, next := c.Layout, 0
			for _, s := range l.Submissions {
				if s.First != next || s.Count < 1 {
					t.Errorf("%s, %s: submissions %+v", name, c.Strategy, l.Submissions)
				}
				next += s.Count
				if most := in.Cluster.Limits.MaxArraySize; c.Request.ArrayTasks > 0 && most != nil && s.Count > *most {
					t.Errorf("%s, %s: %d tasks in one array, MaxArraySize is %d", name, c.Strategy, s.Count, *most)
				}
			}
			if next != l.Parts || l.Parts*l.ItemsPerPart < in.Items || (l.Parts-1)*l.ItemsPerPart >= in.Items+l.Parts {
				t.Errorf("%s, %s: %+v for %d items", name, c.Strategy, l, in.Items)
			}
			if c.Request.CPUsPerTask*c.Request.Nodes != l.Slots*l.CPUsPerItem && l.Cluster || c.Request.CPUsPerTask != l.Slots*l.CPUsPerItem && !l.Cluster || c.Request.Tasks != c.Request.Nodes {
				t.Errorf("%s, %s: %+v for %+v", name, c.Strategy, c.Request, l)
			}
		}
	}
}

// TestPlanCanBeReplayed: the input, through JSON and back, gives the same plan; and twice the same.
func TestPlanCanBeReplayed(t *testing.T) {
	for name, in := range goldenInputs() {
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var again Input
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatal(err)
		}
		if a, b := Choose(in), Choose(again); !reflect.DeepEqual(a, b) {
			t.Errorf("%s: the plan differs after replay", name)
		}
	}
}

// TestMoreCPUsAreNeverSlower: for one strategy, on nodes that grow, within what counts as a tie.
func TestMoreCPUsAreNeverSlower(t *testing.T) {
	for _, strategy := range Names() {
		for _, items := range []int{1, 7, 100, 1000} {
			for _, sample := range [][]float64{{3, 3, 3}, heavy} {
				best := math.Inf(1)
				for cores := 1; cores <= 40; cores++ {
					in := job(items, 0)
					in.Sample, in.Plan.Strategy, in.Slurm.Partition = sample, strategy, "long"
					in.Function = ofFunctions(strategy)
					for i := range in.Cluster.Nodes {
						in.Cluster.Nodes[i] = node(in.Cluster.Nodes[i].Name, 1, cores, 1, 64000, "long")
					}
					got := Choose(in).Chosen.Estimate.Makespan
					if got > best*(1+tie) {
						t.Errorf("%s, %d items: %d CPUs a node take %v s, fewer %v s", strategy, items, cores, got, best)
					}
					best = min(best, got)
				}
			}
		}
	}
}

func TestMillionItemsArePlanned(t *testing.T) {
	in := job(1e6, 0)
	in.Sample = heavy
	in.Cluster.Limits.MaxArraySize, in.Cluster.Limits.MaxJobCount = intp(4_000_001), nil
	start := cpuTime(t)
	if plan := Choose(in); plan.Chosen == nil {
		t.Fatal("nothing chosen")
	}
	if took := cpuTime(t) - start; took > 3*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestTenThousandNodes(t *testing.T) {
	in := job(1e5, 0)
	in.Sample = heavy
	in.Cluster.Nodes = nil
	for i := range 10000 {
		n := node("n", 2, 32, 1, 256000, "short", "long")
		n.CPUsAllocated, n.MemoryAllocatedMiB = i%65, i%65*1000
		in.Cluster.Nodes = append(in.Cluster.Nodes, n)
	}
	start := cpuTime(t)
	plan := Choose(in)
	if plan.Chosen == nil || plan.Chosen.Estimate.QueueWait == nil {
		t.Fatalf("got %+v, want a start now", plan.Chosen)
	}
	if took := cpuTime(t) - start; took > 3*time.Second {
		t.Errorf("took %v", took)
	}
}

// TestCostAndMakespanDiffer: what is to be least decides, and each plan is near its best in the other, too, where
// that costs nothing.
func TestCostAndMakespanDiffer(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Input)
	}{
		// Twenty items on whole nodes: three rounds on a node of 8 CPUs cost less than one round on a node of 32.
		{"whole nodes", func(in *Input) { in.Items, in.Cluster.Scheduler.SelectType = 20, "select/linear" }},
		// A thread of c3 costs its core: the other nodes do the same for half, and later.
		{"threads", func(in *Input) { in.Items, in.Plan.Strategy = 128, "array" }},
		// In shares that are fixed, the longest items hold the CPUs of the others.
		{"heavy tail", func(in *Input) { in.Items, in.Sample = 60, heavy }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := job(1, time.Minute)
			tt.change(&in)
			fast := Choose(in).Chosen
			in.Plan.Minimize = "cost"
			cheap := Choose(in).Chosen
			if fast == nil || cheap == nil || fast.Estimate.Makespan >= cheap.Estimate.Makespan || fast.Estimate.CPUHours <= cheap.Estimate.CPUHours {
				t.Errorf("makespan: %+v, cost: %+v; want the first quicker and the second cheaper", fast, cheap)
			}
		})
	}
}

// TestBothNearTheirBest: of shapes that are as quick, a dear one is never taken, and of those as cheap a slow one.
func TestBothNearTheirBest(t *testing.T) {
	for name, in := range goldenInputs() {
		for _, minimize := range []string{"makespan", "cost"} {
			in.Plan.Minimize = minimize
			plan := Choose(in)
			if plan.Chosen == nil {
				continue
			}
			c := plan.Chosen.Estimate
			for _, o := range plan.Candidates {
				e := o.Estimate
				if c.QueueWait == nil || e.QueueWait == nil || *e.QueueWait > 0 || plan.Chosen.Request.Partition != o.Request.Partition {
					continue // a start now, and the site's own partition, are worth more
				}
				if e.Makespan <= c.Makespan && e.CPUHours*1.3 < c.CPUHours || e.CPUHours <= c.CPUHours && e.Makespan*1.3 < c.Makespan {
					t.Errorf("%s, least %s: chosen %s with %v s and %v CPU-hours; %s has %v s and %v CPU-hours", name, minimize,
						plan.Chosen.Strategy, c.Makespan, c.CPUHours, o.Strategy, e.Makespan, e.CPUHours)
				}
			}
		}
	}
}

// TestMillionItemsChosen: all strategies in all shapes and partitions, with a spread of lengths.
func TestMillionItemsChosen(t *testing.T) {
	in := job(1_000_000, 0)
	in.Sample = heavy
	start := cpuTime(t)
	plan := Choose(in)
	took := cpuTime(t) - start
	t.Logf("%d candidates in %v", len(plan.Candidates), took)
	if plan.Chosen == nil || took > 3*time.Second {
		t.Errorf("took %v, want less than three seconds for all shapes", took)
	}
}

// TestTimeAskedFor: the high end and a margin, whatever the partition allows; never its maximum unless the work needs it.
func TestTimeAskedFor(t *testing.T) {
	for name, in := range goldenInputs() {
		for _, c := range Choose(in).Candidates {
			p := in.Cluster.Partition(c.Request.Partition)
			limit := float64(c.Request.TimeLimitS)
			if p.TimeLimitS != nil && c.Request.TimeLimitS == *p.TimeLimitS && c.Estimate.MakespanHigh < 0.8*limit {
				t.Errorf("%s, %s: asks for the partition's %v s, and needs %v s at most", name, c.Strategy, limit, c.Estimate.MakespanHigh)
			}
			if limit > 1.2*c.Estimate.MakespanHigh+121 && c.Estimate.Basis != Measured {
				t.Errorf("%s, %s: asks for %v s, and needs %v s at most", name, c.Strategy, limit, c.Estimate.MakespanHigh)
			}
		}
	}
}
