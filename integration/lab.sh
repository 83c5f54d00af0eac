#!/usr/bin/env bash
# lab.sh: a Slurm cluster in containers.
#
#   lab.sh up                         builds and starts what is missing; ends when all nodes can take jobs
#   lab.sh exec HOST USER COMMAND     runs COMMAND in USER's login shell on ctl, login, c1, c2, c3 or c4
#   lab.sh status                     shows its containers and nodes
#   lab.sh logs [HOST]                shows the daemons' logs, of ctl unless another is named
#   lab.sh down                       removes its containers, network and volumes
#   lab.sh reap                       reads names of labs until standard input ends, then takes them and the
#                                     engine down: whoever held the pipe has ended, in whatever way
#
# Environment: SUITE (bullseye, bookworm, trixie or forky), FLAVOUR (default; cgroup, where Slurm holds jobs to
# their memory; or big-N: ctl alone, with N nodes that nobody runs and N queued jobs), LAB (a name, for several
# labs at once), NET (the third octet of 10.88.x.0; a free one if not given).
set -u -o pipefail
here=$(dirname "$(realpath "$0")")
export SUITE=${SUITE:-trixie} FLAVOUR=${FLAVOUR:-default}
export LAB=${LAB:-hpcsub-$SUITE-$FLAVOUR} IMAGE='' NET=${NET:-}
export COMPOSE_API_VERSION=auto NODES=0
case $FLAVOUR in big-*) NODES=${FLAVOUR#big-} ;; esac

say() { echo "lab $LAB: $*" >&2; }
die() { say "$*"; exit 1; }

compose() {
  local files=(-f "$here/lab/docker-compose.yml")
  [ "$FLAVOUR" = cgroup ] && files+=(-f "$here/lab/docker-compose.cgroup.yml")
  [ "$NODES" = 0 ] || files=(-f "$here/lab/docker-compose.big.yml")
  if docker compose version >/dev/null 2>&1; then
    docker compose -p "$LAB" "${files[@]}" "$@"
  else
    docker-compose -p "$LAB" "${files[@]}" "$@"
  fi
}

# subnets LAB prints the third octets that are taken: the lab's own one, or everybody's if no lab is named.
subnets() {
  docker network ls -q ${1:+--filter "name=^${1}_lab$"} |
    xargs -r docker network inspect --format '{{range .IPAM.Config}}{{.Subnet}}{{"\n"}}{{end}}' |
    sed -n 's/^10\.88\.\([0-9]*\)\.0.*/\1/p'
}

free_subnet() {
  local taken octet
  taken=$(subnets)
  for octet in $(seq 20 250); do
    grep -qx "$octet" <<<"$taken" || { echo "$octet"; return; }
  done
}

# containers [-a] prints those of this lab that run, or all of them. A lab whose name begins like this one's is another.
containers() { docker ps -q "$@" --filter "name=^/?$LAB-(ctl|login|c[1-4])\$"; }

# remove_remains takes away what an earlier lab of this name has left when its engine ended: its containers do not start again, and
# compose neither replaces them nor the network that they stood in. What compose made has its label; names are taken, whoever made them.
remove_remains() {
  local of="label=com.docker.compose.project=$LAB"
  { containers -a; docker ps -aq --filter "$of"; } | sort -u | xargs -r docker rm -f -v
  { docker network ls -q --filter "name=^${LAB}_lab\$"; docker network ls -q --filter "$of"; } | sort -u | xargs -r docker network rm
  { docker volume ls -q --filter "name=^${LAB}_(home|small)\$"; docker volume ls -q --filter "$of"; } | sort -u | xargs -r docker volume rm
} >/dev/null

usable_nodes() { sinfo -h -N -p long -o '%N %T' | grep -cE ' (idle|mixed|allocated|completing|planned)$'; }

wait_for_nodes() {
  if [ "$NODES" != 0 ]; then
    docker exec "$LAB-ctl" timeout 300 bash -c 'until [ -e /run/lab/full ]; do sleep 0.2; done'
    return
  fi
  docker exec "$LAB-ctl" timeout 90 bash -c "$(declare -f usable_nodes)"'
    until [ -e /run/lab/ready ] && [ "$(usable_nodes)" = 4 ]; do sleep 0.1; done 2>/dev/null'
}

check_flavour() {
  case $FLAVOUR in
    default) ;;
    cgroup) [ -d /sys/fs/cgroup/memory ] || die "flavour cgroup needs a host with cgroup version 1" ;;
    big-*) [[ $NODES =~ ^[1-9][0-9]{2,4}$ ]] || die "flavour $FLAVOUR: want 100 to 99999 nodes" ;;
    *) die "no flavour $FLAVOUR: want default, cgroup or big-N" ;;
  esac
}

up() {
  local start=$SECONDS output
  check_flavour
  "$here/engine.sh" ensure || exit 1
  IMAGE=$("$here/image.sh" "$SUITE") || exit 1
  docker ps -q --filter "name=^$LAB-" --filter status=paused | xargs -r docker unpause >/dev/null
  {
    flock 9
    [ -n "$(containers)" ] || remove_remains
    NET=${NET:-$(subnets "$LAB")}
    NET=${NET:-$(free_subnet)}
    # Whichever container is made first fills the volume of /home from the image; two at once get in each other's way.
    output=$({ compose up --no-start ctl && compose up -d; } 2>&1 9>&-) || die "compose up did not work: $(tail -n 1 <<<"$output")"
  } 9>"$here/.state/up.lock"
  wait_for_nodes || die "not all nodes came up: $(docker exec "$LAB-ctl" sinfo -h -o '%P %D %T' 2>&1 | paste -sd ' ')"
  say "up after $((SECONDS - start)) s"
}

# remove_cgroups IMAGE takes away what slurmd made in the host's hierarchy, but for what another lab uses.
remove_cgroups() {
  [ -n "$1" ] || return
  docker run --rm -v /sys/fs/cgroup:/cgroup:rw "$1" \
    find /cgroup -mindepth 2 -depth -type d -path '/cgroup/*/slurm_c[1-4]*' -exec rmdir {} + 2>/dev/null || true
}

down() {
  local output image
  docker info >/dev/null 2>&1 || return 0
  image=$(docker inspect --format '{{.Config.Image}}' "$LAB-c1" 2>/dev/null)
  output=$(NET=0 IMAGE=none compose down -v -t 0 2>&1) || die "compose down did not work: $(tail -n 1 <<<"$output")"
  [ "$FLAVOUR" != cgroup ] || remove_cgroups "$image"
}

status() {
  docker ps -a --filter "name=^$LAB-" --format 'table {{.Names}}\t{{.Status}}\t{{.Image}}'
  docker exec "$LAB-ctl" sinfo -o '%12P %6D %10T %4c %8m %20G %f'
}

# exec_in HOST USER COMMAND. Standard input is passed on; a terminal is one inside too.
exec_in() {
  local folder=/home/$2 terminal=()
  [ "$2" = root ] && folder=/root
  [ -t 0 ] && [ -t 1 ] && terminal=(-t)
  exec docker exec -i "${terminal[@]}" -u "$2" -e "USER=$2" -e "LOGNAME=$2" -w "$folder" "$LAB-$1" bash -lc "$3"
}

logs() {
  docker logs "$LAB-$1"
  [ "$1" != ctl ] || docker exec "$LAB-ctl" tail -n 40 /var/log/slurm/{slurmctld,slurmdbd,slurmrestd}.log
}

reap() {
  local labs
  trap '' HUP INT TERM
  mapfile -t labs
  for LAB in "${labs[@]}"; do
    case $LAB in
      *-cgroup) FLAVOUR=cgroup NODES=0 ;;
      *-big-*) FLAVOUR=big-${LAB##*-} NODES=${LAB##*-} ;;
      *) FLAVOUR=default NODES=0 ;;
    esac
    down
  done
  "$here/engine.sh" stop
}

usage() { sed -n '2,/^set/s/^#\( \|$\)//p' "$0" >&2; exit 2; }

case ${1-} in
  up | down | status | reap) "$1" ;;
  exec) [ $# = 4 ] || usage; exec_in "$2" "$3" "$4" ;;
  logs) logs "${2:-ctl}" ;;
  *) usage ;;
esac
