//go:build integration

package regret

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"hpcsub/integration"
	"hpcsub/strategies"
)

// patience is how long the first way of a workload may take.
const patience = 8 * time.Minute

// leastPatience is how long any way may take.
const leastPatience = 12 * time.Second

// lost is how many times as long as the best way another may take.
const lost = 2.5

// run measures one way once. A way that takes so much longer than the best one that it has lost is ended; half as much
// more is enough where that was predicted.
func (b *Bench) run(t testing.TB, w Workload, folder string, c strategies.Candidate, best float64) Measurement {
	t.Helper()
	strategy, limit := c.Strategy, patience
	if !math.IsInf(best, 1) && !w.Cost { // long may be cheap
		most := lost
		if c.Estimate.MakespanLow > lost*best {
			most = 1.5
		}
		limit = max(leastPatience, time.Duration(most*best*float64(time.Second)))
	}
	b.forget(t, folder)
	b.Lab.Put(t, integration.File{Path: folder + "/job.toml", Content: w.Job(strategy)})
	m := Measurement{Workload: w.Name, Strategy: strategy}
	leave := b.enter(t, w.State)
	defer b.Lab.WaitIdle(t)
	defer leave()
	m.LoadBefore = load()
	r := b.Lab.Run(t, integration.Command{Folder: folder, Line: "hpcsub submit --wait --again", Timeout: limit + 10*time.Second})
	m.LoadAfter = load()
	if r.Code != 0 && r.Code != 124 {
		m.Failed = fmt.Sprintf("exit code %d: %s", r.Code, lastLine(r.Stderr))
		return m
	}
	attempt := b.Lab.Must(t, integration.Command{Folder: folder, Line: "ls -td .hpcsub/regret-*/attempts/1 | head -n 1"})
	b.predicted(t, &m, folder+"/"+attempt)
	if r.Code == 124 {
		m.Cut, m.Seconds = true, limit.Seconds()
		b.Lab.Must(t, integration.Command{User: "root", Host: "ctl", Line: "scancel -u alice"})
	} else {
		m.Seconds = b.lastEnd(t, folder) - b.submitted(t, folder+"/"+attempt)
	}
	m.CPUHours = b.cpuHours(t, folder+"/"+attempt)
	return m
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndex(text, "\n")+1:]
}

// predicted fills in what the run's own plan said.
func (b *Bench) predicted(t testing.TB, m *Measurement, attempt string) {
	t.Helper()
	var kept struct{ Plan strategies.Plan }
	if err := json.Unmarshal([]byte(b.Lab.Get(t, attempt+"/plan.json")), &kept); err != nil || kept.Plan.Chosen == nil {
		t.Fatalf("%s/plan.json: %v", attempt, err)
	}
	m.predict(*kept.Plan.Chosen)
}

// predict fills in what a plan says of a way, up to its last result.
func (m *Measurement) predict(c strategies.Candidate) {
	e := c.Estimate
	m.Request, m.Predicted, m.PredictedHours, m.Low, m.High = words(c), e.Makespan, e.CPUHours, e.MakespanLow, e.MakespanHigh
	for _, term := range e.Parts { // what comes after the last result
		if term.Name == "stop" {
			m.Predicted -= term.Seconds
		}
	}
}

// submitted is when the attempt's first Slurm job was handed over, as Unix time.
func (b *Bench) submitted(t testing.TB, attempt string) float64 {
	t.Helper()
	first, _, _ := strings.Cut(b.Lab.Get(t, attempt+"/submissions.jsonl"), "\n")
	var event struct{ Time time.Time }
	if err := json.Unmarshal([]byte(first), &event); err != nil {
		t.Fatalf("%s/submissions.jsonl: %v in %q", attempt, err, first)
	}
	return float64(event.Time.UnixNano()) / 1e9
}

// lastEnd is when the last item ended, as Unix time. Every item has to be done.
func (b *Bench) lastEnd(t testing.TB, folder string) float64 {
	t.Helper()
	last := 0.0
	out := b.Lab.Must(t, integration.Command{Folder: folder, Line: "hpcsub results --json"})
	for line := range strings.Lines(out) {
		var r struct {
			State string
			End   float64
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.State != "done" {
			t.Errorf("results --json: %v in %q: want an item that is done", err, line)
		}
		last = max(last, r.End)
	}
	return last
}

// cpuHours are what Slurm accounts for, to a second a job.
func (b *Bench) cpuHours(t testing.TB, attempt string) float64 {
	t.Helper()
	total := 0.0
	b.Lab.WaitIdleOf(t, "alice")
	out := b.Lab.Must(t, integration.Command{Line: `ids=$(grep -ho '"job_id":"[0-9]*"' ` + attempt + `/submissions.jsonl | tr -dc '0-9\n' | sort -u | paste -sd,)
for try in 1 2 3 4 5; do
	rows=$(sacct -X -n -P -o CPUTimeRAW,End -j "$ids")
	grep -q Unknown <<<"$rows" || break
	sleep 1
done
cut -d '|' -f 1 <<<"$rows"`})
	for _, field := range strings.Fields(out) {
		var seconds float64
		fmt.Sscan(field, &seconds)
		total += seconds
	}
	return total / 3600
}
