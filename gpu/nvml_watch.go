//go:build cgo && linux

package gpu

import (
	"context"
	"errors"
	"time"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
)

func (s *Sampler) run(ctx context.Context, names []string, report func(Reading)) error {
	return watchWith(ctx, nvml.New(), names, report)
}

// watchWith reads through NVML, which takes some microseconds a GPU.
func watchWith(ctx context.Context, lib nvml.Interface, names []string, report func(Reading)) error {
	if ret := lib.Init(); ret != nvml.SUCCESS {
		return errors.New(whyNot(ret))
	}
	defer lib.Shutdown()
	q := query{lib: lib}
	targets, err := resolve(names, q.node().Devices)
	handles := make([]nvml.Device, len(targets))
	for i, t := range targets {
		if t.uuid == "" {
			continue
		}
		if h, ret := lib.DeviceGetHandleByUUID(t.uuid); ret == nvml.SUCCESS {
			handles[i] = h
		}
	}
	ticker := time.NewTicker(Interval)
	defer ticker.Stop()
	for {
		for i, h := range handles {
			if h != nil {
				report(q.read(i, h))
			}
		}
		select {
		case <-ctx.Done():
			return err
		case <-ticker.C:
		}
	}
}

// read asks one GPU. What the driver keeps for itself counts as memory in use in the old call only.
func (q *query) read(place int, h nvml.Device) Reading {
	r := Reading{Place: place, Util: -1, MemoryMiB: -1}
	if u, ret := h.GetUtilizationRates(); ret == nvml.SUCCESS {
		r.Util = float64(u.Gpu)
	}
	if q.has("nvmlDeviceGetMemoryInfo_v2") {
		if m, ret := h.GetMemoryInfo_v2(); ret == nvml.SUCCESS {
			r.MemoryMiB = mib(m.Used)
			return r
		}
	}
	if m, ret := h.GetMemoryInfo(); ret == nvml.SUCCESS {
		r.MemoryMiB = mib(m.Used)
	}
	return r
}
