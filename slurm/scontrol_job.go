package slurm

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
)

// Requested is what Slurm, or a plugin of the site, made of a request: it is held against the
// plan after a submission.
type Requested struct {
	ID               string
	Name             string
	State            string
	Reason           string
	Account          string
	Partition        string
	QOS              string
	TimeLimitS       *int // nil = no limit
	Nodes            int  // the least that it takes, of one array task
	CPUs             int
	Tasks            int
	CPUsPerTask      int
	MemoryPerNodeMiB int // 0 where the request is per CPU, or none
	MemoryPerCPUMiB  int
	GRES             string // "gpu:a100:2"
	Features         string
	Reservation      string
	ArrayTasks       string // "0-3%2"; "" for a plain job
	OverSubscribe    string
	Requeue          bool
	Restarts         int
}

// Requested asks how Slurm understood a job that was submitted just now.
func (c *Commands) Requested(ctx context.Context, jobID string) (r Requested, err error) {
	argv := []string{"scontrol", "-o", "show", "job", jobID}
	err = c.parsed(ctx, argv, func(text []byte) error {
		r, err = parseRequested(bytes.NewReader(text))
		return err
	})
	return r, err
}

// parseRequested reads scontrol -o show job. Of an array that has begun there is a line for each
// task and one for the rest; all were asked for alike, so the first one tells.
func parseRequested(r io.Reader) (Requested, error) {
	var all []Requested
	err := readLines(r, func(line []byte) error {
		if !bytes.HasPrefix(line, []byte("JobId=")) {
			return fmt.Errorf("want JobId=, got %q", head(line))
		}
		q, err := parseRequest(line)
		all = append(all, q)
		return err
	})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("no job in it")
	}
	if err != nil {
		return Requested{}, err
	}
	return all[0], nil
}

// parseRequest reads one job. Its name is cut out first, for it may hold anything.
func parseRequest(line []byte) (q Requested, err error) {
	before, after, ok := bytes.Cut(line, []byte(" JobName="))
	end := bytes.Index(after, []byte(" UserId="))
	if !ok || end < 0 {
		return q, fmt.Errorf("no JobName and UserId in %q", head(line))
	}
	name, rest := after[:end], after[end:]
	if at := bytes.LastIndex(name, []byte(" SLUID=")); at >= 0 { // from 26.05 on
		name = name[:at]
	}
	q.Name = string(name)
	seen := map[string]bool{}
	err = eachField(append(before[:len(before):len(before)], rest...), func(key, value []byte) error {
		if seen[string(key)] {
			return nil // what stands in a path or a comment does not count
		}
		seen[string(key)] = true
		return q.field(string(key), string(value))
	})
	if err == nil {
		err = lacking(seen, "Partition", "NumNodes", "NumCPUs", "CPUs/Task", "TimeLimit", "Restarts", "MinMemoryNode|MinMemoryCPU", "MinTmpDiskNode")
	}
	return q, err
}

func (q *Requested) field(key, value string) (err error) {
	text := map[string]*string{
		"JobId": &q.ID, "ArrayJobId": &q.ID, "JobState": &q.State, "Reason": &q.Reason, "Account": &q.Account,
		"Partition": &q.Partition, "QOS": &q.QOS,
		"Features": &q.Features, "Reservation": &q.Reservation, "ArrayTaskId": &q.ArrayTasks, "OverSubscribe": &q.OverSubscribe,
	}[key]
	if text != nil && !isNothing(value) {
		*text = value
	}
	switch key {
	case "TresPerNode", "TresPerJob": // "gpu:2" in 20.11, "gres:gpu:2" in 22.05, "gres/gpu:2" later
		value, _, _ = strings.Cut(value, " ") // 20.11 goes on with NtasksPerTRES:0
		if !isNothing(value) {
			q.GRES = strings.NewReplacer("gres/", "", "gres:", "").Replace(value)
		}
	case "TimeLimit":
		q.TimeLimitS, err = parseTimeLimit(value)
	case "NumNodes":
		q.Nodes, err = parseLeast(value)
	case "NumCPUs":
		q.CPUs, err = parseLeast(value)
	case "NumTasks":
		q.Tasks, err = parseLeast(value)
	case "CPUs/Task":
		q.CPUsPerTask, err = parseLeast(value)
	case "MinMemoryNode":
		q.MemoryPerNodeMiB, err = ParseMemoryMiB(value)
	case "MinMemoryCPU":
		q.MemoryPerCPUMiB, err = ParseMemoryMiB(value)
	case "Restarts":
		q.Restarts, err = parseCount(value)
	case "Requeue":
		q.Requeue = value == "1"
	}
	return err
}

// parseLeast reads a count or a range of them, "1-4"; N/A is 0.
func parseLeast(s string) (int, error) {
	if isNothing(s) {
		return 0, nil
	}
	least, _, _ := strings.Cut(s, "-")
	return parseScaled(least)
}
