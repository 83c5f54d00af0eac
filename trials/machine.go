package trials

import "fmt"

// Machine is the node that a trial ran on, and what it has of the tools that strategies use.
type Machine struct {
	Node      string          `json:"node"`
	Model     string          `json:"model"` // of its processors
	CPUs      int             `json:"cpus"`
	MemoryMiB int             `json:"memory_mib"`
	Tools     map[string]Tool `json:"tools"`
}

// Tool is a program or a package of Python's. Without a version it is not there, or cannot be used, and Problem may say why.
type Tool struct {
	Path    string `json:"path,omitempty"`
	Version string `json:"version"`
	Problem string `json:"problem,omitempty"`
}

// String is the type of node in words.
func (m Machine) String() string {
	text := m.Node
	if m.CPUs > 0 {
		text += fmt.Sprintf(" (%d CPUs", m.CPUs)
		if m.Model != "" {
			text += ", " + m.Model
		}
		text += ")"
	}
	return text
}
