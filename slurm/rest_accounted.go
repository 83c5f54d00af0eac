package slurm

import (
	"context"
	"fmt"
	"io"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// notThere is how slurmrestd says that it has no such part, and that it keeps no accounting.
var notThere = regexp.MustCompile(`(?i)unable (to )?find requested url|accounting storage is disabled`)

// accountedJobs asks accounting; that it knows none is no error.
func (r *REST) accountedJobs(ctx context.Context, v restVersion, query string) ([]Job, error) {
	var raw []restRecord
	k := restCall{path: r.slurmdb(v, query), key: "jobs", each: collect(&raw)}
	reply, err := r.get(ctx, k)
	if reply.answer.has(errNothingFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	jobs, err := restRecords(raw, v)
	if err != nil {
		return nil, fmt.Errorf("reading the answer of %s: %w", r.line(k), err)
	}
	return jobs, nil
}

// restRecord is a job as accounting has it.
type restRecord struct {
	ID    restNumber `json:"job_id"`
	Array struct {
		ID    restNumber `json:"job_id"`
		Task  restNumber `json:"task_id"`
		Tasks restText   `json:"task"` // "0x1FFF00": a bit for each that waits; or "8-20"
	} `json:"array"`
	Name  string `json:"name"`
	State struct {
		Current restWords `json:"current"`
		Reason  restText  `json:"reason"`
	} `json:"state"`
	Exit      restExit   `json:"exit_code"`
	Restarts  restNumber `json:"restart_cnt"`
	Partition restText   `json:"partition"`
	Nodes     restText   `json:"nodes"`
	Time      struct {
		Submit restNumber `json:"submission"`
		Start  restNumber `json:"start"`
		End    restNumber `json:"end"`
	} `json:"time"`
}

// readRESTRecords reads the answer of slurmdb's /jobs.
func readRESTRecords(r io.Reader, v restVersion) ([]Job, restAnswer, error) {
	var raw []restRecord
	a, err := readAnswer(r, "jobs", collect(&raw))
	if err != nil {
		return nil, a, err
	}
	jobs, err := restRecords(raw, v)
	return jobs, a, err
}

func restRecords(raw []restRecord, v restVersion) ([]Job, error) {
	var jobs []Job
	for _, rec := range raw {
		more, err := rec.jobs(v)
		if err != nil {
			return nil, fmt.Errorf("job %d: %w", rec.ID.n, err)
		}
		jobs = append(jobs, more...)
	}
	return newest(jobs), nil
}

func (rec restRecord) jobs(v restVersion) ([]Job, error) {
	tasks, err := taskList(string(rec.Array.Tasks))
	if err != nil {
		return nil, err
	}
	raw := restJob{ID: rec.ID, ArrayID: rec.Array.ID, TaskID: rec.Array.Task, Tasks: restText(tasks), Name: rec.Name,
		State: rec.State.Current, Reason: rec.State.Reason, Partition: rec.Partition, Nodes: rec.Nodes, Exit: rec.Exit,
		Restarts: rec.Restarts, Submit: rec.Time.Submit, Start: rec.Time.Start, End: rec.Time.End}
	if !v.tellsAbsence() {
		// v0.0.36 has the reason in place of the state. It is asked only for what slurmctld has
		// forgotten, so it is over, one way or the other.
		raw.State, raw.Exit = restWords{"UNKNOWN"}, restExit{}
	}
	return raw.jobs()
}

// taskList makes a list of a bit map, "0x1FFF00", the lowest bit for task 0.
func taskList(text string) (string, error) {
	digits, ok := strings.CutPrefix(text, "0x")
	if !ok {
		return text, nil
	}
	const most = 4_000_000 / 4 // MaxArraySize is below 4 million, and each digit holds 4
	bits, ok := new(big.Int).SetString(digits, 16)
	if !ok || len(digits) > most {
		return "", fmt.Errorf("want tasks like 0x1FFF00, got %q", head([]byte(text)))
	}
	var list []string
	for i := 0; i < bits.BitLen(); i++ {
		if bits.Bit(i) == 0 {
			continue
		}
		first := i
		for bits.Bit(i+1) == 1 {
			i++
		}
		list = append(list, strconv.Itoa(first)+"-"+strconv.Itoa(i))
	}
	return strings.Join(list, ","), nil
}
