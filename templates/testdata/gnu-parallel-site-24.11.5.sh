#!/bin/bash
# Run fourier-k3x9ab of /home/alice/fourier/job.toml: 1000 items, gnu-parallel.
# Written by hpcsub 0.1.0 from its templates job.sh and gnu-parallel, for Slurm 24.11.5. Of Hawk:
# setup.tmpl (version f333def4), epilogue.tmpl (version 254740ed).
#
# gnu-parallel runs python for 1,000 items of 1 min. It is an example, with a sentence that goes on
# for longer than a line of comment may be.

# hpcsub knows its jobs by this name, and looks for it before it submits anything again.
#SBATCH --job-name=fourier-k3x9ab.1-q1w2e3.0
#SBATCH --comment=fourier-k3x9ab.1-q1w2e3.0
#SBATCH --output=/home/alice/fourier/.hpcsub/fourier-k3x9ab/attempts/1/slurm/slurm-%j.log
#SBATCH --open-mode=append
#SBATCH --partition=long
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=8
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

# Modules are a function of the login shell, which a job may have to fetch for itself.
for init in /etc/profile.d/lmod.sh /etc/profile.d/modules.sh "$MODULESHOME/init/bash" /usr/share/lmod/lmod/init/bash /usr/share/modules/init/bash; do
  command -v module >/dev/null && break
  # shellcheck source=/dev/null
  [ -r "$init" ] && source "$init"
done
module load parallel/20230422 || fail '[environment] modules: loading parallel/20230422'
# An item has 1 CPU: libraries must not start a thread for each core of the node.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
export NUMEXPR_NUM_THREADS=1 NUMBA_NUM_THREADS=1
export HPCSUB_SCRATCH=/scratch/alice
umask 027

# The work runs beside this shell, which hands it Slurm's signals, waits for it and then does what the site wants done.
work='' early=''
pass() { told=yes; if [ -n "$work" ]; then kill "-$1" "$work" 2>/dev/null; else early=$1; fi; }
trap 'pass TERM' TERM
trap 'pass USR1' USR1
trap 'pass USR2' USR2
(
# GNU Parallel says when an item starts, the worker starts and records it: values never cross a shell. Parallel
# gives its command to one, which finds the path of the program in its environment.
export HPCSUB_PROGRAM="$hpcsub"
# One worker takes all items, 8 at a time.
part=0
# exec: the signal that Slurm sends 30 s before it kills a job reaches the worker itself.
exec "$hpcsub" worker run --attempt "$attempt" --token q1w2e3 --part "$part" --slots 8 --time-limit-s 1980 -- \
  parallel --plain --will-cite --ungroup --jobs 8 "\"\$HPCSUB_PROGRAM\" worker item {}"
) &
work=$!
[ -z "$early" ] || pass "$early" # it came before there was any work
told=yes
while [ -n "$told" ]; do # a signal ends the waiting, not the work
  told='' status=0
  wait "$work" || status=$?
done
trap - TERM USR1 USR2
echo "done with status $status"

exit "$status"
