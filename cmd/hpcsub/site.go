package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v3"

	"hpcsub/configs"
	"hpcsub/runs"
	"hpcsub/sites"
	"hpcsub/slurm"
	"hpcsub/strategies"
)

func siteCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:         "site",
		Usage:        "keep one configuration for everybody",
		OnUsageError: usage,
		Commands: []*cli.Command{
			calibrateCommand(out), siteInitCommand(out), siteCheckCommand(out), siteShowCommand(out), siteDiffCommand(out),
		},
		Action: func(_ context.Context, c *cli.Command) error {
			if c.Args().Present() {
				return unknownCommand(c)
			}
			return cli.ShowSubcommandHelp(c)
		},
	}
}

func calibrateCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:  "calibrate",
		Usage: "measure what things cost here, for better predictions",
		Description: `Submits some 140 jobs of one or two CPUs that do nothing (seven small
arrays, a few more, and two runs of each tool), in a few minutes, and
writes what they cost, with its spread, into the table [costs] of
site.toml: how often the scheduler looks for work, how fast it starts array
tasks, how much later the others of a tick begin than the first, how long
an ended task holds its place, what a job and a step take
to start, and what it takes hpcsub's worker, GNU Parallel, Pathos (on one
node, and over two), Dask and MPI ranks to start and to hand out an item. A
tool that the nodes lack is passed over. It has to run in a folder that the
nodes see.

   hpcsub site calibrate
   hpcsub site calibrate --partition short --out ~/site.toml`,
		Flags: []cli.Flag{
			clientFlag(),
			&cli.BoolFlag{Name: "quick", Usage: "only how Slurm starts jobs and arrays"},
			&cli.StringFlag{Name: "out", Usage: "write to `FILE` (default: the site.toml that holds here)"},
			&cli.StringFlag{Name: "partition", Usage: "run in this `PARTITION` (default: trial_partition)"},
			&cli.StringFlag{Name: "account", Usage: "charge this `ACCOUNT`"},
		},
		OnUsageError: usage,
		Action:       func(ctx context.Context, c *cli.Command) error { return calibrate(ctx, c, out) },
	}
}

func calibrate(ctx context.Context, c *cli.Command, out *output) error {
	if err := noArgument(c); err != nil {
		return err
	}
	client, cluster, err := inspect(ctx, c, slurm.InspectOptions{CacheDir: cacheDir(), Fresh: true})
	if err != nil {
		return err
	}
	site, err := readSite()
	if err != nil {
		return err
	}
	path := cmp.Or(c.String("out"), os.Getenv("HPCSUB_SITE"), configs.SystemSite)
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	text, before, err := siteAt(path)
	if err == nil {
		err = mayWrite(path) // to find out after some minutes would be late
	}
	if err != nil {
		return err
	}
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	if err := visible(here, &place{client: client, cluster: cluster}); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(here, ".hpcsub-calibrate-")
	if err != nil {
		return err
	}
	calibration := sites.Calibration{
		Client: client, Dir: dir, Period: strategies.Period(cluster.Scheduler),
		Slurm:   site.TrialKeys(c.String("account"), c.String("partition")),
		Say:     func(text string) { out.say("calibrating: %s …", text) },
		Cluster: cluster, Program: runs.Program{Path: ownPath(), Version: version}, Modules: site.Modules, Interface: site.Interface,
	}
	measured, latency, err := measure(ctx, calibration, c.Bool("quick"))
	if err != nil {
		out.hint("nothing is written; what its jobs left for looking into is in %s", dir)
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	note := fmt.Sprintf("`hpcsub site calibrate` measured the low end, the middle and the high end on %s (Slurm %s) on %s. A small file took %.2g ms (%.2g to %.2g) there.",
		cluster.Name, cluster.Version, time.Now().Format(time.DateOnly), 1000*latency[1], 1000*latency[0], 1000*latency[2])
	out.print(string(configs.WithCosts(nil, measured, note)))
	if err := replaceFile(path, configs.WithCosts(text, measured.Over(before.Costs), note)); err != nil {
		return &coded{exitInternal, fmt.Errorf("writing what was measured: %w", err),
			[]string{"put the lines above into " + path + ", or name another file: hpcsub site calibrate --out FILE, and set HPCSUB_SITE to it"}}
	}
	out.hint("%s has it now; hpcsub plan --explain shows what comes of it", path)
	if path != os.Getenv("HPCSUB_SITE") && path != configs.SystemSite {
		out.hint("export HPCSUB_SITE=%s makes hpcsub read it", path)
	}
	return nil
}

// measure runs the parts of a calibration; the second result is the file system's latency.
func measure(ctx context.Context, c sites.Calibration, quick bool) (configs.CostRange, [3]float64, error) {
	measured, err := c.Run(ctx)
	if err == nil && !quick {
		err = c.Tools(ctx, &measured)
	}
	if err != nil {
		return measured, [3]float64{}, err
	}
	latency, err := c.Latency(ctx)
	return measured, latency, err
}

// siteAt reads the file that will be changed, which may not be there yet.
func siteAt(path string) ([]byte, *configs.Site, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &configs.Site{}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	site, err := configs.ParseSite(path, text)
	if err != nil {
		return nil, nil, asUsage(quoted(err))
	}
	return text, site, nil
}

// mayWrite says why a file could not be written anew in its folder.
func mayWrite(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".site-")
	if err != nil {
		return &coded{exitInternal, fmt.Errorf("%s could not be written with what is measured: %w", path, err),
			[]string{"hpcsub site calibrate --out ~/site.toml writes elsewhere; whoever may write " + path + " then puts its table [costs] there"}}
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// replaceFile writes a file anew beside the old one, with its mode, and then puts it in its place. A link stays one: what it leads to is replaced.
func replaceFile(path string, text []byte) error {
	mode := os.FileMode(0o644)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".site-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
