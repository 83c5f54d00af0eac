//go:build cgo && linux

package gpu

import "github.com/NVIDIA/go-nvml/pkg/nvml"

var paths = map[nvml.GpuTopologyLevel]string{
	nvml.TOPOLOGY_INTERNAL: "PIX", nvml.TOPOLOGY_SINGLE: "PIX", nvml.TOPOLOGY_MULTIPLE: "PXB",
	nvml.TOPOLOGY_HOSTBRIDGE: "PHB", nvml.TOPOLOGY_NODE: "NODE", nvml.TOPOLOGY_SYSTEM: "SYS",
}

// links says of every two GPUs how they are connected.
func (q *query) links(devices []Device, handles []nvml.Device) []Link {
	peers := make([]nvLinks, len(handles))
	for i, h := range handles {
		peers[i] = q.nvLinks(h)
	}
	var links []Link
	for i := range handles {
		for j := i + 1; j < len(handles); j++ {
			l := Link{From: devices[i].Index, To: devices[j].Index}
			if n := peers[i].to(devices[j].Bus, peers[j]); n > 0 {
				l.Kind, l.Count = nvLink, n
			} else if level, ret := handles[i].GetTopologyCommonAncestor(handles[j]); q.ok("the links of the GPUs", ret) {
				l.Kind = paths[level]
			}
			if l.Kind == "" {
				continue
			}
			links = append(links, l)
		}
	}
	return links
}

// nvLinks are the links of one GPU that are up: to other GPUs by their PCI address, and to
// switches, behind which are all GPUs that have links to switches.
type nvLinks struct {
	direct   map[string]int
	switches int
}

func (l nvLinks) to(bus string, other nvLinks) int {
	if n := l.direct[bus]; n > 0 {
		return n
	}
	return min(l.switches, other.switches)
}

func (q *query) nvLinks(h nvml.Device) nvLinks {
	l := nvLinks{direct: map[string]int{}}
	typed := q.has("nvmlDeviceGetNvLinkRemoteDeviceType")
	for n := range nvml.NVLINK_MAX_LINKS {
		if state, ret := h.GetNvLinkState(n); ret != nvml.SUCCESS || state != nvml.FEATURE_ENABLED {
			continue
		}
		if typed {
			if kind, ret := h.GetNvLinkRemoteDeviceType(n); ret == nvml.SUCCESS && kind == nvml.NVLINK_DEVICE_TYPE_SWITCH {
				l.switches++
				continue
			}
		}
		if pci, ret := h.GetNvLinkRemotePciInfo(n); ret == nvml.SUCCESS {
			l.direct[busID(pci)]++
		}
	}
	return l
}
