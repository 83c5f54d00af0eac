package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"hpcsub/slurm"
)

// Jobs lists local jobs; a query without ids and names stands for all of them. An id that is not
// known is left out. Since is of no use: all jobs that are kept are as cheap to ask for.
func (c *Client) Jobs(ctx context.Context, q slurm.JobQuery) ([]slurm.Job, error) {
	s, err := c.store()
	if err != nil {
		return nil, err
	}
	want, err := selection(q.IDs)
	if err != nil {
		return nil, err
	}
	ids := want.ids()
	if len(q.IDs) == 0 || len(q.Names) > 0 {
		if ids, err = s.ids(); err != nil {
			return nil, err
		}
	}
	var jobs []slurm.Job
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		found, err := s.folder(id).tasks()
		if err != nil {
			return nil, err
		}
		for _, j := range found {
			if want.has(id, j.TaskID) || slices.Contains(q.Names, j.Name) || len(q.IDs)+len(q.Names) == 0 {
				jobs = append(jobs, j)
			}
		}
	}
	return jobs, nil
}

// selected maps a job's id to the tasks asked for; nil stands for all.
type selected map[int][]int

// selection reads ids: "12" stands for all tasks of job 12, "12_3" for one.
func selection(ids []string) (selected, error) {
	want := selected{}
	for _, text := range ids {
		number, task, one := strings.Cut(text, "_")
		id, err := strconv.ParseUint(number, 10, 31)
		if err != nil || id == 0 {
			return nil, fmt.Errorf("reading a local job id: want a number as 12 or 12_3, got %q", text)
		}
		old, known := want[int(id)]
		if !one {
			want[int(id)] = nil
			continue
		}
		index, ok := parseIndex(task)
		if !ok {
			return nil, fmt.Errorf("reading a local job id: want a number as 12 or 12_3, got %q", text)
		}
		if !known || old != nil {
			want[int(id)] = append(old, index)
		}
	}
	return want, nil
}

func (s selected) ids() []int {
	var ids []int
	for id := range s {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (s selected) has(id, task int) bool {
	tasks, ok := s[id]
	return ok && (tasks == nil || slices.Contains(tasks, task))
}

// tasks tells the state of each of the job's tasks; of a job that is not there, nothing.
func (f folder) tasks() ([]slurm.Job, error) {
	j, err := f.read()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	life := f.life(j.Submitted, time.Now())
	text, err := os.ReadFile(f.path(statesFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading local job %d: %w", f.id(), err)
	}
	states := parseStates(string(text))
	tasks, throttle := j.tasks()
	runner, err := f.supervisor()
	v := view{withdrawn: errors.Is(err, errWithdrawn), id: strconv.Itoa(f.id()), job: j, life: life, node: runner.host(), lastSign: f.lastSign(), reason: waitReason(states, throttle)}
	jobs := make([]slurm.Job, 0, len(tasks))
	for _, task := range tasks {
		jobs = append(jobs, v.entry(task, states[task]))
	}
	if v.lost {
		runner.sweep(j.mark(""))
	}
	return jobs, nil
}

// waitReason is why the tasks that wait do so.
func waitReason(states map[int]outcome, throttle int) string {
	running := 0
	for _, o := range states {
		if o.state == "RUNNING" {
			running++
		}
	}
	if throttle > 0 && running >= throttle {
		return "JobArrayTaskLimit"
	}
	return "Resources"
}

// view is a job seen at one moment.
type view struct {
	id        string
	job       *job
	life      life
	node      string
	lastSign  time.Time
	reason    string
	withdrawn bool
	lost      bool // a task has not ended and never will by itself
}

// entry tells one task in Slurm's words.
func (v *view) entry(task int, o outcome) slurm.Job {
	e := slurm.Job{
		ID: v.id, ArrayID: v.id, TaskID: task, Name: v.job.Name, Partition: partition, State: o.state,
		ExitCode: o.exit, Signal: o.signal, Reason: o.words,
		Submit: v.job.Submitted, Start: o.start, End: o.end,
	}
	if task >= 0 {
		e.ID = v.id + "_" + strconv.Itoa(task)
	}
	if !o.start.IsZero() {
		e.Nodes = v.node
	}
	switch {
	case e.State == "":
		e.State, e.Reason = "PENDING", v.reason
		fallthrough
	case e.State == "RUNNING":
		if v.withdrawn {
			e.State, e.Reason, e.End = "CANCELLED", "", v.lastSign
		} else if v.life == gone {
			e.State, e.Reason, e.End = "NODE_FAIL", "the supervisor of this job has ended without a word", v.lastSign
			v.lost = true
		}
	}
	return e
}
