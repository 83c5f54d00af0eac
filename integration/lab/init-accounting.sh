#!/usr/bin/env bash
# init-accounting.sh: accounts, users and QOS with limits. What is there already stays as it is.
# alice has room; bob meets his limits soon; QOS fast and gpuq are for tests of limits.
{
  sacctmgr -i add cluster lab
  sacctmgr -i add qos fast Priority=1000 MaxWall=00:10:00 MaxSubmitJobsPerUser=50 MaxTRESPerUser=cpu=16
  sacctmgr -i add qos gpuq Priority=500
  sacctmgr -i modify qos gpuq set MaxTRESPerUser=gres/gpu=2 # done when slurmctld has registered GPUs: see entrypoint.sh
  sacctmgr -i modify qos normal set MaxSubmitJobsPerUser=12000 MaxWall=1-00:00:00
  sacctmgr -i add account physics Description=physics Organization=lab
  sacctmgr -i add account chem Description=chem Organization=lab
  sacctmgr -i add user alice Account=physics DefaultAccount=physics
  sacctmgr -i add user bob Account=chem DefaultAccount=chem
  sacctmgr -i modify user alice account=physics set qos=normal,fast,gpuq defaultqos=normal
  sacctmgr -i modify user bob account=chem set MaxSubmitJobs=5 MaxJobs=2 qos=normal
} >>/var/log/slurm/init-accounting.log 2>&1
