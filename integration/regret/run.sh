#!/usr/bin/env bash
# run.sh quick | full DELAY [FLAG...] | tables: is the choice right? `quick` holds a few small workloads
# against every other way to run them. `full` measures all under batch_sched_delay DELAY, writes each measurement to
# measurements.jsonl beside it as it comes (DATA names another file), does not repeat what is there, and prints the table.
# It first measures the costs of the cluster, unless costs-DELAY.toml beside it has them, and prints what is predicted with these beside
# what is with the built-in ones. FLAGs go to the test: -only REGEXP, -runs N (3), -undisturbed (measure again what was measured while the machine was busy), -trial
# (declare nothing that a trial can find out: plan after a trial of a hundredth of the items, five at least, and run only what has
# not run in this shape), -prolog SECONDS (each job waits for a prolog first, as on many sites; with -costs FILE, since its costs are
# others). `tables` prints the tables of all that has been measured, and needs no cluster.
set -eu
here=$(dirname "$(realpath "$0")")
data=$(realpath "${DATA:-$here/measurements.jsonl}")
case ${1-} in
quick) flags=(-run 'TestQuick$') ;;
full) flags=(-run 'TestRegret$' -v -args -delay "${2:-0}" -data "$data" -costs "$here/costs-${2:-0}.toml" "${@:3}") ;;
tables) flags=(-run 'TestTables$' -v -args -data "$data") ;;
*)
  sed -n '2,/^set/s/^# //p' "$0" >&2
  exit 2
  ;;
esac
cd "$here/../.."
regret() { go test -tags integration,regret -count=1 -timeout 4h ./integration/regret "${flags[@]}"; }
if [ "$1" = tables ]; then
  regret
  exit
fi
[ "${HPCSUB_LAB_KEEP-}" = 1 ] || trap '"$here/../engine.sh" stop' EXIT
"$here/../engine.sh" ensure
"$here/../image.sh" "${SUITE:-trixie}" >/dev/null
regret
