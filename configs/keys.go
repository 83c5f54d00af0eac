package configs

import (
	"fmt"
	"strings"
)

// key is one thing that can be written in job.toml.
type key struct {
	path    string // "each.cpus"; a table whose keys the user names is one key: "sweep"
	example string // a value to show where none is understood
	read    valueReader
	later   bool // it is of later work, and refused
}

// keys are all that job.toml may hold, with where each goes in the job. What can be written is
// decided here alone: unknown keys, examples and the check of the annotated file follow from it.
func (r *reader) keys() []key {
	j := r.job
	return []key{
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
		known("each.parallel", `"threads"`, choiceInto(&j.Each.Parallel, []string{"none", "threads", "mpi"}, []string{"dask"})),
		known("each.timeout", `"10m"`, durationInto(&j.Each.Timeout)),
		known("each.outputs", `["results/{n}.pdf"]`, outputsInto(&j.Work.Outputs)),

		known("limits.nodes", "4", countInto(&j.Limits.Nodes, 1)),
		known("limits.cpus", "160", countInto(&j.Limits.CPUs, 1)),
		known("limits.gpus", "8", countInto(&j.Limits.GPUs, 1)),
		known("limits.time", `"6h"`, durationInto(&j.Limits.Time)),
		known("limits.cpu_hours", "500", amountInto(&j.Limits.CPUHours)),
		known("limits.gpu_hours", "50", amountInto(&j.Limits.GPUHours)),
		known("limits.failures", "10", r.failures),

		known("plan.minimize", `"cost"`, choiceInto(&j.Plan.Minimize, []string{"makespan", "cost"}, nil)),
		known("plan.strategy", `"packed"`, choiceInto(&j.Plan.Strategy, []string{"single", "array", "packed", "gnu-parallel", "pathos", "dask"}, nil)),

		known("slurm.account", `"scw1389"`, wordInto(&j.Slurm.Account)),
		known("slurm.partition", `"compute"`, wordInto(&j.Slurm.Partition)),
		known("slurm.qos", `"normal"`, wordInto(&j.Slurm.QOS)),
		known("slurm.reservation", `"course"`, wordInto(&j.Slurm.Reservation)),
		known("slurm.constraint", `"avx512"`, wordInto(&j.Slurm.Constraint)),
		known("slurm.options", `["--mail-type=END"]`, optionsInto(&j.Slurm.Options)),

		known("environment.modules", `["python/3.11"]`, modulesInto(&j.Environment.Modules)),
		known("environment.venv", `".venv"`, lineInto(&j.Environment.Venv)),
		known("environment.conda", `"base"`, lineInto(&j.Environment.Conda)),
		known("environment.setup", `"source env.sh"`, setupInto(&j.Environment.Setup)),
		known("environment.variables", "", variablesInto(&j.Environment.Variables)),

		later("check", "take the table out"),
		later("trial", "take the table out"),
		later("variant", "take the table out"),
	}
}

func known(path, example string, read valueReader) key {
	return key{path: path, example: example, read: read}
}

// later is a key whose effect is not built yet. To accept it would be a lie.
func later(path, mend string) key {
	return key{path: path, later: true, read: func(*node) error { return fmt.Errorf("is not supported yet: %s", mend) }}
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
	case "sweep", "zip", "types", "check", "trial":
		return v.has(name)
	}
	return name != "" && v.tables[name] != nil
}

// usable are the keys of a table that have an effect now, tables in brackets.
func (v *vocabulary) usable(table string) []string {
	var names []string
	for _, name := range v.tables[table] {
		k := v.byPath[strings.TrimPrefix(table+"."+name, ".")]
		switch {
		case k.later:
		case table == "" && v.isTable(name):
			names = append(names, "["+name+"]")
		default:
			names = append(names, name)
		}
	}
	return names
}

func splitPath(path string) (table, name string) {
	if i := strings.IndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}
