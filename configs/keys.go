package configs

import (
	"strings"
)

// key is one thing that can be written in job.toml.
type key struct {
	path    string // "each.cpus"; a table whose keys the user names is one key: "sweep"
	example string // a value to show where none is understood
	read    valueReader
	slot    slot // where its value is kept, for keys that stand in more than one layer; nil for others
}

// keys are all that job.toml may hold, with where each goes in the job. What can be written is
// decided here alone: unknown keys, examples and the check of the annotated file follow from it.
func (r *reader) keys() []key {
	j := r.job
	keys := []key{
		known("name", `"fourier"`, r.name),
		known("command", `"python f.py {n}"`, r.command),
		known("function", `"primes:is_prime"`, r.function),
		known("shell", "true", flagInto(&r.shell)),
		known("items", `"params.csv"`, filledInto(&j.Work.File)),
		known("repeat", "3", countInto(&j.Work.Repeat, 1)),
		known("sweep", "", columnsInto(&j.Work.Sweep)),
		known("zip", "", columnsInto(&j.Work.Zip)),
		known("types", "", typesInto(&j.Work.Types)),

		known("each.time", `"42s"`, durationInto(&j.Each.Time)),
		known("each.memory", `"1GiB"`, sizeInto(&j.Each.MemoryMiB)),
		known("each.cpus", "4", countInto(&j.Each.CPUs, 1)),
		known("each.gpus", "1", gpusInto(&j.Each)),
		known("each.parallel", `"threads"`, choiceInto(&j.Each.Parallel, []string{"none", "threads", "mpi", "dask"}, nil)),
		known("each.timeout", `"10m"`, durationInto(&j.Each.Timeout)),
		known("each.outputs", `["results/{n}.pdf"]`, outputsInto(&j.Work.Outputs)),
	}
	keys = append(keys, r.shared()...)
	return append(keys,
		known("trial.items", "5", countInto(&j.Trial.Items, 1)),
		known("trial.repeats", "3", countInto(&j.Trial.Repeats, 1)),
		known("trial.budget", `"2m"`, durationInto(&j.Trial.Budget)),
		known("check.command", `"pytest -q"`, r.checkCommand),
		known("check.tolerance", "1e-9", r.tolerance),
		known("variant", "", r.variants),
	)
}

// shared are the keys of job.toml that a site.toml may have too, where they hold for jobs that do not say otherwise.
func (r *reader) shared() []key {
	j := r.job
	return []key{
		kept("limits.nodes", "4", in(&j.Limits.Nodes), countInto(&j.Limits.Nodes, 1)),
		kept("limits.cpus", "160", in(&j.Limits.CPUs), countInto(&j.Limits.CPUs, 1)),
		kept("limits.gpus", "8", in(&j.Limits.GPUs), countInto(&j.Limits.GPUs, 1)),
		kept("limits.time", `"6h"`, in(&j.Limits.Time), durationInto(&j.Limits.Time)),
		kept("limits.cpu_hours", "500", in(&j.Limits.CPUHours), amountInto(&j.Limits.CPUHours)),
		kept("limits.gpu_hours", "50", in(&j.Limits.GPUHours), amountInto(&j.Limits.GPUHours)),
		kept("limits.failures", "10", in(&j.Limits.Failures), r.failures),

		kept("plan.minimize", `"cost"`, in(&j.Plan.Minimize), choiceInto(&j.Plan.Minimize, []string{"makespan", "cost"}, nil)),
		kept("plan.strategy", `"packed"`, in(&j.Plan.Strategy), choiceInto(&j.Plan.Strategy, []string{"single", "array", "packed", "gnu-parallel", "pathos", "dask"}, nil)),

		kept("slurm.account", `"scw1389"`, in(&j.Slurm.Account), wordInto(&j.Slurm.Account)),
		kept("slurm.partition", `"compute"`, in(&j.Slurm.Partition), wordInto(&j.Slurm.Partition)),
		kept("slurm.qos", `"normal"`, in(&j.Slurm.QOS), wordInto(&j.Slurm.QOS)),
		kept("slurm.reservation", `"course"`, in(&j.Slurm.Reservation), wordInto(&j.Slurm.Reservation)),
		kept("slurm.constraint", `"avx512"`, in(&j.Slurm.Constraint), wordInto(&j.Slurm.Constraint)),
		kept("slurm.options", `["--mail-type=END"]`, in(&j.Slurm.Options), optionsInto(&j.Slurm.Options)),

		kept("environment.modules", `["python/3.11"]`, in(&j.Environment.Modules), modulesInto(&j.Environment.Modules)),
		kept("environment.venv", `".venv"`, in(&j.Environment.Venv), lineInto(&j.Environment.Venv)),
		kept("environment.conda", `"base"`, in(&j.Environment.Conda), lineInto(&j.Environment.Conda)),
		kept("environment.setup", `"source env.sh"`, in(&j.Environment.Setup), setupInto(&j.Environment.Setup)),
		kept("environment.variables", "", in(&j.Environment.Variables), variablesInto(&j.Environment.Variables)),
	}
}

// kept is a key with the place where its value is kept.
func kept(path, example string, s slot, read valueReader) key {
	return key{path: path, example: example, slot: s, read: read}
}

func known(path, example string, read valueReader) key {
	return key{path: path, example: example, read: read}
}

// vocabulary is the names of the keys, arranged for looking up.
type vocabulary struct {
	byPath map[string]key
	tables map[string][]string // table ("" = top) → its keys, in order
	names  map[string][]string // a key's own name → the tables that have it, for a key in the wrong one
}

func newVocabulary(keys []key) *vocabulary {
	v := &vocabulary{byPath: map[string]key{}, tables: map[string][]string{}, names: map[string][]string{}}
	for _, k := range keys {
		table, name := splitPath(k.path)
		v.byPath[k.path] = k
		v.tables[table] = append(v.tables[table], name)
		v.names[name] = append(v.names[name], table)
	}
	return v
}

// has says whether there is a key of that path.
func (v *vocabulary) has(path string) bool {
	_, known := v.byPath[path]
	return known
}

// isTable says whether name is a table of the file, one with given keys or one that the user fills.
func (v *vocabulary) isTable(name string) bool {
	switch name {
	case "sweep", "zip", "types", "partitions":
		return v.has(name)
	}
	return name != "" && v.tables[name] != nil
}

// usable are the keys of a table, tables in brackets.
func (v *vocabulary) usable(table string) []string {
	var names []string
	for _, name := range v.tables[table] {
		switch {
		case name == "variant":
			name = "[[variant]]"
		case table == "" && v.isTable(name):
			name = "[" + name + "]"
		}
		names = append(names, name)
	}
	return names
}

func splitPath(path string) (table, name string) {
	if i := strings.IndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}
