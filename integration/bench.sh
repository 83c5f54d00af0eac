#!/usr/bin/env bash
# bench.sh: the ratios of docs/benchmarks.md. What is compared takes turns in one run, so that a busy machine is
# busy for all.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
cd "$here/.."
"$here/tools.sh"

echo "== a worker's item against xargs and GNU Parallel (2,000 x /bin/true, whole process, records synced)"
go test -run '^$' -bench 'Item|Dispatched' -benchtime "${ROUNDS:-10}x" ./worker
echo "== a million items: read, checked, collected"
go test -run '^$' -bench 'Survey|Collect|Recorder' -benchtime 3x ./items
echo "== a million results through the command line"
go test -run '^$' -bench . -benchtime 3x ./cmd/hpcsub
echo "== hpcsub plan against the Slurm commands that it runs"
"$here/test.sh" 24.11 -run '^$' -bench Plan -benchtime 20x
echo "== hpcsub cluster and plan on 100, 1,000 and 10,000 nodes, against the Slurm commands that they run"
"$here/test.sh" 24.11 -run '^$' -bench Large -benchtime 1x
echo "== hpcsub against GNU Parallel, Pathos and Dask by hand, on a node of eight CPUs"
"$here/test.sh" 24.11 -v -run '^$' -bench Bare -benchtime 3x
