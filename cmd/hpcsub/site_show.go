package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"

	"hpcsub/configs"
)

func siteShowCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "show what holds here, and where each value is from",
		ArgsUsage: "[JOB]",
		Description: `The keys of site.toml that have a value: the site's file, the user's own over
it, and with a JOB what its job.toml and the flags say of the keys that both
have.

   hpcsub site show --origin
   hpcsub site show --origin job.toml --partition long
   hpcsub site show --json`,
		Flags: append(jobFlags(),
			&cli.BoolFlag{Name: "origin", Usage: "say of each value which file and line it is from"}, jsonFlag()),
		OnUsageError: usage,
		Action:       func(_ context.Context, c *cli.Command) error { return showSite(c, out) },
	}
}

func showSite(c *cli.Command, out *output) error {
	path, err := argument(c)
	if err != nil {
		return err
	}
	site, err := readSite()
	if err != nil {
		return err
	}
	var job *configs.Job
	if path != "" {
		if job, err = configs.ReadJob(path); err != nil {
			return asUsage(quoted(err))
		}
		if err := site.Apply(job, settings(c)...); err != nil {
			return asUsage(quoted(err))
		}
	} else if len(settings(c)) > 0 {
		return usageErrorf("site show: --account, --partition, --qos and --strategy are of a job: name its job.toml")
	}
	values := site.Values(job)
	if c.Bool("json") {
		return out.json(shownSite{site.Path, site.User, values})
	}
	if site.Path == "" && site.User == "" {
		out.hint("there is no site.toml here; hpcsub site init writes one")
	}
	table := ""
	for _, v := range values {
		name := v.Key
		if of, rest, ok := strings.Cut(v.Key, "."); ok {
			if of != table {
				out.printf("\n[%s]\n", of)
				table = of
			}
			name = rest
		}
		out.print(name + " = " + v.Text)
		if c.Bool("origin") {
			out.print("    # " + originText(v))
		}
		out.print("\n")
	}
	return nil
}

// shownSite is the contract of `hpcsub site show --json`.
type shownSite struct {
	Site   string          `json:"site"` // the files; "" = none
	User   string          `json:"user"`
	Values []configs.Value `json:"values"`
}

func originText(v configs.Value) string {
	if v.Locked {
		return fmt.Sprintf("%s; locked", v.Origin)
	}
	return v.Origin.String()
}
