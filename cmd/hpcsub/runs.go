package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v3"

	"hpcsub/runs"
)

func runsCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:  "runs",
		Usage: "list your runs, newest first",
		Description: `Lists the runs of the job.toml files in this folder; --all lists those of
every folder. States are told from the records on disk; hpcsub status asks
Slurm too.

   hpcsub runs
   hpcsub runs --all`,
		Flags:        []cli.Flag{jsonFlag(), &cli.BoolFlag{Name: "all", Usage: "runs of every folder"}},
		OnUsageError: usage,
		Action: func(ctx context.Context, c *cli.Command) error {
			if err := noArgument(c); err != nil {
				return err
			}
			here, err := filepath.Abs(".")
			if err != nil {
				return err
			}
			all := runs.List(runs.Root(here))
			if c.Bool("all") {
				all = runs.Everywhere()
			}
			return printRuns(ctx, c, out, all)
		},
	}
}

// runLine is one element of `hpcsub runs --json`.
type runLine struct {
	runs.Status
	Job     string    `json:"job"`
	Created time.Time `json:"created"`
}

func printRuns(ctx context.Context, c *cli.Command, out *output, all []*runs.Run) error {
	lines := []runLine{}
	for _, r := range all {
		s, err := r.Status(ctx, nil)
		if err != nil {
			out.warning("%s: %v", r.ID, err)
			continue
		}
		lines = append(lines, runLine{s, r.Job, r.Created})
	}
	if c.Bool("json") {
		return out.json(lines)
	}
	if len(lines) == 0 {
		out.hint("no runs here; hpcsub submit starts one, hpcsub runs --all shows those of other folders")
		return nil
	}
	t := table{head: []string{"run", "state", "items", "done", "failed", "submitted"}}
	if c.Bool("all") {
		t.head, t.left = append(t.head, "folder"), []int{0, 1, len(t.head)}
	}
	for _, l := range lines {
		row := []string{l.Run, l.State, thousands(l.Items.Total), thousands(l.Items.Done), thousands(l.Items.Failed), clock(l.Created, time.Now())}
		if c.Bool("all") {
			row = append(row, one(filepath.Dir(l.Job), 200))
		}
		t.add(row...)
	}
	out.print(t.String())
	out.hint("hpcsub status %s", lines[0].Run)
	return nil
}
