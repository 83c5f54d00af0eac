#!/usr/bin/env bash
# start.sh: the controller's container of a big lab, whose $NODES nodes of five shapes nobody runs: all have this
# container's address, where one slurmd answers for them, and SlurmdTimeout lets them be. Jobs in batch would be
# launched by it, so what runs here is allocations, and what is queued can never start.
set -u
n=$NODES
last() { printf '%05d' $((n * $1 / 100)); }
first() { printf '%05d' $((n * $1 / 100 + 1)); }
std=n[00001-$(last 60)] himem=n[$(first 60)-$(last 80)] wide=n[$(first 80)-$(last 95)]
a100=n[$(first 95)-$(last 99)] h100=n[$(first 99)-$(last 100)]

cat >/run/lab/nodes.conf <<EOF
SlurmdParameters=config_overrides
NodeName=DEFAULT Sockets=2 CoresPerSocket=32 ThreadsPerCore=1
NodeName=$std NodeAddr=127.0.0.1 RealMemory=256000 Feature=intel,std
NodeName=$himem NodeAddr=127.0.0.1 RealMemory=1024000 Feature=intel,himem
NodeName=$wide NodeAddr=127.0.0.1 CoresPerSocket=64 ThreadsPerCore=2 RealMemory=512000 Feature=amd,wide
NodeName=$a100 NodeAddr=127.0.0.1 RealMemory=512000 Feature=amd,gpu Gres=gpu:a100:4
NodeName=$h100 NodeAddr=127.0.0.1 CoresPerSocket=48 RealMemory=1500000 Feature=intel,gpu Gres=gpu:h100:8
PartitionName=standard Nodes=$std Default=YES MaxTime=1-00:00:00 DefaultTime=01:00:00 State=UP DefMemPerCPU=4000
PartitionName=himem Nodes=$himem MaxTime=1-00:00:00 State=UP
PartitionName=wide Nodes=$wide MaxTime=1-00:00:00 State=UP
PartitionName=gpu Nodes=n[$(first 95)-$(last 100)] MaxTime=1-00:00:00 State=UP
PartitionName=debug Nodes=n[00001-00016] MaxTime=00:30:00 State=UP PriorityJobFactor=100
PartitionName=chem Nodes=$himem,$wide MaxTime=7-00:00:00 State=UP AllowAccounts=chem
PartitionName=all Nodes=ALL MaxTime=12:00:00 State=UP
EOF
printf 'NodeName=%s Name=gpu Type=%s Count=%s\n' "$a100" a100 4 "$h100" h100 8 >/run/lab/gres.conf

id crowd >/dev/null 2>&1 || useradd -m -s /bin/bash crowd
/lab/big/fill.sh >/var/log/slurm/fill.log 2>&1 &
exec /usr/local/sbin/entrypoint.sh controller
