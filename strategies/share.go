package strategies

import (
	"cmp"
	"math"
	"slices"
)

// Parts that share a queue: whichever has a free slot takes the next item. How long a part runs then depends on when the others
// begin, so that it is simulated with their starts. Parts that find no place until the queue is empty end as they begin.

// share starts as many parts as there are places, which run until the queue is empty, all lengths multiplied by scale.
func (s starting) share(w work, scale float64) outcome {
	at := make([]float64, max(1, min(s.places, w.parts)))
	begins := make([]float64, len(at))
	tick := tick{at: s.first}
	for p := range at {
		var delay float64
		at[p], delay = tick.start(s, s.first)
		begins[p] = at[p] + delay + w.overhead.begin
	}
	ends := w.shareUneven
	if w.lengths.even() {
		ends = w.shareEven
	}
	out := outcome{start: s.first + s.delay}
	for p, end := range ends(begins, scale) {
		some := p == 0 || end > begins[p]
		end += w.overhead.end
		if some { // those that begin when the queue is empty keep nobody waiting
			out.end = max(out.end, end)
		}
		out.busy += end - at[p]
		out.longest = max(out.longest, end-begins[p]+w.overhead.begin)
	}
	out.busy += float64(w.parts-len(at)) * (s.delay + w.overhead.begin + w.overhead.end)
	return out
}

// shareUneven gives each item to the slot that is free first, and says when each part's last item ends. Of many items the first are
// taken to keep all slots busy.
func (w work) shareUneven(begins []float64, scale float64) []float64 {
	slots := min(w.slots, w.items)
	all := slots * len(begins)
	few := min(w.items, max(exact, min(4*all, 32*exact)))
	mean := w.lengths.mean * scale
	before := float64(w.items-few) / float64(len(begins)) * max((mean+w.overhead.item)/float64(w.slots), w.overhead.item)

	free := make(heap, 0, all)
	dispatched, ends := make([]float64, len(begins)), make([]float64, len(begins))
	order := make([]int, len(begins))
	for p, begin := range begins {
		order[p], dispatched[p], ends[p] = p, begin+before, begin+before
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(begins[a], begins[b]) }) // a sorted list is a heap
	for _, p := range order {
		free = append(free, slices.Repeat([]station{{ends[p], p}}, slots)...)
	}
	for k := range few {
		p := free[0].part
		dispatched[p] = max(dispatched[p], free[0].free) + w.overhead.item
		done := dispatched[p] + w.lengths.of(k, scale)
		ends[p] = max(ends[p], done)
		free.replaceFirst(done)
	}
	return ends
}

// shareEven is the same for items of one length: when all of them have ended, and how many of them each part ran by then.
func (w work) shareEven(begins []float64, scale float64) []float64 {
	length := w.lengths.of(0, scale)
	doneBy := func(t float64) (sum int) {
		for _, begin := range begins {
			sum += evenCount(t-begin, w.slots, length, w.overhead.item)
		}
		return sum
	}
	low, high := begins[0], begins[0]+evenSpan(w.items, w.slots, length, w.overhead.item)
	for range 60 { // to the last bit
		if mid := (low + high) / 2; doneBy(mid) < w.items {
			low = mid
		} else {
			high = mid
		}
	}
	ends := make([]float64, len(begins))
	surplus := doneBy(high) - w.items
	for p := len(begins) - 1; p >= 0; p-- {
		ends[p] = begins[p]
		count := evenCount(high-begins[p], w.slots, length, w.overhead.item)
		before := evenCount(low-begins[p], w.slots, length, w.overhead.item)
		less := min(surplus, count-before) // of those that end last, not all were needed
		surplus -= less
		if count > less {
			ends[p] += evenSpan(count-less, w.slots, length, w.overhead.item)
		}
	}
	return ends
}

// evenCount is how many items evenSpan has done after some time.
func evenCount(t float64, slots int, length, dispatch float64) int {
	t *= 1 + 1e-12 // what rounding took
	switch {
	case t < length+dispatch || t <= 0:
		return 0
	case length+dispatch == 0:
		return math.MaxInt32
	case length < float64(slots-1)*dispatch:
		return int((t - length) / dispatch)
	}
	round := math.Floor((t - length - dispatch) / (length + dispatch))
	count := int(round) * slots
	if dispatch == 0 {
		return count + slots
	}
	return count + min(slots, int((t-(round+1)*length-round*dispatch)/dispatch))
}
