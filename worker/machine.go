package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"hpcsub/items"
	"hpcsub/trials"
)

// writeMachine says on which node the trial runs, and which tools that has.
func writeMachine(ctx context.Context, path, node string) error {
	m := machine(ctx, node)
	return items.WriteFile(path, func(w io.Writer) error { return json.NewEncoder(w).Encode(m) })
}

func machine(ctx context.Context, node string) trials.Machine {
	probed := Probe(ctx)
	m := Machine()
	m.Node, m.Tools = node, map[string]trials.Tool{}
	add := func(name string, t Tool) {
		m.Tools[name] = trials.Tool{Path: t.Path, Version: t.Version, Problem: t.Problem}
	}
	add("parallel", probed.Parallel)
	add("python", probed.Python)
	for _, p := range probed.Packages {
		add(p.Name, p)
	}
	if m.Tools["numpy"].Version != "" {
		m.Tools["numpy_threads"] = trials.Tool{Version: numpyThreads(ctx, probed.Python.Path)}
	}
	add("mpi", mpiHere(ctx))
	gpus := trials.Tool{Problem: probed.GPU.Reason}
	if n := probed.GPU.Devices; len(n) > 0 {
		gpus = trials.Tool{Version: n[0].Model}
	}
	m.Tools["gpu"] = gpus
	return m
}

// countThreads prints how many threads a process has that multiplied two matrices.
const countThreads = `import os, numpy
a = numpy.ones((600, 600))
a @ a
print(len(os.listdir("/proc/self/task")))
`

// numpyThreads is how many threads NumPy takes where no variable tells it; "" where it does not say.
func numpyThreads(ctx context.Context, python string) string {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "-c", countThreads)
	cmd.WaitDelay = time.Second
	cmd.Env = slices.DeleteFunc(os.Environ(), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(threadVariables, name)
	})
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// Machine is this node, without its tools: its name, its processors and its memory, whatever part of them this process has.
func Machine() trials.Machine {
	var m trials.Machine
	m.Node, _ = os.Hostname()
	m.Node, _, _ = strings.Cut(m.Node, ".")
	m.Model, m.CPUs = processors()
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		m.MemoryMiB = int(uint64(info.Totalram) * uint64(info.Unit) >> 20)
	}
	return m
}

// processors are as /proc/cpuinfo has them: the model, "" where it does not say, and how many there are.
func processors() (model string, cpus int) {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "", runtime.NumCPU()
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		switch strings.TrimSpace(name) {
		case "model name":
			model = strings.TrimSpace(value)
		case "processor":
			cpus++
		}
	}
	if cpus == 0 { // it names them otherwise
		cpus = runtime.NumCPU()
	}
	return model, cpus
}

// mpiHere is what starts MPI programs here: the first line in which it names itself.
func mpiHere(ctx context.Context) Tool {
	path, err := exec.LookPath("mpiexec")
	if err != nil {
		return Tool{}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, _ := exec.CommandContext(ctx, path, "--version").Output()
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if line == "" {
		line = filepath.Base(path)
	}
	return Tool{Path: path, Version: line}
}
