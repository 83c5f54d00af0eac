package main

import (
	"context"
	"runtime"

	"github.com/urfave/cli/v3"
)

func versionCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:         "version",
		Usage:        "print the version",
		Description:  "   hpcsub version",
		Flags:        []cli.Flag{jsonFlag()},
		OnUsageError: usage,
		Action: func(_ context.Context, c *cli.Command) error {
			if err := noArgument(c); err != nil {
				return err
			}
			if c.Bool("json") {
				return out.json(map[string]string{"version": version, "go": runtime.Version(), "arch": runtime.GOARCH})
			}
			out.printf("hpcsub %s (%s, %s)\n", version, runtime.Version(), runtime.GOARCH)
			return nil
		},
	}
}
