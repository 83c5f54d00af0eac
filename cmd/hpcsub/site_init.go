package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/urfave/cli/v3"

	"hpcsub/configs"
	"hpcsub/sites"
	"hpcsub/slurm"
	"hpcsub/worker"
)

func siteInitCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:  "init",
		Usage: "write a site.toml that is right for this cluster",
		Description: `Looks at the cluster, the modules and the networks of this machine, and
writes a site.toml with what it saw, and with what is for you to decide
behind a #. A file that is there is left alone.

   hpcsub site init
   hpcsub site init --out site.toml`,
		Flags: []cli.Flag{clusterFlag(), clientFlag(), freshFlag(),
			&cli.StringFlag{Name: "out", Usage: "`FILE` to write, or - (HPCSUB_SITE or " + configs.SystemSite + ")"}},
		OnUsageError: usage,
		Action:       func(ctx context.Context, c *cli.Command) error { return initSite(ctx, c, out) },
	}
}

func initSite(ctx context.Context, c *cli.Command, out *output) error {
	if err := noArgument(c); err != nil {
		return err
	}
	path := cmp.Or(c.String("out"), os.Getenv("HPCSUB_SITE"), configs.SystemSite)
	if _, err := os.Lstat(path); path != "-" && err == nil {
		return asUsage(fmt.Errorf("%s is there already", path), "hpcsub site check tries it; --out FILE writes another, and hpcsub site diff compares them")
	}
	os.Unsetenv("HPCSUB_SITE") // it names the file that is to be written
	p, err := find(ctx, c, out, slurm.InspectOptions{Whole: true})
	if err != nil {
		return err
	}
	listed, _ := worker.Try(ctx, "bash", "-lc", "module -t avail 2>&1") // without modules there are none
	text := sites.Init(sites.Facts{Cluster: p.cluster, Modules: strings.Fields(listed), Networks: networks()})
	if path == "-" {
		out.print(text)
		return nil
	}
	err = os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = replaceFile(path, []byte(text))
	}
	if err != nil {
		return &coded{exitInternal, fmt.Errorf("writing %s: %w", path, err), []string{"--out FILE writes it elsewhere; HPCSUB_SITE=FILE makes hpcsub read it there"}}
	}
	out.print(path + "\n")
	if _, err := configs.ReadSite(path); err != nil { // a folder that others may change
		out.warning("%v", quoted(err))
	}
	out.hint("read it, decide what stands behind a #, then: hpcsub site check --site %s", path)
	return nil
}

// ofMachine are the names of interfaces that lead to containers and virtual machines of this machine alone.
var ofMachine = regexp.MustCompile(`^(veth|docker|br-|virbr|vnet|cni|podman)`)

// networks are the interfaces of this machine that are up and lead to others.
func networks() []string {
	var names []string
	all, err := net.Interfaces()
	if err != nil {
		return nil
	}
	for _, i := range all {
		if i.Flags&net.FlagUp != 0 && i.Flags&net.FlagLoopback == 0 && !ofMachine.MatchString(i.Name) {
			names = append(names, i.Name)
		}
	}
	return names
}
