package worker

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"hpcsub/gpu"
	"hpcsub/items"
)

// settled is how old an item is when what its GPUs do is taken for its own: the driver's figure
// is of the second before.
const settled = 500 * time.Millisecond

// gpus are the job's GPUs and what the items of each slot do with them. Where a job has none,
// nothing is looked at. It is used under the engine's lock.
type gpus struct {
	names   []string   // as CUDA_VISIBLE_DEVICES gives them
	shares  [][]string // slot → which of them
	uses    [][]gpuUse // slot → what the item there did with each of its share
	sampler *gpu.Sampler
}

// gpuUse is what was seen of one GPU while one item had it.
type gpuUse struct {
	place    int // in names
	readings int
	utils    int // readings that told the utilisation
	sum      float64
	peak     float64 // percent
	memory   float64 // MiB
}

// shareGPUs deals the GPUs of the job to its slots.
func shareGPUs(visible string, slots int) gpus {
	g := gpus{names: gpu.Visible(visible)}
	if len(g.names) == 0 {
		return g
	}
	g.shares = gpu.Divide(g.names, slots)
	for _, share := range g.shares {
		uses := make([]gpuUse, len(share))
		for i, name := range share {
			uses[i].place = slices.Index(g.names, name)
		}
		g.uses = append(g.uses, uses)
	}
	return g
}

// environ is the environment of a slot's items: they see its share alone.
func (g *gpus) environ(slot int, base []string) []string {
	if len(g.names) == 0 {
		return base
	}
	named := func(entry string) bool { return strings.HasPrefix(entry, gpu.Variable+"=") }
	return append(slices.DeleteFunc(slices.Clone(base), named), gpu.Variable+"="+strings.Join(g.shares[slot], ","))
}

// reset forgets the item before.
func (g *gpus) reset(slot int) {
	if len(g.uses) == 0 {
		return
	}
	for i, u := range g.uses[slot] {
		g.uses[slot][i] = gpuUse{place: u.place}
	}
}

// watchGPUs begins to look at the job's GPUs, if it has any.
func (e *engine) watchGPUs() {
	if len(e.gpus.names) > 0 {
		e.gpus.sampler = gpu.Watch(e.gpus.names, e.noteGPU)
	}
}

// noteGPU gives a reading to the items that have the GPU.
func (e *engine) noteGPU(r gpu.Reading) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	for _, s := range e.byPID {
		if now.Sub(s.started) < settled {
			continue
		}
		for i := range e.gpus.uses[s.n] {
			if u := &e.gpus.uses[s.n][i]; u.place == r.Place {
				u.add(r)
			}
		}
	}
}

func (u *gpuUse) add(r gpu.Reading) {
	u.readings++
	u.memory = max(u.memory, r.MemoryMiB)
	if r.Util >= 0 {
		u.utils++
		u.sum += r.Util
		u.peak = max(u.peak, r.Util)
	}
}

// closeGPUs ends the looking, and says if there was nothing to see.
func (e *engine) closeGPUs() {
	if e.gpus.sampler == nil {
		return
	}
	if err := e.gpus.sampler.Close(); err != nil {
		fmt.Fprintf(e.stderr, "hpcsub: hint: what items did with GPUs is not recorded, or not all of it: %v\n", err)
	}
}

// measure adds what was seen of the item's GPUs to its end record.
func (g *gpus) measure(r *items.Record) {
	if len(g.uses) == 0 {
		return
	}
	had, used, readings, utils := len(g.uses[r.Slot]), 0, 0, 0
	var sum, peak, memory float64
	for _, u := range g.uses[r.Slot] {
		if u.peak > 0 || u.memory > gpu.IdleMiB {
			used++
		}
		readings, utils = readings+u.readings, utils+u.utils
		sum, peak, memory = sum+u.sum, max(peak, u.peak), memory+u.memory
	}
	if readings == 0 {
		return
	}
	r.GPUs, r.GPUsUsed, r.GPUMemory = &had, &used, &memory
	if utils > 0 {
		mean := math.Round(sum/float64(utils)*10) / 10
		r.GPUMean, r.GPUPeak = &mean, &peak
	}
}
