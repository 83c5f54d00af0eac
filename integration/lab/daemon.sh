#!/usr/bin/env bash
# daemon.sh ACTION slurmctld|slurmdbd|slurmrestd, in the controller's container:
# restart  SIGTERM; it starts again at once
# kill     SIGKILL; it starts again at once
# hold     SIGKILL; it stays down until it is released
# release  lets it start again
# freeze   SIGSTOP: it accepts connections and answers none
# thaw     SIGCONT
set -eu
pid=$(cat "/run/lab/$2.pid")
hold=/run/lab/$2.hold

end() {
  kill "-$1" "$pid"
  while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
}

case $1 in
  restart) end TERM ;;
  kill) end KILL ;;
  hold)
    touch "$hold"
    end KILL
    ;;
  release) rm -f "$hold" ;;
  freeze) kill -STOP "$pid" ;;
  thaw) kill -CONT "$pid" ;;
  *)
    echo "daemon.sh: no action $1" >&2
    exit 2
    ;;
esac
