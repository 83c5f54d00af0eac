#!/bin/bash
# Run fourier-k3x9ab of /home/alice/fourier/job.toml: 1000 items, gnu-parallel.
# Written by hpcsub 0.1.0 from its templates job.sh and gnu-parallel, for Slurm 24.11.5.
#
# gnu-parallel runs python for 1,000 items of 1 min. It is an example, with a sentence that goes on
# for longer than a line of comment may be.

# hpcsub knows its jobs by this name, and looks for it before it submits anything again.
#SBATCH --job-name=fourier-k3x9ab.1-q1w2e3.0
#SBATCH --comment=fourier-k3x9ab.1-q1w2e3.0
#SBATCH --output=/home/alice/fourier/.hpcsub/fourier-k3x9ab/attempts/1/slurm/slurm-%j.log
#SBATCH --open-mode=append
#SBATCH --partition=long
#SBATCH --nodes=4
#SBATCH --ntasks=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --mem=8256M
#SBATCH --gres=gpu:a100:4
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

# An item has 1 CPU: libraries must not start a thread for each core of the node.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
export NUMEXPR_NUM_THREADS=1 NUMBA_NUM_THREADS=1

# GNU Parallel says when an item starts, the worker starts and records it: values never cross a shell. Parallel
# gives its command to one, which finds the path of the program in its environment.
export HPCSUB_PROGRAM="$hpcsub"
# exec: the signal that Slurm sends 30 s before it kills a job reaches the worker itself.
# One step over the nodes, a worker on each with its share of the items. CPUs and memory are named, since versions
# differ in what a step inherits; the end of one worker ends no other. A step that Slurm does not make within 600 s,
# since it takes a node that had been lost for busy, would wait until the time limit: srun gives up.
exec srun --nodes=4 --ntasks=4 --ntasks-per-node=1 --exact --cpus-per-task=8 --mem=8256M --gres=gpu:a100:4 --immediate=600 --wait=0 --kill-on-bad-exit=0 --mpi=none \
  "$hpcsub" worker run --attempt "$attempt" --token q1w2e3 --first-part 0 --rank-env SLURM_PROCID --slots 4 --time-limit-s 1980 -- \
  parallel --plain --will-cite --ungroup --jobs 4 "\"\$HPCSUB_PROGRAM\" worker item {}"
