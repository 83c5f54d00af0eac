#!/usr/bin/env bash
# test.sh [VERSION [FLAG...]]: the integration tests on a version of Slurm, 24.11 unless another is named; FLAGs go
# to go test. Nothing is left running, unless HPCSUB_LAB_KEEP=1 keeps the labs for the next run.
set -eu
here=$(dirname "$(realpath "$0")")
version=${1:-24.11}
SUITE=$("$here/suite.sh" "$version")
export SUITE
[ "${HPCSUB_LAB_KEEP-}" = 1 ] || trap '"$here/engine.sh" stop' EXIT

# What may take a minute comes first: go test would hold back its progress until the end.
"$here/engine.sh" ensure
"$here/image.sh" "$SUITE" >/dev/null
echo "test: Slurm $version on Debian $SUITE, a few minutes" >&2
cd "$here/.."
go test -tags integration -count=1 -timeout 40m -parallel 8 "${@:2}" ./integration/
