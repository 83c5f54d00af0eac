//go:build cgo && linux

package gpu

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/dgxa100"
)

// eight is NVIDIA's stand-in of a DGX A100 with what it leaves out: links, affinity and use.
func eight() *dgxa100.Server {
	s := dgxa100.New()
	for i, d := range s.Devices {
		d := d.(*dgxa100.Device)
		d.GetCpuAffinityFunc = func(int) ([]uint, nvml.Return) { return []uint{0xff << (8 * (i / 2)), 1}, nvml.SUCCESS }
		d.GetNvLinkStateFunc = func(n int) (nvml.EnableState, nvml.Return) {
			if n >= 12 {
				return 0, nvml.ERROR_INVALID_ARGUMENT
			}
			return nvml.FEATURE_ENABLED, nvml.SUCCESS
		}
		d.GetNvLinkRemoteDeviceTypeFunc = func(int) (nvml.IntNvLinkDeviceType, nvml.Return) {
			return nvml.NVLINK_DEVICE_TYPE_SWITCH, nvml.SUCCESS
		}
		d.GetTopologyCommonAncestorFunc = func(nvml.Device) (nvml.GpuTopologyLevel, nvml.Return) {
			return nvml.TOPOLOGY_SYSTEM, nvml.SUCCESS
		}
		d.GetPciInfoFunc = func() (nvml.PciInfo, nvml.Return) { return pciAt(d.PciBusID), nvml.SUCCESS }
		d.GetUtilizationRatesFunc = func() (nvml.Utilization, nvml.Return) {
			return nvml.Utilization{Gpu: uint32(10 * i)}, nvml.SUCCESS
		}
		d.GetMemoryInfo_v2Func = func() (nvml.Memory_v2, nvml.Return) {
			return nvml.Memory_v2{Used: uint64(i) << 30, Reserved: 600 << 20}, nvml.SUCCESS
		}
	}
	return s
}

func pciAt(bus string) (pci nvml.PciInfo) {
	for i := range bus {
		pci.BusId[i] = bus[i]
	}
	return pci
}

func device(s *dgxa100.Server, i int) *dgxa100.Device { return s.Devices[i].(*dgxa100.Device) }

func TestEightGPUs(t *testing.T) {
	s := eight()
	n := lookWith(s)
	if n.Reason != "" || len(n.Unknown) > 0 || n.Driver != "550.54.15" || len(n.Devices) != 8 {
		t.Fatalf("got %+v", n)
	}
	want := Device{Index: 2, UUID: device(s, 2).UUID, Model: "Mock NVIDIA A100-SXM4-40GB", MemoryMiB: 40960, Bus: "0000:02:00.0", CPUs: "8-15,64"}
	if !reflect.DeepEqual(n.Devices[2], want) {
		t.Errorf("got %+v\nwant %+v", n.Devices[2], want)
	}
	if len(n.Links) != 28 || n.Links[27] != (Link{6, 7, nvLink, 12}) {
		t.Errorf("got %d links, the last %+v", len(n.Links), n.Links)
	}
}

// TestDirectLinks: GPUs wired to each other, as in a node of four V100.
func TestDirectLinks(t *testing.T) {
	s := eight()
	for i := range s.Devices {
		d := device(s, i)
		d.GetNvLinkStateFunc = func(n int) (nvml.EnableState, nvml.Return) {
			if i > 1 || n > 1 {
				return 0, nvml.ERROR_NOT_SUPPORTED
			}
			return nvml.FEATURE_ENABLED, nvml.SUCCESS
		}
		d.GetNvLinkRemoteDeviceTypeFunc = func(int) (nvml.IntNvLinkDeviceType, nvml.Return) {
			return nvml.NVLINK_DEVICE_TYPE_GPU, nvml.SUCCESS
		}
		d.GetNvLinkRemotePciInfoFunc = func(int) (nvml.PciInfo, nvml.Return) {
			return pciAt(device(s, 1-i).PciBusID), nvml.SUCCESS
		}
	}
	n := lookWith(s)
	if got := n.Links[0].String() + " " + n.Links[1].String(); got != "NV2 SYS" {
		t.Errorf("got %s, want NV2 SYS", got)
	}
}

func TestInstances(t *testing.T) {
	s := eight()
	d := device(s, 1)
	d.MigMode = nvml.DEVICE_MIG_ENABLE
	d.GetMaxMigDeviceCountFunc = func() (int, nvml.Return) { return 7, nvml.SUCCESS }
	part := &mock.Device{
		GetUUIDFunc:             func() (string, nvml.Return) { return "MIG-x", nvml.SUCCESS },
		GetNameFunc:             func() (string, nvml.Return) { return "NVIDIA A100-SXM4-40GB MIG 1g.5gb", nvml.SUCCESS },
		GetMemoryInfoFunc:       func() (nvml.Memory, nvml.Return) { return nvml.Memory{Total: 4864 << 20}, nvml.SUCCESS },
		GetUtilizationRatesFunc: func() (nvml.Utilization, nvml.Return) { return nvml.Utilization{}, nvml.ERROR_NOT_SUPPORTED },
		GetMemoryInfo_v2Func:    func() (nvml.Memory_v2, nvml.Return) { return nvml.Memory_v2{}, nvml.ERROR_NOT_SUPPORTED },
	}
	d.GetMigDeviceHandleByIndexFunc = func(i int) (nvml.Device, nvml.Return) {
		if i != 3 {
			return nil, nvml.ERROR_NOT_FOUND
		}
		return part, nvml.SUCCESS
	}
	n := lookWith(s)
	if want := []Instance{{3, "MIG-x", "1g.5gb", 4864}}; !n.Devices[1].MIG || !reflect.DeepEqual(n.Devices[1].Instances, want) {
		t.Errorf("got %+v", n.Devices[1])
	}
	byUUID := s.DeviceGetHandleByUUIDFunc
	s.DeviceGetHandleByUUIDFunc = func(uuid string) (nvml.Device, nvml.Return) {
		if uuid == "MIG-x" {
			return part, nvml.SUCCESS
		}
		return byUUID(uuid)
	}
	if got, err := watched(s, []string{"MIG-x"}, 1); err != nil || got[0] != (Reading{0, -1, 0}) {
		t.Errorf("got %v, %v", got, err)
	}
}

// watched takes so many readings.
func watched(lib nvml.Interface, names []string, want int) (got []Reading, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	err = watchWith(ctx, lib, names, func(r Reading) {
		if got = append(got, r); len(got) == want {
			cancel()
		}
	})
	return got, err
}

func TestWatch(t *testing.T) {
	s := eight()
	names := []string{"5", device(s, 1).UUID}
	got, err := watched(s, names, 4)
	want := []Reading{{0, 50, 5120}, {1, 10, 1024}, {0, 50, 5120}, {1, 10, 1024}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if got, err := watched(s, []string{"12", "0"}, 1); err == nil || !strings.Contains(err.Error(), `no GPU "12"`) || got[0] != (Reading{1, 0, 0}) {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestAnOldDriver lacks functions, which must not be called then.
func TestAnOldDriver(t *testing.T) {
	s := eight()
	s.LookupSymbolFunc = func(symbol string) error {
		switch symbol {
		case "nvmlDeviceGetMigMode", "nvmlDeviceGetMemoryInfo_v2", "nvmlDeviceGetNvLinkRemoteDeviceType":
			return errors.New("undefined symbol")
		}
		return nil
	}
	for i := range s.Devices {
		d := device(s, i)
		d.GetMigModeFunc, d.GetMemoryInfo_v2Func, d.GetNvLinkRemoteDeviceTypeFunc = nil, nil, nil
		d.GetNvLinkRemotePciInfoFunc = func(int) (nvml.PciInfo, nvml.Return) { return pciAt("nowhere"), nvml.SUCCESS }
	}
	if n := lookWith(s); len(n.Devices) != 8 || n.Links[0].Kind != "SYS" {
		t.Errorf("got %+v", n)
	}
	if got, err := watched(s, []string{"3"}, 1); err != nil || got[0] != (Reading{0, 30, 0}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestNoGPU(t *testing.T) {
	tests := []struct {
		name string
		ret  nvml.Return
		want string
	}{
		{"no library", nvml.ERROR_LIBRARY_NOT_FOUND, "no NVIDIA driver here"},
		{"not loaded", nvml.ERROR_DRIVER_NOT_LOADED, "not loaded"},
		{"upgraded", nvml.ERROR_LIB_RM_VERSION_MISMATCH, "not restarted"},
		{"forbidden", nvml.ERROR_NO_PERMISSION, "may not use"},
		{"another", nvml.ERROR_GPU_IS_LOST, "NVML says: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := dgxa100.New()
			s.InitFunc = func() nvml.Return { return tt.ret }
			if n := lookWith(s); !strings.Contains(n.Reason, tt.want) || len(n.Devices) > 0 {
				t.Errorf("got %+v, want a reason with %q", n, tt.want)
			}
			if err := watchWith(context.Background(), s, []string{"0"}, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	s := eight()
	s.DeviceGetCountFunc = func() (int, nvml.Return) { return 0, nvml.SUCCESS }
	if n := lookWith(s); !strings.Contains(n.Reason, "sees no GPU") {
		t.Errorf("got %+v", n)
	}
}

func TestALostGPU(t *testing.T) {
	s := eight()
	byIndex := s.DeviceGetHandleByIndexFunc
	s.DeviceGetHandleByIndexFunc = func(i int) (nvml.Device, nvml.Return) {
		if i == 3 {
			return nil, nvml.ERROR_GPU_IS_LOST
		}
		return byIndex(i)
	}
	n := lookWith(s)
	if len(n.Devices) != 7 || n.Devices[3].Index != 4 || len(n.Links) != 21 || len(n.Unknown) != 1 || !strings.HasPrefix(n.Unknown[0], "GPU 3: ") {
		t.Errorf("got %+v", n)
	}
}

func TestCPUList(t *testing.T) {
	tests := []struct {
		words []uint
		want  string
	}{
		{nil, ""}, {[]uint{0}, ""}, {[]uint{1}, "0"}, {[]uint{0b1011}, "0-1,3"},
		{[]uint{1 << 63, 1}, "63-64"}, {[]uint{0xffff, 0, 0xffff0000}, "0-15,144-159"}, {[]uint{^uint(0)}, "0-63"},
	}
	for _, tt := range tests {
		if got := cpuList(tt.words); got != tt.want {
			t.Errorf("%x: got %q, want %q", tt.words, got, tt.want)
		}
	}
}
