#!/usr/bin/env bash
# engine.sh ensure|stop: a container engine for the lab.
#
# ensure  uses the engine that answers; where none does, root on Debian or Ubuntu gets one: the missing
#         packages are installed and dockerd is started. What it cannot do it says in one line.
# stop    ends the engine that ensure started, unless containers still run in it. Any other is left alone.
set -u
here=$(dirname "$(realpath "$0")")
state=$here/.state
pid_file=$state/dockerd.pid

say() { echo "engine: $*" >&2; }
die() { say "$*"; exit 1; }

answers() { timeout 20 docker info >/dev/null 2>&1; }
compose() { docker compose version >/dev/null 2>&1 || docker-compose version >/dev/null 2>&1; }
is_debian() { command -v apt-get >/dev/null && grep -qE '^ID(_LIKE)?="?(debian|ubuntu)' /etc/os-release; }

# is_process FILE NAME: the process whose id stands in FILE lives and is called NAME.
is_process() {
  local pid
  pid=$(cat "$1" 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ]
}

# missing_packages names what has to be installed; debootstrap only serves where no image can be pulled.
missing_packages() {
  command -v dockerd >/dev/null || echo docker.io
  compose || echo docker-compose
  command -v debootstrap >/dev/null || echo debootstrap
  command -v iptables >/dev/null || echo iptables
}

install_packages() {
  local packages
  mapfile -t packages < <(missing_packages)
  [ ${#packages[@]} -eq 0 ] && return
  say "installing ${packages[*]}"
  "$here/apt.sh" "${packages[@]}" 9>&- || exit 1
}

# remove_remains takes away what a machine that stopped without notice has left: dockerd refuses to start over
# the pid file of a process that is gone, and the containers of a lab do not survive their engine.
remove_remains() {
  is_process /run/docker.pid dockerd || rm -f /run/docker.pid
  is_process /run/docker/containerd/containerd.pid containerd || rm -f /run/docker/containerd/containerd.pid
}

remove_dead_labs() {
  docker ps -aq --filter label=hpcsub-lab | xargs -r docker rm -f -v
  docker network ls -q --filter label=hpcsub-lab | xargs -r docker network rm
  docker volume ls -q --filter label=hpcsub-lab | xargs -r docker volume rm
} >/dev/null

start_engine() {
  say "starting dockerd (its log: $state/dockerd.log)"
  remove_remains
  setsid dockerd </dev/null >"$state/dockerd.log" 2>&1 9>&- &
  echo $! >"$pid_file"
  for _ in $(seq 300); do
    answers && return
    kill -0 "$(cat "$pid_file")" 2>/dev/null || break
    sleep 0.1
  done
  stop_process
  die "dockerd did not start: $(grep -iE 'failed|error|level=fatal' "$state/dockerd.log" | tail -n 1)"
}

ensure() {
  if answers && compose; then return; fi
  [ "$(id -u)" = 0 ] || die "no container engine with compose answers, and only root can install one: start docker, or run this as root"
  is_debian || die "no container engine with compose answers, and this is neither Debian nor Ubuntu: install docker and docker compose"
  install_packages
  answers && return
  start_engine
  remove_dead_labs
}

stop_process() {
  local pid
  pid=$(cat "$pid_file")
  kill "$pid" 2>/dev/null
  for _ in $(seq 150); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  rm -f "$pid_file"
}

stop() {
  is_process "$pid_file" dockerd || return 0
  if [ -n "$(docker ps -q)" ]; then
    say "left running: containers are running in it"
    return 0
  fi
  stop_process
}

mkdir -p "$state"
exec 9>"$state/engine.lock"
flock 9
case ${1-} in
  ensure) ensure ;;
  stop) stop ;;
  *) die "usage: engine.sh ensure|stop" ;;
esac
