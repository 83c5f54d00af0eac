package strategies

import (
	"cmp"
	"math"
	"slices"
)

// Parts that share a queue: whichever has a free slot takes the next item. How long a part runs then depends on when the others
// begin, so that it is simulated with their starts. Parts that find no place until the queue is empty end as they begin.

// share starts as many parts as there are places, which run until the queue is empty, all lengths multiplied by scale. What parts without a
// place cost, which only come and go, is not in it.
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
	for p, last := range ends(begins, scale) {
		end := last.end + w.overhead.end
		if p == 0 || last.end > begins[p] { // those that begin when the queue is empty keep nobody waiting
			out.end = max(out.end, end)
		}
		out.busy += end - at[p]
		out.longest = max(out.longest, end-begins[p]+w.overhead.begin)
		out.taking = max(out.taking, last.began-begins[p]+w.overhead.begin)
	}
	return out
}

// last is when the last of a part's items began and ended; both are the part's begin where it has none.
type last struct{ began, end float64 }

// shareUneven gives each item to the slot that is free first. Of many items the first are taken to keep all slots busy.
func (w work) shareUneven(begins []float64, scale float64) []last {
	slots := min(w.slots, w.items)
	all := slots * len(begins)
	few := min(w.items, max(exact, min(4*all, 32*exact)))
	order := make([]int, len(begins))
	for p := range order {
		order[p] = p
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(begins[a], begins[b]) }) // a sorted list is a heap
	many := w.items - few
	before := w.busyUntil(begins, order, many, scale)

	free := make(heap, 0, all)
	out := make([]last, len(begins))
	for _, p := range order {
		from := max(begins[p], before)
		out[p] = last{from, from}
		free = append(free, slices.Repeat([]station{{from, p}}, slots)...)
	}
	for k := range few {
		p := free[0].part
		out[p].began = max(out[p].began, free[0].free) + w.overhead.item
		done := out[p].began + w.lengths.of(many+k, scale)
		out[p].end = max(out[p].end, done)
		free.replaceFirst(done)
	}
	first := &out[order[0]]
	first.end = max(first.end, w.longestBefore(begins[order[0]], before, many, scale))
	return out
}

// busyUntil is when the first n items have been handed out, with all slots busy from the begin of their parts on.
func (w work) busyUntil(begins []float64, order []int, n int, scale float64) (until float64) {
	each := max((w.lengths.mean*scale+w.overhead.item)/float64(w.slots), w.overhead.item) // a part's time for an item
	sum := 0.0
	for i, p := range order {
		if i > 0 && until <= begins[p] {
			break // it finds none of them left
		}
		sum += begins[p]
		until = (float64(n)*each + sum) / float64(i+1)
	}
	return until
}

// longestBefore is when the longest of the first n items ends, of which the last one begins at some time.
func (w work) longestBefore(begin, before float64, n int, scale float64) float64 {
	if n == 0 {
		return begin
	}
	seconds := w.lengths.seconds
	at := 0
	for k := range min(n, len(seconds)) {
		if seconds[k] >= seconds[at] {
			at = k
		}
	}
	at += (n - 1 - at) / len(seconds) * len(seconds) // the list is repeated
	return begin + (before-begin)*float64(at)/float64(n) + w.lengths.of(at, scale)
}

// mostBegins is how many begins of parts are told apart: of ten thousand that begin one after another, ten at a time are an eighth of a second.
const mostBegins = 1024

// shareEven is the same for items of one length: when all of them have ended, and how many of them each part ran by then.
func (w work) shareEven(begins []float64, scale float64) []last {
	length := w.lengths.of(0, scale)
	doneBy := func(t float64) (sum int) { // of very many parts some begin as others do that are near
		few := (len(begins) + mostBegins - 1) / mostBegins
		for p := 0; p < len(begins); p += few {
			sum += min(few, len(begins)-p) * evenCount(t-begins[p], w.slots, length, w.overhead.item)
		}
		return sum
	}
	equal := evenSpan((w.items+len(begins)-1)/len(begins), w.slots, length, w.overhead.item) // what a part takes for an equal share
	low, high := begins[0], slices.Max(begins)+equal
	done := doneBy(high)
	for done != w.items && high-low > 1e-8*high { // nearer than that only what ends together lies
		mid := (low + high) / 2
		if n := doneBy(mid); n < w.items {
			low = mid
		} else {
			high, done = mid, n
		}
	}
	out := make([]last, len(begins))
	surplus := done - w.items
	for p := len(begins) - 1; p >= 0; p-- {
		out[p] = last{begins[p], begins[p]}
		count := evenCount(high-begins[p], w.slots, length, w.overhead.item)
		before := evenCount(low-begins[p], w.slots, length, w.overhead.item)
		less := min(surplus, count-before) // of those that end last, not all were needed
		surplus -= less
		if count > less {
			out[p].end += evenSpan(count-less, w.slots, length, w.overhead.item)
			out[p].began = out[p].end - length
		}
	}
	return out
}

// turns is how often one part follows another in a place that is busy for some time in all; how long each is there, and for how much of
// that its slots are idle, since others still run their last items.
func (w work) turns(turn, busy, scale float64) (turns, each, idle float64) {
	item := max(w.lengths.mean*scale+w.overhead.item, w.overhead.item*float64(w.slots))
	switch {
	case !w.lengths.even():
		each, idle = w.turnUneven(turn, scale)
	case item > 0: // one for each slot in any case
		each = item * (math.Floor(turn/item) + 1)
	default:
		each = turn
	}
	return max(0, math.Floor((busy-item/2)/(each-idle))), each, idle
}

// turnUneven is the mean of some turns: how long one is, and for how much of it slots are idle.
func (w work) turnUneven(turn, scale float64) (each, idle float64) {
	n, k := 0, 0
	for ; n < 32 && k < exact; n++ {
		free := make(heap, w.slots)
		for first := k; free[0].free < turn && k-first < exact; k++ {
			free.replaceFirst(free[0].free + w.overhead.item + w.lengths.of(k, scale))
		}
		last, sum := 0.0, 0.0
		for _, slot := range free {
			last = max(last, slot.free)
			sum += slot.free
		}
		each += max(turn, free[0].free) + last - free[0].free
		idle += last - sum/float64(w.slots)
	}
	return each / float64(n), idle / float64(n)
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
