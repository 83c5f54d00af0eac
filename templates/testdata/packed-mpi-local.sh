#!/bin/bash
# Run fourier-k3x9ab of /home/alice/fourier/job.toml: 1000 items, packed.
# Written by hpcsub 0.1.0 from its templates job.sh and worker.
#
# packed runs python for 1,000 items of 1 min. It is an example, with a sentence that goes on for
# longer than a line of comment may be.

# hpcsub knows its jobs by this name, and looks for it before it submits anything again.
#SBATCH --job-name=fourier-k3x9ab.1-q1w2e3.0
#SBATCH --comment=fourier-k3x9ab.1-q1w2e3.0
#SBATCH --output=/home/alice/fourier/.hpcsub/fourier-k3x9ab/attempts/1/slurm/slurm-%A_%a.log
#SBATCH --open-mode=append
#SBATCH --partition=long
#SBATCH --array=0-0
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --time=00:33:00
# After the loss of a node Slurm starts the job again; its worker skips what is done.
#SBATCH --requeue
# What runs is what is written here: nothing of the environment and the limits of whoever submitted it.
#SBATCH --export=NONE
#SBATCH --propagate=NONE

fail() {
  echo "hpcsub: error: $*" >&2
  exit 1
}
hpcsub=/home/alice/fourier/.hpcsub/bin/hpcsub-0.1.0-0123456789ab
attempt=/home/alice/fourier/.hpcsub/fourier-k3x9ab/attempts/1
folder=/home/alice/fourier

# --export=NONE is for this script only: programs that srun starts get what is set up here.
unset SLURM_EXPORT_ENV
[ -x "$hpcsub" ] || fail "node $HOSTNAME does not see $hpcsub, or may not run it"
cd -- "$folder" || fail "node $HOSTNAME does not see the folder of the job, $folder"

# A rank has 1 CPU: libraries must not start a thread for each core of the node.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
export NUMEXPR_NUM_THREADS=1 NUMBA_NUM_THREADS=1

# This array task is one of the parts 0 to 0 (1 in all). All take items from one queue; this one 1 at a time.
part=$((SLURM_ARRAY_TASK_ID))
# exec: the signal that Slurm sends before it kills a job reaches the worker itself.
# mpiexec starts the 4 ranks of an item. Open MPI's would take this for a job of Slurm and look for srun; it
# is told so, and that ranks may share the cores of this machine.
export OMPI_MCA_plm=^slurm OMPI_MCA_ras=^slurm OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export PRTE_MCA_plm=^slurm PRTE_MCA_ras=^slurm PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe PRTE_MCA_hwloc_default_binding_policy=none
exec "$hpcsub" worker run --attempt "$attempt" --token q1w2e3 --part "$part" --slots 1 --time-limit-s 1980 --ranks 4 -- \
  mpiexec -n 4
