package main

import (
	"fmt"
	"strings"

	"hpcsub/trials"
)

// toolNames are what a trial looks for on its node, as its report has it and as it is called.
var toolNames = []struct{ key, name string }{
	{"parallel", "GNU Parallel"}, {"python", "Python"}, {"numpy", "NumPy"}, {"pathos", "Pathos"},
	{"dask", "Dask"}, {"distributed", "distributed"}, {"mpi", "MPI"}, {"gpu", "GPU"},
}

// toolsText says which of the tools that ways to run a job need the node has.
func toolsText(m trials.Machine) string {
	var there, lacking []string
	for _, tool := range toolNames {
		found, looked := m.Tools[tool.key]
		switch {
		case !looked:
		case found.Version == "" || found.Problem != "":
			lacking = append(lacking, tool.name)
		case tool.key == "numpy" && m.Tools["numpy_threads"].Version != "": // as many as it takes where nothing tells it
			there = append(there, fmt.Sprintf("NumPy %s (threads: %s by itself)", found.Version, m.Tools["numpy_threads"].Version))
		default:
			there = append(there, tool.name+" "+found.Version)
		}
	}
	text := strings.Join(there, ", ")
	if len(lacking) > 0 {
		text = strings.TrimPrefix(text+"; not there: "+strings.Join(lacking, ", "), "; ")
	}
	return text
}
