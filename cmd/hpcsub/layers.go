package main

import (
	"context"
	"os"

	"github.com/urfave/cli/v3"

	"hpcsub/configs"
)

// siteFlag names the site.toml for everybody.
func siteFlag() cli.Flag {
	return &cli.StringFlag{Name: "site", Usage: "the site's `FILE` in place of HPCSUB_SITE or " + configs.SystemSite}
}

// nameSite hands --site on as HPCSUB_SITE: whatever reads the site goes by that, programs started from here too.
func nameSite(ctx context.Context, c *cli.Command) (context.Context, error) {
	if path := c.String("site"); path != "" {
		return ctx, os.Setenv("HPCSUB_SITE", path)
	}
	return ctx, nil
}

// jobFlags are the keys of job.toml that the command line may say.
func jobFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "account", Usage: "charge this `ACCOUNT` ([slurm] account)"},
		&cli.StringFlag{Name: "partition", Usage: "run in this `PARTITION` ([slurm] partition)"},
		&cli.StringFlag{Name: "qos", Usage: "run with this `QOS` ([slurm] qos)"},
		&cli.StringFlag{Name: "strategy", Usage: "run in this `WAY` ([plan] strategy)"},
	}
}

// settings are the jobFlags that were given.
func settings(c *cli.Command) []configs.Setting {
	var all []configs.Setting
	for _, f := range []struct{ flag, key string }{
		{"account", "slurm.account"}, {"partition", "slurm.partition"}, {"qos", "slurm.qos"}, {"strategy", "plan.strategy"},
	} {
		if c.IsSet(f.flag) {
			all = append(all, configs.Setting{Flag: "--" + f.flag, Key: f.key, Value: c.String(f.flag)})
		}
	}
	return all
}

// siteFor is the site that holds where the command means to run: this machine, without Slurm, is none.
func siteFor(c *cli.Command) (*configs.Site, error) {
	if c.String("cluster") == "local" {
		return &configs.Site{}, nil
	}
	return readSite()
}
