package slurm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// readRESTPartitions reads the answer of /partitions.
func readRESTPartitions(r io.Reader, v restVersion) ([]rawPartition, restAnswer, error) {
	var all []rawPartition
	a, err := readAnswer(r, "partitions", eachPartition(v, &all))
	return all, a, err
}

func eachPartition(v restVersion, all *[]rawPartition) func(*json.Decoder) error {
	return func(d *json.Decoder) (err error) {
		var p rawPartition
		if v.parsed() {
			var raw restPartition
			if err = d.Decode(&raw); err == nil {
				p, err = raw.partition(v)
			}
		} else {
			var raw oldPartition
			if err = d.Decode(&raw); err == nil {
				p, err = raw.partition(v)
			}
		}
		if err != nil {
			return fmt.Errorf("partition %q: %w", p.Name, err)
		}
		*all = append(*all, p)
		return nil
	}
}

// restPartition is a partition from v0.0.40 on.
type restPartition struct {
	Name  string `json:"name"`
	Nodes struct {
		Allowed    restText   `json:"allowed_allocation"`
		Configured restText   `json:"configured"`
		Total      restNumber `json:"total"`
	} `json:"nodes"`
	Accounts struct{ Allowed, Deny restWords } `json:"accounts"`
	Groups   struct{ Allowed restWords }       `json:"groups"`
	QOS      struct {
		Allowed, Deny restWords
		Assigned      restText
	} `json:"qos"`
	Defaults struct {
		MemoryPerCPU  restNumber `json:"partition_memory_per_cpu"`
		MemoryPerNode restNumber `json:"partition_memory_per_node"`
		Time          restNumber `json:"time"` // minutes
	} `json:"defaults"`
	Maximums struct {
		CPUs          restNumber `json:"cpus_per_node"`
		PerSocket     restNumber `json:"cpus_per_socket"`
		MemoryPerCPU  restNumber `json:"partition_memory_per_cpu"`
		MemoryPerNode restNumber `json:"partition_memory_per_node"`
		Nodes         restNumber `json:"nodes"`
		Time          restNumber `json:"time"`
		OverSubscribe struct {
			Jobs  restNumber `json:"jobs"`
			Flags restWords  `json:"flags"`
		} `json:"oversubscribe"`
	} `json:"maximums"`
	Minimums struct {
		Nodes restNumber `json:"nodes"`
	} `json:"minimums"`
	Priority struct {
		Tier restNumber `json:"tier"`
	} `json:"priority"`
	TRES struct {
		Weights restText `json:"billing_weights"`
	} `json:"tres"`
	Grace     restNumber `json:"grace_time"`
	Preempt   restWords  `json:"preempt_mode"` // from v0.0.45
	Flags     restWords  `json:"flags"`        // from v0.0.45
	Partition struct {
		State         restWords `json:"state"`
		OverSubscribe restText  `json:"oversubscribe"` // from v0.0.45
		Exclusive     restText  `json:"exclusive"`
	} `json:"partition"`
}

func (raw restPartition) partition(v restVersion) (rawPartition, error) {
	var p rawPartition
	p.Name, p.QOS = raw.Name, string(raw.QOS.Assigned)
	p.AllowAccounts, p.DenyAccounts = raw.Accounts.Allowed.list(), raw.Accounts.Deny.list()
	p.AllowQOS, p.DenyQOS, p.AllowGroups = raw.QOS.Allowed.list(), raw.QOS.Deny.list(), raw.Groups.Allowed.list()
	p.TimeLimitS, p.DefaultTimeS = raw.Maximums.Time.times(60), raw.Defaults.Time.times(60)
	p.MaxNodes, p.MaxCPUsPerNode, p.MaxCPUsPerSocket = raw.Maximums.Nodes.limit(), raw.Maximums.CPUs.limit(), raw.Maximums.PerSocket.limit()
	p.DefMemPerCPUMiB, p.DefMemPerNodeMiB = raw.Defaults.MemoryPerCPU.positive(), raw.Defaults.MemoryPerNode.positive()
	p.MaxMemPerCPUMiB, p.MaxMemPerNodeMiB = raw.Maximums.MemoryPerCPU.positive(), raw.Maximums.MemoryPerNode.positive()
	p.OverSubscribe = raw.sharing(v)
	p.flags(raw.Flags)
	p.PreemptMode = strings.Replace(strings.ToUpper(strings.Join(raw.Preempt, ",")), "DISABLED", "OFF", 1)
	p.ExclusiveUser = p.ExclusiveUser || strings.EqualFold(string(raw.Partition.Exclusive), "USER")
	if len(raw.Partition.State) != 1 {
		return p, errors.New("a part of it is missing")
	}
	p.State = strings.ToUpper(raw.Partition.State[0])
	return p, p.finish(restPartCounts{raw.Nodes.Configured, raw.Nodes.Allowed, raw.Nodes.Total, raw.Minimums.Nodes, raw.Priority.Tier, raw.Grace, raw.TRES.Weights})
}

// sharing is OverSubscribe: the greatest number of jobs on a resource, 0 for one with whole nodes.
func (raw restPartition) sharing(v restVersion) string {
	if v.tellsFlags() { // in words
		if strings.EqualFold(string(raw.Partition.Exclusive), "NODE") || strings.EqualFold(string(raw.Partition.Exclusive), "YES") {
			return "EXCLUSIVE"
		}
		return strings.ToUpper(string(raw.Partition.OverSubscribe))
	}
	jobs := raw.Maximums.OverSubscribe.Jobs
	switch force := raw.Maximums.OverSubscribe.Flags.has("force"); {
	case !jobs.set:
		return ""
	case force:
		return "FORCE:" + strconv.FormatInt(jobs.n, 10)
	case jobs.n == 0:
		return "EXCLUSIVE"
	case jobs.n == 1:
		return "NO"
	}
	return "YES:" + strconv.FormatInt(jobs.n, 10)
}

// flags are the same words in all versions, in lower or upper case.
func (p *rawPartition) flags(words restWords) {
	p.Default = words.has("default")
	p.ExclusiveUser = words.has("exclusive_user")
	p.NeedsReservation = words.has("req_resv") || words.has("required_reservation") || words.has("reservation_required")
	p.RootOnly = words.has("root_only")
	p.Hidden = words.has("hidden")
	p.noRoot = words.has("no_root") || words.has("no_root_jobs")
}

type restPartCounts struct {
	nodes, submit   restText // submit: the hosts to submit from
	total, min, tie restNumber
	grace           restNumber // seconds
	weights         restText
}

func (p *rawPartition) finish(c restPartCounts) error {
	if p.Name == "" || !c.total.set {
		return errors.New("a part of it is missing")
	}
	var errs [7]error
	if c.nodes != "" {
		p.NodeList, errs[0] = ExpandHosts(string(c.nodes))
	}
	p.Nodes, errs[1] = c.total.count()
	p.MinNodes, errs[2] = c.min.count()
	p.PriorityTier, errs[3] = c.tie.count()
	p.GraceTimeS, errs[5] = c.grace.count()
	p.BillingWeights, errs[6] = parseWeights(string(c.weights))
	p.AllocNodes = []string{}
	if c.submit != "" && c.submit != "ALL" {
		p.AllocNodes, errs[4] = ExpandHosts(string(c.submit))
	}
	return errors.Join(errs[:]...)
}

// oldPartition is a partition before v0.0.40.
type oldPartition struct {
	Name          string     `json:"name"`
	Flags         restWords  `json:"flags"`
	AllocNodes    restText   `json:"allowed_allocation_nodes"`
	AllowAccounts restWords  `json:"allowed_accounts"`
	DenyAccounts  restWords  `json:"denied_accounts"`
	AllowGroups   restWords  `json:"allowed_groups"`
	AllowQOS      restWords  `json:"allowed_qos"`
	DenyQOS       restWords  `json:"denied_qos"`
	QOS           restText   `json:"qos"`
	Nodes         restText   `json:"nodes"`
	TotalNodes    restNumber `json:"total_nodes"`
	MinNodes      restNumber `json:"min_nodes_per_job"`
	MinNodes37    restNumber `json:"min nodes per job"` // in v0.0.35, v0.0.37 and v0.0.38
	MaxNodes      restNumber `json:"maximum_nodes_per_job"`
	MaxCPUs       restNumber `json:"maximum_cpus_per_node"`
	MaxTime       restNumber `json:"max_time_limit"` // minutes
	DefaultTime   restNumber `json:"default_time_limit"`
	Tier          restNumber `json:"priority_tier"`
	Grace         restNumber `json:"preemption_grace_time"`
	Weights       restText   `json:"billing_weights"`
	State         restText   `json:"state"`        // from v0.0.37
	StateUp       restNumber `json:"nodes_online"` // before it: not what its name says, but the state

	DefMemPerCPU  restNumber `json:"default_memory_per_cpu"` // before v0.0.38 per CPU or per node
	DefMemPerNode restNumber `json:"default_memory_per_node"`
	MaxMemPerCPU  restNumber `json:"maximum_memory_per_cpu"`
	MaxMemPerNode restNumber `json:"maximum_memory_per_node"` // before v0.0.38 per CPU or per node
}

func (raw oldPartition) partition(v restVersion) (rawPartition, error) {
	var p rawPartition
	p.Name, p.QOS = raw.Name, string(raw.QOS)
	p.AllowAccounts, p.DenyAccounts = raw.AllowAccounts.list(), raw.DenyAccounts.list()
	p.AllowQOS, p.DenyQOS, p.AllowGroups = raw.AllowQOS.list(), raw.DenyQOS.list(), raw.AllowGroups.list()
	p.TimeLimitS, p.MaxNodes, p.MaxCPUsPerNode = raw.MaxTime.times(60), raw.MaxNodes.limit(), raw.MaxCPUs.limit()
	if v.tellsDefaultTime() {
		p.DefaultTimeS = raw.DefaultTime.times(60)
	}
	if v < 38 {
		p.DefMemPerCPUMiB, p.DefMemPerNodeMiB = memoryWord(raw.DefMemPerCPU)
		p.MaxMemPerCPUMiB, p.MaxMemPerNodeMiB = memoryWord(raw.MaxMemPerNode)
	} else {
		p.DefMemPerCPUMiB, p.DefMemPerNodeMiB = raw.DefMemPerCPU.positive(), raw.DefMemPerNode.positive()
		p.MaxMemPerCPUMiB, p.MaxMemPerNodeMiB = raw.MaxMemPerCPU.positive(), raw.MaxMemPerNode.positive()
	}
	p.flags(raw.Flags)
	if p.State = strings.ToUpper(string(raw.State)); p.State == "" {
		p.State = upWord(raw.StateUp)
	}
	if p.State == "" {
		return p, errors.New("its state is missing")
	}
	least := raw.MinNodes
	if raw.MinNodes37.set {
		least = raw.MinNodes37
	}
	return p, p.finish(restPartCounts{raw.Nodes, raw.AllocNodes, raw.TotalNodes, least, raw.Tier, raw.Grace, raw.Weights})
}

// upWord reads PARTITION_UP and its likes (slurm.h).
func upWord(v restNumber) string {
	if !v.set {
		return ""
	}
	return map[int64]string{0: "INACTIVE", 1: "DOWN", 2: "DRAIN", 3: "UP"}[v.n]
}

// memoryWord reads Slurm's own form: MiB of a node, or of a CPU where the highest bit is set.
func memoryWord(v restNumber) (perCPU, perNode *int) {
	if v.set && v.n < 0 {
		v.n -= math.MinInt64
		return v.positive(), nil
	}
	return nil, v.positive()
}
