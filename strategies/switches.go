package strategies

import "fmt"

// apart is the warning that the nodes of a job whose processes talk to each other do not hang below one
// switch, or nil. It is known only where the switches were asked for, which is for such jobs.
func (p *problem) apart(c prediction) *Warning {
	talks := p.in.Each.Parallel == "mpi" || p.in.Each.Parallel == "dask"
	leaves := p.in.Cluster.Leaves()
	if !talks || leaves == nil || c.Request.Nodes < 2 {
		return nil
	}
	below, most := map[string]int{}, 0
	for _, n := range p.in.Cluster.NodesOf(c.Request.Partition) {
		if leaf, ok := leaves[n.Name]; ok && n.Up() {
			below[leaf]++
			most = max(most, below[leaf])
		}
	}
	if most >= c.Request.Nodes {
		return nil
	}
	return &Warning{"switches", fmt.Sprintf("the %d nodes of a job cannot all be below one switch (%d is the most in partition %s), so its messages cross several",
		c.Request.Nodes, most, c.Request.Partition)}
}
