package slurm

import (
	"iter"
	"slices"
	"time"
)

// Cluster is a picture of a cluster at one moment. Its JSON form is the contract
// of `hpcsub cluster --json`: times in seconds, memory in MiB, unknown = null.
type Cluster struct {
	Name       string      `json:"name"`
	Version    string      `json:"version"` // "24.11.5"; "" for a cluster without Slurm
	Client     string      `json:"client"`  // "commands", "rest", "local"
	User       string      `json:"user"`
	Taken      time.Time   `json:"taken"` // when the picture was taken
	Limits     Limits      `json:"limits"`
	Scheduler  Scheduler   `json:"scheduler"`
	Partitions []Partition `json:"partitions"`
	Nodes      []Node      `json:"nodes"`
	Queue      []Queued    `json:"queue"` // planned starts of waiting jobs that Slurm told, any user's
	// Reservations are those that hold nodes now or will, maintenance among them; null = not known.
	Reservations []Reservation `json:"reservations"`
	Licenses     []License     `json:"licenses"` // null where they were not asked for
	Switches     []Switch      `json:"switches"` // the network's tree; null where it was not asked for
	Unknown      []string      `json:"unknown"`  // what could not be asked, in words
	Cached       bool          `json:"-"`        // some of it is what Slurm said within the last hour
}

// Limits are those that bind this user, from the configuration and from associations and QOS.
type Limits struct {
	MaxArraySize  *int          `json:"max_array_size"`  // caps the INDEX: 1001 allows 0-1000
	MaxJobCount   *int          `json:"max_job_count"`   // jobs that the controller holds, all users
	JobCount      *int          `json:"job_count"`       // how many it holds now that wait or run, array tasks one by one
	MaxSubmitJobs *int          `json:"max_submit_jobs"` // of the default account and QOS
	Associations  []Association `json:"associations"`
	QOS           []QOS         `json:"qos"`
}

// Association is an account that this user may charge, with its limits and their use now.
type Association struct {
	Account    string   `json:"account"`
	Partition  string   `json:"partition"`   // "" = any
	Default    bool     `json:"default"`     // the user's default account
	QOS        []string `json:"qos"`         // allowed; empty where it could not be asked
	DefaultQOS string   `json:"default_qos"` // "" = Slurm's own, or it could not be asked
	Use        Use      `json:"use"`         // group limits: of the account or parent that has least left
}

// QOS is a quality of service with the limits for this user and their use now.
type QOS struct {
	Name     string   `json:"name"`
	Priority int      `json:"priority"`
	Flags    []string `json:"flags"` // DenyOnLimit, PartitionTimeLimit …; empty where they could not be asked
	// PreemptedBy are the QOS for whose jobs a job of this one makes room, and PreemptMode is what
	// happens to it then: REQUEUE, CANCEL, SUSPEND; "" = as the site says.
	PreemptedBy []string `json:"preempted_by"`
	PreemptMode string   `json:"preempt_mode"`
	Use         Use      `json:"use"`
}

// Use is a set of limits (nil = no limit) and how much of each is taken.
type Use struct {
	MaxJobs       *int           `json:"max_jobs"`
	Jobs          int            `json:"jobs"`
	MaxSubmitJobs *int           `json:"max_submit_jobs"`
	SubmittedJobs int            `json:"submitted_jobs"`
	MaxWallS      *int           `json:"max_wall_s"`       // of one job
	MaxTRES       map[string]int `json:"max_tres"`         // of all of the user's jobs together: cpu, mem (MiB), node, gres/gpu
	TRES          map[string]int `json:"tres"`             // the use of it
	MaxTRESPerJob map[string]int `json:"max_tres_per_job"` // of one job
	MinTRESPerJob map[string]int `json:"min_tres_per_job"` // the least that one job asks for
	// MaxTRESPerNode is of one job on one of its nodes.
	MaxTRESPerNode map[string]int `json:"max_tres_per_node"`
	// MaxTRESMinutesPerJob bounds what a job asks for times its time limit (MaxTRESMins).
	MaxTRESMinutesPerJob map[string]int `json:"max_tres_minutes_per_job"`
	GroupMaxTRES         map[string]int `json:"group_max_tres"` // of everybody under this association or QOS
	GroupTRES            map[string]int `json:"group_tres"`     // the use of it
	// What one account may have under a QOS, all of its users together (MaxTRESPA, MaxJobsPA, MaxSubmitJobsPA).
	AccountMaxTRES   map[string]int `json:"account_max_tres"`
	AccountTRES      map[string]int `json:"account_tres"`
	AccountMaxJobs   *int           `json:"account_max_jobs"`
	AccountJobs      int            `json:"account_jobs"`
	AccountMaxSubmit *int           `json:"account_max_submit"`
	AccountSubmitted int            `json:"account_submitted"`
	// Budgets of TRES-minutes: what everybody under it may use, and has used (GrpTRESMins).
	GroupMaxTRESMinutes map[string]int `json:"group_max_tres_minutes"`
	GroupTRESMinutes    map[string]int `json:"group_tres_minutes"`
	// What running jobs have ahead of them, TRES times the rest of their time limits (GrpTRESRunMins).
	GroupMaxTRESRunMinutes map[string]int `json:"group_max_tres_run_minutes"`
	GroupTRESRunMinutes    map[string]int `json:"group_tres_run_minutes"`
	// The same of one user, and of one account, under a QOS (MaxTRESRunMinsPU, MaxTRESRunMinsPA).
	MaxTRESRunMinutes        map[string]int `json:"max_tres_run_minutes"`
	TRESRunMinutes           map[string]int `json:"tres_run_minutes"`
	AccountMaxTRESRunMinutes map[string]int `json:"account_max_tres_run_minutes"`
	AccountTRESRunMinutes    map[string]int `json:"account_tres_run_minutes"`
	// How long all jobs may have run, one after the other (GrpWall).
	GroupMaxWallS *int `json:"group_max_wall_s"`
	GroupWallS    int  `json:"group_wall_s"`

	GroupMaxJobs   *int `json:"group_max_jobs"`   // GrpJobs
	GroupJobs      int  `json:"group_jobs"`       //
	GroupMaxSubmit *int `json:"group_max_submit"` // GrpSubmitJobs
	GroupSubmitted int  `json:"group_submitted"`  //
}

// Scheduler is the part of Slurm's configuration that decides how items fit and when slots refill.
type Scheduler struct {
	SelectType       string            `json:"select_type"`       // "select/cons_tres"
	SelectParameters []string          `json:"select_parameters"` // "CR_CORE_MEMORY"
	Parameters       map[string]string `json:"parameters"`        // SchedulerParameters, split; flags map to ""
	MPIDefault       string            `json:"mpi_default"`
	KillWaitS        int               `json:"kill_wait_s"`
	MinJobAgeS       int               `json:"min_job_age_s"`
	EnforceLimits    bool              `json:"enforce_limits"` // AccountingStorageEnforce has limits
	Accounting       bool              `json:"accounting"`     // slurmdbd keeps records
	DefMemPerCPUMiB  int               `json:"def_mem_per_cpu_mib"`
	DefMemPerNodeMiB int               `json:"def_mem_per_node_mib"`
	TopologyPlugin   string            `json:"topology_plugin"`
	ProctrackType    string            `json:"proctrack_type"`
	TaskPlugin       string            `json:"task_plugin"`
	PreemptType      string            `json:"preempt_type"` // "preempt/qos"; "" = no job is preempted
	PreemptMode      string            `json:"preempt_mode"` // the site's: OFF, REQUEUE, CANCEL, SUSPEND,GANG
	BillsMost        bool              `json:"bills_most"`   // a job is billed for the dearest of its resources, not for their sum
	// EnforcePartLimits is ALL, ANY or NO: whether a job beyond its partition's limits is refused,
	// or taken and never started.
	EnforcePartLimits string `json:"enforce_part_limits"`
}

// Partition is a set of nodes with rules.
type Partition struct {
	Name             string   `json:"name"`
	Default          bool     `json:"default"`
	State            string   `json:"state"`        // UP, DOWN, DRAIN, INACTIVE
	TimeLimitS       *int     `json:"time_limit_s"` // null = no limit
	DefaultTimeS     *int     `json:"default_time_s"`
	Nodes            int      `json:"nodes"` // count
	NodeList         []string `json:"-"`     // names, expanded
	MinNodes         int      `json:"min_nodes"`
	MaxNodes         *int     `json:"max_nodes"` // of one job
	MaxCPUsPerNode   *int     `json:"max_cpus_per_node"`
	MaxMemPerNodeMiB *int     `json:"max_mem_per_node_mib"`
	MaxMemPerCPUMiB  *int     `json:"max_mem_per_cpu_mib"`
	DefMemPerCPUMiB  *int     `json:"def_mem_per_cpu_mib"`
	DefMemPerNodeMiB *int     `json:"def_mem_per_node_mib"`
	AllowAccounts    []string `json:"allow_accounts"` // empty = all
	DenyAccounts     []string `json:"deny_accounts"`
	AllowQOS         []string `json:"allow_qos"`
	DenyQOS          []string `json:"deny_qos"`
	AllowGroups      []string `json:"allow_groups"`
	QOS              string   `json:"qos"`            // the partition's own
	OverSubscribe    string   `json:"over_subscribe"` // NO, EXCLUSIVE, YES:4, FORCE:4
	ExclusiveUser    bool     `json:"exclusive_user"`
	PriorityTier     int      `json:"priority_tier"`
	NeedsReservation bool     `json:"needs_reservation"` // it takes only jobs with --reservation
	Hidden           bool     `json:"hidden"`            // sinfo does not list it for everybody
	RootOnly         bool     `json:"root_only"`
	AllocNodes       []string `json:"alloc_nodes"`         // hosts that may submit to it; empty = all
	MaxCPUsPerSocket *int     `json:"max_cpus_per_socket"` //
	PreemptMode      string   `json:"preempt_mode"`        // OFF, REQUEUE, CANCEL, SUSPEND,GANG: what happens to a job that makes room
	GraceTimeS       int      `json:"grace_time_s"`        // that such a job is given
	// BillingWeights are what one of a resource counts in "billing", of memory a MiB; empty = a CPU counts 1, all else nothing.
	BillingWeights map[string]float64 `json:"billing_weights"`
	Usable         bool               `json:"usable"`  // by this user, now
	WhyNot         string             `json:"why_not"` // one sentence; "" when usable
	// Access lists with which accounts and QOS this user may use it; null where that is not known.
	Access []Access `json:"access"`
}

// Access is an account that may be charged in a partition, with the QOS that a job may then name.
type Access struct {
	Account    string   `json:"account"`
	Default    bool     `json:"default"`     // charged if a job names none
	QOS        []string `json:"qos"`         // empty where they could not be asked
	DefaultQOS string   `json:"default_qos"` // a job's if it names none
}

// Node is one machine.
type Node struct {
	Name           string   `json:"name"`
	State          string   `json:"state"` // base state: IDLE, MIXED, ALLOCATED, DOWN …
	Flags          []string `json:"flags"` // DRAIN, MAINT, RESERVED, NOT_RESPONDING …
	Partitions     []string `json:"partitions"`
	Arch           string   `json:"arch"` // as uname -m: "x86_64"
	Sockets        int      `json:"sockets"`
	CoresPerSocket int      `json:"cores_per_socket"`
	ThreadsPerCore int      `json:"threads_per_core"`
	CPUs           int      `json:"cpus"` // what Slurm may hand out (CPUEfctv where it is known)
	CPUsAllocated  int      `json:"cpus_allocated"`
	// CPUsReserved are those that a reservation keeps now from jobs that do not name it; null where no
	// reservation has the node, or where its share is not known: then it counts as all.
	CPUsReserved       *int     `json:"cpus_reserved"`
	MemoryMiB          int      `json:"memory_mib"`
	MemoryAllocatedMiB int      `json:"memory_allocated_mib"`
	GRES               []GRES   `json:"gres"`
	Features           []string `json:"features"`
	Reason             string   `json:"reason"` // why it is down or drained
	Weight             int      `json:"weight"`
}

// GRES is a generic resource of a node.
type GRES struct {
	Name  string `json:"name"` // "gpu"
	Type  string `json:"type"` // "a100"; "" when untyped
	Count int    `json:"count"`
	Used  int    `json:"used"`
	// Sockets are those that it is wired to; empty where Slurm does not say, and any will do.
	Sockets []int `json:"sockets"`
	// Part says that each is a part of a GPU: "mig" (a MIG instance, its profile in Type), "shard" or
	// "mps"; "" for a whole one, and for what is no GPU.
	Part string `json:"part"`
}

// Queued is a waiting job whose start Slurm has planned on named nodes.
type Queued struct {
	Start time.Time `json:"start"`
	Nodes []string  `json:"nodes"`
}

// Available says whether the node takes new jobs: up, answering, not drained and not reserved.
// A node that sleeps to save power is available: Slurm wakes it when a job is given to it.
func (n Node) Available() bool { return n.Up() && !n.Reserved() }

// Up says whether the node takes jobs, if perhaps only those of a reservation.
func (n Node) Up() bool {
	switch n.State {
	case "IDLE", "MIXED", "ALLOCATED", "COMPLETING":
	default:
		return false
	}
	for _, f := range n.Flags {
		switch f {
		case "DRAIN", "NOT_RESPONDING", "FAIL", "POWERING_DOWN", "POWER_DOWN", "REBOOT_ISSUED", "INVALID_REG", "BLOCKED",
			"PLANNED_DOWN":
			return false
		}
	}
	return true
}

// Reserved says whether a reservation, of maintenance perhaps, keeps the whole node now.
func (n Node) Reserved() bool {
	if n.CPUsReserved != nil {
		return *n.CPUsReserved >= n.CPUs
	}
	return slices.ContainsFunc(n.Flags, func(f string) bool { return f == "RESERVED" || f == "MAINT" || f == "MAINTENANCE" })
}

// Asleep says whether the node has to be powered up before a job starts on it.
func (n Node) Asleep() bool {
	return slices.Contains(n.Flags, "POWERED_DOWN") || slices.Contains(n.Flags, "POWERING_UP")
}

// Cores is the number of physical cores.
func (n Node) Cores() int { return n.Sockets * n.CoresPerSocket }

// FreeCPUs is how many CPUs are neither allocated nor reserved.
func (n Node) FreeCPUs() int {
	free := n.CPUs - n.CPUsAllocated
	if n.CPUsReserved != nil {
		free -= *n.CPUsReserved
	}
	return max(0, free)
}

// FreeMemoryMiB is how much memory is not allocated.
func (n Node) FreeMemoryMiB() int { return max(0, n.MemoryMiB-n.MemoryAllocatedMiB) }

// Partition returns the partition of that name, or nil.
func (c *Cluster) Partition(name string) *Partition {
	for i := range c.Partitions {
		if c.Partitions[i].Name == name {
			return &c.Partitions[i]
		}
	}
	return nil
}

// In yields the nodes of a partition in the order of the cluster.
func (c *Cluster) In(partition string) iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		for i := range c.Nodes {
			if slices.Contains(c.Nodes[i].Partitions, partition) && !yield(&c.Nodes[i]) {
				return
			}
		}
	}
}

// NodesOf returns copies of the nodes of a partition in the order of the cluster.
func (c *Cluster) NodesOf(partition string) []Node {
	count := 0
	for range c.In(partition) {
		count++
	}
	if count == 0 {
		return nil
	}
	nodes := make([]Node, 0, count)
	for n := range c.In(partition) {
		nodes = append(nodes, *n)
	}
	return nodes
}
