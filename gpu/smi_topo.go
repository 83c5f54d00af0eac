//go:build !cgo || !linux

package gpu

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// parseTopology reads the matrix of `nvidia-smi topo -m`: how every two GPUs are connected, and the
// CPUs near each. Network cards stand in it too, and newer drivers underline its head.
func parseTopology(text string) ([]Link, map[int]string, error) {
	text = strings.NewReplacer("\x1b[4m", "", "\x1b[0m", "").Replace(text)
	lines := strings.Split(text, "\n")
	at := slices.IndexFunc(lines, func(line string) bool {
		fields := strings.Fields(line)
		return len(fields) > 0 && isGPU(fields[0]) && strings.Contains(line, "CPU Affinity")
	})
	if at < 0 {
		first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
		return nil, nil, fmt.Errorf("reading nvidia-smi topo -m: want a matrix of GPUs, got %q", first)
	}
	head := cells(lines[at])
	var links []Link
	cpus := map[int]string{}
	for _, line := range lines[at+1:] {
		row := cells(line)
		from, ok := numberOf(row[0])
		if !ok {
			continue
		}
		for column, cell := range row[1:] {
			if column+1 >= len(head) {
				break
			}
			name := head[column+1]
			if to, isGPU := numberOf(name); isGPU && from < to {
				if l, ok := parseLink(from, to, cell); ok {
					links = append(links, l)
				}
			}
			if name == "CPU Affinity" && isList(cell) {
				cpus[from] = cell
			}
		}
	}
	return links, cpus, nil
}

func cells(line string) []string {
	row := strings.Split(line, "\t")
	for i := range row {
		row[i] = strings.TrimSpace(row[i])
	}
	return row
}

func isGPU(name string) bool { _, ok := numberOf(name); return ok }

// numberOf is n of "GPUn".
func numberOf(name string) (int, bool) {
	text, ok := strings.CutPrefix(name, "GPU")
	n, err := strconv.ParseUint(text, 10, 16)
	return int(n), ok && err == nil
}

func parseLink(from, to int, cell string) (Link, bool) {
	if text, ok := strings.CutPrefix(cell, "NV"); ok {
		n, err := strconv.ParseUint(text, 10, 8)
		return Link{from, to, nvLink, int(n)}, err == nil && n > 0
	}
	known := slices.Contains([]string{"PIX", "PXB", "PHB", "NODE", "SYS"}, cell)
	return Link{From: from, To: to, Kind: cell}, known
}

// isList says whether a cell is a list of CPUs; "N/A" is none.
func isList(cell string) bool {
	return cell != "" && strings.Trim(cell, "0123456789,-") == ""
}
