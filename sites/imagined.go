package sites

import (
	"maps"
	"slices"

	"hpcsub/configs"
	"hpcsub/slurm"
)

// Imagined is a cluster to try a site on where there is none: the partitions that the site names, each with four
// nodes of 40 CPUs and two of 64 with GPUs.
func Imagined(site *configs.Site) *slurm.Cluster {
	names := slices.Sorted(maps.Keys(site.Partitions))
	for _, name := range []string{site.TrialPartition, site.Defaults.Slurm.Partition} {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		names = []string{"compute"}
	}
	c := &slurm.Cluster{Name: "an imagined cluster", Version: "24.11.5", Client: "commands"}
	c.Scheduler.SelectType, c.Scheduler.SelectParameters = "select/cons_tres", []string{"CR_CORE_MEMORY"}
	day, memory := 86400, 4000
	for i, name := range names {
		c.Partitions = append(c.Partitions, slurm.Partition{Name: name, Default: i == 0, State: "UP", TimeLimitS: &day, Nodes: 6, DefMemPerCPUMiB: &memory, Usable: true})
	}
	for i := range 6 {
		n := slurm.Node{Name: "n" + string(rune('1'+i)), State: "IDLE", Partitions: names, Arch: "x86_64", Sockets: 2, CoresPerSocket: 20, ThreadsPerCore: 1, CPUs: 40, MemoryMiB: 192000, Weight: 1}
		if i > 3 {
			n.CoresPerSocket, n.CPUs, n.GRES = 32, 64, []slurm.GRES{{Name: "gpu", Type: "a100", Count: 4}}
		}
		c.Nodes = append(c.Nodes, n)
	}
	return c
}
