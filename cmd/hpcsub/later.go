package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"
)

// later is a command that is designed and not built yet; it says so.
func later(name, usage string) *cli.Command {
	return &cli.Command{
		Name:            name,
		Usage:           usage + " (not built yet)",
		SkipFlagParsing: true,
		Action: func(_ context.Context, c *cli.Command) error {
			return &coded{code: exitUsage, err: fmt.Errorf("%s is not built yet", c.FullName())}
		},
	}
}
