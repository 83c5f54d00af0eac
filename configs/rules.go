package configs

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// finish checks what keys say to each other, once each has been read.
func (r *reader) finish() {
	if r.root.find("name") == nil {
		r.job.Name = nameFromFolder(r.job.Dir)
	}
	r.finishCommand()
	r.finishVariants()
	for _, rule := range []func(){
		r.oneWork, r.noShell, r.typesOfWhat, r.timesFit, r.cpusFit, r.gpusFit, r.onePython, r.threads, r.dollars, r.strays,
	} {
		rule()
	}
}

// written names a key with its line, for a message about another one.
func (r *reader) written(path ...string) string {
	return fmt.Sprintf("%s (line %d)", strings.Join(path, "."), r.root.find(path...).line)
}

// both returns two nodes where the file has both.
func (r *reader) both(a, b []string) (x, y *node, ok bool) {
	x, y = r.root.find(a...), r.root.find(b...)
	return x, y, x != nil && y != nil
}

func (r *reader) oneWork() {
	if n, _, ok := r.both([]string{"function"}, []string{"command"}); ok {
		r.add(n, errors.New("a job has a command or a function, not both: take one out"))
	}
}

// noShell refuses bash around a function, which nothing is typed for.
func (r *reader) noShell() {
	if n, _, ok := r.both([]string{"shell"}, []string{"function"}); ok && r.shell {
		r.add(n, errors.New("bash runs a command, and this job calls a function: take shell out"))
	}
}

// typesOfWhat refuses types where they would change nothing.
func (r *reader) typesOfWhat() {
	n := r.root.find("types")
	if n == nil || !n.table {
		return
	}
	switch file := strings.ToLower(r.job.Work.File); {
	case r.root.find("items") == nil:
		r.add(n, errors.New("gives the columns of the items file their types, and there is no items = \"params.csv\"; in [sweep] a value is what it is written as"))
	case strings.HasSuffix(file, ".jsonl"):
		r.add(n, fmt.Errorf("changes nothing: in %s the values have their types already; take the table out", show(r.job.Work.File)))
	}
}

// timesFit compares the durations; each was valid by itself.
func (r *reader) timesFit() {
	each, limits := r.job.Each, r.job.Limits
	if each.Time > 0 && limits.Time > 0 && each.Time > limits.Time {
		r.add(r.root.find("each", "time"), fmt.Errorf("one item takes %s, and %s ends the whole run after %s: raise limits.time",
			r.value("each", "time"), r.written("limits", "time"), r.value("limits", "time")))
	}
	if each.Time > 0 && each.Timeout > 0 && each.Timeout < each.Time {
		r.add(r.root.find("each", "timeout"), fmt.Errorf("kills an item after %s, and %s says that one takes %s: raise the timeout",
			r.value("each", "timeout"), r.written("each", "time"), r.value("each", "time")))
	}
	if each.Timeout > 0 && limits.Time > 0 && each.Timeout > limits.Time {
		r.warn(r.root.find("each", "timeout"), "%s never acts: %s ends the whole run after %s",
			r.value("each", "timeout"), r.written("limits", "time"), r.value("limits", "time"))
	}
	hours := each.Time.Hours() * float64(max(1, each.CPUs))
	if limits.CPUHours > 0 && hours > limits.CPUHours {
		r.add(r.root.find("limits", "cpu_hours"), fmt.Errorf("one item needs %.3g CPU-hours (each.time × each.cpus): allow more, or take the limit out", hours))
	}
}

// value shows a node's value as it was written.
func (r *reader) value(path ...string) string { return show(r.root.find(path...).value) }

func (r *reader) cpusFit() {
	each, limits := r.job.Each, r.job.Limits
	if limits.CPUs > 0 && each.CPUs > limits.CPUs {
		r.add(r.root.find("each", "cpus"), fmt.Errorf("one item needs %d CPUs, and %s allows %d: raise limits.cpus, or lower this",
			each.CPUs, r.written("limits", "cpus"), limits.CPUs))
	}
	if each.Parallel == "mpi" && r.job.Work.Function != "" {
		r.add(r.root.find("each", "parallel"), errors.New("a function is called in one process: write the MPI program as a command, command = \"python f.py {n}\""))
	}
	if each.Parallel == "dask" && r.job.Work.Function != "" {
		r.add(r.root.find("each", "parallel"), errors.New("is for a program that uses Dask itself: write command = \"python f.py {n}\"; the calls of a function are spread by [plan] strategy = \"dask\""))
	}
	if each.CPUs > 1 && each.Parallel == "none" {
		r.warn(r.root.find("each", "cpus"), "%d CPUs for an item that uses one (each.parallel = \"none\"): %d would idle; write cpus = 1, or parallel = \"threads\"",
			each.CPUs, each.CPUs-1)
	}
}

func (r *reader) onePython() {
	if r.job.Environment.Venv != "" && r.job.Environment.Conda != "" {
		r.add(r.root.find("environment", "conda"), fmt.Errorf("there is %s too, and only one can be active: take one out", r.written("environment", "venv")))
	}
}

// threads warns where a variable of the user works against the CPUs of an item. In an MPI program it says
// how many of them a rank has.
func (r *reader) threads() {
	if r.job.Each.Parallel == "mpi" {
		r.rankThreads()
		return
	}
	if r.job.Each.Parallel == "dask" { // each thread of Dask's workers has a CPU, and libraries none beside
		return
	}
	cpus := strconv.Itoa(max(1, r.job.Each.CPUs))
	for _, v := range r.job.Environment.Variables {
		if slices.Contains(threadVariables, v.Name) && v.Value != cpus {
			r.warn(r.root.find("environment", "variables", v.Name), "is %s, where each.cpus is %s: hpcsub sets this variable to each.cpus; set that, and take this out",
				v.Value, cpus)
		}
	}
}

// rankThreads reads OMP_NUM_THREADS as the threads, and so the CPUs, of one rank.
func (r *reader) rankThreads() {
	cpus := max(1, r.job.Each.CPUs)
	for _, v := range r.job.Environment.Variables {
		if v.Name != "OMP_NUM_THREADS" {
			continue
		}
		threads, err := strconv.ParseUint(v.Value, 10, 20)
		if err != nil || threads == 0 || cpus%int(threads) != 0 {
			r.add(r.root.find("environment", "variables", v.Name), fmt.Errorf("is %s: with parallel = \"mpi\" it is the number of threads of a rank, and must divide each.cpus = %d", show(v.Value), cpus))
		}
	}
}

// dollars warns of a value that looks as if a shell would fill it in.
func (r *reader) dollars() {
	for _, v := range r.job.Environment.Variables {
		if i := strings.IndexByte(v.Value, '$'); i >= 0 && i+1 < len(v.Value) && strings.ContainsAny(v.Value[i+1:i+2], "{ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz") {
			r.warn(r.root.find("environment", "variables", v.Name), "%s is handed over as it is, the $ with it; to have the shell fill it in, write setup = 'export %s=\"…\"'",
				show(v.Value), v.Name)
		}
	}
}

// strays warns of keys of the job that became columns or variables, because they stand below a table.
func (r *reader) strays() {
	for _, free := range []struct {
		path []string
		noun string
	}{{[]string{"sweep"}, "column"}, {[]string{"zip"}, "column"}, {[]string{"environment", "variables"}, "variable"}} {
		table := r.root.find(free.path...)
		if table == nil {
			continue
		}
		for _, n := range table.children {
			if r.isJobKey(n.name) && r.root.find(n.name) == nil && n.name != "command" {
				r.warn(n, "is taken for a %s%s", free.noun, r.misplaced(n))
			}
		}
	}
}

// failures reads how many items may fail alike. 0 says never, so it is kept apart from no key.
func (r *reader) failures(n *node) error {
	var number int
	if err := countInto(&number, 0)(n); err != nil {
		return err
	}
	r.job.Limits.Failures = &number
	return nil
}
