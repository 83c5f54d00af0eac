package trials

// Comparison is how two ways to run the same sample did, one after the other.
type Comparison struct {
	Items      int    `json:"items"` // of the sample
	Ways       []Way  `json:"ways"`
	SameOutput *bool  `json:"same_output"`       // nil: nothing that they made can be compared
	Differs    string `json:"differs,omitempty"` // the first output that is not the same
	Plan       string `json:"plan"`              // the way that the plan takes from now on; "" where nothing fits any more
	Changed    bool   `json:"changed"`           // that is another one than before
}

// Way is one of them. Times are seconds, from its first start to its last end.
type Way struct {
	Strategy  string  `json:"strategy"`
	Run       string  `json:"run"`
	Failed    int     `json:"failed"` // items that are not done
	Predicted float64 `json:"predicted_s"`
	Low       float64 `json:"low_s"`
	High      float64 `json:"high_s"`
	Actual    float64 `json:"actual_s"`
}

// AsPredicted says whether it took as long as was to be expected. Slurm tells whole seconds of when a job began and ended.
func (w Way) AsPredicted() bool {
	const second = 1
	return w.Failed == 0 && w.Low-second <= w.Actual && w.Actual <= w.High+second
}

// mostCompared is how many items two ways are compared on at most, and leastCompared fewer than which say nothing.
const (
	mostCompared  = 200
	leastCompared = 5
)

// ComparisonSize is how many of so many items both ways can run within a budget, by what took says of a number of them: as many as
// there can be, so that a start counts little and all CPUs have work. 0 = not even the fewest.
func ComparisonSize(count int, budget float64, took func(items int) float64) int {
	for n := min(count, mostCompared); ; n = max(n/2, min(count, leastCompared)) {
		if took(n) <= budget {
			return n
		}
		if n <= leastCompared {
			return 0
		}
	}
}
