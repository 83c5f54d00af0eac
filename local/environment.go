package local

import (
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"time"
)

// kept are the caller's variables that a login would set as well, those of the modules system
// among them. All others stay behind, as with sbatch --export=NONE, so that a script that works
// here works on a cluster. PATH is the caller's: a fresh login's cannot be had without starting
// one, and it is the caller's programs that are meant to run.
var kept = []string{
	"HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR", "XDG_RUNTIME_DIR",
	"MODULEPATH", "MODULESHOME", "MODULE_VERSION", "LMOD_CMD", "LMOD_DIR", "LMOD_PKG", "LMOD_ROOT", "LMOD_SETTARG_CMD",
	"BASH_FUNC_module%%", "BASH_FUNC_module()", "BASH_FUNC_ml%%", "BASH_FUNC_ml()", "BASH_FUNC__module_raw%%",
}

// loginEnvironment is what a script starts with, besides Slurm's own variables.
func loginEnvironment(caller []string) []string {
	var env []string
	has := map[string]bool{}
	for _, variable := range caller {
		name, _, _ := strings.Cut(variable, "=")
		if slices.Contains(kept, name) || strings.HasPrefix(name, "LC_") {
			env, has[name] = append(env, variable), true
		}
	}
	for _, d := range loginDefaults() {
		if name, value, _ := strings.Cut(d, "="); !has[name] && value != "" {
			env = append(env, d)
		}
	}
	return env
}

func loginDefaults() []string {
	defaults := []string{"PATH=/usr/local/bin:/usr/bin:/bin", "SHELL=/bin/bash"}
	if u, err := user.Current(); err == nil {
		defaults = append(defaults, "HOME="+u.HomeDir, "USER="+u.Username, "LOGNAME="+u.Username)
	}
	return defaults
}

// userName is the name of whoever runs this.
func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return os.Getenv("USER")
}

// jobVariables are Slurm's variables that are the same in all of the job's tasks (sbatch(1), "output
// environment variables"). As there, what was not asked for is not set.
func (j *job) jobVariables(id int, held share) []string {
	host := hostName()
	env := []string{
		"SLURM_CLUSTER_NAME=" + clusterName, "SLURM_JOB_PARTITION=" + partition,
		"SLURM_JOB_NAME=" + j.Name, "SLURM_SUBMIT_DIR=" + j.Dir, "SLURM_SUBMIT_HOST=" + host,
		"SLURM_JOB_NODELIST=" + host, "SLURM_NODELIST=" + host, "SLURMD_NODENAME=" + host,
		"SLURM_JOB_NUM_NODES=1", "SLURM_NNODES=1", "SLURM_NODEID=0", "SLURM_PROCID=0", "SLURM_LOCALID=0",
		"SLURM_JOB_USER=" + userName(), "SLURM_JOB_UID=" + strconv.Itoa(os.Getuid()),
	}
	number := func(name string, n int) {
		if n > 0 {
			env = append(env, name+"="+strconv.Itoa(n))
		}
	}
	number("SLURM_CPUS_ON_NODE", held.cpus)
	number("SLURM_JOB_CPUS_PER_NODE", held.cpus)
	number("SLURM_CPUS_PER_TASK", j.CPUsPerTask)
	number("SLURM_NTASKS", j.Tasks)
	number("SLURM_MEM_PER_NODE", held.memoryMiB)
	tasks, _ := j.tasks()
	if j.Array != "" {
		number("SLURM_ARRAY_JOB_ID", id)
		number("SLURM_ARRAY_TASK_COUNT", len(tasks))
		env = append(env, "SLURM_ARRAY_TASK_MIN="+strconv.Itoa(tasks[0]), "SLURM_ARRAY_TASK_MAX="+strconv.Itoa(tasks[len(tasks)-1]))
	}
	return env
}

// taskVariables are those of one task.
func (j *job) taskVariables(n names, start time.Time) []string {
	env := []string{
		j.mark(strconv.Itoa(n.task)),
		"SLURM_JOB_ID=" + strconv.Itoa(n.raw), "SLURM_JOBID=" + strconv.Itoa(n.raw),
		"SLURM_JOB_START_TIME=" + strconv.FormatInt(start.Unix(), 10),
	}
	if j.TimeLimit > 0 {
		env = append(env, "SLURM_JOB_END_TIME="+strconv.FormatInt(start.Add(j.TimeLimit).Unix(), 10))
	}
	if n.task >= 0 {
		env = append(env, "SLURM_ARRAY_TASK_ID="+strconv.Itoa(n.task))
	}
	return env
}
