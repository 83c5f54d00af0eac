#!/bin/bash
# daemon.sh ACTION slurmctld|slurmdbd|slurmrestd, in the controller's container:
# kill     kill -9; it starts again at once
# hold     kill -9; it stays down until it is released
# release  lets it start again
# freeze   SIGSTOP: it accepts connections and answers none
# thaw     SIGCONT
set -eu
pid=$(cat "/run/lab/$2.pid")
hold=/run/lab/$2.hold

case $1 in
  kill) kill -KILL "$pid" ;;
  hold)
    touch "$hold"
    kill -KILL "$pid"
    ;;
  release) rm -f "$hold" ;;
  freeze) kill -STOP "$pid" ;;
  thaw) kill -CONT "$pid" ;;
  *)
    echo "daemon.sh: no action $1" >&2
    exit 2
    ;;
esac
