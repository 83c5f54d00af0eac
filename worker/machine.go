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
	m := trials.Machine{Node: node, Model: processorModel(), CPUs: runtime.NumCPU(), Tools: map[string]trials.Tool{}}
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		m.MemoryMiB = int(uint64(info.Totalram) * uint64(info.Unit) >> 20)
	}
	add := func(name string, t Tool) {
		m.Tools[name] = trials.Tool{Path: t.Path, Version: t.Version, Problem: t.Problem}
	}
	add("parallel", probed.Parallel)
	add("python", probed.Python)
	for _, p := range probed.Packages {
		add(p.Name, p)
	}
	add("mpi", mpiHere(ctx))
	gpus := trials.Tool{Problem: probed.GPU.Reason}
	if n := probed.GPU.Devices; len(n) > 0 {
		gpus = trials.Tool{Version: n[0].Model}
	}
	m.Tools["gpu"] = gpus
	return m
}

// processorModel is as /proc/cpuinfo has it; "" where it does not say.
func processorModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
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
