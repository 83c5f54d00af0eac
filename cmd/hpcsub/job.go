package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"hpcsub/configs"
	"hpcsub/items"
	"hpcsub/runs"
	"hpcsub/slurm"
	"hpcsub/strategies"
)

// clusterFlag chooses where a job runs.
func clusterFlag() cli.Flag {
	return &cli.StringFlag{Name: "cluster", Usage: "`local` is this machine; FILE.json is a saved cluster"}
}

func jsonFlag() cli.Flag {
	return &cli.BoolFlag{Name: "json", Usage: "print JSON (docs/scripting.md)"}
}

func freshFlag() cli.Flag {
	return &cli.BoolFlag{Name: "fresh", Usage: "ask Slurm again for what is kept for an hour"}
}

// work is a job.toml with its items counted.
type work struct {
	job    *configs.Job
	list   *items.List
	survey items.Survey
	site   *configs.Site // with what it says of the job applied
	// standalone: what is written is to run without hpcsub.
	standalone bool
}

// readWork reads the job.toml that the command names, and its items.
func readWork(ctx context.Context, c *cli.Command, out *output) (*work, error) {
	path, err := argument(c)
	if err != nil {
		return nil, err
	}
	if path == "" {
		path = "job.toml"
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "job.toml")
	}
	job, err := configs.ReadJob(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, asUsage(fmt.Errorf("no file %q", path), "hpcsub init writes one")
	}
	if err != nil {
		return nil, asUsage(quoted(err))
	}
	for _, w := range job.Warnings {
		out.warning("%v", w)
	}
	if lines := job.AdoptEnvironment(os.Getenv); lines != "" {
		out.hint("the environment that is active in this shell is used; to keep it, add to %s: %s", path, strings.ReplaceAll(lines, "\n", "; "))
	}
	site, err := siteFor(c)
	if err != nil {
		return nil, err
	}
	if err := site.Apply(job, settings(c)...); err != nil {
		return nil, asUsage(quoted(err))
	}
	list, err := items.Open(job.Work)
	if err != nil {
		return nil, asUsage(quoted(job.Blame(err)))
	}
	done := slow(out, "reading the items")
	survey, err := list.Survey(ctx)
	done()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, asUsage(quoted(job.Blame(err)))
	}
	return &work{job: job, list: list, survey: survey, site: site}, nil
}

// needs is what of the cluster only such a job needs to know.
func (w *work) needs() slurm.InspectOptions {
	return slurm.InspectOptions{
		Licenses: len(strategies.Licenses(w.job.Slurm.Options)) > 0,
		Topology: w.job.Each.Parallel == "mpi" || w.job.Each.Parallel == "dask",
	}
}

// place is a cluster and the way to talk to it; a saved cluster has no client.
type place struct {
	client  slurm.Client
	cluster *slurm.Cluster
	asked   slurm.InspectOptions
}

// find looks at the cluster that the command means.
func find(ctx context.Context, c *cli.Command, out *output, opt slurm.InspectOptions) (*place, error) {
	name := c.String("cluster")
	if strings.Contains(name, "/") || strings.HasSuffix(name, ".json") {
		cluster, err := slurm.ReadCluster(name)
		if err != nil {
			return nil, asUsage(err)
		}
		return &place{cluster: cluster}, nil
	}
	opt.Fresh = c.Bool("fresh")
	client, cluster, err := inspect(ctx, c, opt)
	var absent *slurm.AbsentError
	if errors.As(err, &absent) {
		hints := []string{"--cluster local runs it on this machine, without Slurm"}
		if strings.Contains(absent.Words, slurm.NoAnswer) {
			hints = append([]string{"timeout in site.toml, or HPCSUB_TIMEOUT=5m, waits longer"}, hints...)
		}
		return nil, &coded{exitSlurm, err, hints}
	}
	if err != nil {
		return nil, err
	}
	for _, what := range cluster.Unknown {
		out.warning("%s", what)
	}
	return &place{client: client, cluster: cluster, asked: opt}, nil
}

func cacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "hpcsub")
}

// choose plans the work at a place. Nothing is refused on the word of the last hour: before it says that
// nothing fits, it asks anew.
func choose(ctx context.Context, w *work, p *place) (strategies.Input, strategies.Plan, error) {
	written := w.job.Each.MemoryMiB
	in, plan, err := chooseAt(ctx, w, p)
	if err != nil || plan.Chosen != nil || !p.cluster.Cached {
		return in, plan, err
	}
	p.asked.Fresh, p.asked.CacheDir = true, cacheDir()
	cluster, err := p.client.Inspect(ctx, p.asked)
	if err != nil {
		return in, plan, err
	}
	p.cluster, w.job.Each.MemoryMiB = cluster, written // what a trial measured is put there, and said, again
	return chooseAt(ctx, w, p)
}

func chooseAt(ctx context.Context, w *work, p *place) (strategies.Input, strategies.Plan, error) {
	in := runs.NewInput(w.job, w.survey.Count, p.cluster)
	in.Site = w.site.RulesFor(w.job)
	in.Tools = tools(p, w.job.Environment.Modules)
	if w.job.Work.Function != "" || w.job.Each.Parallel == "dask" {
		in.Tools = packages(ctx, w.job, in.Local)
	}
	trial, warnings := measured(ctx, w, p, &in)
	in.Tools = withModules(in.Tools, in.Site.Modules)
	in.Interface = w.site.Interface
	in.Standalone = w.standalone
	in.Costs, in.CostsLow, in.CostsHigh = w.site.Costs.Middle, w.site.Costs.Low, w.site.Costs.High
	in, plan, err := runs.Choose(ctx, p.client, in, w.job.Environment)
	if slices.ContainsFunc(warnings, func(w strategies.Warning) bool { return w.Rule == "trial-longer" }) { // it says what would measure it
		plan.Warnings = slices.DeleteFunc(plan.Warnings, func(w strategies.Warning) bool { return w.Rule == "measure" })
	}
	plan.Warnings = append(plan.Warnings, slices.Concat(warnings, kindDoubt(trial, p.cluster, plan))...)
	return in, plan, err
}

// tools says what is known of the programs that strategies need. Where the nodes are this
// machine that is certain; of other nodes a program here, or a module, is a good sign.
func tools(p *place, modules []string) map[string]string {
	path := lookPath("parallel")
	for _, m := range modules {
		if path == "" && strings.Contains(strings.ToLower(m), "parallel") {
			path = "module " + m
		}
	}
	if path == "" && p.cluster.Client != "local" {
		return nil
	}
	return map[string]string{"parallel": path}
}

// withModules adds the tools that the site has modules for: its scripts load them.
func withModules(known map[string]string, site configs.Tools) map[string]string {
	for tool, module := range map[string]string{"parallel": site.Parallel, "pathos": site.Pathos, "distributed": site.Dask} {
		if module == "" {
			continue
		}
		if known == nil {
			known = map[string]string{}
		}
		known[tool] = "module " + module
	}
	return known
}

// lookPath is the path of a program, or "".
func lookPath(name string) string {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}

// findRun is the run that the command's argument means, with its client.
func findRun(c *cli.Command) (*runs.Run, slurm.Client, error) {
	name, err := argument(c)
	if err != nil {
		return nil, nil, err
	}
	r, err := runs.Find(name)
	if err != nil {
		return nil, nil, err
	}
	client, err := clientFor(r.Client)
	return r, client, err
}

// slow prints a line when something takes more than two seconds, and returns its end.
func slow(out *output, what string) (done func()) {
	timer := time.AfterFunc(2*time.Second, func() { out.say("%s …", what) })
	return func() { timer.Stop() }
}
