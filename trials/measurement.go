// Package trials answers: how fast really? It says which item of a sample runs next, when enough is known, and what
// the measurements mean: statistics, fits and advice. It is pure, and submits nothing.
package trials

// The phases of a trial: why something was run.
const (
	WarmUp    = "warm-up" // the first run, which finds nothing in any cache
	Sample    = "sample"
	Startup   = "start-up" // once more, with the interpreter telling what it imports
	Scale     = "threads"  // with so many threads
	Compare   = "variant"  // the program and its variants by turns, on the same items
	Crowd     = "crowd"    // beside others, as many as the trial has CPUs for
	Check     = "check"    // the command of [check], once
	Profiling = "profile"  // once under Python's profiler
)

// The states of a measurement beside those of an item (items.State).
const (
	Done = "done"
	Cut  = "cut" // ended by the trial's budget: the item takes longer than Elapsed
)

// Measurement is one run of one item. Times are seconds, memory MiB; nil is unknown.
type Measurement struct {
	Phase      string   `json:"phase"`
	Place      int      `json:"place"`             // in the order of the sample, from 0
	Index      int      `json:"index"`             // in the list
	Round      int      `json:"round"`             // the same item again, from 1
	Threads    int      `json:"threads,omitempty"` // that it was told to use; 0 = as many as it has CPUs
	Variant    int      `json:"variant,omitempty"` // from 1; 0 = the program itself
	ID         string   `json:"id"`
	State      string   `json:"state"`
	Cause      string   `json:"cause,omitempty"`
	ExitCode   *int     `json:"exit_code"`
	Signal     *string  `json:"signal"`
	Start      float64  `json:"start"` // Unix time
	Elapsed    float64  `json:"elapsed_s"`
	CPU        *float64 `json:"cpu_s"`
	MaxRSS     *float64 `json:"max_rss_mib"`      // the largest process, as the kernel keeps it
	MaxRSSTree *float64 `json:"max_rss_tree_mib"` // all of its processes together
	Read       *int64   `json:"read_bytes"`       // through read calls, from the cache too
	Written    *int64   `json:"written_bytes"`
	Writes     *int64   `json:"writes"` // calls
	Startup    *float64 `json:"startup_s,omitempty"`
	GPUs       *int     `json:"gpus,omitempty"`
	GPUsUsed   *int     `json:"gpus_used,omitempty"`
	GPUMean    *float64 `json:"gpu_util_mean,omitempty"` // percent, over all that it had
	GPUMemory  *float64 `json:"gpu_memory_mib,omitempty"`
	Node       string   `json:"node"`
	Outputs    []Output `json:"outputs,omitempty"`
	Slot       int      `json:"slot,omitempty"`
	Stderr     [2]int64 `json:"stderr"` // its piece of the slot's log: offset, length
}

// Output is a file that an item made, as it was moved into the trial's folder.
type Output struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	Hash string `json:"sha256"`
	// Close says that it is another text than that of the program's first run of the item, and differs by no more than
	// the tolerance for numbers.
	Close bool `json:"close,omitempty"`
}

// Printed is the name under which an item's standard output counts as made, where no outputs are named; and Returned what a
// function returned.
const (
	Printed  = "(stdout)"
	Returned = "(value)"
)

// ended says whether the item ran as it does in a run: to its end, or until its own time-out ended it.
func (m Measurement) ended() bool { return m.State == Done || m.State == "timeout" }
