package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/urfave/cli/v3"
)

// TestHelp reads the help of every command: no line is longer than a terminal is wide.
func TestHelp(t *testing.T) {
	var all [][]string
	app := newApp(&output{}, nil)
	app.Commands = append(app.Commands, &cli.Command{Name: "completion"}) // which the library adds
	for _, c := range app.Commands {
		all = append(all, []string{c.Name})
		for _, below := range c.Commands {
			all = append(all, []string{c.Name, below.Name})
		}
	}
	for _, words := range append(all, nil) {
		var stdout, stderr bytes.Buffer
		args := append(append([]string{"hpcsub"}, words...), "--help")
		if code := run(t.Context(), args, &stdout, &stderr); code != exitDone && !strings.Contains(stderr.String(), "not built yet") {
			t.Errorf("%q: exit code %d, %s", args, code, &stderr)
		}
		for line := range strings.Lines(stdout.String()) {
			if n := cells(strings.TrimSuffix(line, "\n")); n > 80 {
				t.Errorf("%q: %d columns: %s", args, n, line)
			}
		}
	}
}
