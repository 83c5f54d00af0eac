package slurm

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"time"
)

// sacctFields are both what sacct is asked for and its header.
var sacctFields = []string{"JobID", "State", "ExitCode", "Partition", "NodeList", "Submit", "Start", "End", "Reason", "JobName"}

// maxArgument bounds one argument: Linux takes 128 KiB.
const maxArgument = 100_000

// accounted asks the accounting database for jobs that squeue no longer knows.
func (c *Commands) accounted(ctx context.Context, q JobQuery, uid string) (jobs []Job, err error) {
	// Without -S, jobs that were never eligible are left out.
	since := time.Unix(24*3600, 0)
	if !q.Since.IsZero() {
		since = q.Since.Add(-time.Hour) // the clocks of the database's host and this one may differ
	}
	base := []string{"sacct", "-p", "-X", "-D", "--delimiter=" + separator, "-u", uid,
		"-S", since.Format("2006-01-02T15:04:05"), "-o", strings.Join(sacctFields, ",")}
	for _, filter := range append(filters("-j", q.IDs), filters("--name", q.Names)...) {
		err = c.parsed(ctx, append(base[:len(base):len(base)], filter...), func(text []byte) error {
			more, err := parseSacct(bytes.NewReader(text))
			jobs = append(jobs, more...)
			return err
		})
		if err != nil {
			return jobs, err
		}
	}
	return newest(jobs), nil
}

// filters splits a list over as many calls as its length takes: one, for most.
func filters(option string, values []string) [][]string {
	var all [][]string
	for len(values) > 0 {
		n, length := 0, 0
		for n < len(values) && (n == 0 || length+len(values[n]) < maxArgument) {
			length += len(values[n]) + 1
			n++
		}
		all = append(all, []string{option, strings.Join(values[:n], ",")})
		values = values[n:]
	}
	return all
}

// parseSacct reads records of sacctFields.
func parseSacct(r io.Reader) ([]Job, error) {
	var jobs []Job
	err := readRecords(r, sacctFields, func(f []string) error {
		row := jobRow{id: f[0], state: f[1], exit: f[2], partition: f[3], nodes: f[4],
			submit: f[5], start: f[6], end: f[7], reason: f[8], name: f[9]}
		more, err := row.jobs()
		jobs = append(jobs, more...)
		return err
	})
	return jobs, err
}

// newest keeps the last record of each job: a requeued one has a record for each of its lives.
// An id that Slurm gave out twice stands for two jobs, told apart by their names.
func newest(jobs []Job) []Job {
	type key struct{ id, name string }
	at := map[key]int{}
	var kept []Job
	for _, j := range jobs {
		k := key{j.ID, j.Name}
		i, ok := at[k]
		if !ok {
			at[k] = len(kept)
			kept = append(kept, j)
			continue
		}
		if j.older(kept[i]) {
			continue
		}
		if kept[i].State != "RESIZING" { // which is no new life
			j.Restarts = kept[i].Restarts + 1
		}
		kept[i] = j
	}
	return kept
}

func (j Job) older(than Job) bool {
	if !j.Submit.Equal(than.Submit) {
		return j.Submit.Before(than.Submit)
	}
	return j.Start.Before(than.Start) && !j.Start.IsZero()
}

// noAccounting says whether an error means that jobs are not accounted for here at all.
func (c *Commands) noAccounting(err error) bool {
	if _, ok := c.find("sacct"); !ok {
		return true
	}
	var refused *RefusedError
	return errors.As(err, &refused) && strings.Contains(refused.Words, "accounting storage is disabled")
}
