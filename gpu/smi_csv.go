//go:build !cgo || !linux

package gpu

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// queryDevices asks for what parseDevices reads. The name stands last: it may hold commas.
func queryDevices(mig bool) []string {
	fields := "index,uuid,memory.total,pci.bus_id,driver_version,"
	if mig {
		fields += "mig.mode.current,"
	}
	return []string{"--query-gpu=" + fields + "name", "--format=csv,noheader,nounits"}
}

// parseDevices reads a GPU a line; fields as queryDevices asks for, with the MIG mode or without. Lines
// that are none are in the error, and the others are there all the same: one broken GPU makes
// nvidia-smi complain in between.
func parseDevices(text string) (Node, error) {
	var n Node
	var bad []error
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		d, driver, err := parseDevice(line)
		if err == nil && seen[d.UUID] {
			err = fmt.Errorf("nvidia-smi lists the GPU %s twice", d.UUID)
		}
		if err != nil {
			bad = append(bad, err)
			continue
		}
		seen[d.UUID] = true
		n.Devices, n.Driver = append(n.Devices, d), driver
	}
	return n, errors.Join(bad...)
}

func parseDevice(line string) (d Device, driver string, err error) {
	f := strings.SplitN(line, ", ", 7)
	if len(f) >= 6 && !isMode(f[5]) { // no MIG mode was asked for
		f = strings.SplitN(line, ", ", 6)
		f = append(f[:5], "", f[5])
	}
	if len(f) < 7 || !strings.HasPrefix(f[1], "GPU-") {
		return d, "", fmt.Errorf("reading nvidia-smi's list of GPUs: want index, UUID, memory, …, got %q", line)
	}
	index, err := strconv.ParseUint(f[0], 10, 16)
	if err != nil {
		return d, "", fmt.Errorf("reading nvidia-smi's list of GPUs: index: want a number, got %q", line)
	}
	return Device{
		Index: int(index), UUID: f[1], MemoryMiB: int(max(0, figure(f[2]))), Bus: f[3],
		MIG: f[5] == "Enabled", Model: strings.TrimSpace(f[6]),
	}, f[4], nil
}

func isMode(field string) bool {
	return field == "Enabled" || field == "Disabled" || strings.HasPrefix(field, "[") || field == "N/A"
}

// figure reads a number of nvidia-smi, with or without its unit; -1 for what it does not know:
// "[N/A]", "[Not Supported]", "[Unknown Error]", "ERR!".
func figure(field string) float64 {
	field = strings.TrimSpace(field)
	field, _, _ = strings.Cut(field, " ")
	n, err := strconv.ParseFloat(field, 64)
	if err != nil || !(n >= 0 && n < math.MaxInt32) {
		return -1
	}
	return n
}

// queryUse asks for what parseUse reads, of these GPUs, again and again.
func queryUse(uuids []string) []string {
	return []string{
		"--query-gpu=uuid,utilization.gpu,memory.used", "--format=csv,noheader,nounits",
		"--id=" + strings.Join(uuids, ","), fmt.Sprintf("--loop-ms=%d", Interval.Milliseconds()),
	}
}

// parseUse reads one line of one GPU's use; what is not known is -1.
func parseUse(line string) (uuid string, util, memoryMiB float64, ok bool) {
	f := strings.Split(strings.TrimSpace(line), ", ")
	if len(f) != 3 || !strings.HasPrefix(f[0], "GPU-") {
		return "", -1, -1, false
	}
	util = figure(f[1])
	if util > 100 {
		util = -1
	}
	return f[0], util, figure(f[2]), true
}
