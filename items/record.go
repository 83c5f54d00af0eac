package items

import (
	"bytes"
	"encoding/json"
)

// State is what became of an item.
type State string

// The states of an item. Pending and running are never written as the state of an end line.
const (
	Pending     State = "pending"
	Running     State = "running"
	Done        State = "done"
	Failed      State = "failed"
	Timeout     State = "timeout"       // each.timeout, or the job's time limit
	OutOfMemory State = "out_of_memory" // ended for memory, by the worker, Slurm or the kernel
	Cancelled   State = "cancelled"     // ended by a signal to the job that was no time limit
	Lost        State = "lost"          // started, and its worker ended without a word
)

// Record is one line of a result file: a start line (State running), an end line (any later
// state), or, with ID empty and Count set, the writer's end record. Times are Unix
// seconds, memory MiB, null unknown. README and docs/scripting.md document the keys.
type Record struct {
	ID         string          `json:"id"`
	Index      int             `json:"index"`
	State      State           `json:"state"`
	ExitCode   *int            `json:"exit_code"`
	Signal     *string         `json:"signal"` // "KILL", without SIG
	Start      float64         `json:"start"`
	End        *float64        `json:"end"`
	Elapsed    *float64        `json:"elapsed_s"`
	CPU        *float64        `json:"cpu_s"`
	MaxRSS     *float64        `json:"max_rss_mib"`                   // the largest process (the kernel's, from wait4)
	MaxRSSTree *float64        `json:"max_rss_tree_mib"`              // all processes of the item together
	TreeSource string          `json:"max_rss_tree_source,omitempty"` // "cgroup", "sampled", "" when unknown
	Node       string          `json:"node"`
	Value      json.RawMessage `json:"value,omitempty"` // what a function returned, where it is JSON and short
	Kept       *Kept           `json:"kept,omitempty"`  // where it is not: its place in the slot's file of values
	Cause      string          `json:"cause,omitempty"` // one phrase where exit code and signal do not say it: `no output "x.pdf"`
	Slot       int             `json:"slot"`            // which of the worker's slots, from 0: names its log files
	Stdout     Span            `json:"stdout"`          // where its output lies in the slot's log file
	Stderr     Span            `json:"stderr"`
	GPUs       *int            `json:"gpus,omitempty"`      // how many GPUs the item had; absent: none, or nobody looked
	GPUsUsed   *int            `json:"gpus_used,omitempty"` // how many of them did anything
	GPUMean    *float64        `json:"gpu_util_mean,omitempty"`
	GPUPeak    *float64        `json:"gpu_util_peak,omitempty"`  // percent of the time in which something ran on a GPU
	GPUMemory  *float64        `json:"gpu_memory_mib,omitempty"` // the most in use, of its GPUs together
	Count      *int            `json:"count,omitempty"`          // end record: how many end lines this writer wrote
}

// Kept is a value that stands beside the records, in the slot's file of values.
type Kept struct {
	Format string `json:"format"` // "json", or "pickle" for what JSON cannot hold
	Span   Span   `json:"span"`
}

// Span is a piece of a log file in bytes: [offset, length].
type Span [2]int64

// Gone says whether a piece of a log, or its beginning, is what the worker leaves of output that is lost: a later item
// of the slot did `> /dev/stderr` in a shell, which empties the log.
func Gone(piece []byte) bool { return len(piece) > 0 && len(bytes.Trim(piece, "\x00")) == 0 }
