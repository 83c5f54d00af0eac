#!/usr/bin/env bash
# apt.sh PACKAGE...: installs Debian packages, as root. On a fresh machine another apt may be at work: it is waited
# for, five minutes at most. What does not work is said in one line.
set -u
log=$(mktemp)
trap 'rm -f "$log"' EXIT

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq &&
    apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
} </dev/null >"$log" 2>&1

is_locked() { grep -qiE 'unable to (lock|acquire)|could not get lock' "$log"; }

until install_packages "$@"; do
  if ! is_locked || ((SECONDS > 300)); then
    echo "apt-get install $* did not work: $(grep -E '^E:' "$log" | head -n 1)" >&2
    exit 1
  fi
  sleep 2
done
