package regret

import (
	"fmt"
	"math"
	"strings"
)

// A Workload is a job on a cluster in a certain state.
type Workload struct {
	Name    string
	About   string  // what is special about it
	Items   int     //
	Seconds float64 // an item takes on average
	Tail    bool    // a few items take many times as long as most
	Work    Work
	TOML    string // keys of job.toml beside what follows from the rest
	Memory  string // of an item, as it is declared, where that is what it really takes
	State   State  // of the cluster
	Tried   int    // so many items ran before the plan was made, so that their lengths are known; 0 = each.time is declared
	Cost    bool   // CPU-hours are to be least, not the makespan
	Quick   bool   // also in the small set that make test runs
	Needs   string // what has to be there for it, in words, where that is not built yet; else ""
	Sample  int    // so many items a trial has run before the plan is made, and what it can find out is not declared; 0 = no trial
}

// Undeclared is the same work for somebody who declares nothing that a trial can find out: neither how long an item takes nor how much
// memory. What remains is what no trial tells: for how many CPUs, ranks and GPUs an item is written, where it may run and how many CPUs
// it may use, and the memory of those workloads whose items reserve more than they take. The trial sees a hundredth of the items, and five at least.
func (w Workload) Undeclared() Workload {
	w.Sample, w.Tried = min(w.Items, max(5, w.Items/100)), 0
	return w
}

// Work is what an item does.
type Work string

// What items do. Those that burn hold a real CPU, of which the machine below the lab has few, so they ask for
// no more than two.
const (
	Sleep    Work = ""            // a command that waits
	Nap      Work = "nap"         // a Python function that waits
	Burn     Work = "burn"        // a Python program that computes
	Stream   Work = "stream"      // a Python program that copies memory, as fast as that can be done
	BurnCall Work = "burning nap" // a Python function that computes
)

// Function says whether the work is a call of a Python function.
func (w Workload) Function() bool { return w.Work == Nap || w.Work == BurnCall }

// Burns says whether items need a real CPU or the memory's bandwidth.
func (w Workload) Burns() bool { return w.Work == Burn || w.Work == Stream || w.Work == BurnCall }

// Lengths are how long the items take in seconds, always the same for a workload, in an order that tells nothing.
func (w Workload) Lengths() []float64 {
	all := make([]float64, w.Items)
	total := 0.0
	for i := range all {
		all[i] = 1
		if w.Tail {
			all[i] = tail((float64(i) + 0.5) / float64(w.Items))
		}
		total += all[i]
	}
	for i := range all {
		all[i] *= w.Seconds * float64(w.Items) / total
	}
	shuffle(all, w.Name)
	return all
}

// tail is the quantile of a Pareto distribution of shape 1.3, cut at twenty times the least: a mean of some 3, a
// median of 1.7, the longest twenty.
func tail(q float64) float64 { return min(20, math.Pow(1-q, -1/1.3)) }

// shuffle puts a list into an order that depends on a name alone (a linear congruential generator, Knuth's MMIX).
func shuffle(all []float64, name string) {
	state := uint64(1)
	for _, c := range name {
		state = state*31 + uint64(c)
	}
	for i := len(all) - 1; i > 0; i-- {
		state = state*6364136223846793005 + 1442695040888963407
		j := int((state >> 33) % uint64(i+1))
		all[i], all[j] = all[j], all[i]
	}
}

// Job is the job.toml, with a strategy forced unless that is "".
func (w Workload) Job(strategy string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "name = \"regret\"\n%s\nitems = \"items.csv\"\n", w.call())
	top, tables, _ := strings.Cut("\n"+w.TOML, "\n[")
	if tables != "" {
		tables = "[" + tables
	}
	if w.Function() {
		fmt.Fprintf(&b, "[types]\ns = \"float\"\n")
	}
	fmt.Fprintf(&b, "[each]\n")
	if w.Tried == 0 && w.Sample == 0 {
		fmt.Fprintf(&b, "time = \"%gms\"\n", math.Round(w.Seconds*1000))
	}
	if w.Memory != "" && w.Sample == 0 {
		fmt.Fprintf(&b, "memory = %q\n", w.Memory)
	}
	fmt.Fprintf(&b, "%s\n", strings.TrimSpace(top))
	fmt.Fprintf(&b, "[plan]\nstrategy = %q\n", strategy)
	if w.Cost {
		b.WriteString("minimize = \"cost\"\n")
	}
	if w.Sample > 0 {
		fmt.Fprintf(&b, "[trial]\nitems = %d\nrepeats = 1\n", w.Sample)
	}
	fmt.Fprintf(&b, "%s\n", tables)
	return b.String()
}

func (w Workload) call() string {
	switch w.Work {
	case Nap:
		return `function = "work:nap"`
	case BurnCall:
		return `function = "work:burn"`
	case Burn:
		return `command = "python3 work.py burn {s}"`
	case Stream:
		return `command = "python3 work.py stream {s}"`
	}
	return `command = "sleep {s}"`
}

// List is items.csv: the column s, for the first n items of every nth, or for all where n is 0.
func (w Workload) List(n int) string {
	all := w.Lengths()
	var b strings.Builder
	b.WriteString("s\n")
	for i, s := range all {
		if n == 0 || i*n/len(all) != (i-1)*n/len(all) || i == 0 {
			fmt.Fprintf(&b, "%.4f\n", s)
		}
	}
	return b.String()
}
