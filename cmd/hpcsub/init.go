package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/urfave/cli/v3"

	"hpcsub/configs"
	"hpcsub/items"
)

func initCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:      "init",
		Usage:     "write a job.toml",
		ArgsUsage: "[COMMAND]",
		Description: `Without a command: the annotated job.toml, with every key and what it does.
With one: a short job.toml that runs it, once per item of --over. VALUES are
a glob, FROM:TO[:STEP], or A,B,C.

   hpcsub init
   hpcsub init 'python fit.py {image}' --over image='*.jpg'
   hpcsub init './run {beta} {seed}' --over beta=0.1,0.2 --over seed=1:100
   hpcsub init './model {line}' --over inputs.txt`,
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "over", Usage: "`ITEMS`: COLUMN=VALUES, or a file of items"},
		},
		DisableSliceFlagSeparator: true,
		OnUsageError:              usage,
		Action: func(_ context.Context, c *cli.Command) error {
			command, err := argument(c)
			if err != nil {
				return asUsage(err, "quote the command as one argument: hpcsub init 'python fit.py {image}'")
			}
			text := configs.Init()
			if command != "" {
				if text, err = configs.InitLines(command, c.StringSlice("over")); err != nil {
					return asUsage(err)
				}
			} else if c.IsSet("over") {
				return usageErrorf("--over needs a command: hpcsub init 'python fit.py {image}' --over image='*.jpg'")
			}
			if err := writeNew(out, "job.toml", text); err != nil {
				return err
			}
			warnRefused(out, "job.toml", text)
			return nil
		},
	}
}

// warnRefused says what check will refuse of a job.toml that was made of what somebody typed: a placeholder without a
// column, a list that is not there.
func warnRefused(out *output, path, text string) {
	job, err := configs.ParseJob(path, []byte(text))
	if err == nil {
		_, err = items.Open(job.Work)
		err = job.Blame(err)
	}
	if err == nil {
		return
	}
	for line := range strings.Lines(quoted(err).Error()) {
		out.warning("%s", strings.TrimSuffix(line, "\n"))
	}
}

// writeNew writes a file that must not be there yet.
func writeNew(out *output, path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return usageErrorf("%s is there already and is not overwritten; move it away first", path)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	out.print(text)
	out.hint("%s is written; hpcsub check reads it and shows the first items", path)
	return nil
}
