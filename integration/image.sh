#!/usr/bin/env bash
# image.sh SUITE: makes the lab's image for a Debian suite and prints its name, hpcsub-lab:SUITE-HASH.
#
# HASH is that of the Dockerfile and of what it copies, so an image that is there is up to date and nothing
# is built. The base is debian:SUITE-slim: pulled, or made by debootstrap where nothing can be pulled.
set -u -o pipefail
here=$(dirname "$(realpath "$0")")
state=$here/.state
suite=${1-}
log=$state/image-$suite.log

say() { echo "image: $*" >&2; }
die() { say "$*"; exit 1; }

# timed WHAT COMMAND...: announces WHAT, runs COMMAND into the log and says how long it took.
timed() {
  local what=$1 start=$SECONDS
  shift
  say "$what (log: $log)"
  "$@" </dev/null >>"$log" 2>&1 9>&- || die "$what did not work: $(grep -v '^$' "$log" | tail -n 1)"
  say "$what: $((SECONDS - start)) s"
}

has_image() { docker image inspect "$1" >/dev/null 2>&1; }

has_debootstrap() {
  command -v debootstrap >/dev/null && return
  "$here/apt.sh" debootstrap 9>&-
}

# bootstrap_base NAME. The last arguments are debootstrap's own mirror and its script for any Debian, because one older
# than the suite has no script of the suite's name.
bootstrap_base() (
  root=$(mktemp -d) || exit
  trap 'rm -rf "$root"' EXIT
  debootstrap --variant=minbase "$suite" "$root" '' sid && tar -C "$root" -c . | docker import - "$1"
)

make_base() {
  local base=debian:$suite-slim
  has_image "$base" && return
  say "pulling $base"
  timeout 60 docker pull -q "$base" >>"$log" 2>&1 9>&- && return
  has_debootstrap || die "$base cannot be pulled, and debootstrap is not installed"
  [ "$(id -u)" = 0 ] || die "$base cannot be pulled, and debootstrap needs root"
  timed "bootstrapping $base" bootstrap_base "$base"
}

build() {
  DOCKER_BUILDKIT=0 docker build --build-arg "SUITE=$suite" --tag "$1" "$here/lab"
}

# remove_superseded takes away the suite's earlier images; one that a lab still runs on stays.
remove_superseded() {
  docker images --format '{{.Repository}}:{{.Tag}}' "hpcsub-lab:$suite-*" | grep -vxF "$1" |
    xargs -r docker rmi >/dev/null 2>&1
}

case $suite in
  bullseye | bookworm | trixie | forky) ;;
  *) die "usage: image.sh bullseye|bookworm|trixie|forky" ;;
esac
mkdir -p "$state"
exec 9>"$log.lock"
flock 9
image=hpcsub-lab:$suite-$(cat "$here"/lab/Dockerfile "$here"/lab/*.sh | sha256sum | cut -c1-12)
if ! has_image "$image"; then
  : >"$log"
  make_base
  timed "building $image" build "$image"
  remove_superseded "$image"
fi
echo "$image"
