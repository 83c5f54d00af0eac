package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/urfave/cli/v3"
)

// usage is called by the library for flags that it does not know or cannot read.
func usage(_ context.Context, c *cli.Command, err error, _ bool) error {
	hint := c.FullName() + " --help shows the flags"
	text, name := flagError(err.Error())
	if like := cli.SuggestFlag(c.Flags, name, true); name != "" && resembles(name, strings.TrimLeft(like, "-")) {
		hint = fmt.Sprintf("did you mean %s? %s", like, hint)
	}
	return &coded{exitUsage, fmt.Errorf("%s: %s", c.FullName(), text), []string{hint}}
}

// resembles keeps the library from suggesting what nobody can have meant.
func resembles(typed, flag string) bool {
	return flag != "" && typed[0] == flag[0] && max(len(typed), len(flag))-min(len(typed), len(flag)) <= 3
}

var (
	undefinedFlag = regexp.MustCompile(`^flag provided but not defined: -+(.*)$`)
	emptyFlag     = regexp.MustCompile(`^flag needs an argument: -+(.*)$`)
	wrongValue    = regexp.MustCompile(`^invalid value (".*") for flag -+([^:]*): (.*)$`)
)

// flagError puts the library's words into ours. Of a flag that is not known it returns the name too.
func flagError(words string) (text, name string) {
	if m := undefinedFlag.FindStringSubmatch(words); m != nil {
		name, _, _ = strings.Cut(m[1], "=")
		return fmt.Sprintf("no flag %q", strings.Repeat("-", min(2, len(name)))+name), name
	}
	if m := emptyFlag.FindStringSubmatch(words); m != nil {
		return fmt.Sprintf("--%s needs a value behind it", m[1]), ""
	}
	if m := wrongValue.FindStringSubmatch(words); m != nil {
		want := m[3]
		if strings.Contains(want, "ParseInt") {
			want = "want a whole number"
		} else if want == "parse error" { // of a flag that is there or not
			want = "it takes no value"
		}
		return fmt.Sprintf("--%s %s: %s", m[2], m[1], want), ""
	}
	return words, ""
}

func unknownCommand(c *cli.Command) error {
	name := c.Args().First()
	hint := c.FullName() + " --help lists the commands"
	if like := cli.SuggestCommand(c.Commands, name); like != "" && like != "help" {
		hint = fmt.Sprintf("did you mean %s %s? %s", c.FullName(), like, hint)
	}
	return &coded{exitUsage, fmt.Errorf("no command %q", strings.TrimPrefix(c.FullName()+" "+name, "hpcsub ")), []string{hint}}
}

// noTopic is called for --help behind a word that is no command: an argument of a command, whose help it is then, or
// an unknown one.
func noTopic(fail func(error)) cli.CommandNotFoundFunc {
	return func(_ context.Context, c *cli.Command, _ string) {
		if len(c.Commands) > 0 {
			fail(unknownCommand(c))
			return
		}
		cli.HelpPrinter(c.Root().Writer, cli.CommandHelpTemplate, c)
	}
}

// complete prints what may come next, for the shell. The backticks of a description mark the word by which --help
// calls a flag's value.
func complete(ctx context.Context, c *cli.Command) {
	root := c.Root()
	var words strings.Builder
	to := root.Writer
	root.Writer = &words
	cli.DefaultCompleteWithFlags(ctx, c)
	root.Writer = to
	io.WriteString(to, strings.ReplaceAll(words.String(), "`", ""))
}

// argument is the one argument that most commands take.
func argument(c *cli.Command) (string, error) {
	if c.Args().Len() > 1 {
		return "", usageErrorf("%s: want one argument, got %d: %q", c.FullName(), c.Args().Len(), c.Args().Slice())
	}
	return c.Args().First(), nil
}

func noArgument(c *cli.Command) error {
	if c.Args().Present() {
		return usageErrorf("%s: takes no argument, got %q", c.FullName(), c.Args().First())
	}
	return nil
}

// familiar turns what people type out of habit into what it means here: help, --version.
func familiar(args []string) []string {
	if len(args) < 2 {
		return args
	}
	switch args[1] {
	case "help":
		return append(append(args[:1:1], args[2:]...), "--help")
	case "--version", "-v":
		return append(append(args[:1:1], "version"), args[2:]...)
	}
	return args
}
