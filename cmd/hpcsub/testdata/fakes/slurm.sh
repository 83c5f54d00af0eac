# shellcheck shell=sh
# A Slurm that is a folder, for the scripts of this test: what it tells of the cluster is what
# Slurm 24.11 printed (slurm/testdata), and a job is a folder jobs/ID with the files name, tasks
# ("0 5", or nothing), state, reason and times. Each call is a line in calls.
bin=$(cd "$(dirname "$0")" && pwd)
here=$(dirname "$bin")/slurm
mkdir -p "$here/jobs"
echo "$(basename "$0" | sed s/^plain-//) $*" >>"$here/calls"

# told FILE: print what Slurm told, or what the script of the test has it tell.
told() {
  if [ -e "$here/$1" ]; then cat "$here/$1"; else cat "$SLURMDATA/$1"; fi
}

die() {
  echo "$1" >&2
  exit "${2:-1}"
}

# put WORDS FILE: write a file that others may read meanwhile: what was before, or all of it.
put() {
  printf '%s\n' "$1" >"$2.new" && mv "$2.new" "$2"
}

# calls COMMAND: how often it was called, this call included.
calls() { grep -c "^$1 --parsable" "$here/calls"; }

# take SCRIPT: take the job, start it where the file "starts" exists, and print its id.
take() {
  id=101
  while ! mkdir "$here/jobs/$id" 2>/dev/null; do id=$((id + 1)); done
  job=$here/jobs/$id
  cp "$1" "$job/script"
  sed -n 's/^#SBATCH --job-name=//p' "$1" >"$job/name"
  sed -n 's/^#SBATCH --array=\([0-9]*\)-*\([0-9]*\).*/\1 \2/p' "$1" >"$job/tasks"
  date +%s >"$job/submit"
  : >"$job/node"
  echo Priority >"$job/reason"
  echo PENDING >"$job/state"
  if [ -e "$here/starts" ]; then start "$id" & fi
  echo "$id"
}

# start ID: run the job's script, for each task of its array, one after the other.
start() {
  exec </dev/null >/dev/null 2>&1 # whoever called sbatch waits for its pipes
  job=$here/jobs/$1
  put c1 "$job/node"
  put None "$job/reason"
  put RUNNING "$job/state"
  read -r first last <"$job/tasks"
  for task in $(seq "${first:-0}" "${last:-${first:-0}}"); do
    [ "$(cat "$job/state")" = RUNNING ] || break
    env -i PATH="$PATH" HOME="$HOME" SLURM_JOB_ID="$1" SLURM_RESTART_COUNT=0 SLURM_CPUS_ON_NODE=8 \
      SLURM_MEM_PER_NODE="$(sed -n 's/^#SBATCH --mem=\([0-9]*\).*/\1/p' "$job/script")" SLURM_JOB_END_TIME=$(($(date +%s) + 86400)) \
      ${first:+SLURM_ARRAY_JOB_ID=$1 SLURM_ARRAY_TASK_ID=$task} \
      bash "$job/script" >>"$job/log" 2>&1
  done
  put "$(date +%s)" "$job/end"
  [ "$(cat "$job/state")" = RUNNING ] && put COMPLETED "$job/state"
}
