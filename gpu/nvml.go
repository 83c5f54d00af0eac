//go:build cgo && linux

package gpu

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
)

func look(context.Context) Node { return lookWith(nvml.New()) }

func lookAtDevices(ctx context.Context) Node { return look(ctx) } // NVML tells the rest in milliseconds

// lookWith asks NVML, which is in the driver's library libnvidia-ml.so.1.
func lookWith(lib nvml.Interface) Node {
	if ret := lib.Init(); ret != nvml.SUCCESS {
		return Node{Reason: whyNot(ret)}
	}
	defer lib.Shutdown()
	q := query{lib: lib}
	return q.node()
}

// whyNot words an error of Init.
func whyNot(ret nvml.Return) string {
	switch ret {
	case nvml.ERROR_LIBRARY_NOT_FOUND:
		return "no NVIDIA driver here: there is no libnvidia-ml.so.1"
	case nvml.ERROR_DRIVER_NOT_LOADED:
		return "the NVIDIA driver is installed, but not loaded"
	case nvml.ERROR_LIB_RM_VERSION_MISMATCH:
		return "the NVIDIA driver and its library are of different versions: the node was upgraded and not restarted"
	case nvml.ERROR_NO_PERMISSION:
		return "this user may not use the NVIDIA driver"
	}
	return "NVML says: " + nvml.ErrorString(ret)
}

// query asks one thing after another and notes what it could not find out.
type query struct {
	lib     nvml.Interface
	unknown []string
}

// ok says whether a call went well; what is not supported is no gap.
func (q *query) ok(what string, ret nvml.Return) bool {
	switch ret {
	case nvml.SUCCESS:
		return true
	case nvml.ERROR_NOT_SUPPORTED, nvml.ERROR_FUNCTION_NOT_FOUND:
	default:
		q.unknown = append(q.unknown, what+": "+nvml.ErrorString(ret))
	}
	return false
}

// has says whether the driver knows a function. One that it lacks must not be called: the
// dynamic linker would end the program.
func (q *query) has(symbol string) bool { return q.lib.Extensions().LookupSymbol(symbol) == nil }

func (q *query) node() Node {
	var n Node
	n.Driver, _ = q.lib.SystemGetDriverVersion()
	count, ret := q.lib.DeviceGetCount()
	if ret != nvml.SUCCESS {
		return Node{Driver: n.Driver, Reason: whyNot(ret)}
	}
	var handles []nvml.Device
	for i := range count {
		h, ret := q.lib.DeviceGetHandleByIndex(i)
		if !q.ok(fmt.Sprintf("GPU %d", i), ret) {
			continue
		}
		n.Devices, handles = append(n.Devices, q.device(i, h)), append(handles, h)
	}
	if len(handles) == 0 {
		n.Reason = "the NVIDIA driver sees no GPU that this job may use"
	}
	n.Links = q.links(n.Devices, handles)
	n.Unknown = q.unknown
	return n
}

func (q *query) device(i int, h nvml.Device) Device {
	d := Device{Index: i}
	about := func(what string) string { return fmt.Sprintf("the %s of GPU %d", what, i) }
	var ret nvml.Return
	d.UUID, ret = h.GetUUID()
	q.ok(about("UUID"), ret)
	d.Model, ret = h.GetName()
	q.ok(about("model"), ret)
	if m, ret := h.GetMemoryInfo(); q.ok(about("memory"), ret) {
		d.MemoryMiB = int(m.Total >> 20)
	}
	if pci, ret := h.GetPciInfo(); q.ok(about("PCI address"), ret) {
		d.Bus = busID(pci)
	}
	if words, ret := h.GetCpuAffinity(16); q.ok(about("CPU affinity"), ret) {
		d.CPUs = cpuList(words)
	}
	if !q.has("nvmlDeviceGetMigMode") {
		return d
	}
	if mode, _, ret := h.GetMigMode(); q.ok(about("MIG mode"), ret) && mode == nvml.DEVICE_MIG_ENABLE {
		d.MIG, d.Instances = true, q.instances(i, h)
	}
	return d
}

func (q *query) instances(i int, h nvml.Device) []Instance {
	var found []Instance
	most, ret := h.GetMaxMigDeviceCount()
	if !q.ok(fmt.Sprintf("the MIG instances of GPU %d", i), ret) {
		return nil
	}
	for n := range most {
		m, ret := h.GetMigDeviceHandleByIndex(n)
		if ret == nvml.ERROR_NOT_FOUND || ret == nvml.ERROR_INVALID_ARGUMENT || !q.ok(fmt.Sprintf("MIG instance %d of GPU %d", n, i), ret) {
			continue // a place that is not taken
		}
		one := Instance{Index: n}
		one.UUID, _ = m.GetUUID()
		if name, ret := m.GetName(); ret == nvml.SUCCESS {
			_, one.Profile, _ = strings.Cut(name, " MIG ")
		}
		if memory, ret := m.GetMemoryInfo(); ret == nvml.SUCCESS {
			one.MemoryMiB = int(memory.Total >> 20)
		}
		found = append(found, one)
	}
	return found
}

func busID(pci nvml.PciInfo) string {
	var b strings.Builder
	for _, c := range pci.BusId {
		if c == 0 {
			break
		}
		b.WriteByte(byte(c))
	}
	return b.String()
}

// cpuList words a bit mask as the kernel does: "0-15,32-47".
func cpuList(words []uint) string {
	var parts []string
	first := -1
	set := func(cpu int) bool {
		return cpu < len(words)*64 && words[cpu/64]&(1<<(cpu%64)) != 0
	}
	for cpu := 0; cpu <= len(words)*64; cpu++ {
		switch {
		case set(cpu) && first < 0:
			first = cpu
		case !set(cpu) && first >= 0:
			part := fmt.Sprint(first)
			if cpu-1 > first {
				part = fmt.Sprintf("%d-%d", first, cpu-1)
			}
			parts, first = append(parts, part), -1
		}
	}
	return strings.Join(parts, ",")
}

// mib is bytes in MiB, rounded up so that nothing but nothing is 0.
func mib(bytes uint64) float64 { return math.Ceil(float64(bytes) / (1 << 20)) }
