package slurm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// showPlanned asks for the starts that Slurm has planned for waiting jobs. Only what decides is
// printed: ten thousand waiting jobs are some 200 KB.
func (c *Commands) showPlanned(ctx context.Context) (queue []Queued, err error) {
	argv := []string{"squeue", "-a", "-t", "PENDING", "-o", "%S|%Y"}
	err = c.parsed(ctx, argv, func(text []byte) error {
		queue, err = parsePlanned(bytes.NewReader(text))
		return err
	})
	return queue, err
}

// planned is a waiting job with a start and the list of the nodes that are kept for it.
type planned struct {
	start time.Time
	nodes string
}

// parsePlanned reads start and nodes of waiting jobs. For each node it keeps the earliest start
// alone, for that is what a new job on it has to end before.
func parsePlanned(r io.Reader) ([]Queued, error) {
	var jobs []planned
	err := readRows(r, "START_TIME|SCHEDNODES", func(f []string) error {
		at, err := parseTime(f[0])
		if err == nil && !at.IsZero() && !isNothing(f[1]) {
			jobs = append(jobs, planned{at, f[1]})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return earliest(jobs)
}

// The work is bounded: two thousand plans of a thousand nodes, on a hundred thousand nodes.
const (
	maxPlanned = 2_000_000
	maxNodes   = 100_000
)

func earliest(jobs []planned) ([]Queued, error) {
	slices.SortStableFunc(jobs, func(a, b planned) int { return a.start.Compare(b.start) })
	queue, taken, seen, expanded := []Queued{}, map[string]bool{}, map[string]bool{}, 0
	for _, j := range jobs {
		if seen[j.nodes] {
			continue
		}
		seen[j.nodes] = true
		var free []string
		err := eachHost(j.nodes, func(name []byte) error {
			if expanded++; expanded > maxPlanned || len(taken) > maxNodes {
				return errors.New("only those before " + j.start.Format(time.DateTime) + " are known")
			}
			if !taken[string(name)] {
				free = append(free, string(name))
				taken[free[len(free)-1]] = true
			}
			return nil
		})
		if err != nil {
			return queue, err
		}
		if len(free) > 0 {
			queue = append(queue, Queued{Start: j.start, Nodes: free})
		}
	}
	return queue, nil
}

// squeueFields are printed with a separator after each. The name comes last: it may hold anything.
var squeueFields = []string{"JobArrayID", "State", "exit_code", "RestartCnt", "Partition", "NodeList",
	"SubmitTime", "StartTime", "EndTime", "Reason", "Name"}

// squeueHeader is what squeue calls them.
var squeueHeader = []string{"JOBID", "STATE", "EXIT_CODE", "RESTART_COUNT", "PARTITION", "NODELIST",
	"SUBMIT_TIME", "START_TIME", "END_TIME", "REASON", "NAME"}

// queued asks squeue, once for any number of jobs: of several the user's all, which the
// controller sorts out itself and which needs no long command line; of one that one. Without -r,
// which forgets the last index of a range with a step (20.11 to 26.05): indices are expanded here.
func (c *Commands) queued(ctx context.Context, q JobQuery, uid string) (jobs []Job, err error) {
	argv := []string{"squeue", "-a", "-t", "all", "-u", uid,
		"-O", strings.Join(squeueFields, ":"+separator+",") + ":" + separator}
	if len(q.IDs) == 1 && len(q.Names) == 0 {
		argv = append(argv, "-j", q.IDs[0])
	}
	err = c.parsed(ctx, argv, func(text []byte) error {
		jobs, err = parseSqueue(bytes.NewReader(text))
		return err
	})
	var refused *RefusedError
	if errors.As(err, &refused) && strings.Contains(refused.Words, "Invalid job id") {
		return nil, nil // of a single id that it has forgotten, squeue says this
	}
	return jobs, err
}

// parseSqueue reads records of squeueFields.
func parseSqueue(r io.Reader) ([]Job, error) {
	var jobs []Job
	err := readRecords(r, squeueHeader, func(f []string) error {
		restarts, err := parseCountLimit(f[3])
		if err != nil {
			return fmt.Errorf("job %q: %w", f[0], err)
		}
		row := jobRow{id: f[0], state: f[1], exit: f[2], partition: f[4], nodes: f[5],
			submit: f[6], start: f[7], end: f[8], reason: f[9], name: f[10]}
		more, err := row.jobs()
		for i := range more {
			if restarts != nil {
				more[i].Restarts = *restarts
			}
		}
		jobs = append(jobs, more...)
		return err
	})
	return jobs, err
}
