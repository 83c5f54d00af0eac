//go:build !cgo || !linux

package gpu

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

func look(ctx context.Context) Node { return (&smi{}).node(ctx) }

func lookAtDevices(ctx context.Context) Node {
	s := smi{}
	n := s.devices(ctx)
	n.Unknown = s.unknown
	return n
}

// smi asks nvidia-smi, which comes with the driver, and notes what it could not find out.
type smi struct {
	unknown []string
}

// node asks three times, and once more where a GPU is split into instances.
func (s *smi) node(ctx context.Context) Node {
	n := s.devices(ctx)
	if n.Reason != "" {
		return n
	}
	if text, err := ask(ctx, "topo", "-m"); err != nil {
		s.gap(err)
	} else {
		links, cpus, err := parseTopology(text)
		if err != nil {
			s.gap(err)
		}
		n.Links = links
		for i, d := range n.Devices {
			n.Devices[i].CPUs = cpus[d.Index]
		}
	}
	if slices.ContainsFunc(n.Devices, split) {
		s.instanceMemory(ctx, n.Devices)
	}
	n.Unknown = s.unknown
	return n
}

// devices are the GPUs with their instances, without what only people ask.
func (s *smi) devices(ctx context.Context) Node {
	text, err := ask(ctx, queryDevices(true)...)
	if strings.Contains(fmt.Sprint(text, err), "not a valid field") { // a driver before 450
		text, err = ask(ctx, queryDevices(false)...)
	}
	if err != nil {
		return Node{Reason: err.Error()}
	}
	n, err := parseDevices(text)
	if err != nil {
		s.gap(err)
	}
	if len(n.Devices) == 0 {
		n.Reason = "the NVIDIA driver sees no GPU that this job may use"
		if err != nil {
			n.Reason = err.Error()
		}
		return n
	}
	if text, err = ask(ctx, "-L"); err != nil {
		s.gap(err)
		return n
	}
	instances := parseList(text)
	for i, d := range n.Devices {
		n.Devices[i].Instances = instances[d.UUID]
		n.Devices[i].MIG = d.MIG || len(instances[d.UUID]) > 0
	}
	return n
}

func split(d Device) bool { return len(d.Instances) > 0 }

// instanceMemory adds the memory of instances, which only the long form tells.
func (s *smi) instanceMemory(ctx context.Context, devices []Device) {
	text, err := ask(ctx, "-q", "-x")
	if err != nil {
		s.gap(err)
		return
	}
	err = readInstances(strings.NewReader(text), func(use instanceUse) {
		for _, d := range devices {
			for i := range d.Instances {
				if d.UUID == use.gpu && d.Instances[i].Index == use.index {
					d.Instances[i].MemoryMiB = int(max(0, use.total))
				}
			}
		}
	})
	if err != nil {
		s.gap(err)
	}
}

func (s *smi) gap(err error) { s.unknown = append(s.unknown, err.Error()) }

// ask runs nvidia-smi. Its errors stand on either stream, so they are told with what it printed.
func ask(ctx context.Context, args ...string) (string, error) {
	cmd := command(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if err == nil || errors.Is(err, syscall.ECHILD) { // a worker takes the ends of all of its children
		return stdout.String(), nil
	}
	return "", explain(ctx, err, stderr.String()+"\n"+stdout.String(), args)
}

func command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "nvidia-smi", args...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C", Mark)
	cmd.WaitDelay = time.Second
	return cmd
}

// explain words why nvidia-smi gave no answer.
func explain(ctx context.Context, err error, printed string, args []string) error {
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return errors.New("no NVIDIA driver here: there is no nvidia-smi on PATH")
	case ctx.Err() != nil:
		return fmt.Errorf("nvidia-smi %s did not answer: %w", args[0], ctx.Err())
	}
	for line := range strings.Lines(printed) {
		if line = strings.TrimSpace(line); line != "" {
			return fmt.Errorf("nvidia-smi says: %s", line)
		}
	}
	return fmt.Errorf("nvidia-smi %s: %w", args[0], err)
}
