package slurm

import (
	"context"
	"regexp"
	"strings"
)

// over is how scancel says that there is nothing left to cancel.
var over = regexp.MustCompile(`(?i)invalid job id specified|already completing or completed|already finished`)

// Cancel runs scancel. An id that has ended, or that Slurm has forgotten, is no error.
func (c *Commands) Cancel(ctx context.Context, ids []string) error {
	for _, chunk := range chunks(ids) {
		argv := append([]string{"scancel", "-Q"}, chunk...)
		r, err := c.run(ctx, call{argv: argv})
		if err != nil {
			return err
		}
		if err := r.failure(ctx, argv); err != nil && (r.stopped != nil || !onlyOver(r.stderr)) {
			return err
		}
	}
	return nil
}

func onlyOver(words string) bool {
	for line := range strings.Lines(words) {
		if !over.MatchString(line) {
			return false
		}
	}
	return words != ""
}

// chunks keeps a command line below what the system takes.
func chunks(ids []string) [][]string {
	const most = 5000
	var all [][]string
	for len(ids) > most {
		all, ids = append(all, ids[:most]), ids[most:]
	}
	if len(ids) > 0 {
		all = append(all, ids)
	}
	return all
}
