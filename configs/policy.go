package configs

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Rules are what a site wants of every run: plans and scripts go by them, and a plan keeps them. The zero value asks
// for nothing.
type Rules struct {
	Name          string                   `json:"name,omitempty"`          // of the cluster or its site, as its users say
	Contact       string                   `json:"contact,omitempty"`       // whom to ask
	Documentation string                   `json:"documentation,omitempty"` // a link
	File          string                   `json:"file,omitempty"`          // the site.toml, as it is named in messages
	Scratch       string                   `json:"scratch,omitempty"`       // a folder that scripts name HPCSUB_SCRATCH
	Policy        Policy                   `json:"policy,omitzero"`
	Charges       Charges                  `json:"charges,omitzero"`
	Modules       Tools                    `json:"modules,omitzero"`
	Partitions    map[string]PartitionRule `json:"partitions,omitempty"`
	Templates     []Template               `json:"templates,omitempty"`
	Missing       []string                 `json:"missing,omitempty"` // keys of policy.require that the job does not have
}

// Policy is the [policy] table. 0 and empty mean that there is no such rule.
type Policy struct {
	ShortestTask    time.Duration `json:"shortest_task_ns,omitempty"` // of an array
	MaxArrayTasks   int           `json:"max_array_tasks,omitempty"`
	MaxThrottle     int           `json:"max_throttle,omitempty"`          // array tasks at once
	StartsPerMinute int           `json:"job_starts_per_minute,omitempty"` // of one run
	MaxSteps        int           `json:"max_steps,omitempty"`             // of one Slurm job
	UserJobs        int           `json:"user_jobs,omitempty"`             // that a user may have in the queue
	Forbid          []string      `json:"forbid,omitempty"`                // strategies
	Prefer          []string      `json:"prefer,omitempty"`                // strategies
	Require         []string      `json:"require,omitempty"`               // keys of job.toml

	// The most that one run may use.
	Nodes    int           `json:"nodes,omitempty"`
	CPUs     int           `json:"cpus,omitempty"`
	GPUs     int           `json:"gpus,omitempty"`
	Time     time.Duration `json:"time_ns,omitempty"`
	CPUHours float64       `json:"cpu_hours,omitempty"`
	GPUHours float64       `json:"gpu_hours,omitempty"`
}

// Charges are what a site asks for what is allocated.
type Charges struct {
	CPUHour  float64 `json:"cpu_hour,omitempty"`
	GPUHour  float64 `json:"gpu_hour,omitempty"`
	Currency string  `json:"currency,omitempty"`
}

// Tools are the modules that hold what strategies need. They are loaded by the scripts that need them.
type Tools struct {
	Python   string `json:"python,omitempty"`
	Parallel string `json:"parallel,omitempty"`
	Pathos   string `json:"pathos,omitempty"`
	Dask     string `json:"dask,omitempty"`
	MPI      string `json:"mpi,omitempty"`
}

// PartitionRule is a [partitions.NAME] table.
type PartitionRule struct {
	Purpose   string `json:"purpose,omitempty"`    // for people
	NamedOnly bool   `json:"named_only,omitempty"` // it is used only by jobs that name it
}

// strategyNames are those that [plan] strategy, policy.forbid and policy.prefer may name.
var strategyNames = []string{"single", "array", "packed", "gnu-parallel", "pathos", "dask"}

func (p *Policy) keys() []key {
	return []key{
		kept("policy.shortest_task", `"5m"`, in(&p.ShortestTask), durationInto(&p.ShortestTask)),
		kept("policy.max_array_tasks", "1000", in(&p.MaxArrayTasks), countInto(&p.MaxArrayTasks, 1)),
		kept("policy.max_throttle", "100", in(&p.MaxThrottle), countInto(&p.MaxThrottle, 1)),
		kept("policy.job_starts_per_minute", "10", in(&p.StartsPerMinute), countInto(&p.StartsPerMinute, 1)),
		kept("policy.max_steps", "1000", in(&p.MaxSteps), countInto(&p.MaxSteps, 1)),
		kept("policy.user_jobs", "5000", in(&p.UserJobs), countInto(&p.UserJobs, 1)),
		kept("policy.forbid", `["array"]`, in(&p.Forbid), choicesInto(&p.Forbid, strategyNames)),
		kept("policy.prefer", `["packed"]`, in(&p.Prefer), choicesInto(&p.Prefer, strategyNames)),
		kept("policy.require", `["slurm.account"]`, in(&p.Require), jobKeysInto(&p.Require)),
		kept("policy.nodes", "16", in(&p.Nodes), countInto(&p.Nodes, 1)),
		kept("policy.cpus", "640", in(&p.CPUs), countInto(&p.CPUs, 1)),
		kept("policy.gpus", "8", in(&p.GPUs), countInto(&p.GPUs, 1)),
		kept("policy.time", `"3-00:00:00"`, in(&p.Time), durationInto(&p.Time)),
		kept("policy.cpu_hours", "5000", in(&p.CPUHours), amountInto(&p.CPUHours)),
		kept("policy.gpu_hours", "500", in(&p.GPUHours), amountInto(&p.GPUHours)),
	}
}

func (r *Rules) keys() []key {
	module := func(name, example string, to *string) key {
		return kept("modules."+name, example, in(to), moduleInto(to))
	}
	keys := []key{
		kept("name", `"Hawk"`, in(&r.Name), titleInto(&r.Name)),
		kept("contact", `"help@hawk.example.org"`, in(&r.Contact), titleInto(&r.Contact)),
		kept("documentation", `"https://hawk.example.org/hpcsub"`, in(&r.Documentation), titleInto(&r.Documentation)),
		kept("scratch", `"/scratch/{user}"`, in(&r.Scratch), filledInto(&r.Scratch)),
		kept("partitions", "", in(&r.Partitions), partitionsInto(&r.Partitions)),
		kept("charges.cpu_hour", "0.01", in(&r.Charges.CPUHour), amountInto(&r.Charges.CPUHour)),
		kept("charges.gpu_hour", "0.5", in(&r.Charges.GPUHour), amountInto(&r.Charges.GPUHour)),
		kept("charges.currency", `"£"`, in(&r.Charges.Currency), titleInto(&r.Charges.Currency)),
		module("python", `"python/3.11"`, &r.Modules.Python),
		module("parallel", `"parallel/20230422"`, &r.Modules.Parallel),
		module("pathos", `"pathos/0.3.2"`, &r.Modules.Pathos),
		module("dask", `"dask/2024.8"`, &r.Modules.Dask),
		module("mpi", `"openmpi/4.1.5"`, &r.Modules.MPI),
	}
	return append(keys, r.Policy.keys()...)
}

// titleInto reads a line for people, which also stands in messages and comments of scripts.
func titleInto(dst *string) valueReader {
	return func(n *node) error {
		if err := filledInto(dst)(n); err != nil {
			return err
		}
		if printable(*dst) != *dst || len(*dst) > 200 {
			return fmt.Errorf("%s: write one line of at most 200 characters", show(*dst))
		}
		return nil
	}
}

func moduleInto(dst *string) valueReader {
	return func(n *node) error {
		text, err := textOf(n)
		if err != nil {
			return err
		}
		var one []string
		if err := modulesInto(&one)(&node{name: n.name, value: []any{text}}); err != nil {
			return err
		}
		*dst = text
		return nil
	}
}

// choicesInto reads a list of some of the known words.
func choicesInto(dst *[]string, known []string) valueReader {
	return func(n *node) error {
		if err := wordsInto(dst)(n); err != nil {
			return err
		}
		for i, word := range *dst {
			var one string
			if err := choiceInto(&one, known, nil)(&node{name: n.name, value: word}); err != nil || word == "" {
				return elementError(i, word, errors.Join(err))
			}
		}
		return nil
	}
}

// jobKeysInto reads a list of keys of job.toml.
func jobKeysInto(dst *[]string) valueReader {
	return func(n *node) error {
		if err := wordsInto(dst)(n); err != nil {
			return err
		}
		var names []string
		for _, k := range (&reader{job: &Job{}}).keys() {
			names = append(names, k.path)
		}
		for i, word := range *dst {
			if !slices.Contains(names, word) {
				return elementError(i, word, fmt.Errorf("%s is no key of job.toml%s", show(word), didYouMean(word, names)))
			}
		}
		return nil
	}
}

// didYouMean guesses a key: one of the same name below a table goes before one that is spelt alike.
func didYouMean(word string, names []string) string {
	var same []string
	for _, name := range names {
		if table, last := splitPath(name); last == word && table != "" {
			same = append(same, name)
		}
	}
	if len(same) > 0 {
		return fmt.Sprintf("; did you mean %s?", either(same))
	}
	if near := nearest(word, names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// partitionsInto reads [partitions.NAME] tables.
func partitionsInto(dst *map[string]PartitionRule) valueReader {
	return func(n *node) error {
		if !n.table {
			return &mismatch{want: "tables, one a partition", got: n.value, mend: `write [partitions.short] on a line of its own and purpose = "…" below it`}
		}
		all := map[string]PartitionRule{}
		var problems []error
		for _, p := range n.children {
			var rule PartitionRule
			if !p.table {
				problems = append(problems, at(p, &mismatch{want: "a table", got: p.value, mend: fmt.Sprintf("write [partitions.%s] on a line of its own", quoteKey(p.name))}))
			}
			for _, k := range p.children {
				var err error
				switch k.name {
				case "purpose":
					err = titleInto(&rule.Purpose)(k)
				case "named_only":
					err = flagInto(&rule.NamedOnly)(k)
				default:
					err = errors.New("there is no such key; a partition has purpose, named_only")
				}
				if err != nil {
					problems = append(problems, at(k, err))
				}
			}
			all[p.name] = rule
		}
		*dst = all
		return errors.Join(problems...)
	}
}

// Ask says whom to ask, as the end of a sentence; "" where nobody is named.
func (r Rules) Ask() string {
	switch {
	case r.Contact != "":
		return "ask " + r.Contact
	case r.Documentation != "":
		return "see " + r.Documentation
	}
	return "ask the site's administrators"
}

// Of names the site.
func (r Rules) Of() string {
	if r.Name != "" {
		return r.Name
	}
	return "this site"
}
