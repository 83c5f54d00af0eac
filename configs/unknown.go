package configs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// aliases are names that other tools, or plain habit, have for our keys.
var aliases = map[string]string{
	"args": "sweep", "params": "sweep", "parameters": "sweep", "columns": "sweep", "grid": "sweep", "over": "sweep",
	"cmd": "command", "script": "command", "program": "command", "run": "command", "executable": "command",
	"input": "items", "inputs": "items", "files": "items", "file": "items", "tasks": "items", "table": "items",
	"job_name": "name", "jobname": "name", "title": "name", "replicates": "repeat",
	"mem": "each.memory", "ram": "each.memory", "rss": "each.memory", "mem_per_cpu": "each.memory",
	"cores": "each.cpus", "ncpus": "each.cpus", "threads": "each.cpus", "cpus_per_task": "each.cpus", "cpus_per_item": "each.cpus",
	"duration": "each.time", "elapsed": "each.time", "runtime": "each.time", "kill_after": "each.timeout",
	"output": "each.outputs", "results": "each.outputs", "gres": "each.gpus",
	"walltime": "limits.time", "time_limit": "limits.time", "timelimit": "limits.time", "max_time": "limits.time",
	"parallelism": "limits.cpus", "max_jobs": "limits.cpus", "concurrency": "limits.cpus", "max_failures": "limits.failures",
	"objective": "plan.minimize", "mode": "plan.strategy", "method": "plan.strategy",
	"queue": "slurm.partition", "project": "slurm.account", "feature": "slurm.constraint", "features": "slurm.constraint",
	"sbatch": "slurm.options", "extra": "slurm.options", "flags": "slurm.options",
	"env": "environment.variables", "vars": "environment.variables", "virtualenv": "environment.venv",
	"conda_env": "environment.conda", "load": "environment.modules", "prologue": "environment.setup",

	"url": "address", "server": "address", "host": "address", "slurmrestd": "address", "token": "token_file", "jwt": "token_file",
}

// tableAliases are the same for tables.
var tableAliases = map[string]string{
	"env": "environment.variables", "variables": "environment.variables", "resources": "each", "item": "each", "task": "each", "job": "",
	"limit": "limits", "params": "sweep", "parameters": "sweep", "matrix": "sweep", "sbatch": "slurm", "cluster": "slurm",
}

// unknown says what to do about a key, or a table, that does not exist, the surest guess first: the right
// word in the wrong case, the right word in the wrong table, another tool's word, a slip of the pen.
func (r *reader) unknown(n *node) error {
	table := ""
	if len(n.path) > 1 {
		table = n.path[0]
	}
	if isTableLike(n) && table == "" {
		return r.unknownTable(n.name)
	}
	name := normal(n.name)
	if slices.Contains(r.known.tables[table], name) {
		return fmt.Errorf("keys are lower case with _ between words: write %s", name)
	}
	if homes := r.known.names[name]; len(homes) > 0 {
		return r.elsewhere(homes)
	}
	if path := aliases[name]; r.known.has(path) {
		return fmt.Errorf("there is no such key; write %s", r.home(path, table))
	}
	if near := nearest(name, r.known.tables[table]); near != "" {
		return fmt.Errorf("there is no such key; did you mean %s?", near)
	}
	if home, near := r.nearestElsewhere(name); near != "" {
		return fmt.Errorf("there is no such key; did you mean %s?", r.home(strings.TrimPrefix(home+"."+near, "."), table))
	}
	return fmt.Errorf("there is no such key; %s has %s", place(table), strings.Join(r.known.usable(table), ", "))
}

func isTableLike(n *node) bool {
	_, list := n.value.([]map[string]any)
	return n.table || list
}

func (r *reader) unknownTable(name string) error {
	low := normal(name)
	if low != name && r.known.isTable(low) {
		return fmt.Errorf("tables are lower case: write [%s]", low)
	}
	if to, ok := tableAliases[low]; len(r.tables()) == 0 {
		return fmt.Errorf("there is no such table; the file has %s", strings.Join(r.known.usable(""), ", "))
	} else if ok && to == "" {
		return fmt.Errorf("there is no such table; its keys stand at the top of the file, above the first [table]")
	} else if ok {
		return fmt.Errorf("there is no such table; did you mean [%s]?", to)
	}
	if near := nearest(low, r.tables()); near != "" {
		return fmt.Errorf("there is no such table; did you mean [%s]?", near)
	}
	return fmt.Errorf("there is no such table; the tables are [%s]", strings.Join(r.tables(), "], ["))
}

// tables are those that a user may write now.
func (r *reader) tables() []string {
	names := slices.DeleteFunc([]string{"sweep", "zip", "types", "partitions"}, func(name string) bool { return !r.known.isTable(name) })
	free := len(names)
	for name := range r.known.tables {
		if name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names[free:])
	return names
}

// elsewhere is about a key that exists, but in other tables than this.
func (r *reader) elsewhere(homes []string) error {
	if homes[0] == "" {
		return fmt.Errorf("is a key of the whole file: move the line up, above %s", r.firstTable())
	}
	if len(homes) > 1 {
		return fmt.Errorf("belongs below a table: move the line below [%s] (for one item) or [%s] (for the whole run)", homes[0], homes[1])
	}
	return fmt.Errorf("stands in the wrong place: move the line below [%s]", homes[0])
}

// firstTable names the first table header, below which no key of the job can stand.
func (r *reader) firstTable() string {
	for _, n := range r.root.children {
		header, _, _ := strings.Cut(r.line(n.line), "#")
		if header = strings.TrimSpace(header); isTableLike(n) && strings.HasPrefix(header, "[") {
			return fmt.Sprintf("%s on line %d", header, n.line)
		}
	}
	return "the first [table]"
}

func (r *reader) nearestElsewhere(name string) (table, near string) {
	for _, table := range append([]string{""}, r.tables()...) {
		if near := nearest(name, r.known.tables[table]); near != "" {
			return table, near
		}
	}
	return "", ""
}

// home names a key with the table that it stands in, seen from a table.
func (r *reader) home(path, from string) string {
	table, name := splitPath(path)
	switch {
	case table != "" && table == from:
		return name
	case table != "":
		return fmt.Sprintf("%s below [%s]", name, table)
	case r.known.isTable(name):
		return fmt.Sprintf("[%s]", name)
	}
	return name + " at the top of the file"
}

func place(table string) string {
	if table == "" {
		return "the top of the file"
	}
	return "[" + table + "]"
}

// normal writes a name as our keys are written.
func normal(name string) string {
	return strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(name))
}

// nearest returns the word that name is probably a slip of, or "".
func nearest(name string, words []string) string {
	if name == "" || len(name) > maxQuoted || len(words) == 0 {
		return ""
	}
	best := slices.MinFunc(words, func(a, b string) int { return cmp.Compare(distance(name, a), distance(name, b)) })
	if distance(name, best) <= max(1, len(best)/3) {
		return best
	}
	for _, word := range words {
		if len(name) >= 3 && strings.HasPrefix(word, name) || len(word) >= 4 && strings.HasPrefix(name, word) {
			return word
		}
	}
	return ""
}

// distance counts the letters to add, take out, change or swap with their neighbour to make a into b
// (Damerau and Levenshtein, optimal string alignment).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
