package slurm

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
)

// License is a licence that Slurm counts, with what is taken of it.
type License struct {
	Name     string `json:"name"` // as a job asks for it; of a remote one "name@server"
	Total    int    `json:"total"`
	Used     *int   `json:"used"`     // now; null where it was not asked for now
	Reserved *int   `json:"reserved"` // kept for reservations
	Remote   bool   `json:"remote"`   // counted by accounting, for several clusters
}

func (l License) byName(other License) int { return strings.Compare(l.Name, other.Name) }

// showLicenses asks which licences there are. That changes slowly; the use of them does not, and is
// left out where an answer of the last hour serves.
func (c *Commands) showLicenses(ctx context.Context, opt InspectOptions) (all []License, err error) {
	argv := []string{"scontrol", "-o", "show", "licenses"}
	parse := func(text []byte) error {
		all, err = parseLicenses(bytes.NewReader(text))
		return err
	}
	if opt.Whole {
		err = c.parsed(ctx, argv, parse)
		return all, err
	}
	err = c.cached(ctx, opt, argv, parse)
	for i := range all {
		all[i].Used, all[i].Reserved = nil, nil
	}
	return all, err
}

// parseLicenses reads the lines of scontrol -o show licenses.
func parseLicenses(r io.Reader) ([]License, error) {
	all := []License{}
	err := readNamed(r, "LicenseName", "No licenses configured in Slurm", func(line []byte) (string, error) {
		var l License
		err := eachOnce(line, []string{"Total", "Used", "Reserved", "Remote"}, func(key, value string) (err error) {
			switch key {
			case "LicenseName":
				l.Name = value
			case "Total":
				l.Total, err = parseCount(value)
			case "Used":
				l.Used, err = parseCountLimit(value)
			case "Reserved":
				l.Reserved, err = parseCountLimit(value)
			case "Remote":
				if l.Remote = value == "yes"; !l.Remote && value != "no" {
					err = fmt.Errorf("want yes or no, got %q", value)
				}
			}
			return err
		})
		all = append(all, l)
		return l.Name, err
	})
	return all, err
}
