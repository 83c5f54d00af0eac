package slurm

// Switch is one of the network's tree (topology.conf), or a block of nodes (topology/block).
type Switch struct {
	Name     string   `json:"name"`
	Level    int      `json:"level"`    // 0 = a leaf, with nodes right below it
	Nodes    string   `json:"nodes"`    // a host list of all nodes below it
	Switches []string `json:"switches"` // right below it
}
