package slurm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// ReadCluster reads a saved cluster, the output of `hpcsub cluster --json`.
func ReadCluster(path string) (*Cluster, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading a saved cluster: %w", err)
	}
	defer f.Close()
	c, err := parseCluster(f)
	if err != nil {
		return nil, fmt.Errorf("reading the saved cluster %s: %w (hpcsub cluster --json writes one)", path, err)
	}
	return c, nil
}

// parseCluster fills in what the JSON form leaves out: the node lists of partitions, which the
// nodes tell. Keys that it does not know are a newer hpcsub's and are skipped.
func parseCluster(r io.Reader) (*Cluster, error) {
	var c Cluster
	d := json.NewDecoder(r)
	switch err := d.Decode(&c); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("it is cut off")
	case err != nil:
		return nil, err
	}
	if len(c.Partitions) == 0 || len(c.Nodes) == 0 {
		return nil, errors.New("there are no partitions and nodes in it")
	}
	for i := range c.Partitions {
		p := &c.Partitions[i]
		p.NodeList = nil
		for _, n := range c.NodesOf(p.Name) {
			p.NodeList = append(p.NodeList, n.Name)
		}
	}
	for _, n := range c.Nodes {
		if n.CPUs < 0 || n.CPUsAllocated < 0 || n.MemoryMiB < 0 || n.MemoryAllocatedMiB < 0 {
			return nil, fmt.Errorf("node %q: a number below 0", n.Name)
		}
	}
	return &c, nil
}
