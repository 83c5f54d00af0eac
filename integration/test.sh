#!/usr/bin/env bash
# test.sh [VERSION [FLAG...]]: the integration tests on a version of Slurm, 24.11 unless another is named; FLAGs go
# to go test, and without any the tests run in two halves side by side, each with labs of its own. Nothing is left
# running, unless HPCSUB_LAB_KEEP=1 keeps the labs for the next run.
set -eu
here=$(dirname "$(realpath "$0")")
version=${1:-24.11}
SUITE=$("$here/suite.sh" "$version")
export SUITE
[ "${HPCSUB_LAB_KEEP-}" = 1 ] || trap '"$here/engine.sh" stop' EXIT

# What may take a minute comes first: go test would hold back its progress until the end.
"$here/engine.sh" ensure
"$here/image.sh" "$SUITE" >/dev/null
cd "$here/.."
tests() { go test -tags integration -count=1 -timeout 40m -parallel 8 "$@" ./integration/; }

if [ $# -gt 1 ] || [ "${HPCSUB_LAB_KEEP-}" = 1 ]; then
  echo "test: Slurm $version on Debian $SUITE, a few minutes" >&2
  tests "${@:2}"
  exit
fi
echo "test: Slurm $version on Debian $SUITE, twenty to thirty minutes" >&2
half='^Test(Kills|Large|Endings|TimeLimit|CallsAtTheTimeLimit|Load|NodesCallNothing)$' # of the time
tests -run "$half" &
failed=''
tests -skip "$half" || failed=yes
wait "$!" || failed=yes
[ -z "$failed" ]
