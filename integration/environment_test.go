//go:build integration

package integration

import "testing"

// TestHostileEnvironment has a caller whose environment would change what every Slurm command
// does and prints, and low limits: the result is the same.
func TestHostileEnvironment(t *testing.T) {
	for _, way := range ways() {
		t.Run(way.name, func(t *testing.T) {
			j := newJob(t, Default, plain+way.toml, nil)
			j.env = []string{
				"SBATCH_PARTITION=nope", "SBATCH_TIMELIMIT=1", "SBATCH_JOB_NAME=other", "SBATCH_ARRAY_INX=0-3", "SBATCH_ACCOUNT=chem",
				"SBATCH_QOS=nope", "SBATCH_EXPORT=ALL", "SBATCH_WAIT=1", "SBATCH_OUTPUT=/nowhere/x", "SBATCH_EXCLUSIVE=user",
				"SLURM_MEM_PER_CPU=1", "SLURM_JOB_ID=1", "SLURM_CLUSTERS=nope", "SLURM_TIME_FORMAT=relative", "SLURM_EXPORT_ENV=NONE",
				"SLURM_NTASKS=99", "SLURM_ARRAY_TASK_ID=7", "SLURM_PROCID=3", "SLURM_RESTART_COUNT=2", "SLURM_JOB_END_TIME=1",
				"SQUEUE_FORMAT=%i", "SQUEUE_FORMAT2=jobid", "SQUEUE_STATES=CD", "SQUEUE_SORT=i", "SQUEUE_USERS=root",
				"SACCT_FORMAT=jobid", "SINFO_FORMAT=%n", "SCONTROL_ALL=1", "SRUN_EXPORT_ENV=NONE",
				"OMP_NUM_THREADS=64", "LC_ALL=de_DE.UTF-8", "LANGUAGE=de", "TZ=Asia/Kathmandu", "POSIXLY_CORRECT=1", "PARALLEL=--dry-run",
			}
			r := j.lab.Run(t, Command{Folder: j.folder, Env: j.env, Line: "ulimit -n 64 -s 1024 -f 100000; hpcsub submit --wait"})
			if r.Code != 0 {
				t.Fatalf("exit code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
			}
			j.eachOnce(t, 8)
			if s := j.status(t); s.State != "done" || s.Items.Done != 8 {
				t.Errorf("got %+v, want all 8 done", s)
			}
		})
	}
}
