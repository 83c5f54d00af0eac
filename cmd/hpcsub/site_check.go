package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"hpcsub/configs"
	"hpcsub/sites"
	"hpcsub/slurm"
	"hpcsub/strategies"
	"hpcsub/worker"
)

func siteCheckCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:  "check",
		Usage: "try site.toml and its templates before users do",
		Description: `Reads site.toml and its templates; looks for its partitions, accounts and QOS
on the cluster and loads its modules; and plans and renders small jobs of
every kind in every strategy. The scripts go through bash -n, shellcheck
where it is there, and sbatch --test-only where Slurm is. Nothing is
submitted. Exit code 2: the file cannot be read; 5: there is a problem.

   hpcsub site check
   hpcsub site check --site new/site.toml
   hpcsub site check --cluster cluster.json`,
		Flags:        []cli.Flag{clusterFlag(), clientFlag(), jsonFlag()},
		OnUsageError: usage,
		Action: func(ctx context.Context, c *cli.Command) error {
			if err := noArgument(c); err != nil {
				return err
			}
			site, err := readSite()
			if err != nil {
				return err
			}
			k := siteCheck{site: site}
			if err := k.examine(ctx, c, out); err != nil {
				return err
			}
			return k.tellSite(c.Bool("json"), out)
		},
	}
}

// siteCheck is a list of findings about a site.
type siteCheck struct {
	doctor
	site  *configs.Site
	place *place // nil where there is no Slurm
}

func (k *siteCheck) bad(area, do, format string, a ...any) {
	k.broken(exitNotDone, area, do, format, a...)
}

func (k *siteCheck) examine(ctx context.Context, c *cli.Command, out *output) error {
	if k.site.Path == "" {
		k.warn("files", "hpcsub site init writes one", "there is no site.toml: what is built in is tried")
	} else {
		said := slices.DeleteFunc(k.site.Values(nil), func(v configs.Value) bool { return v.Origin.Layer == configs.LayerBuiltIn })
		k.found("files", "%s: %s", k.site.Path, count(len(said), "value"))
	}
	for _, t := range k.site.Templates {
		k.found("files", "%s", filepath.Join(configs.TemplatesDir(k.site.Path), t.Name+".tmpl"))
	}
	if k.site.Path != "" && k.site.Contact == "" {
		k.warn("files", `write contact = "…" at the top`, "nobody is named whom users can ask about a rule")
	}
	k.folders()
	if have := networks(); k.site.Interface != "" && !slices.Contains(have, k.site.Interface) {
		k.note("network", "interface %s is not on this machine (it has %s): see that nodes have it, with ip link", k.site.Interface, strings.Join(have, ", "))
	}
	cluster := sites.Imagined(k.site)
	p, err := find(ctx, c, out, slurm.InspectOptions{Whole: true})
	var absent *coded
	switch {
	case err == nil:
		k.place, cluster = p, p.cluster
		k.names(cluster)
	case errors.As(err, &absent) && absent.code == exitUsage || ctx.Err() != nil:
		return err
	default:
		k.note("Slurm", "not asked (%v): the examples are planned on an imagined cluster of 40-core nodes", err)
	}
	k.modules(ctx)
	return k.examples(ctx, cluster)
}

// folders says whether those that the site names can be used by whoever checks.
func (k *siteCheck) folders() {
	for _, f := range []struct{ name, dir string }{{"runs_dir", k.site.RunsDir}, {"scratch", k.site.Scratch}} {
		name, dir := f.name, f.dir
		if dir == "" {
			continue
		}
		at := dir
		for _, err := os.Stat(at); err != nil && at != "/"; _, err = os.Stat(at) {
			at = filepath.Dir(at)
		}
		if private := privateFolder(at); private != "" && name == "runs_dir" {
			k.bad("folders", "name a folder that the nodes share", "%s %s: every machine has a %s of its own", name, dir, private)
		} else if at == "/" {
			k.bad("folders", "make it, or correct the path", "%s %s: there is nothing of it on this machine", name, dir)
		} else {
			k.found("folders", "%s %s (%s is there)", name, dir, at)
		}
	}
}

// names looks for what the site names on the cluster.
func (k *siteCheck) names(cluster *slurm.Cluster) {
	k.found("Slurm", "%s, %s", clusterName(cluster), count(len(cluster.Partitions), "partition"))
	var have []string
	for _, p := range cluster.Partitions {
		have = append(have, p.Name)
	}
	named := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(k.site.Partitions)) {
		named[name] = "[partitions." + name + "]"
	}
	for _, name := range strings.Split(k.site.Defaults.Slurm.Partition, ",") {
		named[name] = "slurm.partition"
	}
	named[k.site.TrialPartition] = "trial_partition"
	delete(named, "")
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if !slices.Contains(have, name) {
			k.bad("Slurm", "there are "+strings.Join(have, ", "), "%s: there is no partition %q", named[name], name)
		}
	}
	account, qos := k.site.Defaults.Slurm.Account, k.site.Defaults.Slurm.QOS
	if account != "" && len(cluster.Limits.Associations) > 0 && !slices.ContainsFunc(cluster.Limits.Associations, func(a slurm.Association) bool { return strings.EqualFold(a.Account, account) }) {
		k.warn("Slurm", "where that holds for all users: correct it, or leave it out", "slurm.account: %q is no account of yours", account)
	}
	for _, q := range []struct{ key, name string }{{"slurm.qos", qos}, {"trial_qos", k.site.TrialQOS}} {
		if q.name != "" && len(cluster.Limits.QOS) > 0 && !slices.ContainsFunc(cluster.Limits.QOS, func(have slurm.QOS) bool { return strings.EqualFold(have.Name, q.name) }) {
			k.bad("Slurm", "sacctmgr show qos lists them", "%s: there is no QOS %q", q.key, q.name)
		}
	}
}

// modules loads each in a shell as a login starts it.
func (k *siteCheck) modules(ctx context.Context) {
	m := k.site.Modules
	all := append([]string{m.Python, m.Parallel, m.Pathos, m.Dask, m.MPI}, k.site.Defaults.Environment.Modules...)
	all = slices.DeleteFunc(all, func(name string) bool { return name == "" })
	if len(all) == 0 {
		return
	}
	if _, err := worker.Try(ctx, "bash", "-lc", "type module"); err != nil {
		k.bad("modules", "try it on a login node", "there is no command module in a login shell of this machine, so %s cannot be loaded", strings.Join(all, ", "))
		return
	}
	for _, name := range all {
		// Older versions of Environment Modules say what is wrong and exit 0.
		text, err := worker.Try(ctx, "bash", "-lc", `module load "$1" 2>&1`, "bash", name)
		if err != nil || strings.Contains(text, "ERROR") {
			k.bad("modules", "module avail lists them", "%s does not load: %s", name, one(strings.TrimSpace(text), 200))
		} else {
			k.found("modules", "%s loads", name)
		}
	}
}

// examples plans and renders every example in every strategy.
func (k *siteCheck) examples(ctx context.Context, cluster *slurm.Cluster) error {
	all, err := sites.Examples(ctx)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "hpcsub-site-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var scripts []string
	var broken faults
	for _, strategy := range strategies.Names() {
		var fits []string
		var not []rejected
		failed := false
		for _, e := range all {
			s := e.Try(k.site, cluster, strategy)
			switch {
			case s.Err != nil:
				broken.add(e.Name+" as "+strategy, s.Err.Error())
				failed = true
			case s.Plan.Chosen == nil:
				not = append(not, rejected{e, s.Plan.Against(strategy)})
			default:
				path := filepath.Join(dir, e.Name+"."+strategy+".sh")
				if err := os.WriteFile(path, []byte(s.Text), 0o600); err != nil {
					return err
				}
				fits, scripts = append(fits, e.Name), append(scripts, path)
			}
		}
		if len(fits) > 0 {
			k.found("examples", "%s: %s", strategy, strings.Join(fits, ", "))
		} else if len(not) > 0 && !failed {
			k.note("examples", "%s is never used: %s", strategy, neverUsed(strategy, not))
		}
	}
	for _, f := range broken {
		k.bad("examples", "mend it, and check again", "%s", f)
	}
	if len(scripts) == 0 && len(broken) == 0 {
		k.bad("examples", "hpcsub site show shows the rules; hpcsub cluster what may be used", "no example can run in any strategy")
	}
	if len(scripts) == 0 {
		return nil
	}
	return k.scripts(ctx, scripts)
}

// fault is what goes wrong in some examples.
type fault struct{ words, first, more string }

// ofScript is what differs from script to script in the words of the same fault: a line of it, the value of an option.
var ofScript = regexp.MustCompile(`(?s), where line .*|(#SBATCH --[a-z-]+)=.*`)

// faults are told once each: one slip in a template breaks every example.
type faults []fault

func (all *faults) add(example, words string) {
	for i, f := range *all {
		if ofScript.ReplaceAllString(f.words, "$1") == ofScript.ReplaceAllString(words, "$1") {
			(*all)[i].more = " and others"
			return
		}
	}
	*all = append(*all, fault{words, example, ""})
}

func (f fault) String() string { return f.first + f.more + ": " + f.words }

// rejected is an example that a strategy does not run here, and why.
type rejected struct {
	example sites.Case
	why     string
}

// neverUsed is the most frequent reason against a strategy. What is no work for it anywhere, as a command is for Pathos, says
// nothing of the site.
func neverUsed(strategy string, all []rejected) string {
	anySite := &configs.Site{}
	anywhere := sites.Imagined(anySite)
	own := slices.DeleteFunc(slices.Clone(all), func(r rejected) bool { return r.example.Try(anySite, anywhere, strategy).Plan.Chosen == nil })
	if len(own) == 0 {
		own = all
	}
	times := map[string]int{}
	for _, r := range own {
		times[r.why]++
	}
	return slices.MaxFunc(own, func(a, b rejected) int { return times[a.why] - times[b.why] }).why
}

// scripts are read by bash, by shellcheck where it is there, and, one of each strategy, by sbatch --test-only.
func (k *siteCheck) scripts(ctx context.Context, paths []string) error {
	broken := 0
	for _, path := range paths {
		if _, err := worker.Try(ctx, "bash", "-n", path); err != nil {
			broken++
			k.bad("scripts", "look at the site's templates", "bash cannot read %s: %v", filepath.Base(path), err)
		}
	}
	if broken == 0 {
		k.found("scripts", "bash -n reads all %d", len(paths))
	}
	if lookPath("shellcheck") == "" {
		k.note("scripts", "shellcheck is not here")
	} else if text, err := worker.Try(ctx, "shellcheck", append([]string{"-f", "gcc"}, paths...)...); err != nil {
		first, _, _ := strings.Cut(text, "\n")
		k.warn("scripts", "look at the site's templates", "shellcheck: %s", strings.TrimPrefix(first, filepath.Dir(paths[0])+"/"))
	} else {
		k.found("scripts", "shellcheck finds nothing")
	}
	if k.place == nil || k.place.client == nil || k.place.cluster.Client != "commands" {
		k.note("scripts", "sbatch --test-only was not asked")
		return nil
	}
	seen := map[string]bool{}
	for _, path := range paths {
		_, strategy, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), ".sh"), ".")
		if seen[strategy] {
			continue
		}
		seen[strategy] = true
		_, err := k.place.client.StartTime(ctx, slurm.Submission{Script: path, Dir: os.TempDir()})
		var no *slurm.RefusedError
		switch {
		case errors.As(err, &no):
			k.bad("scripts", "what jobs lack here, [slurm] in site.toml can say for all; policy.require makes each job say it",
				"sbatch --test-only refuses %s: %s", filepath.Base(path), no.Words)
		case ctx.Err() != nil:
			return err
		case err != nil:
			k.bad("scripts", "try it again when Slurm answers", "sbatch --test-only had no clear answer for %s: %v", filepath.Base(path), err)
		default:
			k.found("scripts", "sbatch --test-only takes %s", filepath.Base(path))
		}
	}
	return nil
}

func (k *siteCheck) verdict() string {
	return fmt.Sprintf("%s, %s", count(k.count(problem), "problem"), count(k.count(warning), "warning"))
}

func (k *siteCheck) tellSite(asJSON bool, out *output) error {
	if asJSON {
		state := fine
		for _, s := range []string{warning, problem} {
			if k.count(s) > 0 {
				state = s
			}
		}
		if err := out.json(map[string]any{"state": state, "checks": k.findings}); err != nil {
			return err
		}
	} else {
		out.print(k.text(listWidth(out)))
	}
	if k.code != 0 {
		return &coded{code: k.code, err: fmt.Errorf("site check: %s", k.verdict())}
	}
	if !asJSON {
		out.printf("\n%s\n", k.verdict())
		out.hint("hpcsub site diff OLD NEW shows what a change of it does to jobs; hpcsub site calibrate measures what things cost here")
	}
	return nil
}
