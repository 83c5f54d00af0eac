#!/usr/bin/env bash
# record.sh [VERSION…]: records what Slurm's commands print, on a lab of each version, into slurm/testdata/VERSION.
# The commands and their arguments are those that package slurm runs (slurm/record_test.go). Read the difference as
# code: the tables of slurm/recorded_test.go hold on what is recorded.
set -eu
here=$(dirname "$(realpath "$0")")
[ $# -gt 0 ] || set -- 20.11 22.05 24.11 26.05
[ "${HPCSUB_LAB_KEEP-}" = 1 ] || trap '"$here/lab.sh" down; "$here/engine.sh" stop' EXIT

cd "$here/.."
CGO_ENABLED=0 go test -c -tags record -o bin/record.test ./slurm
for version; do
  SUITE=$("$here/suite.sh" "$version")
  export SUITE LAB=hpcsub-record-$version
  "$here/lab.sh" up
  docker cp bin/record.test "$LAB-login:/usr/local/bin/record.test"
  "$here/lab.sh" exec login alice 'rm -rf recording; mkdir recording; RECORD_INTO=recording record.test -test.v -test.run "^TestRecord$"' </dev/null
  docker cp "$LAB-login:/home/alice/recording/." "slurm/testdata/$version/"
  "$here/lab.sh" down
done
