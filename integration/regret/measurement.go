package regret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

// A Measurement is one run of a workload in one way, or a plan: one in which no way is feasible, what a plan chose that rests on a
// trial, or what is predicted with the cluster's own costs. The file of them has one JSON object a line, written as they come.
type Measurement struct {
	Scheduler string  `json:"scheduler"`          // its configuration: "delay 0", "delay 3", "delay 5"
	Declared  string  `json:"declared,omitempty"` // "nothing": only a trial was known
	Trial     *Trial  `json:"trial,omitempty"`    // of a plan that rests on one; nothing ran then but the trial
	Costs     string  `json:"costs,omitempty"`    // Calibrated: of a plan with the cluster's own costs; nothing ran
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

// Nothing is what job.toml declares of what a trial can find out.
const Nothing = "nothing"

// Calibrated costs are those of the cluster, in place of the built-in ones.
const Calibrated = "calibrated"

// Trial is what a plan knew of the items.
type Trial struct {
	Items   int     `json:"items"`   // of the sample
	Seconds float64 `json:"seconds"` // that the command took
}

// View is which measurements count.
type View struct {
	Scheduler string
	Declared  string // "", or Nothing
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

// predicted is the same figure, as it was predicted.
func (m Measurement) predicted(w Workload) float64 {
	if w.Cost {
		return m.PredictedHours
	}
	return m.Predicted
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

// counts says whether a measurement is a run of the workload that counts. The same work in the same shape is the same, whoever declared
// it, so that where nothing is declared all runs count.
func (v View) counts(m Measurement, w Workload) bool {
	return m.Scheduler == v.Scheduler && m.Workload == w.Name && m.Failed == "" && m.Trial == nil && m.Costs == "" && (m.Declared == "" || m.Declared == v.Declared)
}

// ways are the runs of one workload, those of one way together: of a strategy in its newest shape with all declared, else of a strategy in
// one shape. Disturbed ones are left out of a way of which there are undisturbed ones.
func (v View) ways(all []Measurement, w Workload) map[string][]Measurement {
	ways := map[string][]Measurement{}
	for _, m := range all {
		name := m.Strategy
		if v.Declared == Nothing {
			name = w.way(m)
		}
		if v.counts(m, w) {
			ways[name] = append(ways[name], m)
		}
	}
	for way, runs := range ways {
		newest := runs[len(runs)-1].Request
		runs = slices.DeleteFunc(runs, func(m Measurement) bool { return m.Request != newest })
		if clean := slices.DeleteFunc(slices.Clone(runs), Measurement.Disturbed); len(clean) > 0 {
			runs = clean
		}
		ways[way] = runs
	}
	return ways
}

// way identifies a strategy and its shape. In a hole of the schedule the time limit decides, too, which follows from what is known.
func (w Workload) way(m Measurement) string {
	if w.State.Hole {
		return m.Strategy + " " + m.Request + " " + m.Declared
	}
	return m.Strategy + " " + m.Request
}

// planned is the newest choice that rests on a trial; nil where there is none.
func (v View) planned(all []Measurement, w Workload) *Measurement {
	for _, m := range slices.Backward(all) {
		if m.Scheduler == v.Scheduler && m.Workload == w.Name && m.Declared == v.Declared && m.Trial != nil {
			return &m
		}
	}
	return nil
}
