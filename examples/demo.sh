#!/usr/bin/env bash
# demo.sh HPCSUB: the main job on this machine, without Slurm: check, plan, submit, results.
set -euo pipefail
hpcsub=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)

if ! command -v python3 >/dev/null; then
  echo "hpcsub: the demo's program is written in Python; installing python3" >&2
  "$here/../integration/apt.sh" python3
fi

# A copy, so that the example in the repository stays as it is.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here"/ising/ising.py "$here"/ising/job.toml "$work"
cd "$work"

show() { printf '\n\033[1m$ hpcsub %s\033[0m\n' "$*"; "$hpcsub" "$@"; }

printf '\033[1m$ cat job.toml\033[0m\n'
cat job.toml
show check --cluster local
show plan --cluster local
show submit --wait --cluster local
show results | head -n 12
echo "…"
printf '\n\033[1m$ ls results | head -n 3; head -n 3 results/2-1.csv\033[0m\n'
find results -name '*.csv' | sort | head -n 3
head -n 3 "$(find results -name '2*-1.csv' | sort | head -n 1)"
