package strategies

import "math"

// This file alone predicts. It lays the items' lengths on slots in the order of dispatch, and the
// parts on the places that the cluster has for them as its scheduler would.

// overhead is what a way to run adds to its items' own time, in seconds.
type overhead struct {
	begin float64 // from the start of a part's job to its first dispatch
	item  float64 // a dispatch: one at a time within a part
	end   float64 // from a part's last item to the end of its job
}

// work is all items, dealt to parts in turn: part p of P takes items p, p+P, p+2P …, or taken by them from one queue (see share).
type work struct {
	items, parts, slots int
	lengths             lengths
	overhead            overhead
}

// starting is how parts start: some at the first tick of the scheduler, the others on places that
// become free, at later ticks.
type starting struct {
	first  float64 // submission to the first tick
	delay  float64 // from a tick to a part's start
	period float64 // between ticks; 0 = a free place is taken at once
	rate   float64 // parts that a tick starts a second
	hold   float64 // how much longer a part holds its place than it runs
	lag    float64 // how much later than the first of a tick the others begin
	places int     // parts that can run at once
	// A part that would start after closes starts at opens, behind another's job; opens 0 = there is none.
	closes, opens float64
}

// outcome is a simulation's result, in seconds; times count from the submission.
type outcome struct {
	start   float64 // the first part's
	end     float64 // the last part's
	busy    float64 // for how long parts held their places, in sum: a place is held from the tick on
	longest float64 // the longest part's span
	taking  float64 // of a shared queue: until a part that takes items for long takes its last, from its start
}

// exact is how many items of a part are simulated one by one; of more, those before fill the slots evenly.
const exact = 4096

// spans are how long each part takes from start to end, with all lengths multiplied by scale.
func (w work) spans(scale float64) []float64 {
	out := make([]float64, w.parts)
	if w.lengths.even() { // parts differ by one item at the most
		more := w.span(0, scale)
		less := w.span(w.parts-1, scale)
		for p := range out {
			out[p] = less
			if w.itemsOf(p) == w.itemsOf(0) {
				out[p] = more
			}
		}
		return out
	}
	for p := range out {
		out[p] = w.span(p, scale)
	}
	return out
}

// itemsOf is how many items part p is dealt.
func (w work) itemsOf(p int) int { return (w.items - p + w.parts - 1) / w.parts }

// span is how long part p takes.
func (w work) span(p int, scale float64) float64 {
	n := w.itemsOf(p)
	if n <= 0 {
		return w.overhead.begin + w.overhead.end
	}
	if w.lengths.even() {
		return w.overhead.begin + evenSpan(n, w.slots, w.lengths.of(0, scale), w.overhead.item) + w.overhead.end
	}
	few := min(n, max(exact, 64*w.slots))
	whole := w.listSpan(p, few, scale)
	// Whatever bounds the rate, the slots or the dispatcher, bounds it for the items before, too.
	mean := w.lengths.mean * scale
	whole += float64(n-few) * max((mean+w.overhead.item)/float64(w.slots), w.overhead.item)
	return w.overhead.begin + whole + w.overhead.end
}

// evenSpan is the closed form for n items of one length on slots that one dispatcher serves: rounds of
// all slots, or, where it cannot keep them busy, one dispatch after another.
func evenSpan(n, slots int, length, dispatch float64) float64 {
	if length < float64(slots-1)*dispatch {
		return float64(n)*dispatch + length
	}
	round, place := (n-1)/slots, (n-1)%slots
	return float64(place+1)*dispatch + float64(round+1)*length + float64(round)*dispatch
}

// listSpan gives each of the first n items of part p to the slot that is free first.
func (w work) listSpan(p, n int, scale float64) float64 {
	if n == 1 { // an array's tasks, of which there may be a million
		return w.overhead.item + w.lengths.of(p, scale)
	}
	free := make(heap, min(w.slots, n))
	dispatcher, end := 0.0, 0.0
	for k := range n {
		dispatcher = max(dispatcher, free[0].free) + w.overhead.item
		done := dispatcher + w.lengths.of(p+k*w.parts, scale)
		end = max(end, done)
		free.replaceFirst(done)
	}
	return end
}

// run starts the parts in their order, each on the place that is free first.
func (s starting) run(spans []float64) outcome {
	free := make(heap, max(1, min(s.places, len(spans))))
	out := outcome{start: s.first + s.delay}
	for i := range free {
		free[i].free = s.first
	}
	tick := tick{at: s.first}
	for _, span := range spans {
		at, delay := tick.start(s, free[0].free)
		end := at + delay + span
		free.replaceFirst(end + s.hold)
		out.end = max(out.end, end)
		out.busy += delay + span
		out.longest = max(out.longest, span)
	}
	return out
}

// tick is one of the scheduler, and how many parts it has started so far.
type tick struct {
	at      float64
	started int
}

// start is when the next part is given a place that is free from a time on, and how much later it begins.
func (t *tick) start(s starting, free float64) (at, delay float64) {
	at, delay = free, s.delay
	if s.opens > 0 && at > s.closes {
		at = max(at, s.opens)
	}
	if s.period > 0 {
		t.next(s, at)
		at = t.at + float64(t.started)/s.rate
		if t.started > 0 {
			delay += s.lag
		}
		t.started++
	}
	return at, delay
}

// next moves on to the tick that takes a place which is free from a time on. A tick goes on starting until the next one is due.
func (t *tick) next(s starting, free float64) {
	if float64(t.started) >= s.rate*s.period {
		*t = tick{at: t.at + s.period}
	}
	if free > t.at {
		*t = tick{at: t.at + math.Ceil((free-t.at)/s.period)*s.period}
	}
}

// together starts all parts at once in one Slurm job over nodes, which ends with its last part.
func (s starting) together(spans []float64, nodes int) outcome {
	out := outcome{start: s.first + s.delay}
	for _, span := range spans {
		out.longest = max(out.longest, span)
	}
	out.end = out.start + out.longest
	out.busy = (s.delay + out.longest) * float64(nodes)
	return out
}

// station is a slot, or a place for a part, and from when on it is free.
type station struct {
	free float64
	part int
}

// heap is a binary heap of stations, the one that is free first in front.
type heap []station

// replaceFirst has the first station be free at another time.
func (h heap) replaceFirst(t float64) {
	moved := station{t, h[0].part}
	i := 0
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1].free < h[child].free {
			child++
		}
		if h[child].free >= t {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = moved
}
