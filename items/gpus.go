package items

import "math"

// GPUUse sums up what items had of GPUs and did with them, over end lines with such figures.
type GPUUse struct {
	Items     int     // with GPUs that were looked at
	Elapsed   float64 // seconds, of those items
	Seconds   float64 // GPU-seconds: the elapsed times, each as often as the item had GPUs
	Had       int     // the most GPUs that an item had
	Used      int     // the most GPUs that an item used
	Peak      float64 // percent, the most that an item reached; -1 = not known (MIG)
	MemoryMiB float64 // the most that an item had in use; -1 = not known
}

func (u *GPUUse) addLine(l *recordLine) {
	if l.gpus <= 0 || l.gpusUsed < 0 {
		return
	}
	elapsed := known(l.elapsed)
	u.add(GPUUse{
		Items: 1, Elapsed: elapsed, Seconds: elapsed * float64(l.gpus), Had: l.gpus, Used: l.gpusUsed,
		Peak: orUnknown(l.gpuPeak), MemoryMiB: orUnknown(l.gpuMemory),
	})
}

func (u *GPUUse) add(v GPUUse) {
	switch {
	case v.Items == 0:
		return
	case u.Items == 0:
		*u = v
		return
	}
	u.Items += v.Items
	u.Elapsed += v.Elapsed
	u.Seconds += v.Seconds
	u.Had, u.Used = max(u.Had, v.Had), max(u.Used, v.Used)
	u.Peak, u.MemoryMiB = max(u.Peak, v.Peak), max(u.MemoryMiB, v.MemoryMiB)
}

func orUnknown(f float64) float64 {
	if math.IsNaN(f) {
		return -1
	}
	return f
}
