package worker

import (
	"fmt"
	"strings"
	"time"

	"hpcsub/items"
)

// failure is the way in which an item failed. What names the item in the cause is left out, so
// that `no output "a.pdf"` and `no output "b.pdf"` are alike.
type failure struct {
	state  items.State
	code   int // -1 = none
	signal string
	cause  string
}

func failureOf(r *items.Record) failure {
	f := failure{state: r.State, code: -1}
	if r.ExitCode != nil {
		f.code = *r.ExitCode
	}
	if r.Signal != nil {
		f.signal = *r.Signal
	}
	if r.State == items.Failed {
		f.cause, _, _ = strings.Cut(r.Cause, `"`)
	}
	return f
}

// String words a failure: "exit code 3", "signal SEGV", "timeout".
func (f failure) String() string {
	var words []string
	if f.state != items.Failed {
		words = append(words, strings.ReplaceAll(string(f.state), "_", " "))
	}
	switch {
	case f.signal != "":
		words = append(words, "signal "+f.signal)
	case f.code > 0:
		words = append(words, fmt.Sprintf("exit code %d", f.code))
	}
	if cause := strings.TrimSpace(f.cause); cause != "" {
		words = append(words, cause)
	}
	return strings.Join(words, ", ")
}

// streak follows the first items of a worker: as long as none succeeded, they may show that
// the work is wrong, or the node.
type streak struct {
	first  failure
	alike  int  // failed like the first
	mixed  bool // one failed in another way
	quick  int  // failed soon after their start, one after another
	proven bool // an item succeeded: nothing is to be learnt from failures
}

// soon is how fast an item fails that could not even begin its work.
const soon = 2 * time.Second

func failedAtOnce(r *items.Record) bool {
	return r.State == items.Failed && (r.Elapsed == nil || *r.Elapsed < soon.Seconds())
}

// add learns from an end record.
func (s *streak) add(r *items.Record) {
	f := failureOf(r)
	switch {
	case s.proven || r.State == items.Cancelled:
		return
	case r.State == items.Done:
		s.proven = true
		return
	case s.alike == 0:
		s.first = f
	case f != s.first:
		s.mixed = true
	}
	if !s.mixed {
		s.alike++
	}
	if failedAtOnce(r) {
		s.quick++
	} else {
		s.quick = 0
	}
}

// join adds what another streak saw to this one.
func (s streak) join(other streak) streak {
	switch {
	case s.alike == 0:
		s.first = other.first
	case other.alike > 0 && other.first != s.first:
		s.mixed = true
	}
	s.mixed = s.mixed || other.mixed
	s.proven = s.proven || other.proven
	s.alike += other.alike
	s.quick += other.quick
	return s
}
