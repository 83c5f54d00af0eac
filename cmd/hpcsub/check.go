package main

import (
	"context"

	"github.com/urfave/cli/v3"

	"hpcsub/items"
)

func checkCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "check job.toml and show the first items as they will run",
		ArgsUsage: "[JOB]",
		Description: `Reads job.toml and all its items, and asks the cluster whether the job can
run there. Nothing is submitted.

   hpcsub check
   hpcsub check fit/job.toml --cluster local`,
		Flags:        append(jobFlags(), clusterFlag(), clientFlag(), freshFlag(), jsonFlag()),
		OnUsageError: usage,
		Action: func(ctx context.Context, c *cli.Command) error {
			w, err := readWork(ctx, c, out)
			if err != nil {
				return err
			}
			if !c.Bool("json") {
				if err := printWork(out, w); err != nil {
					return err
				}
			}
			if w.job.Work.Function != "" {
				err := checkFunction(ctx, out, w.job, w.list.Columns())
				if err != nil {
					return asUsage(quoted(w.job.Blame(&items.KeyError{Key: "function", Err: err})))
				}
			}
			return checkPlace(ctx, c, out, w)
		},
	}
}

// checked is what `hpcsub check --json` prints.
type checked struct {
	Job        string          `json:"job"`
	Items      int             `json:"items"`
	Duplicates int             `json:"duplicates"`
	Columns    []string        `json:"columns"`
	Warnings   []items.Warning `json:"warnings"`
	Cluster    string          `json:"cluster"`
	Strategy   string          `json:"strategy"` // that would be chosen; "" when nothing fits
}

// orEmpty makes nothing a list, as JSON has it.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func checkPlace(ctx context.Context, c *cli.Command, out *output, w *work) error {
	p, err := find(ctx, c, out, w.needs())
	if err != nil {
		return err
	}
	if err := visible(w.job.Dir, p); err != nil {
		return err
	}
	_, plan, err := choose(ctx, w, p)
	if err != nil {
		return err
	}
	strategy := ""
	if plan.Chosen != nil {
		strategy = plan.Chosen.Strategy
	}
	if c.Bool("json") {
		err = out.json(checked{w.job.Name, w.survey.Count, w.survey.Duplicates, orEmpty(w.list.Columns()), orEmpty(w.survey.Warnings), p.cluster.Name, strategy})
	}
	if plan.Chosen == nil {
		return infeasible(out, plan, p.cluster.Name)
	}
	if !c.Bool("json") {
		printWarnings(out, plan)
		out.printf("It can run on %s; %s looks best.\n", p.cluster.Name, strategy)
		out.hint("hpcsub plan shows the ways to run it")
	}
	return err
}

// warnItems says what is doubtful in the list.
func warnItems(out *output, w *work) {
	for _, warning := range w.survey.Warnings {
		out.warning("%s", warning.Text)
	}
}

func printWork(out *output, w *work) error {
	out.printf("%s: %s\n", w.job.Name, count(w.survey.Count, "item"))
	warnItems(out, w)
	for i, first := range w.survey.First {
		out.printf("%5d  %s\n", i, one(first.Invocation.String(), 200))
	}
	if rest := w.survey.Count - len(w.survey.First); rest > 0 {
		out.printf("       … and %s more\n", thousands(rest))
	}
	if len(w.survey.First) > 0 && w.job.Work.Shell == "" {
		warnProgram(out, w.job, w.survey.First[0].Invocation.Argv)
	}
	return nil
}
