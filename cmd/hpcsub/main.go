// Command hpcsub turns "this program, over these items, on this cluster" into the Slurm
// submission that an expert would have written, says why, submits it, and brings every
// result back.
package main

import (
	"cmp"
	"context"
	"io"
	"os"

	"github.com/urfave/cli/v3"
)

// version is set by the Makefile from git.
var version = "devel"

func main() {
	os.Exit(run(context.Background(), os.Args, os.Stdout, os.Stderr))
}

// run is the whole program: arguments in, exit code out.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out := &output{stdout: stdout, stderr: stderr}
	if len(args) > 1 {
		// What runs beside the user's work, many times over, skips the command tree.
		if onNode := nodeCommands()[args[1]]; onNode != nil {
			return onNode(ctx, args[2:], out)
		}
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	var noTopic error
	app := newApp(out, func(err error) { noTopic = err })
	return out.exitCode(ctx, cmp.Or(app.Run(ctx, familiar(args)), noTopic))
}

// newApp is the tree of commands. Of --help for what is no command it tells fail, since the library takes no error there.
func newApp(out *output, fail func(error)) *cli.Command {
	app := &cli.Command{
		Name:                  "hpcsub",
		Usage:                 "run a program over many items on Slurm, in the fastest way there",
		Version:               version,
		HideVersion:           true,
		HideHelpCommand:       true,
		EnableShellCompletion: true,
		Flags:                 []cli.Flag{siteFlag()},
		Before:                nameSite,
		Suggest:               true,
		Writer:                out.stdout,
		ErrWriter:             out.stderr,
		ExitErrHandler:        func(context.Context, *cli.Command, error) {}, // run alone decides the exit code
		OnUsageError:          usage,
		ConfigureShellCompletionCommand: func(c *cli.Command) {
			c.Hidden = false
			c.Usage = "print the completion script of bash, zsh, fish or pwsh"
			c.CommandNotFound = noTopic(fail)
			c.Action = func(_ context.Context, c *cli.Command) error {
				if c.Args().Present() {
					return unknownCommand(c)
				}
				return cli.ShowSubcommandHelp(c)
			}
		},
		Commands: []*cli.Command{
			initCommand(out), checkCommand(out), clusterCommand(out), planCommand(out), renderCommand(out), trialCommand(out),
			submitCommand(out), runsCommand(out), statusCommand(out), watchCommand(out), logsCommand(out),
			resultsCommand(out), cancelCommand(out), retryCommand(out),
			later("report", "say what a run cost and what to ask for next time"),
			later("why", "say why a run waits or failed, in one paragraph"),
			siteCommand(out),
			doctorCommand(out),
			versionCommand(out),
		},
		Action: func(_ context.Context, c *cli.Command) error {
			if c.Args().Present() {
				return unknownCommand(c)
			}
			out.print(fourLines)
			return nil
		},
	}
	everyCommand(app, func(c *cli.Command) { c.ShellComplete, c.CommandNotFound = complete, noTopic(fail) })
	return app
}

func everyCommand(c *cli.Command, do func(*cli.Command)) {
	do(c)
	for _, below := range c.Commands {
		everyCommand(below, do)
	}
}

// fourLines is what one needs to start.
const fourLines = `hpcsub init 'python fit.py {image}' --over image='*.jpg'   writes job.toml
hpcsub check                               is it right? shows the first items
hpcsub plan                                the ways to run it here, and the best
hpcsub submit --wait                       runs it and brings every result back
`
