package main

import (
	"testing"

	"hpcsub/items"
)

func TestIdleGPUs(t *testing.T) {
	tests := []struct {
		name string
		use  items.GPUUse
		want string
	}{
		{"none", items.GPUUse{}, ""},
		{"used", items.GPUUse{Items: 9, Elapsed: 900, Seconds: 900, Had: 1, Used: 1, Peak: 3, MemoryMiB: 400}, ""},
		{"too short to say", items.GPUUse{Items: 4, Elapsed: 4.9, Seconds: 20, Had: 1}, ""},
		{"never used", items.GPUUse{Items: 200, Elapsed: 11400, Seconds: 11400, Had: 1, MemoryMiB: 3},
			"GPUs were allocated and never used: over 200 items and 3 h 10 min of GPU time they reached 0 % and 3 MiB of memory; ask for none, or see why the program does not find them"},
		{"an instance", items.GPUUse{Items: 1, Elapsed: 60, Seconds: 60, Had: 1, Peak: -1, MemoryMiB: 12},
			"GPUs were allocated and never used: over 1 item and 1 min of GPU time they reached 12 MiB of memory; ask for none, or see why the program does not find them"},
		{"one of four", items.GPUUse{Items: 2, Elapsed: 30, Seconds: 120, Had: 4, Used: 1, Peak: 99, MemoryMiB: 9000},
			"an item had up to 4 GPUs and used 1 of them at most (over 2 items and 2 min of GPU time); ask for 1, or have the program use them all"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := idleGPUs(tt.use); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}
