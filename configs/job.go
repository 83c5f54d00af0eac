// Package configs answers: what can I write? It reads job.toml and site.toml, with errors
// that name file, line, key and the mend.
package configs

import (
	"errors"
	"strconv"
	"time"

	"hpcsub/items"
)

// Job is a job.toml, read and checked. The zero value of a field means "not given".
type Job struct {
	Path        string     // the file, as it was named
	Dir         string     // its folder, absolute
	Name        string     // safe for file and job names
	Work        items.Spec // what runs, over which items
	Each        Each
	Limits      Limits
	Plan        PlanKeys
	Slurm       SlurmKeys
	Environment Environment
	Check       Check
	Trial       Trial
	Variants    []Variant
	Text        []byte  // the file as it was read, so that a run can keep a copy
	Warnings    []error // what is doubtful, each with file, line and key

	lines   map[string]int    // where each key that was written stands
	origins map[string]Origin // of the keys that a site may give too, once Site.Apply was called
}

// Blame adds file and line to an error that was found after reading, an items.KeyError above
// all, so that it reads like every other error of the file. nil stays nil.
func (j *Job) Blame(err error) error {
	var at *items.KeyError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &at):
		return Errors{&Problem{File: j.Path, Text: err.Error()}}
	}
	return Errors{&Problem{File: j.Path, Line: j.Line(at.Key), Key: at.Key, Text: at.Err.Error()}}
}

// Line is where the file has a key, such as "each.cpus" or "sweep.beta"; 0 where it has not.
func (j *Job) Line(key string) int {
	if line, ok := j.lines[key]; ok {
		return line
	}
	table, name := splitPath(key)
	return j.lines[table+"."+quoteKey(name)]
}

// Wrote says whether the file has a key, such as "environment.venv", even if its value is empty.
func (j *Job) Wrote(key string) bool {
	_, ok := j.lines[key]
	return ok
}

// RankCPUs is how many CPUs each rank of an MPI program has: its threads, by OMP_NUM_THREADS in [environment], or 1.
func (j *Job) RankCPUs() int {
	for _, v := range j.Environment.Variables {
		if n, err := strconv.ParseUint(v.Value, 10, 20); v.Name == "OMP_NUM_THREADS" && err == nil {
			return max(1, int(n))
		}
	}
	return 1
}

// Each is what one item typically needs.
type Each struct {
	Time      time.Duration `json:"time_ns,omitempty"`    // typical elapsed time
	MemoryMiB int           `json:"memory_mib,omitempty"` // of the whole item
	CPUs      int           `json:"cpus,omitempty"`       // 0 = 1
	GPUs      int           `json:"gpus,omitempty"`
	GPUType   string        `json:"gpu_type,omitempty"`   // as gres.conf names it; "" = any
	Parallel  string        `json:"parallel,omitempty"`   // "", "none", "threads", "mpi"
	Timeout   time.Duration `json:"timeout_ns,omitempty"` // this kills the item
}

// Limits are what the whole run may use.
type Limits struct {
	Nodes    int           `json:"nodes,omitempty"`
	CPUs     int           `json:"cpus,omitempty"`
	GPUs     int           `json:"gpus,omitempty"`
	Time     time.Duration `json:"time_ns,omitempty"` // first start to last end
	CPUHours float64       `json:"cpu_hours,omitempty"`
	GPUHours float64       `json:"gpu_hours,omitempty"`
	// Failures stops the run when this many first items all fail alike. nil = DefaultFailures,
	// 0 = never.
	Failures *int `json:"failures,omitempty"`
}

// DefaultFailures is how many first items must all fail alike before a run stops by itself.
const DefaultFailures = 10

// PlanKeys is the [plan] table.
type PlanKeys struct {
	Minimize string `json:"minimize,omitempty"` // "" and "makespan", or "cost"
	Strategy string `json:"strategy,omitempty"` // forced, or ""
}

// Trial is the [trial] table: what hpcsub trial may take.
type Trial struct {
	Items   int           `json:"items,omitempty"`   // 0 = five, and more while the median is not known
	Repeats int           `json:"repeats,omitempty"` // 0 = three, and more of a short list
	Budget  time.Duration `json:"budget_ns,omitempty"`
}

// DefaultBudget is how long a trial takes at most.
const DefaultBudget = 2 * time.Minute

// SlurmKeys is the [slurm] table, handed to Slurm as it is.
type SlurmKeys struct {
	Account     string   `json:"account,omitempty"`
	Partition   string   `json:"partition,omitempty"`
	QOS         string   `json:"qos,omitempty"`
	Reservation string   `json:"reservation,omitempty"`
	Constraint  string   `json:"constraint,omitempty"`
	Options     []string `json:"options,omitempty"`
}

// Environment is the [environment] table: what a script sets up before the work.
type Environment struct {
	Modules   []string   `json:"modules,omitempty"`
	Venv      string     `json:"venv,omitempty"`      // folder; relative to the job's
	Conda     string     `json:"conda,omitempty"`     // name or prefix
	Setup     string     `json:"setup,omitempty"`     // a line of shell
	Variables []Variable `json:"variables,omitempty"` // in the file's order
}

// Variable is one environment variable.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}
