#!/usr/bin/env bash
# Brings the programs that the tests run besides Go: shellcheck (every rendered script is
# checked), GNU Parallel and GNU time (compared with), Python (examples).
# Installs what is missing as root on Debian or Ubuntu, else names it in one line.
set -euo pipefail

declare -A package=([shellcheck]=shellcheck [parallel]=parallel [python3]=python3)
missing=()
for tool in "${!package[@]}"; do
  command -v "$tool" >/dev/null || missing+=("${package[$tool]}")
done
[ -x /usr/bin/time ] || missing+=(time)
((${#missing[@]})) || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "hpcsub: the tests need ${missing[*]}: install them (Debian: apt-get install ${missing[*]})" >&2
  exit 1
fi
echo "installing ${missing[*]} for the tests" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update >/dev/null
apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
