package slurm

import (
	"encoding/json"
	"fmt"
	"os"
)

// ReadCluster reads a picture of a cluster that `hpcsub cluster --json` printed.
func ReadCluster(path string) (*Cluster, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the saved cluster: %w", err)
	}
	c := &Cluster{}
	if err := json.Unmarshal(text, c); err != nil {
		return nil, fmt.Errorf("reading the saved cluster %s: %w; hpcsub cluster --json writes one", path, err)
	}
	if len(c.Partitions) == 0 || len(c.Nodes) == 0 {
		return nil, fmt.Errorf("reading the saved cluster %s: it has no partitions or no nodes; hpcsub cluster --json writes one", path)
	}
	return c, nil
}
