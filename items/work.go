package items

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
)

// Work is work.json: all that a worker on a node needs to know of an attempt. The zero value
// of a field means "not given".
type Work struct {
	Run       string   `json:"run"`
	Attempt   int      `json:"attempt"`
	Token     string   `json:"token"` // the attempt's: a worker that reads another one does not see this run
	Spec      Spec     `json:"spec"`
	Columns   []string `json:"columns"`
	Items     int      `json:"items"`                 // of the run
	CPUs      int      `json:"cpus"`                  // of one item
	Bind      bool     `json:"bind,omitempty"`        // each item to CPUs of its own
	GPUs      int      `json:"gpus,omitempty"`        // of one item; each has others
	MemoryMiB int      `json:"memory_mib,omitempty"`  // of one item
	TimeS     float64  `json:"time_s,omitempty"`      // typical, of one item
	TimeoutS  float64  `json:"timeout_s,omitempty"`   // ends one item
	Parts     int      `json:"parts,omitempty"`       // that share one queue; 0 = each part has its own items
	ItemS     float64  `json:"item_s,omitempty"`      // what an item of a shared queue may take: a part that has less left leaves it to one that has not begun
	Failures  int      `json:"failures,omitempty"`    // so many first items that fail alike stop the run; 0 = never
	KillWaitS float64  `json:"kill_wait_s,omitempty"` // between SIGTERM and SIGKILL
	MarginS   float64  `json:"margin_s,omitempty"`    // kept free before the job's time limit
	Trial     bool     `json:"trial,omitempty"`       // items are timed, and nothing counts as done
	Variants  []Spec   `json:"variants,omitempty"`    // of a trial: other ways to do the work
	Check     []string `json:"check,omitempty"`       // of a trial: a command that says whether the program is right
	Tolerance float64  `json:"tolerance,omitempty"`   // of a trial: for numbers in outputs that are compared
	Threads   int      `json:"threads,omitempty"`     // OMP_NUM_THREADS and its like, which the script sets
}

// WriteWork writes work.json. Where the items came from is left out: the frozen list says it,
// and a worker that reads a long [sweep] would be large on the node.
func WriteWork(dir AttemptDir, w Work) error {
	w.Spec.File, w.Spec.Sweep, w.Spec.Zip, w.Spec.Types = "", nil, nil, nil
	w.Variants = slices.Clone(w.Variants)
	for i := range w.Variants {
		v := &w.Variants[i]
		v.File, v.Sweep, v.Zip, v.Types = "", nil, nil, nil
	}
	return WriteFile(dir.Work(), func(f io.Writer) error {
		e := json.NewEncoder(f)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(w)
	})
}

// ReadWork reads work.json.
func ReadWork(dir AttemptDir) (*Work, error) {
	b, err := os.ReadFile(dir.Work())
	if err != nil {
		return nil, fmt.Errorf("reading the work: %w", err)
	}
	w := new(Work)
	if err := json.Unmarshal(b, w); err != nil {
		return nil, fmt.Errorf("reading %s: %w", dir.Work(), err)
	}
	return w, nil
}
