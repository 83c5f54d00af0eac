package main

import (
	"fmt"

	"hpcsub/items"
)

// leastGPUTime is how long GPUs must have been looked at before it is said that nothing used them.
const leastGPUTime = 5 // seconds

// idleGPUs words that GPUs were allocated and not used, in one sentence; "" where they were, where there
// are none, and where too little was seen.
func idleGPUs(u items.GPUUse) string {
	if u.Items == 0 || u.Elapsed < leastGPUTime || u.Used >= u.Had {
		return ""
	}
	over := fmt.Sprintf("over %s and %s of GPU time", count(u.Items, "item"), seconds(u.Seconds))
	if u.Used > 0 {
		return fmt.Sprintf("an item had up to %s and used %d of them at most (%s); ask for %d, or have the program use them all",
			count(u.Had, "GPU"), u.Used, over, u.Used)
	}
	return fmt.Sprintf("GPUs were allocated and never used: %s they reached %s; ask for none, or see why the program does not find them",
		over, reached(u))
}

func reached(u items.GPUUse) string {
	held := fmt.Sprintf("%.0f MiB of memory", u.MemoryMiB)
	if u.Peak < 0 {
		return held
	}
	return fmt.Sprintf("%.0f %% and %s", u.Peak, held)
}

func warnGPUs(out *output, u items.GPUUse) {
	if text := idleGPUs(u); text != "" {
		out.warning("%s", text)
	}
}
