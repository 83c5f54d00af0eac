//go:build !cgo || !linux

package gpu

import (
	"strconv"
	"strings"
)

// parseList reads `nvidia-smi -L`, which alone tells the instances' UUIDs, by the UUID of their GPU:
//
//	GPU 0: NVIDIA H100 NVL (UUID: GPU-81495ec7-…)
//	  MIG 2g.24gb     Device  0: (UUID: MIG-7839bf6f-…)
func parseList(text string) map[string][]Instance {
	found := map[string][]Instance{}
	gpu := ""
	for line := range strings.Lines(text) {
		uuid := between(line, "(UUID: ", ")")
		fields := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "GPU "):
			gpu = uuid
		case gpu != "" && len(fields) >= 4 && fields[0] == "MIG" && strings.HasPrefix(uuid, "MIG-"):
			index, err := strconv.ParseUint(strings.TrimSuffix(fields[3], ":"), 10, 16)
			if err != nil || fields[2] != "Device" {
				continue
			}
			found[gpu] = append(found[gpu], Instance{Index: int(index), UUID: uuid, Profile: fields[1]})
		}
	}
	return found
}

func between(s, before, after string) string {
	_, s, _ = strings.Cut(s, before)
	s, _, found := strings.Cut(s, after)
	if !found {
		return ""
	}
	return s
}
