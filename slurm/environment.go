package slurm

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// foreign are the prefixes of variables that change what Slurm's commands do: SBATCH_TIMELIMIT
// beats the script's #SBATCH line, SQUEUE_FORMAT beats --format, SLURM_CLUSTERS makes squeue fail.
var foreign = []string{"SLURM_", "SLURMD_", "SBATCH_", "SRUN_", "SQUEUE_", "SINFO_", "SACCT_", "SCONTROL_", "SALLOC_", "SACCTMGR_", "SCANCEL_"}

// kept say which Slurm it is and who asks.
var kept = []string{"SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_JWT"}

// cleanEnvironment returns env without what would change an answer, and with what makes
// answers equal everywhere: times in Unix seconds, C's messages, array indices in full.
func cleanEnvironment(env []string, cluster string) []string {
	clean := make([]string, 0, len(env)+4)
	for _, e := range env {
		if name, _, _ := strings.Cut(e, "="); isOurs(name) {
			clean = append(clean, e)
		}
	}
	clean = append(clean, "SLURM_TIME_FORMAT=%s", "SLURM_BITSTR_LEN=0", "LC_ALL=C")
	if cluster != "" {
		clean = append(clean, "SLURM_CLUSTERS="+cluster)
	}
	return clean
}

func isOurs(name string) bool {
	if slices.Contains(kept, name) {
		return true
	}
	return name != "LC_ALL" && !slices.ContainsFunc(foreign, func(p string) bool { return strings.HasPrefix(name, p) })
}

// lookup returns the value of a variable in the commands' environment; the last one counts.
func (c *Commands) lookup(name string) string {
	for i := len(c.env) - 1; i >= 0; i-- {
		if key, value, _ := strings.Cut(c.env[i], "="); key == name {
			return value
		}
	}
	return ""
}

// find returns the path of a program on the PATH of the commands' environment. Relative folders
// in it are left out: a program of that name in the job's folder is not Slurm's.
func (c *Commands) find(program string) (string, bool) {
	for _, dir := range filepath.SplitList(c.lookup("PATH")) {
		path := filepath.Join(dir, program)
		info, err := os.Stat(path)
		if err == nil && filepath.IsAbs(dir) && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, true
		}
	}
	return "", false
}
