package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"hpcsub/gpu"
)

// OnPath says whether this machine finds a program where it looks for commands.
func OnPath(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// Tools are what a machine has of the programs that strategies run.
type Tools struct {
	Host     string   `json:"host"`
	Arch     string   `json:"arch"`
	Parallel Tool     `json:"parallel"` // GNU Parallel
	Python   Tool     `json:"python"`
	System   string   `json:"system"` // the module system: "Lmod", "Environment Modules", ""
	GPU      gpu.Node `json:"gpu"`
	Folder   string   `json:"folder"` // what this machine found in the folder that it was to see; "" = it does not see it
	Packages []Tool   `json:"packages"`
}

// Tool is one program, or one package of Python's.
type Tool struct {
	Name    string `json:"name"`
	Path    string `json:"path"` // "" where there is none
	Version string `json:"version"`
	Problem string `json:"problem"` // why it is not what is wanted
}

// Probe looks at this machine.
func Probe(ctx context.Context) Tools {
	host, _ := os.Hostname()
	t := Tools{Host: host, Arch: runtime.GOARCH, Parallel: parallelHere(), System: moduleSystem(), GPU: gpu.Here(ctx)}
	t.Python, t.Packages = pythonHere(ctx)
	return t
}

// parallelHere finds GNU Parallel, and says when the program of that name is another one.
func parallelHere() Tool {
	tool := Tool{Name: "GNU Parallel"}
	path, err := exec.LookPath("parallel")
	if err != nil {
		return tool
	}
	tool.Path = path
	if err := checkGNU(path); err != nil {
		tool.Problem = err.Error()
		return tool
	}
	out, _ := exec.Command(path, "--version").Output()
	line, _, _ := strings.Cut(string(out), "\n")
	tool.Version = strings.TrimPrefix(line, "GNU parallel ")
	return tool
}

// packages are those of Python's that the strategies for functions need.
var packages = []string{"numpy", "pathos", "dask", "distributed"}

// versions prints a line a package, without importing any: that would take seconds.
const versions = `import sys
from importlib import metadata
print(sys.version.split()[0])
for name in sys.argv[1:]:
    try:
        print(metadata.version(name))
    except Exception:
        print()
`

// pythonHere finds python3 and the packages that it has.
func pythonHere(ctx context.Context) (Tool, []Tool) {
	python := Tool{Name: "Python"}
	path, err := exec.LookPath("python3")
	if err != nil {
		return python, nil
	}
	python.Path = path
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, append([]string{"-c", versions}, packages...)...)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	lines := strings.Split(string(out), "\n")
	if err != nil || len(lines) <= len(packages) {
		python.Problem = fmt.Sprintf("it does not say what it has: %v", err)
		return python, nil
	}
	python.Version = lines[0]
	var found []Tool
	for i, name := range packages {
		found = append(found, Tool{Name: name, Version: lines[i+1]})
	}
	return python, found
}

// moduleSystem names the system of environment modules that this shell, or any login shell, has.
func moduleSystem() string {
	switch {
	case os.Getenv("LMOD_CMD") != "" || os.Getenv("LMOD_VERSION") != "":
		return "Lmod " + os.Getenv("LMOD_VERSION")
	case os.Getenv("MODULESHOME") != "":
		return "Environment Modules"
	}
	for file, name := range map[string]string{
		"/etc/profile.d/lmod.sh": "Lmod", "/etc/profile.d/z00_lmod.sh": "Lmod", "/etc/profile.d/modules.sh": "Environment Modules",
	} {
		if _, err := os.Stat(file); err == nil {
			return name
		}
	}
	return ""
}

// probeMain is `hpcsub worker probe FILE`: what this node has, and what it finds in FILE, as JSON.
func probeMain(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("worker probe: want one file, got %q", args)
	}
	t := Probe(ctx)
	text, err := os.ReadFile(args[0])
	if err == nil {
		t.Folder = strings.TrimSpace(string(text))
	}
	return json.NewEncoder(os.Stdout).Encode(t)
}
