package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/urfave/cli/v3"

	"hpcsub/configs"
	"hpcsub/local"
	"hpcsub/slurm"
	"hpcsub/templates"
)

// clientFlag chooses how Slurm is talked to.
func clientFlag() cli.Flag {
	return &cli.StringFlag{Name: "client", Usage: "talk to Slurm by `NAME`: commands, or rest (slurmrestd)"}
}

// clientName is the client that a cluster name, else --client, HPCSUB_CLIENT or site.toml asks for.
func clientName(c *cli.Command, site *configs.Site) (string, error) {
	if name := c.String("cluster"); name != "" {
		return name, nil
	}
	for _, s := range []configs.Setting{{Flag: "--client", Key: "client", Value: c.String("client")}, {Flag: "HPCSUB_CLIENT", Key: "client", Value: os.Getenv("HPCSUB_CLIENT")}} {
		if err := site.CheckFlag(s); err != nil {
			return "", asUsage(err)
		}
	}
	name := cmp.Or(c.String("client"), os.Getenv("HPCSUB_CLIENT"), site.Client, "commands")
	if name != "commands" && name != "rest" {
		return "", usageErrorf("--client, or HPCSUB_CLIENT, %q: want commands or rest", name)
	}
	return name, nil
}

// readSite reads the site.toml that holds here.
func readSite() (*configs.Site, error) {
	site, err := configs.FindSite("", os.Getenv)
	if err != nil {
		return nil, asUsage(quoted(err))
	}
	if err := checkTemplates(site); err != nil {
		return nil, err
	}
	for _, s := range []configs.Setting{{Flag: "HPCSUB_TIMEOUT", Key: "timeout", Value: os.Getenv("HPCSUB_TIMEOUT")}, {Flag: "HPCSUB_ADDRESS", Key: "address", Value: os.Getenv("HPCSUB_ADDRESS")}} {
		if err := site.CheckFlag(s); err != nil {
			return nil, asUsage(err)
		}
	}
	if text := os.Getenv("HPCSUB_TIMEOUT"); text != "" {
		if site.Timeout, err = configs.ParseDuration(text); err != nil || site.Timeout <= 0 {
			return nil, usageErrorf("HPCSUB_TIMEOUT: want how long to wait for one answer of Slurm, such as 30s, got %q", text)
		}
	}
	return site, nil
}

// checkTemplates refuses templates that would never be used.
func checkTemplates(site *configs.Site) error {
	for _, t := range site.Templates {
		if err := templates.CheckName(t.Name); err != nil {
			return asUsage(fmt.Errorf("%s: %w", configs.TemplatesDir(site.Path), err))
		}
	}
	return nil
}

// inspect asks the client that is chosen; where slurmrestd cannot be asked and the commands can, the
// commands.
func inspect(ctx context.Context, c *cli.Command, opt slurm.InspectOptions) (slurm.Client, *slurm.Cluster, error) {
	site, err := readSite()
	if err != nil {
		return nil, nil, err
	}
	name, err := clientName(c, site)
	if err != nil {
		return nil, nil, err
	}
	client, err := newClient(name, site)
	if err != nil {
		return nil, nil, err
	}
	opt.CacheDir = cacheDir()
	// Slurm's answers are megabytes that are read once: memory is not worth collecting meanwhile.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	if name == "rest" {
		return slurm.InspectEither(ctx, client, newCommands(site), opt)
	}
	cluster, err := client.Inspect(ctx, opt)
	return client, cluster, err
}

// clientFor returns the client of a run: what it was submitted through knows it.
func clientFor(name string) (slurm.Client, error) {
	site, err := readSite()
	if err != nil {
		return nil, err
	}
	return newClient(name, site)
}

func newClient(name string, site *configs.Site) (slurm.Client, error) {
	switch name {
	case "", "commands":
		return newCommands(site), nil
	case "rest":
		return newREST(site)
	case "local":
		program, err := os.Executable()
		if err != nil {
			return nil, err
		}
		return local.New(local.Options{Program: program}), nil
	}
	return nil, usageErrorf("--cluster %q: want local, or a saved cluster: a path with / or ending in .json", name)
}

func newCommands(site *configs.Site) slurm.Client {
	return slurm.NewCommands(slurm.CommandsOptions{Timeout: site.Timeout})
}

func newREST(site *configs.Site) (slurm.Client, error) {
	address := cmp.Or(os.Getenv("HPCSUB_ADDRESS"), site.Address)
	if address == "" {
		return nil, asUsage(errors.New("client rest: nobody says where slurmrestd is"),
			`write address = "http://host:6820" in site.toml, or set HPCSUB_ADDRESS`)
	}
	client, err := slurm.NewREST(slurm.RESTOptions{Address: address, CAFile: site.CAFile, TokenFile: site.TokenFile, Timeout: site.Timeout})
	return client, asUsage(err)
}
