package items

import "math"

// code is a State in one byte.
type code uint8

const (
	unknownCode code = iota
	pendingCode
	runningCode
	doneCode
	failedCode
	timeoutCode
	memoryCode
	cancelledCode
	lostCode
)

var states = [...]State{pendingCode: Pending, runningCode: Running, doneCode: Done, failedCode: Failed,
	timeoutCode: Timeout, memoryCode: OutOfMemory, cancelledCode: Cancelled, lostCode: Lost}

func stateCode(state []byte) code {
	for c := pendingCode; c <= lostCode; c++ {
		if string(state) == string(states[c]) {
			return c
		}
	}
	return unknownCode
}

// outcome is what the records say of one item so far, in 48 bytes: a million are held.
type outcome struct {
	start, elapsed, cpu float64
	offset              int64 // of its line in its writer's file
	length              uint32
	writer              int32
	peak                float32 // MiB, of all its processes where that is known
	state               code    // unknownCode: no line yet
}

// after says whether o takes the place of an older word p. A success is the last word; else
// the later start counts, and an end line beats the start line of the same start. Every two
// words have an order of their own, so it does not matter in which order they are read.
func (o outcome) after(p outcome, writers []*records) bool {
	if p.state == unknownCode || (o.state == doneCode) != (p.state == doneCode) {
		return p.state == unknownCode || o.state == doneCode
	}
	if o.writer != p.writer {
		a, b := writers[o.writer].Writer, writers[p.writer].Writer
		switch {
		case a.Attempt != b.Attempt:
			return a.Attempt > b.Attempt
		case a.Restart != b.Restart:
			return a.Restart > b.Restart
		}
	}
	switch {
	case o.start != p.start:
		return o.start > p.start
	case (o.state == runningCode) != (p.state == runningCode):
		return p.state == runningCode
	case o.writer != p.writer:
		return o.writer > p.writer
	}
	return o.offset > p.offset
}

func (l *recordLine) outcome(writer int, offset int64, length int) outcome {
	return outcome{
		start: known(l.start), elapsed: known(l.elapsed), cpu: known(l.cpu),
		peak: float32(max(known(l.tree), known(l.rss))), offset: offset, length: uint32(length), writer: int32(writer), state: stateCode(l.state),
	}
}

// Tally counts items by what became of them, each once, and sums what they used.
type Tally struct {
	Total       int
	Done        int
	Failed      int
	TimedOut    int
	OutOfMemory int
	Cancelled   int
	Lost        int
	Running     int
	Pending     int

	CPU     float64 // seconds of CPU time, of each item's last end line
	Elapsed float64 // seconds, likewise
	First   float64 // Unix time of the first start; 0 when nothing started
	Last    float64 // Unix time of the last end; 0 when nothing ended
}

// Ended is how many items have ended, one way or another.
func (t Tally) Ended() int { return t.Total - t.Running - t.Pending }

// NotDone is how many have ended and are not done.
func (t Tally) NotDone() int { return t.Ended() - t.Done }

func (t *Tally) add(state State, o outcome) {
	*t.count(state)++
	if o.state == unknownCode {
		return
	}
	if o.start > 0 && (t.First == 0 || o.start < t.First) {
		t.First = o.start
	}
	if o.state != runningCode {
		t.CPU += o.cpu
		t.Elapsed += o.elapsed
		t.Last = math.Max(t.Last, o.start+o.elapsed)
	}
}

func (t *Tally) count(state State) *int {
	switch state {
	case Done:
		return &t.Done
	case Failed:
		return &t.Failed
	case Timeout:
		return &t.TimedOut
	case OutOfMemory:
		return &t.OutOfMemory
	case Cancelled:
		return &t.Cancelled
	case Lost:
		return &t.Lost
	case Running:
		return &t.Running
	}
	return &t.Pending
}
