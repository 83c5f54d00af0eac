#!/usr/bin/env bash
# entrypoint.sh controller|node|login: what a container of the lab runs. Any other argument is run as a command.
set -u

say() { echo "$(date +%T) $*"; }
as() { setpriv --reuid="$1" --regid="$1" --init-groups "${@:2}"; }
wait_for() { until "$@" >/dev/null 2>&1; do sleep 0.1; done; }

# configure puts the configuration together: the common files, then what the suite, the flavour and both replace.
configure() {
  local folder
  for folder in conf "conf-$SUITE" "conf-$FLAVOUR" "conf-$SUITE-$FLAVOUR"; do
    [ -d "/lab/$folder" ] && cp "/lab/$folder"/*.conf /etc/slurm/
  done
  # labs share the host's cgroups, which bear the jobs' ids
  [ "$FLAVOUR" = cgroup ] && echo "FirstJobId=$((NET * 250000))" >>/etc/slurm/tracking.conf
  chmod 644 /etc/slurm/*.conf
  chown slurm:slurm /etc/slurm/slurmdbd.conf
  chmod 600 /etc/slurm/slurmdbd.conf
  [ "$1" = controller ] || rm /etc/slurm/slurmdbd.conf
  install -d -o slurm -g slurm /run/slurm
}

start_munge() {
  install -d -o munge -g munge -m 755 /run/munge
  install -d -o munge -g munge -m 700 /var/log/munge /var/lib/munge
  as munge munged --num-threads=4
}

# supervise NAME COMMAND...: runs COMMAND again whenever it ends, so that a test can kill it (see daemon.sh); while
# /run/lab/NAME.hold exists it stays down.
supervise() {
  local name=$1
  shift
  while :; do
    until [ ! -e "/run/lab/$name.hold" ]; do sleep 0.1; done
    "$@" </dev/null >>"/var/log/slurm/$name.log" 2>&1 &
    echo $! >"/run/lab/$name.pid"
    wait $!
    sleep 0.2
  done
}

start_database() {
  local server client
  server=$(command -v mariadbd || command -v mysqld)
  client=$(command -v mariadb || command -v mysql)
  # slurmdbd 26.05 refuses a server with snapshot isolation; older servers do not know it
  "$server" --user=mysql --skip-networking --loose-innodb-snapshot-isolation=OFF --innodb-buffer-pool-size=128M \
    --innodb-flush-log-at-trx-commit=0 --innodb-lock-wait-timeout=900 >/var/log/slurm/database.log 2>&1 &
  wait_for "$client" -e 'select 1'
  "$client" -e "create database if not exists slurm_acct_db;
    create user if not exists 'slurm'@'localhost' identified by 'slurm';
    grant all on slurm_acct_db.* to 'slurm'@'localhost';"
}

controller() {
  install -d -o mysql -g mysql /run/mysqld
  rm -f /run/lab/ready
  start_database
  say "database up"
  supervise slurmdbd setpriv --reuid=slurm --regid=slurm --init-groups slurmdbd -D &
  wait_for sacctmgr -n show cluster
  say "slurmdbd up"
  init-accounting.sh
  supervise slurmctld setpriv --reuid=slurm --regid=slurm --init-groups slurmctld -D &
  wait_for sh -c 'scontrol ping | grep -q UP'
  say "slurmctld up"
  # once more: gres/gpu can be limited only after slurmctld has registered it
  init-accounting.sh
  supervise slurmrestd env SLURM_JWT=daemon SLURMRESTD_SECURITY=disable_unshare_files,disable_unshare_sysv \
    setpriv --reuid=restd --regid=restd --init-groups slurmrestd 0.0.0.0:6820 &
  touch /run/lab/ready
  say "ready"
  wait
}

# node runs slurmd. c4 has four graphics cards: devices with the right numbers and nothing behind them.
node() {
  local card
  if [ "$(hostname)" = c4 ]; then
    for card in 0 1 2 3; do
      [ -e "/dev/nvidia$card" ] || mknod -m 666 "/dev/nvidia$card" c 195 "$card"
    done
  fi
  exec slurmd -D
}

case $1 in
  controller | node | login)
    configure "$1"
    start_munge
    ;;&
  controller) controller ;;
  node) node ;;
  login) exec sleep infinity ;;
  *) exec "$@" ;;
esac
