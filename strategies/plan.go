// Package strategies answers: which way is best? Choose is pure: the same input gives the
// same plan on any machine, without a file, a clock or a random source.
package strategies

import (
	"time"

	"hpcsub/configs"
	"hpcsub/slurm"
)

// Input is everything that a choice depends on. plan.json keeps it, so that a plan can be replayed.
type Input struct {
	Job      string            `json:"job"` // its name, for the plan
	Items    int               `json:"items"`
	Function bool              `json:"function,omitempty"`  // the work is a function of Python; else a command
	Program  string            `json:"program"`             // first word of the command, or the function, for the explanation
	RankCPUs int               `json:"rank_cpus,omitempty"` // of each rank of an MPI item; 0 = 1
	Each     configs.Each      `json:"each"`
	Limits   configs.Limits    `json:"limits"`
	Plan     configs.PlanKeys  `json:"plan"`
	Slurm    configs.SlurmKeys `json:"slurm"`
	Sample   []float64         `json:"sample,omitempty"` // measured elapsed seconds of items; empty = not measured
	// SampleOf is where the sample is from: "run ID" or "trial ID".
	SampleOf string `json:"sample_of,omitempty"`
	// Crowd is how much longer an item of the sample took beside others on its node; zero = not measured.
	Crowd Crowd `json:"crowd,omitzero"`
	// Compared are two ways that were tried on the same sample: hpcsub trial --compare.
	Compared []Compared     `json:"compared,omitempty"`
	Cluster  *slurm.Cluster `json:"cluster"`
	Costs    Costs          `json:"costs"` // measured; 0 = not measured
	// CostsLow and CostsHigh are the ends of the spread of what was measured.
	CostsLow  Costs   `json:"costs_low"`
	CostsHigh Costs   `json:"costs_high"`
	Starts    []Guess `json:"starts,omitempty"` // Slurm's own guesses for the best few; shown, never ranked by
	Local     bool    `json:"local"`
	// Standalone: the script is to run without hpcsub, so that no queue is shared.
	Standalone bool `json:"standalone,omitempty"`
	// Tools are the programs that the caller looked for, with their paths; "" = looked for and not
	// there. "parallel" is asked for by gnu-parallel, the package "pathos" by pathos; a tool that is not a
	// key was not looked for.
	Tools map[string]string `json:"tools,omitempty"`
	// Interface is the site's network for what runs over nodes; "" = any.
	Interface string `json:"interface,omitempty"`
	// ToolsOf is the node on which a trial looked for them; "" = they were looked for here, and nodes may have others.
	ToolsOf string `json:"tools_of,omitempty"`
	// Arch is what the program that the nodes will run was built for, as uname -m; "" = not checked.
	Arch string `json:"arch,omitempty"`
	// Site is what the site wants of every run.
	Site configs.Rules `json:"site,omitzero"`
	// Exclude are nodes not to use: those that an earlier attempt named bad.
	Exclude []string `json:"exclude,omitempty"`
}

// Guess is what `sbatch --test-only` said of a candidate: a start, or a refusal.
type Guess struct {
	Strategy string    `json:"strategy"`
	Start    time.Time `json:"start"`
	Refused  string    `json:"refused,omitempty"` // Slurm's words; a refused candidate is not feasible
}

// Plan is the ranked outcome of a choice (the contract of `hpcsub plan --json`).
type Plan struct {
	Job        string      `json:"job"`
	Items      int         `json:"items"`
	Minimize   string      `json:"minimize"`
	Chosen     *Candidate  `json:"chosen"` // null when nothing fits
	Candidates []Candidate `json:"candidates"`
	Rejections []Rejection `json:"rejections"`
	Warnings   []Warning   `json:"warnings"`
	Why        string      `json:"why"`
}

// Against is why a strategy was rejected.
func (p Plan) Against(strategy string) string {
	for _, r := range p.Rejections {
		if r.Strategy == strategy {
			return r.Reason
		}
	}
	return "no way fits"
}

// Candidate is one feasible way to run the job.
type Candidate struct {
	Strategy string   `json:"strategy"`
	Request  Request  `json:"request"`
	Layout   Layout   `json:"layout"`
	Estimate Estimate `json:"estimate"`
	Guess    *Guess   `json:"slurm_guess,omitempty"`
}

// Request is what Slurm is asked for: of one array task where there is an array.
type Request struct {
	Partition        string `json:"partition"`
	Account          string `json:"account"`
	QOS              string `json:"qos"`
	Nodes            int    `json:"nodes"`
	Tasks            int    `json:"tasks"`
	CPUsPerTask      int    `json:"cpus_per_task"`
	TasksPerNode     int    `json:"tasks_per_node,omitempty"` // at most; 0 = one
	MemoryPerNodeMiB int    `json:"memory_per_node_mib"`      // 0 = Slurm's default
	GRES             string `json:"gres"`
	TimeLimitS       int    `json:"time_limit_s"`
	ArrayTasks       int    `json:"array_tasks"`    // of all submissions together; 0 = no array
	ArrayThrottle    int    `json:"array_throttle"` // 0 = none
	Exclusive        bool   `json:"exclusive"`
}

// Layout is how the items are laid on the allocation. A part is what one worker takes:
// one array task, or one node of a job over nodes.
type Layout struct {
	Parts        int          `json:"parts"`             // workers in all
	Slots        int          `json:"slots"`             // items side by side in one worker
	CPUsPerItem  int          `json:"cpus_per_item"`     // also the thread variables
	Ranks        int          `json:"ranks,omitempty"`   // of one MPI item, which share its CPUs; 0 = it is none
	Cluster      bool         `json:"cluster,omitempty"` // each item has a cluster of Dask around it
	ItemsPerPart int          `json:"items_per_part"`    // the most that one part is given; of a queue, an equal share
	Queue        *Queue       `json:"queue,omitempty"`   // that all parts share; null = each part has its own items
	Submissions  []IndexRange `json:"submissions"`       // one sbatch each; together they are all parts
}

// Queue is one that all parts take their items from. Near its time limit a part leaves the rest to parts that have not begun yet.
type Queue struct {
	ItemS float64 `json:"item_s"` // what has to be left of the limit to begin an item; 0 = any
}

// IndexRange is the parts that one sbatch carries: First to First+Count-1. An array's indices run from 0
// to Count-1 whatever First is, because MaxArraySize caps the index and not the number of tasks.
type IndexRange struct {
	First int `json:"first"`
	Count int `json:"count"`
}

// Estimate is a prediction in seconds from the submission of the first Slurm job.
type Estimate struct {
	QueueWait    *float64 `json:"queue_wait_s"` // 0 = now, null = unknown
	Elapsed      float64  `json:"elapsed_s"`    // first start to last end
	Makespan     float64  `json:"makespan_s"`   // queue wait (unknown counts as none) + elapsed
	MakespanLow  float64  `json:"makespan_low_s"`
	MakespanHigh float64  `json:"makespan_high_s"`
	CPUHours     float64  `json:"cpu_hours"` // allocated, not asked for
	GPUHours     float64  `json:"gpu_hours"`
	Cost         *float64 `json:"cost"`       // by the site's charges; null where there are none
	Efficiency   float64  `json:"efficiency"` // CPU time of the items / CPU time allocated
	Basis        string   `json:"basis"`      // measured, declared, assumed
	Parts        []Term   `json:"parts"`      // what the makespan is made of, for --explain
}

// Term is one named part of an estimate.
type Term struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
	Note    string  `json:"note,omitempty"`
}

// Rejection says why a strategy cannot be used here. Where a limit is the cause, it is named as data too.
type Rejection struct {
	Strategy string `json:"strategy"`
	Reason   string `json:"reason"`          // one sentence with the limit, its value and who can raise it
	Limit    string `json:"limit,omitempty"` // "partition short: MaxTime", "limits.cpus"
	Value    string `json:"value,omitempty"` // "30 min"
	Raise    string `json:"raise,omitempty"` // who can: "you can raise it in job.toml"
	room     int    // the limit as a number, to tell the wider of two; negative: by how much the run's own limits are exceeded
}

// Warning is doubtful, not broken. Rule is a stable word for scripts.
type Warning struct {
	Rule string `json:"rule"`
	Text string `json:"text"`
}
