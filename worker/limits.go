package worker

import (
	"strconv"
	"time"
)

// lookup is os.LookupEnv or a test's map.
type lookup func(name string) (string, bool)

// memoryLimit is what the worker and its items may use together, in bytes; 0 = no limit known.
// Slurm says what was allocated on this node, the control group what the kernel enforces: the
// lower one binds.
func memoryLimit(env lookup, group int64) int64 {
	allocated := variable(env, "SLURM_MEM_PER_NODE")
	if allocated == 0 {
		allocated = variable(env, "SLURM_MEM_PER_CPU") * max(1, variable(env, "SLURM_CPUS_ON_NODE"))
	}
	limit := allocated << 20 // Slurm counts MiB; --mem=0, all of the node, reads as not given
	if limit == 0 || group > 0 && group < limit {
		return group
	}
	return limit
}

// variable reads a whole number from the environment; 0 when it is absent or no number.
func variable(env lookup, name string) int64 {
	text, _ := env(name)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// deadline is when the items must have ended; the zero value means that no limit is known.
func deadline(env lookup, limit time.Duration, started time.Time) time.Time {
	if end := variable(env, "SLURM_JOB_END_TIME"); end > 0 { // Slurm 23.02 and later
		return time.Unix(end, 0)
	}
	if limit <= 0 {
		return time.Time{}
	}
	if start := variable(env, "SLURM_JOB_START_TIME"); start > 0 {
		started = time.Unix(start, 0)
	}
	// The job began before this worker did, by what its script and prolog took: a minute is
	// kept for that, or a quarter of a very short limit.
	return started.Add(limit - min(time.Minute, limit/4))
}

// jobID is the Slurm job as runs knows it: "12_3" for a task of an array, "12" for a plain job.
func jobID(env lookup) string {
	if array, ok := env("SLURM_ARRAY_JOB_ID"); ok && array != "" {
		task, _ := env("SLURM_ARRAY_TASK_ID")
		return array + "_" + task
	}
	id, _ := env("SLURM_JOB_ID")
	return id
}
