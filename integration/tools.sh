#!/usr/bin/env bash
# Brings the programs that the tests run besides Go: shellcheck (every rendered script is
# checked), GNU Parallel and GNU time (compared with), gcc (package gpu with cgo), Python, and Pathos and Dask in an
# environment of their own below ~/.cache/hpcsub, on Python 3.9 where there is one: the oldest that the drivers are for.
# Installs what is missing as root on Debian or Ubuntu, else names it in one line.
set -euo pipefail

declare -A package=([shellcheck]=shellcheck [parallel]=parallel [python3]=python3 [gcc]=gcc)
missing=()
for tool in "${!package[@]}"; do
  command -v "$tool" >/dev/null || missing+=("${package[$tool]}")
done
[ -x /usr/bin/time ] || missing+=(time)
echo '#include <stdlib.h>' | gcc -E - >/dev/null 2>&1 || missing+=(libc6-dev)
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)

python_environment() {
  local packages="pathos==0.3.5 dask==2024.8.0 distributed==2024.8.0"
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/hpcsub
  local home=$cache/python
  [ "$(cat "$home/packages" 2>/dev/null)" = "$packages" ] && "$home/bin/python3" -c 'import pathos, distributed' 2>/dev/null && return
  echo "installing $packages for the tests" >&2
  mkdir -p "$cache"
  local new python
  new=$(mktemp -d "$cache/python.XXXXXX")
  for python in python3.9 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.9.*/bin/python3 python3; do
    "$python" -m venv "$new" 2>/dev/null && break
  done
  # shellcheck disable=SC2086 # one word a package
  "$new/bin/python3" -m pip install --quiet --disable-pip-version-check $packages
  echo "$packages" >"$new/packages"
  rm -rf "$home"
  ln -sfn "$new" "$home"
}

if ((${#missing[@]} == 0)); then
  python_environment
  exit
fi

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "hpcsub: the tests need ${missing[*]}: install them (Debian: apt-get install ${missing[*]})" >&2
  exit 1
fi
echo "installing ${missing[*]} for the tests" >&2
"$(dirname "$0")/apt.sh" "${missing[@]}"
python_environment
