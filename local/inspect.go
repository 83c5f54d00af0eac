package local

import (
	"context"
	"time"

	"hpcsub/slurm"
)

// What this cluster and its partition are called.
const (
	clusterName = "local"
	partition   = "local"
)

// Inspect describes this machine: what this process may use of it, and what local jobs hold now.
func (c *Client) Inspect(ctx context.Context, _ slurm.InspectOptions) (*slurm.Cluster, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	largest := maxArraySize
	cluster := &slurm.Cluster{
		Name: clusterName, Client: "local", User: userName(), Taken: time.Now(),
		Limits:       slurm.Limits{MaxArraySize: &largest, Associations: []slurm.Association{}, QOS: []slurm.QOS{}},
		Reservations: []slurm.Reservation{}, Licenses: []slurm.License{}, Switches: []slurm.Switch{},
		Scheduler: slurm.Scheduler{
			// One CPU is handed out at a time, memory where it is asked for.
			SelectType: "select/cons_tres", SelectParameters: []string{"CR_CPU_MEMORY"},
			Parameters: map[string]string{}, KillWaitS: int(c.opt.KillWait.Round(time.Second).Seconds()),
			MinJobAgeS: int(keepFor.Seconds()), Accounting: true,
		},
		Queue:   []slurm.Queued{},
		Unknown: []string{},
	}
	m := c.machine()
	held, gpus, err := c.held()
	if err != nil {
		cluster.Unknown = append(cluster.Unknown, "what local jobs hold: "+err.Error())
	}
	node := m.node(held)
	node.GRES = resources(c.devices(ctx), gpus)
	cluster.Nodes = []slurm.Node{node}
	cluster.Partitions = []slurm.Partition{localPartition(node.Name)}
	return cluster, nil
}

// held adds up what local jobs hold now; of GPUs the UUIDs.
func (c *Client) held() (sum share, gpus []string, err error) {
	s, err := c.store()
	if err != nil {
		return share{}, nil, err
	}
	err = s.eachHold(func(_ int, h hold) {
		sum.cpus += h.cpus
		sum.memoryMiB += h.memoryMiB
		gpus = append(gpus, h.gpus...)
	})
	return sum, gpus, err
}

func localPartition(node string) slurm.Partition {
	one := 1
	return slurm.Partition{
		Name: partition, Default: true, State: "UP", Nodes: 1, NodeList: []string{node},
		MinNodes: 1, MaxNodes: &one, OverSubscribe: "NO", PriorityTier: 1, Usable: true,
		AllowAccounts: []string{}, DenyAccounts: []string{}, AllowQOS: []string{}, DenyQOS: []string{}, AllowGroups: []string{},
	}
}

// node is the machine in Slurm's words.
func (m machine) node(held share) slurm.Node {
	n := slurm.Node{
		Name: hostName(), State: "IDLE", Flags: []string{}, Partitions: []string{partition}, Arch: m.arch,
		Sockets: m.sockets, CoresPerSocket: m.coresPerSocket, ThreadsPerCore: m.threadsPerCore,
		CPUs: m.cpus, CPUsAllocated: min(held.cpus, m.cpus),
		MemoryMiB: m.memoryMiB, MemoryAllocatedMiB: min(held.memoryMiB, m.memoryMiB),
		GRES: []slurm.GRES{}, Features: []string{}, Weight: 1,
	}
	switch {
	case n.CPUsAllocated >= n.CPUs:
		n.State = "ALLOCATED"
	case n.CPUsAllocated > 0:
		n.State = "MIXED"
	}
	return n
}
