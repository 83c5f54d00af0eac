package slurm

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
)

// showPartitions is never cached: it is a small question, and a partition that was closed a
// minute ago would be planned for. -a shows also those that are hidden, and those of other groups:
// a job may name the first, and of the second it is said why not.
func (c *Commands) showPartitions(ctx context.Context) (partitions []rawPartition, err error) {
	err = c.parsed(ctx, []string{"scontrol", "-a", "-o", "show", "partitions"}, func(text []byte) error {
		partitions, err = parsePartitions(bytes.NewReader(text))
		return err
	})
	return partitions, err
}

// rawPartition is a partition with the rules of which only their outcome is told.
type rawPartition struct {
	Partition
	noRoot bool
}

// partitionKeys are what every partition has, on every release.
var partitionKeys = []string{"Nodes", "TotalNodes", "State", "Default", "MaxTime", "DefaultTime", "MinNodes", "MaxNodes", "MaxCPUsPerNode",
	"MaxMemPerNode|MaxMemPerCPU", "DefMemPerNode|DefMemPerCPU", "PriorityTier", "AllowGroups", "AllowAccounts|DenyAccounts",
	"AllowQos|DenyQos", "QoS", "OverSubscribe|Shared", "ExclusiveUser|Exclusive", "ReqResv", "RootOnly", "DisableRootJobs", "AllocNodes"}

// parsePartitions reads the lines of scontrol -o show partitions.
func parsePartitions(r io.Reader) ([]rawPartition, error) {
	var partitions []rawPartition
	err := readNamed(r, "PartitionName", "No partitions in the system", func(line []byte) (string, error) {
		p := rawPartition{Partition: Partition{DenyAccounts: []string{}, DenyQOS: []string{}, AllocNodes: []string{}}}
		err := eachOnce(line, partitionKeys, p.field)
		partitions = append(partitions, p)
		return p.Name, err
	})
	return partitions, err
}

func (p *rawPartition) field(key, value string) (err error) {
	switch key {
	case "PartitionName":
		p.Name = value
	case "Nodes":
		p.NodeList, err = ExpandHosts(value)
	case "TotalNodes":
		p.Nodes, err = parseCount(value)
	case "State":
		p.State = value
		if !isState(value) {
			err = fmt.Errorf("want a state like UP, got %q", value)
		}
	case "MaxTime":
		p.TimeLimitS, err = parseTimeLimit(value)
	case "DefaultTime":
		p.DefaultTimeS, err = parseTimeLimit(value)
	case "MinNodes":
		p.MinNodes, err = parseCount(value)
	case "MaxNodes":
		p.MaxNodes, err = parseCountLimit(value)
	case "MaxCPUsPerNode":
		p.MaxCPUsPerNode, err = parseCountLimit(value)
	case "MaxMemPerNode":
		p.MaxMemPerNodeMiB, err = parseMemoryLimit(value)
	case "MaxMemPerCPU":
		p.MaxMemPerCPUMiB, err = parseMemoryLimit(value)
	case "DefMemPerNode":
		p.DefMemPerNodeMiB, err = parseMemoryLimit(value)
	case "DefMemPerCPU":
		p.DefMemPerCPUMiB, err = parseMemoryLimit(value)
	case "MaxCPUsPerSocket":
		p.MaxCPUsPerSocket, err = parseCountLimit(value)
	case "PriorityTier":
		p.PriorityTier, err = parseCount(value)
	case "GraceTime":
		p.GraceTimeS, err = parseCount(value)
	case "TRESBillingWeights":
		p.BillingWeights, err = parseWeights(value)
	case "AllocNodes":
		if value != "ALL" {
			p.AllocNodes, err = ExpandHosts(value)
		}
	default:
		p.rule(key, value)
	}
	return err
}

// rule reads the fields that cannot be misread.
func (p *rawPartition) rule(key, value string) {
	yes := strings.EqualFold(value, "YES")
	switch key {
	case "Default":
		p.Default = yes
	case "AllowAccounts":
		p.AllowAccounts = splitList(value)
	case "DenyAccounts":
		p.DenyAccounts = splitList(value)
	case "AllowQos":
		p.AllowQOS = splitList(value)
	case "DenyQos":
		p.DenyQOS = splitList(value)
	case "AllowGroups":
		p.AllowGroups = splitList(value)
	case "QoS":
		if !isNothing(value) {
			p.QOS = value
		}
	case "OverSubscribe", "Shared":
		p.OverSubscribe = value
	case "ExclusiveUser":
		p.ExclusiveUser = yes
	case "Exclusive": // from 26.05 on, in place of ExclusiveUser and ExclusiveTopo
		p.ExclusiveUser = value == "USER"
		if value == "NODE" || yes {
			p.OverSubscribe = "EXCLUSIVE"
		}
	case "ReqResv":
		p.NeedsReservation = yes
	case "RootOnly":
		p.RootOnly = yes
	case "Hidden":
		p.Hidden = yes
	case "PreemptMode":
		p.PreemptMode = value
	case "DisableRootJobs":
		p.noRoot = yes
	}
}
