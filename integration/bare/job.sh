#!/bin/bash
# What an expert hands to sbatch for one node: job.sh TOOL WORK FIRST LAST does WORK once for each number, one at a time
# on each CPU of the allocation. WORK is a command for GNU Parallel, and a function of work.py for Pathos and Dask.
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --export=NONE
set -euo pipefail
unset SLURM_EXPORT_ENV
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
cpus=$SLURM_CPUS_PER_TASK
case $1 in
  # The plain shell starts sooner than bash, and nothing that is printed has to be kept apart.
  parallel) SHELL=/bin/sh parallel --will-cite --ungroup --jobs "$cpus" "$2" :::: <(seq "$3" "$4") >bare.out ;;
  pathos) exec python3 with_pathos.py "$cpus" "$2" "$3" "$4" bare.out ;;
  dask) exec python3 with_dask.py "$cpus" 1 "$2" "$3" "$4" bare.out ;;
  dask-threads) exec python3 with_dask.py 1 "$cpus" "$2" "$3" "$4" bare.out ;;
esac
