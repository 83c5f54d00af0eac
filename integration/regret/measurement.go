package regret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

// A Measurement is one run of a workload in one way, or a plan in which no way is feasible. The file of them has one
// JSON object a line, written as they come.
type Measurement struct {
	Scheduler string  `json:"scheduler"` // its configuration: "delay 0", "delay 3", "delay 5"
	Workload  string  `json:"workload"`
	Strategy  string  `json:"strategy"`
	Request   string  `json:"request"` // and layout, in words: what ran
	Chosen    bool    `json:"chosen"`  // hpcsub would have taken it, left to itself
	Predicted float64 `json:"predicted_s"`
	Low       float64 `json:"low_s"`
	High      float64 `json:"high_s"`
	Seconds   float64 `json:"seconds"` // submission to the last result
	Cut       bool    `json:"cut"`     // ended after so long, since it had lost already
	CPUHours  float64 `json:"cpu_hours"`
	// PredictedHours are the CPU-hours that were predicted.
	PredictedHours float64 `json:"predicted_cpu_hours"`
	LoadBefore     float64 `json:"load_before"` // of the machine, over the last minute
	LoadAfter      float64 `json:"load_after"`
	Program        string  `json:"program"` // hpcsub's version
	Failed         string  `json:"failed,omitempty"`
}

// quiet is up to which load a measurement counts as undisturbed: what the lab itself makes.
const quiet = 3

// Disturbed says that something else than the lab kept the machine busy.
func (m Measurement) Disturbed() bool { return m.LoadBefore > quiet }

// objective is what was to be least.
func (m Measurement) objective(w Workload) float64 {
	if w.Cost {
		return m.CPUHours
	}
	return m.Seconds
}

// Read reads a file of measurements; that there is none is no error.
func Read(path string) ([]Measurement, error) {
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []Measurement
	for i, line := range bytes.Split(text, []byte("\n")) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var m Measurement
		if err := json.Unmarshal(line, &m); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", path, i+1, err)
		}
		all = append(all, m)
	}
	return all, nil
}

// Append writes a measurement to the file.
func Append(path string, m Measurement) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return err
}

// of are the measurements of one workload under one configuration of the scheduler. Disturbed ones are left out of a
// way of which there are undisturbed ones.
func of(all []Measurement, scheduler, workload string) map[string][]Measurement {
	ways := map[string][]Measurement{}
	for _, m := range all {
		if m.Scheduler == scheduler && m.Workload == workload && m.Failed == "" {
			ways[m.Strategy] = append(ways[m.Strategy], m)
		}
	}
	for strategy, runs := range ways {
		clean := slices.DeleteFunc(slices.Clone(runs), Measurement.Disturbed)
		if len(clean) > 0 {
			ways[strategy] = clean
		}
	}
	return ways
}
