package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v3"

	"hpcsub/items"
	"hpcsub/runs"
)

func logsCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:      "logs",
		Usage:     "show what items printed",
		ArgsUsage: "[RUN]",
		Description: `Shows standard output and standard error of every item, of one, or of those
that failed; or what the scripts themselves printed, which Slurm keeps.

   hpcsub logs --failed
   hpcsub logs fourier-k3x9ab --item 7
   hpcsub logs --item 7 --stderr
   hpcsub logs --slurm`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "item", Value: -1, Usage: "only the item with this `INDEX`", HideDefault: true},
			&cli.BoolFlag{Name: "failed", Usage: "only items that ended and are not done"},
			&cli.BoolFlag{Name: "stdout", Usage: "only standard output"},
			&cli.BoolFlag{Name: "stderr", Usage: "only standard error"},
			&cli.BoolFlag{Name: "slurm", Usage: "what Slurm kept of the scripts' own output"},
		},
		OnUsageError: usage,
		Action: func(ctx context.Context, c *cli.Command) error {
			r, client, err := findRun(c)
			if err != nil {
				return err
			}
			if c.Bool("slurm") {
				return printSlurmLogs(out, r)
			}
			results, err := r.Results(ctx, client)
			if err != nil {
				return err
			}
			return printLogs(ctx, c, out, r, results)
		},
	}
}

func printSlurmLogs(out *output, r *runs.Run) error {
	paths, err := r.SlurmLogs()
	if err != nil {
		return err
	}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		out.printf("==> %s <==\n", path)
		_, err = io.Copy(out.stdout, f)
		f.Close()
		if err != nil {
			return err
		}
	}
	if len(paths) == 0 {
		out.say("the scripts of run %s printed nothing", r.ID)
	}
	return nil
}

func printLogs(ctx context.Context, c *cli.Command, out *output, r *runs.Run, results *runs.Results) error {
	streams := []string{runs.Stdout, runs.Stderr}
	switch {
	case c.Bool("stdout") && !c.Bool("stderr"):
		streams = streams[:1]
	case c.Bool("stderr") && !c.Bool("stdout"):
		streams = streams[1:]
	}
	if c.IsSet("item") {
		i := c.Int("item")
		if i < 0 || i >= r.Items {
			return usageErrorf("--item %d: the run has items 0 to %d", i, r.Items-1)
		}
		res, err := results.Item(i)
		if err != nil {
			return err
		}
		n, err := copyLogs(&lineEnds{w: out.stdout}, r, res, streams)
		if err == nil && n == 0 {
			out.say("item %d (%s) printed nothing%s", i, ending(res.Record), onlyTo(streams))
		}
		return err
	}
	shown, ends := 0, &lineEnds{w: out.stdout}
	for res, err := range results.All() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if res.State == items.Pending || c.Bool("failed") && (res.State == items.Done || res.State == items.Running) {
			continue
		}
		out.printf("==> item %d, %s <==\n", res.Index, ending(res.Record))
		if _, err := copyLogs(ends, r, res, streams); err != nil {
			return err
		}
		ends.finish()
		shown++
	}
	if shown == 0 {
		which := "has begun"
		if c.Bool("failed") {
			which = "has failed"
		}
		out.say("no item of run %s %s: %s", r.ID, which, strings.TrimSpace(summaryText(results.Tally())))
	}
	return nil
}

// lineEnds can end the last line of what went through it, so that nothing else stands behind it.
type lineEnds struct {
	w    io.Writer
	last byte
}

func (e *lineEnds) Write(p []byte) (int, error) {
	if len(p) > 0 {
		e.last = p[len(p)-1]
	}
	return e.w.Write(p)
}

func (e *lineEnds) finish() {
	if e.last != 0 && e.last != '\n' {
		io.WriteString(e.w, "\n")
	}
	e.last = 0
}

// onlyTo names the stream where only one was asked for.
func onlyTo(streams []string) string {
	if len(streams) > 1 {
		return ""
	}
	return " to standard " + map[string]string{runs.Stdout: "output", runs.Stderr: "error"}[streams[0]]
}

// copyLogs returns how many bytes there were. A stream begins a line of its own.
func copyLogs(to *lineEnds, r *runs.Run, res items.Result, streams []string) (n int64, err error) {
	for _, stream := range streams {
		to.finish()
		text := r.Output(res, stream)
		more, err := io.Copy(to, text)
		text.Close()
		if err != nil {
			return n, fmt.Errorf("reading the output of item %d: %w", res.Index, err)
		}
		n += more
	}
	return n, nil
}

// ending words how an item ended, in few words.
func ending(rec items.Record) string {
	text := string(rec.State)
	switch {
	case rec.Signal != nil:
		text += ", SIG" + *rec.Signal
	case rec.ExitCode != nil && *rec.ExitCode != 0:
		text += fmt.Sprintf(", exit code %d", *rec.ExitCode)
	}
	if rec.Cause != "" {
		text += ", " + rec.Cause
	}
	return text
}
