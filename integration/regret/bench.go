//go:build integration

package regret

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hpcsub/integration"
	"hpcsub/strategies"
	"hpcsub/trials"
)

// A Bench runs workloads on a lab and keeps what comes of them in a file.
type Bench struct {
	Lab       *integration.Lab
	File      string // of measurements
	Scheduler string // the configuration's name
	Declared  string // "", or Nothing: then plans rest on a trial
	Runs      int    // of a way that takes less than half a minute and is not far behind the best
	Undo      bool   // what was measured on a busy machine is measured again
	Program   string // hpcsub's version

	site  string // a site.toml with the cluster's own costs, on the lab; "" where plans are made with the built-in ones alone
	known []Measurement
}

// Schedulers are the configurations by their batch_sched_delay: the lab's own, which is tuned for speed, Slurm's
// defaults, and that of a site which spares its controller.
var Schedulers = map[int]string{0: "", 3: "batch_sched_delay=3", 5: "batch_sched_delay=5,defer"}

// NewBench puts the program on the lab, with the scheduler configured.
func NewBench(t testing.TB, lab *integration.Lab, file string, delay int) *Bench {
	t.Helper()
	parameters, ok := Schedulers[delay]
	if !ok {
		t.Fatalf("no configuration with batch_sched_delay %d: want 0, 3 or 5", delay)
	}
	if parameters != "" {
		lab.SetScheduler(t, parameters)
		lab.WaitIdle(t)
	}
	lab.Install(t, "../../bin/hpcsub")
	b := &Bench{Lab: lab, File: file, Scheduler: fmt.Sprintf("batch_sched_delay %d", delay), Runs: 3}
	b.Program = lab.Must(t, integration.Command{Line: "hpcsub version | head -n 1"})
	var err error
	if b.known, err = Read(file); err != nil {
		t.Fatal(err)
	}
	return b
}

// SlowStart gives the cluster a prolog that takes so many seconds before each job, as many sites have.
func (b *Bench) SlowStart(t testing.TB, seconds int) {
	t.Helper()
	b.Lab.SetProlog(t, seconds)
	b.Lab.WaitIdle(t)
	b.Scheduler += fmt.Sprintf(", a prolog of %d s", seconds)
}

// View is what the bench measures.
func (b *Bench) View() View { return View{b.Scheduler, b.Declared} }

// Measure runs a workload in every feasible way, as often as it has not been yet. Where nothing is declared, only those run whose shape
// no run has had so far, and then the choice is kept: when it is there, all of the workload is.
func (b *Bench) Measure(t *testing.T, w Workload) {
	folder := b.Lab.Folder(t)
	if b.Declared == Nothing {
		w = w.Undeclared()
		if old := b.View().planned(b.known, w); old != nil && !(b.Undo && old.Disturbed()) {
			return
		}
	}
	choice := Measurement{Workload: w.Name, LoadBefore: load()}
	choice.Trial = b.prepare(t, w, folder)
	plan, no := b.plan(t, w, folder)
	if no != "" {
		if w.Needs == "" {
			t.Errorf("%s cannot be planned: %s", w.Name, no)
			b.keep(t, Measurement{Workload: w.Name, Failed: no})
		}
		t.Logf("%s: not yet run: %s", w.Name, no)
		return
	}
	b.runAll(t, w, folder, plan)
	if choice.Trial != nil {
		choice.LoadAfter, choice.Strategy, choice.Chosen = load(), plan.Chosen.Strategy, true
		choice.predict(*plan.Chosen)
		b.keep(t, choice)
		t.Logf("%-16s after a trial of %d in %.0f s: %s, %s, predicted %.1f s (%.1f to %.1f)", w.Name, choice.Trial.Items, choice.Trial.Seconds, choice.Strategy, choice.Request, choice.Predicted, choice.Low, choice.High)
	}
}

// runAll runs what a plan proposes, as often as its shape has not run yet.
func (b *Bench) runAll(t *testing.T, w Workload, folder string, plan strategies.Plan) {
	for pass := range b.Runs {
		for _, c := range plan.Candidates {
			have := b.have(w, c)
			best := b.best(w)
			chosen := c.Strategy == plan.Chosen.Strategy
			if len(have) > pass || pass > 0 && !worthAnother(have, best, chosen) {
				continue
			}
			m := b.run(t, w, folder, c, best)
			m.Chosen = chosen
			b.keep(t, m)
			t.Logf("%-16s %-13s %-34s predicted %6.1f s (%.1f to %.1f), took %6.1f s, load %.1f %s", w.Name, m.Strategy, m.Request, m.Predicted, m.Low, m.High, m.Seconds, m.LoadBefore, m.Failed)
		}
	}
}

// worthAnother says that a run is short, and may be among the best or is what hpcsub chose, so that its spread matters. A tick of the
// scheduler, of up to 5 s, still decides between ways that take a minute and differ by little, and alone between those that take seconds.
func worthAnother(have []Measurement, best float64, chosen bool) bool {
	for _, m := range have {
		if !m.Cut && (m.Seconds < 6 || m.Seconds < 30 && (chosen || m.Seconds <= 1.5*best) || m.Seconds < 60 && m.Seconds <= 1.1*best) {
			return true
		}
	}
	return false
}

// have are the measurements of a way in the shape that hpcsub plans now.
func (b *Bench) have(w Workload, c strategies.Candidate) []Measurement {
	var all []Measurement
	now := Measurement{Strategy: c.Strategy, Request: words(c), Declared: b.Declared}
	for _, m := range b.known {
		if b.View().counts(m, w) && w.way(m) == w.way(now) && !(b.Undo && m.Disturbed()) {
			all = append(all, m)
		}
	}
	return all
}

// best is the shortest run of the workload so far; infinity before the first.
func (b *Bench) best(w Workload) float64 {
	best := math.Inf(1)
	for _, m := range b.known {
		if b.View().counts(m, w) {
			best = min(best, m.Seconds)
		}
	}
	return best
}

func (b *Bench) keep(t testing.TB, m Measurement) {
	t.Helper()
	m.Scheduler, m.Declared, m.Program = b.Scheduler, b.Declared, b.Program
	b.known = append(b.known, m)
	if err := Append(b.File, m); err != nil {
		t.Fatal(err)
	}
}

// Costs are those of the cluster: what a file says, or what is measured now and written to it. From now on each workload is planned with
// them, too, so that what they predict can be held against what the built-in ones do.
func (b *Bench) Costs(t testing.TB, file string) {
	t.Helper()
	folder := b.Lab.Folder(t)
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		b.Lab.Must(t, integration.Command{Folder: folder, Line: "umask 022; hpcsub site calibrate --out site.toml", Timeout: 15 * time.Minute})
		text = []byte(b.Lab.Get(t, folder+"/site.toml"))
		b.Lab.WaitIdle(t)
		err = os.WriteFile(file, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	b.site = folder + "/site.toml"
	b.Lab.Put(t, integration.File{Path: b.site, Content: string(text)})
}

// forecast keeps what is predicted with the cluster's own costs, while the cluster is in the workload's state.
func (b *Bench) forecast(t testing.TB, w Workload, folder string) {
	t.Helper()
	if b.site == "" || slices.ContainsFunc(b.known, func(m Measurement) bool { return b.View().forecasts(m, w) }) {
		return
	}
	plan, no := b.ask(t, folder, " --site "+b.site)
	if no != "" {
		t.Errorf("%s cannot be planned with the cluster's costs: %s", w.Name, no)
	}
	for _, c := range plan.Candidates {
		m := Measurement{Workload: w.Name, Costs: Calibrated, Strategy: c.Strategy, Chosen: c.Strategy == plan.Chosen.Strategy}
		m.predict(c)
		b.keep(t, m)
	}
}

// prepare writes the workload's files, and runs a few of its items where their lengths are to be known, or tries a sample, of which it
// says what it took.
func (b *Bench) prepare(t testing.TB, w Workload, folder string) (tried *Trial) {
	t.Helper()
	b.Lab.Put(t, integration.File{Path: folder + "/work.py", Content: program})
	b.Lab.Put(t, integration.File{Path: folder + "/job.toml", Content: w.Job("")})
	b.Lab.Put(t, integration.File{Path: folder + "/items.csv", Content: w.List(w.Tried)})
	if w.Tried > 0 {
		b.Lab.Run(t, integration.Command{Folder: folder, Line: "hpcsub submit --wait", Timeout: 5 * time.Minute})
		b.Lab.Put(t, integration.File{Path: folder + "/items.csv", Content: w.List(0)})
	}
	if w.Sample > 0 {
		tried = b.trial(t, w, folder)
	}
	b.Lab.Must(t, integration.Command{Folder: folder, Line: "mkdir -p .hpcsub && cp -a .hpcsub tried"})
	return tried
}

// forget takes back what was learnt since prepare: each way is planned with the same knowledge.
func (b *Bench) forget(t testing.TB, folder string) {
	t.Helper()
	b.Lab.Must(t, integration.Command{Folder: folder, Line: "rm -rf .hpcsub && cp -a tried .hpcsub"})
}

// trial has hpcsub time the sample, on a cluster that does nothing else: before the plan is needed.
func (b *Bench) trial(t testing.TB, w Workload, folder string) *Trial {
	t.Helper()
	begin := time.Now()
	out := b.Lab.Must(t, integration.Command{Folder: folder, Line: "hpcsub trial --json", Timeout: 4 * time.Minute})
	took := time.Since(begin).Seconds()
	var report trials.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.Items == 0 || report.Items > w.Sample {
		t.Fatalf("trial --json: %v, %d items; want 1 to %d in\n%s", err, report.Items, w.Sample, out)
	}
	b.Lab.WaitIdle(t)
	return &Trial{Items: report.Items, Seconds: took}
}

// plan asks hpcsub, while the cluster is in the workload's state, what it would do; no says why it would do nothing.
func (b *Bench) plan(t testing.TB, w Workload, folder string) (plan strategies.Plan, no string) {
	t.Helper()
	defer b.enter(t, w.State)()
	plan, no = b.ask(t, folder, "")
	if no == "" && b.Declared == "" {
		b.forecast(t, w, folder)
	}
	return plan, no
}

func (b *Bench) ask(t testing.TB, folder, flags string) (plan strategies.Plan, no string) {
	t.Helper()
	r := b.Lab.Run(t, integration.Command{Folder: folder, Line: "hpcsub plan --json" + flags})
	if err := json.Unmarshal([]byte(r.Stdout), &plan); err != nil || plan.Chosen == nil {
		first, _, _ := strings.Cut(strings.TrimSpace(r.Stderr), "\n")
		return plan, first
	}
	return plan, ""
}

// words are what identifies a way: the request and its layout.
func words(c strategies.Candidate) string {
	r, l := c.Request, c.Layout
	text := fmt.Sprintf("%d × %d on %s", max(1, r.ArrayTasks)*max(1, r.Nodes), l.Slots, r.Partition)
	if l.CPUsPerItem > 1 {
		text += fmt.Sprintf(", %d CPUs an item", l.CPUsPerItem)
	}
	if r.ArrayThrottle > 0 {
		text += fmt.Sprintf(", %d at once", r.ArrayThrottle)
	}
	if l.Queue != nil {
		text += ", one queue"
	}
	return text
}

// load is the machine's load over the last minute.
func load() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return math.NaN()
	}
	var one float64
	fmt.Sscan(string(text), &one)
	return one
}
