package runs

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"time"

	"hpcsub/configs"
	"hpcsub/items"
	"hpcsub/strategies"
	"hpcsub/templates"
	"hpcsub/trials"
)

// attemptPlan is what an attempt is made of.
type attemptPlan struct {
	n     int
	items iter.Seq[int] // indices into the run's frozen items
	input strategies.Input
	plan  strategies.Plan
	trial *trials.Rules // nil for a run
	job   *configs.Job  // of a trial
}

// makeAttempt writes attempt n into runDir/attempts, whole or not at all. runDir may be the
// run's folder under another name; the scripts name the final one.
func (r *Run) makeAttempt(runDir items.RunDir, p attemptPlan) error {
	folder := runDir.AttemptsDir()
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("making the attempt: %w", err)
	}
	tmp, err := os.MkdirTemp(folder, ".new-")
	if err != nil {
		return fmt.Errorf("making the attempt: %w", err)
	}
	defer os.RemoveAll(tmp)
	a := r.newAttempt(p)
	if err := r.fillAttempt(items.AttemptDir(tmp), a, p); err != nil {
		return fmt.Errorf("making the attempt: %w", err)
	}
	if err := os.Rename(tmp, string(runDir.Attempt(p.n))); err != nil {
		return fmt.Errorf("making the attempt: %w", err)
	}
	return nil
}

func (r *Run) newAttempt(p attemptPlan) *Attempt {
	chosen := p.plan.Chosen
	a := &Attempt{
		N: p.n, Token: randomText(10), Created: time.Now(),
		Strategy: chosen.Strategy, Request: chosen.Request, Layout: chosen.Layout,
		Items: p.input.Items, Exclude: p.input.Exclude,
		dir: r.dir.Attempt(p.n),
	}
	for k, part := range chosen.Layout.Submissions {
		a.Submissions = append(a.Submissions, Submission{
			Name: jobName(r.ID, p.n, a.Token, k), Script: filepath.Base(a.dir.Script(k)), FirstPart: part.First, Parts: part.Count,
		})
	}
	return a
}

// fillAttempt writes the files of an attempt; attempt.json, which makes it one, comes last.
func (r *Run) fillAttempt(dir items.AttemptDir, a *Attempt, p attemptPlan) error {
	if err := dir.Make(); err != nil {
		return err
	}
	work := r.workOf(a, p.input)
	if q := a.Layout.Queue; q != nil {
		work.Parts, work.ItemS = a.Layout.Parts, q.ItemS
	}
	if work.Trial = p.trial != nil; work.Trial { // its budget ends it, and failures are what it is to find
		work.TimeS, work.Failures = 0, 0
		work.Variants, work.Check, work.Tolerance = p.job.Specs(), p.job.Check.Command, p.job.Check.Tolerance
	}
	if err := items.WriteWork(dir, work); err != nil {
		return err
	}
	if err := writeTrial(dir, p.trial); err != nil {
		return err
	}
	if err := deal(dir, p.items, a.Layout); err != nil {
		return err
	}
	if r.Work.Function != "" || a.Layout.Ranks > 0 || a.Layout.Cluster {
		if err := writeDrivers(dir); err != nil {
			return err
		}
	}
	kept := struct {
		Input strategies.Input `json:"input"`
		Plan  strategies.Plan  `json:"plan"`
	}{p.input, p.plan}
	if err := writeJSON(dir.Plan(), kept); err != nil {
		return err
	}
	for k := range a.Submissions {
		text, err := templates.Render(r.script(a, k, p))
		if err != nil {
			return err
		}
		if err := items.WriteFile(dir.Script(k), func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		}); err != nil {
			return err
		}
	}
	return writeJSON(dir.Intent(), a)
}

// deal gives each part its items, or all parts one queue.
func deal(dir items.AttemptDir, indices iter.Seq[int], l strategies.Layout) error {
	if l.Queue != nil {
		return items.WriteQueue(dir, indices, l.Parts)
	}
	return items.WriteParts(dir, indices, l.Parts)
}

// writeDrivers puts the programs that make calls, and the one that looks for the world of MPI ranks, beside the script that starts them.
func writeDrivers(dir items.AttemptDir) error {
	drivers, err := templates.Drivers()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir.Python("x")), 0o700); err != nil {
		return err
	}
	for name, text := range drivers {
		err := items.WriteFile(dir.Python(name), func(w io.Writer) error {
			_, err := w.Write(text)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Run) workOf(a *Attempt, in strategies.Input) items.Work {
	return items.Work{
		Run: r.ID, Attempt: a.N, Token: a.Token, Spec: r.Work, Columns: r.Columns,
		CPUs: a.Layout.CPUsPerItem, Bind: in.Each.Parallel == "threads", GPUs: a.gpusHere(in), MemoryMiB: in.Each.MemoryMiB,
		TimeS: r.Each.Time.Seconds(), TimeoutS: r.Each.Timeout.Seconds(),
		Failures: failures(r.Limits.Failures), KillWaitS: float64(in.Cluster.Scheduler.KillWaitS), Items: r.Items,
	}
}

// gpusHere is how many GPUs one item has on a node: those of a cluster of Dask are spread over its nodes.
func (a *Attempt) gpusHere(in strategies.Input) int {
	if a.Layout.Cluster {
		return in.Each.GPUs / max(1, a.Request.Nodes)
	}
	return in.Each.GPUs
}

func failures(said *int) int {
	if said == nil {
		return configs.DefaultFailures
	}
	return *said
}

// script is what submission k is rendered from.
func (r *Run) script(a *Attempt, k int, p attemptPlan) templates.Script {
	sub := a.Submissions[k]
	s := scriptFor(p.input, p.plan, *p.plan.Chosen)
	s.Hpcsub, s.Version = r.Program.Path, r.Program.Version
	s.Run, s.JobFile, s.Dir = r.ID, r.Job, filepath.Dir(r.Job)
	s.Attempt, s.LogDir = string(a.dir), a.dir.SlurmDir()
	s.JobName, s.Comment, s.Token = sub.Name, sub.Name, a.Token
	s.Range = strategies.IndexRange{First: sub.FirstPart, Count: sub.Parts}
	s.Items = r.Items
	s.Environment = r.Environment
	return s
}

// Planned is what the attempt's plan was made from.
func (a *Attempt) Planned() (strategies.Input, error) {
	var kept struct {
		Input strategies.Input `json:"input"`
	}
	text, err := os.ReadFile(a.dir.Plan())
	if err == nil {
		err = json.Unmarshal(text, &kept)
	}
	if err != nil {
		return kept.Input, fmt.Errorf("reading the plan of an attempt: %w", err)
	}
	return kept.Input, nil
}
