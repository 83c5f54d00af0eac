package slurm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Switch is one of the network's tree (topology.conf), or a block of nodes (topology/block).
type Switch struct {
	Name     string   `json:"name"`
	Level    int      `json:"level"`    // 0 = a leaf, with nodes right below it
	Nodes    string   `json:"nodes"`    // a host list of all nodes below it
	Switches []string `json:"switches"` // right below it
}

// Leaves says of each node below which leaf of the network it hangs; nil where that is not known.
func (c *Cluster) Leaves() map[string]string {
	if len(c.Switches) == 0 {
		return nil
	}
	leaves := map[string]string{}
	for _, s := range c.Switches {
		if s.Level > 0 {
			continue
		}
		eachHost(s.Nodes, func(name []byte) error {
			leaves[string(name)] = s.Name
			return nil
		})
	}
	return leaves
}

// hasTopology says whether the site's plugin knows of switches or blocks.
func (s Scheduler) hasTopology() bool {
	return strings.HasSuffix(s.TopologyPlugin, "tree") || strings.HasSuffix(s.TopologyPlugin, "block")
}

// showTopology is kept for an hour: cables are not changed more often.
func (c *Commands) showTopology(ctx context.Context, opt InspectOptions) (all []Switch, err error) {
	err = c.cached(ctx, opt, []string{"scontrol", "-o", "show", "topology"}, func(text []byte) error {
		all, err = parseTopology(bytes.NewReader(text))
		return err
	})
	return all, err
}

// parseTopology reads the lines of scontrol -o show topology: switches of a tree, or blocks.
func parseTopology(r io.Reader) ([]Switch, error) {
	all := []Switch{}
	err := readLines(r, func(line []byte) error {
		if bytes.HasPrefix(line, []byte("No topology information")) {
			return nil
		}
		s := Switch{Switches: []string{}}
		level := false
		err := eachField(line, func(key, value []byte) (err error) {
			switch string(key) {
			case "SwitchName":
				s.Name = string(value)
			case "BlockName", "AggregatedBlock":
				s.Name, level = string(value), true
				if string(key) == "AggregatedBlock" {
					s.Level = 1
				}
			case "Level":
				level = true
				s.Level, err = parseCount(string(value))
			case "Nodes":
				s.Nodes = string(value)
				err = eachHost(s.Nodes, func([]byte) error { return nil })
			case "Switches":
				s.Switches, err = ExpandHosts(string(value))
			}
			return err
		})
		if err == nil && (s.Name == "" || !level) {
			err = errors.New("want SwitchName= and Level=")
		}
		if err == nil && slices.ContainsFunc(all, func(other Switch) bool { return other.Name == s.Name }) {
			err = errTwice
		}
		if err != nil {
			return fmt.Errorf("%w in %q", err, head(line))
		}
		all = append(all, s)
		return nil
	})
	return all, err
}
