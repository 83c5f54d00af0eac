#!/usr/bin/env bash
# fill.sh: once the controller answers, lets user crowd take a half of the nodes and queue $NODES array tasks and
# jobs; then /run/lab/full is there.
set -u
n=$NODES
rm -f /run/lab/full
until [ -e /run/lab/ready ]; do sleep 0.1; done
sacctmgr -i add user crowd account=chem defaultaccount=chem
slurmd -N n00001

usable() { sinfo -h -p all -o '%D %T' | awk '$2 ~ /^(idle|mixed|allocated|planned)$/ { n += $1 } END { print n + 0 }'; }
# they register a few hundred at a time, over and over; nine of ten will do
for _ in $(seq 600); do
  [ "$(usable)" -ge $((n * 85 / 100)) ] && break
  sleep 0.2
done

as_crowd() { setpriv --reuid=crowd --regid=crowd --init-groups env HOME=/home/crowd "$@"; }
take() { as_crowd salloc -Q --no-shell -I30 -t 12:00:00 "$@"; }
# share PERMILLE: so many of the nodes, one at least
share() { echo $((n * $1 / 1000 > 0 ? n * $1 / 1000 : 1)); }
take -p standard -N "$(share 250)" --exclusive
take -p standard -N "$(share 150)" --ntasks-per-node=16 --mem=64000
take -p standard -N "$(share 50)" --ntasks-per-node=40 --mem=100000
take -p himem -N "$(share 60)" --exclusive
take -p himem -N "$(share 50)" --ntasks-per-node=8 --mem=500000
take -p wide -N "$(share 80)" --ntasks-per-node=100
take -p gpu -C amd -N "$(share 15)" --gres=gpu:a100:4 --exclusive
take -p gpu -C intel -N "$(share 3)" --gres=gpu:h100:3 --ntasks-per-node=32
scontrol update nodename="n00005,n00007" state=drain reason="fan: to be replaced"

# a fifth of the queue as jobs, the rest as arrays of 500, each for more nodes than are free
cd /tmp || exit
jobs=$((n / 5))
for first in $(seq 1 500 $((n - jobs))); do
  as_crowd sbatch -Q --array="1-$((n - jobs - first < 499 ? n - jobs - first + 1 : 500))" -p standard -N "$(share 500)" -t 2:00:00 -o /dev/null --wrap true
done
seq $jobs | as_crowd env "LARGE=$(share 100)" xargs -P2 -n50 /lab/big/queue.sh
touch /run/lab/full
