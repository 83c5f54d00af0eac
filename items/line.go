package items

import (
	"bytes"
	"math"
	"strconv"
)

// recordLine is a line of a file of records, read without allocating: a million are read while
// somebody waits. Texts share the line's memory; NaN and noInt are null.
type recordLine struct {
	id, state, signal, source, node, cause []byte

	index, exitCode, slot, count int

	start, end, elapsed, cpu, rss, tree float64

	value    []byte // JSON as it stands
	format   []byte // of a value beside the records
	keptSpan Span

	gpus, gpusUsed              int
	gpuMean, gpuPeak, gpuMemory float64

	stdout, stderr Span
}

const noInt = math.MinInt

// parse reads a line. It says false for what is no record; keys that it does not know are
// passed over, so that a newer hpcsub may add some.
func (l *recordLine) parse(b []byte) bool {
	nan := math.NaN()
	*l = recordLine{index: noInt, exitCode: noInt, count: noInt, gpus: noInt, gpusUsed: noInt,
		start: nan, end: nan, elapsed: nan, cpu: nan, rss: nan, tree: nan, gpuMean: nan, gpuPeak: nan, gpuMemory: nan}
	s := scanner{b: b}
	ok := s.object(func(key []byte) bool { return l.member(&s, key) })
	return ok && s.end() && (len(l.id) == 0 && l.count >= 0 || len(l.id) > 0 && l.index >= 0 && stateCode(l.state) > pendingCode)
}

func (l *recordLine) member(s *scanner, key []byte) bool {
	switch string(key) {
	case "id":
		return s.textOrNull(&l.id)
	case "state":
		return s.textOrNull(&l.state)
	case "signal":
		return s.textOrNull(&l.signal)
	case "max_rss_tree_source":
		return s.textOrNull(&l.source)
	case "node":
		return s.textOrNull(&l.node)
	case "cause":
		return s.textOrNull(&l.cause)
	case "index":
		return s.intOrNull(&l.index)
	case "exit_code":
		return s.intOrNull(&l.exitCode)
	case "slot":
		return s.intOrNull(&l.slot)
	case "count":
		return s.intOrNull(&l.count)
	case "start":
		return s.floatOrNull(&l.start)
	case "end":
		return s.floatOrNull(&l.end)
	case "elapsed_s":
		return s.floatOrNull(&l.elapsed)
	case "cpu_s":
		return s.floatOrNull(&l.cpu)
	case "max_rss_mib":
		return s.floatOrNull(&l.rss)
	case "max_rss_tree_mib":
		return s.floatOrNull(&l.tree)
	case "stdout":
		return s.span(&l.stdout)
	case "stderr":
		return s.span(&l.stderr)
	case "value":
		return s.raw(&l.value)
	case "kept":
		return s.object(func(key []byte) bool { return l.keptMember(s, key) })
	}
	return l.gpuMember(s, key)
}

func (l *recordLine) keptMember(s *scanner, key []byte) bool {
	switch string(key) {
	case "format":
		return s.textOrNull(&l.format)
	case "span":
		return s.span(&l.keptSpan)
	}
	return s.skip(0)
}

func (l *recordLine) gpuMember(s *scanner, key []byte) bool {
	switch string(key) {
	case "gpus":
		return s.intOrNull(&l.gpus)
	case "gpus_used":
		return s.intOrNull(&l.gpusUsed)
	case "gpu_util_mean":
		return s.floatOrNull(&l.gpuMean)
	case "gpu_util_peak":
		return s.floatOrNull(&l.gpuPeak)
	case "gpu_memory_mib":
		return s.floatOrNull(&l.gpuMemory)
	}
	return s.skip(0)
}

func (s *scanner) textOrNull(dst *[]byte) (ok bool) {
	s.space()
	if s.i < len(s.b) && s.b[s.i] == 'n' {
		return string(s.word()) == "null"
	}
	*dst, ok = s.text()
	return ok
}

// raw takes any value as it stands.
func (s *scanner) raw(dst *[]byte) bool {
	s.space()
	start := s.i
	ok := s.skip(0)
	*dst = s.b[start:s.i]
	return ok
}

func (s *scanner) intOrNull(dst *int) bool {
	word := s.word()
	if string(word) == "null" {
		return true
	}
	n, ok := parseWhole(word)
	*dst = int(n)
	return ok
}

// parseWhole is strconv.ParseInt without its allocation for short numbers of JSON.
func parseWhole(word []byte) (int64, bool) {
	text := bytes.TrimPrefix(word, []byte("-"))
	if len(text) == 0 || len(text) > 18 || digits(text) != len(text) || len(text) > 1 && text[0] == '0' {
		return 0, false
	}
	var n int64
	for _, c := range text {
		n = n*10 + int64(c-'0')
	}
	if len(text) < len(word) {
		n = -n
	}
	return n, true
}

func (s *scanner) floatOrNull(dst *float64) bool {
	word := s.word()
	if string(word) == "null" {
		return true
	}
	if _, ok := jsonNumber(word); !ok {
		return false
	}
	f, err := strconv.ParseFloat(string(word), 64)
	*dst = f
	return err == nil
}

func (s *scanner) span(dst *Span) bool {
	n := 0
	return s.array(func() bool {
		v, ok := parseWhole(s.word())
		if ok && n < len(dst) {
			dst[n] = v
		}
		n++
		return ok
	})
}

// record makes the line a Record.
func (l *recordLine) record() Record {
	r := Record{
		ID: string(l.id), Index: max(0, l.index), State: State(l.state), Start: known(l.start), Slot: l.slot,
		TreeSource: string(l.source), Node: string(l.node), Cause: string(l.cause), Stdout: l.stdout, Stderr: l.stderr,
		End: pointer(l.end), Elapsed: pointer(l.elapsed), CPU: pointer(l.cpu), MaxRSS: pointer(l.rss), MaxRSSTree: pointer(l.tree),
		ExitCode: whole(l.exitCode), Count: whole(l.count), GPUs: whole(l.gpus), GPUsUsed: whole(l.gpusUsed),
		GPUMean: pointer(l.gpuMean), GPUPeak: pointer(l.gpuPeak), GPUMemory: pointer(l.gpuMemory),
	}
	if l.value != nil {
		r.Value = bytes.Clone(l.value)
	}
	if l.format != nil {
		r.Kept = &Kept{string(l.format), l.keptSpan}
	}
	if l.signal != nil {
		signal := string(l.signal)
		r.Signal = &signal
	}
	return r
}

func known(f float64) float64 {
	if math.IsNaN(f) {
		return 0
	}
	return f
}

func whole(n int) *int {
	if n == noInt {
		return nil
	}
	return &n
}

func pointer(f float64) *float64 {
	if math.IsNaN(f) {
		return nil
	}
	return &f
}
