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
	environ [][]string // slot → the variables that tell its items so
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

// shareGPUs deals the GPUs of the job to at most so many slots: each GPUs a slot, which no other slot has. With
// each = 0 nobody asked for GPUs: what there is is divided evenly, and shared by all where that cannot be. It
// returns how many slots there are GPUs for.
func shareGPUs(env lookup, slots, each int) (gpus, int, error) {
	var g gpus
	for _, variable := range gpu.Variables() {
		value, _ := env(variable)
		names := gpu.Visible(value)
		if len(names) == 0 || len(g.names) > 0 && len(names) != len(g.names) {
			continue
		}
		if g.names == nil {
			g.names = names
			if each > 0 {
				slots = min(slots, len(names)/each)
			}
		}
		shares := gpu.Divide(names, slots)
		if each > 0 {
			shares = gpu.Deal(names, slots, each)
		}
		g.add(variable, shares)
	}
	if len(g.names) < each && (len(g.names) > 0 || slots > 1) {
		return g, 0, fmt.Errorf("this node gave the job %d GPUs (%s is %q), and an item needs %d", len(g.names), gpu.Variable, strings.Join(g.names, ","), each)
	}
	return g, slots, nil
}

// add notes which GPUs the slots have by one of the variables; the first counts for what is measured.
func (g *gpus) add(variable string, shares [][]string) {
	if g.environ == nil {
		g.environ = make([][]string, len(shares))
	}
	for n, share := range shares {
		g.environ[n] = append(g.environ[n], variable+"="+strings.Join(share, ","))
	}
	if g.shares != nil {
		return
	}
	g.shares = shares
	for _, share := range shares {
		uses := make([]gpuUse, len(share))
		for i, name := range share {
			uses[i].place = slices.Index(g.names, name)
		}
		g.uses = append(g.uses, uses)
	}
}

// environment is that of a slot's items: they see its share alone.
func (g *gpus) environment(slot int, base []string) []string {
	if len(g.names) == 0 {
		return base
	}
	told := func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.ContainsFunc(g.environ[slot], func(own string) bool { return strings.HasPrefix(own, name+"=") })
	}
	return append(slices.DeleteFunc(slices.Clone(base), told), g.environ[slot]...)
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
