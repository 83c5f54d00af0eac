package sites

import (
	"context"
	"embed"
	"errors"
	"path/filepath"
	"strings"

	"hpcsub/configs"
	"hpcsub/items"
	"hpcsub/runs"
	"hpcsub/slurm"
	"hpcsub/strategies"
)

//go:embed cases/*.toml
var cases embed.FS

// Case is a job that a site is tried with: an example, or one that was run here.
type Case struct {
	Name  string
	Job   *configs.Job
	Items int
	Saved *strategies.Input // of a run; nil for an example
}

// Examples are small jobs of every kind.
func Examples(ctx context.Context) ([]Case, error) {
	files, err := cases.ReadDir("cases")
	if err != nil {
		return nil, err
	}
	var all []Case
	for _, f := range files {
		text, err := cases.ReadFile("cases/" + f.Name())
		if err != nil {
			return nil, err
		}
		job, err := configs.ParseJob("/examples/"+f.Name(), text)
		if err != nil {
			return nil, err
		}
		list, err := items.Open(job.Work)
		if err != nil {
			return nil, err
		}
		survey, err := list.Survey(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, Case{Name: strings.TrimSuffix(f.Name(), ".toml"), Job: job, Items: survey.Count})
	}
	return all, nil
}

// Script is what became of a case: the plan, and the script of its first submission where there is a way.
type Script struct {
	Input strategies.Input
	Plan  strategies.Plan
	Text  string
	Err   error // from the site's templates, or a locked key
}

// Try plans a case as the site wants it, in one strategy or ("") the best, and renders it. What the site requires of every job an
// example has.
func (c Case) Try(site *configs.Site, cluster *slurm.Cluster, strategy string) Script {
	job := *c.Job
	if err := site.Apply(&job); err != nil {
		return Script{Err: err}
	}
	if strategy != "" {
		job.Plan.Strategy = strategy
	}
	in := runs.NewInput(&job, c.Items, cluster)
	in.Site = site.RulesFor(&job)
	if c.Saved == nil {
		in.Site.Missing = nil
	} else {
		in.Sample, in.SampleOf, in.Tools = c.Saved.Sample, c.Saved.SampleOf, c.Saved.Tools
	}
	in.Interface = site.Interface
	in.Costs, in.CostsLow, in.CostsHigh = site.Costs.Middle, site.Costs.Low, site.Costs.High
	s := Script{Input: in, Plan: strategies.Choose(in)}
	if s.Plan.Chosen != nil {
		s.Text, s.Err = runs.Preview(&job, in, s.Plan, runs.Program{Path: "/usr/bin/hpcsub"})
	}
	return s
}

// Past are the newest jobs that were run here, each once, on the cluster that its plan was made for.
func Past(most int) []Case {
	var all []Case
	seen := map[string]bool{}
	for _, r := range runs.Everywhere() {
		if seen[r.Job] || r.Client == "local" || len(all) == most {
			continue
		}
		seen[r.Job] = true
		if c, err := pastOf(r); err == nil { // what can no longer be read says nothing of a site
			all = append(all, c)
		}
	}
	return all
}

func pastOf(r *runs.Run) (Case, error) {
	attempts, err := r.Attempts()
	if err != nil || len(attempts) == 0 {
		return Case{}, errors.Join(err, errors.New("no attempt"))
	}
	in, err := attempts[0].Planned()
	if err != nil {
		return Case{}, err
	}
	job, err := configs.ParseJob(r.Job, []byte(r.Text))
	if err != nil {
		return Case{}, err
	}
	return Case{Name: r.ID + " (" + filepath.Base(filepath.Dir(r.Job)) + ")", Job: job, Items: r.Items, Saved: &in}, nil
}
