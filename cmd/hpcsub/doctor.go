package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"
)

func doctorCommand(out *output) *cli.Command {
	return &cli.Command{
		Name:  "doctor",
		Usage: "say what is here, what is missing, and what to do about it",
		Description: `Looks at hpcsub, Slurm, your rights there, the folder of the runs, the tools
on this machine and what your shell sets. --node submits one small job, for a
minute at most, and looks at a node too. The exit code is 0 where jobs can be
run, whatever is worth a warning.

   hpcsub doctor
   hpcsub doctor --node --partition gpu
   hpcsub doctor --json`,
		Flags: []cli.Flag{clusterFlag(), clientFlag(), jsonFlag(),
			&cli.BoolFlag{Name: "node", Usage: "also submit a job that looks at a node"},
			&cli.StringFlag{Name: "partition", Usage: "for --node: look at a node of this `PARTITION`"},
			&cli.StringFlag{Name: "account", Usage: "for --node: charge this `ACCOUNT`"}},
		OnUsageError: usage,
		Action: func(ctx context.Context, c *cli.Command) error {
			if err := noArgument(c); err != nil {
				return err
			}
			d := doctor{asksNode: c.Bool("node")}
			d.found("hpcsub", "hpcsub %s (%s, %s), %s", version, runtime.Version(), runtime.GOARCH, ownPath())
			if err := d.examine(ctx, c, out); err != nil {
				return err
			}
			return d.tell(c.Bool("json"), out)
		},
	}
}

func ownPath() string {
	path, err := os.Executable()
	if err != nil {
		return "its own path is not known: " + err.Error()
	}
	return path
}

// examine looks at one thing after another. The error is the user's: what is wrong with the place is a finding.
func (d *doctor) examine(ctx context.Context, c *cli.Command, out *output) error {
	p, err := d.slurm(ctx, c)
	if err != nil {
		return err
	}
	if p.cluster != nil && p.cluster.Client != "local" {
		d.rights(ctx, p)
		d.limits(p.cluster)
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	d.folder(ctx, dir, p)
	d.tools(ctx)
	d.environment(os.Environ())
	if d.asksNode {
		site, err := readSite()
		if err != nil {
			return err
		}
		keys := site.TrialKeys(c.String("account"), c.String("partition"))
		d.node(ctx, out, p, nodeRequest{dir: dir, partition: keys.Partition, account: keys.Account})
	}
	return ctx.Err()
}

// The states of a finding.
const (
	fine    = "ok"
	note    = "note"
	warning = "warning"
	problem = "problem"
)

// finding is one line of the list.
type finding struct {
	Area  string `json:"area"`
	State string `json:"state"`
	Text  string `json:"text"`
	Do    string `json:"do"` // what to do about it; "" where there is nothing to do
}

// doctor is what was found, and the exit code of the worst of it.
type doctor struct {
	findings []finding
	code     int
	asksNode bool // a node is looked at too
}

func (d *doctor) add(area, state, do, text string) {
	d.findings = append(d.findings, finding{area, state, text, do})
}

func (d *doctor) found(area, format string, a ...any) {
	d.add(area, fine, "", fmt.Sprintf(format, a...))
}
func (d *doctor) note(area, format string, a ...any) {
	d.add(area, note, "", fmt.Sprintf(format, a...))
}
func (d *doctor) warn(area, do, format string, a ...any) {
	d.add(area, warning, do, fmt.Sprintf(format, a...))
}

// broken is a finding with which nothing can be run; that of Slurm goes before all others.
func (d *doctor) broken(code int, area, do, format string, a ...any) {
	d.add(area, problem, do, fmt.Sprintf(format, a...))
	d.code = max(d.code, code)
}

func (d *doctor) count(state string) (n int) {
	for _, f := range d.findings {
		if f.State == state {
			n++
		}
	}
	return n
}

// verdict is the last line.
func (d *doctor) verdict() string {
	problems, warnings := d.count(problem), d.count(warning)
	switch {
	case problems > 0:
		return fmt.Sprintf("%s and %s: jobs cannot be run from here until the problems are mended", count(problems, "problem"), count(warnings, "warning"))
	case warnings > 0:
		return fmt.Sprintf("jobs can be run from here; %s", count(warnings, "warning"))
	}
	return "jobs can be run from here"
}

func (d *doctor) tell(asJSON bool, out *output) error {
	if asJSON {
		state := fine
		for _, s := range []string{warning, problem} {
			if d.count(s) > 0 {
				state = s
			}
		}
		err := out.json(map[string]any{"state": state, "checks": d.findings})
		if err != nil || d.code == 0 {
			return err
		}
		return &coded{code: d.code, err: fmt.Errorf("%s", d.verdict())}
	}
	out.print(d.text(listWidth(out)))
	if d.code != 0 {
		return &coded{code: d.code, err: fmt.Errorf("%s", d.verdict())}
	}
	out.printf("\n%s\n", d.verdict())
	if !slices.ContainsFunc(d.findings, func(f finding) bool { return f.Area == "a node" }) {
		out.hint("hpcsub doctor --node looks at a node too")
	}
	return nil
}

// listWidth is how wide lists of findings are: as a terminal, and else so that few lines are broken.
func listWidth(out *output) int {
	if width, isTerminal := terminal(out.stdout); isTerminal {
		return min(width, 100)
	}
	return 100
}

// text is the list, its areas in the order in which they were looked at.
func (d *doctor) text(width int) string {
	const indent = "           "
	var b strings.Builder
	area := ""
	for i, f := range d.findings {
		if f.Area != area {
			if area = f.Area; b.Len() > 0 {
				b.WriteString("\n")
			}
			b.WriteString(area + "\n")
		}
		text := wrap(f.Text, indent, width)
		b.WriteString(fmt.Sprintf("  %-8s ", f.State) + strings.TrimPrefix(text, indent))
		// What is to be done about several is said after the last of them.
		if more := d.findings[i+1:]; f.Do != "" && (len(more) == 0 || more[0].Area != f.Area || more[0].Do != f.Do) {
			b.WriteString(wrap("→ "+f.Do, indent, width))
		}
	}
	return b.String()
}
