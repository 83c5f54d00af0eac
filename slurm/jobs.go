package slurm

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// JobsAnswer is what squeue and accounting know of the jobs of a query.
type JobsAnswer struct {
	Jobs []Job
	// Forgotten are the ids and names that nobody knows: never submitted, or ended so long ago
	// that squeue has dropped them and accounting could not tell.
	Forgotten []string
	// Unaccounted says why accounting could not tell of them; "" if it told, or was not needed.
	Unaccounted string
}

// Jobs lists what is known of the user's jobs of a query; what is not known is left out. That a
// site keeps no accounting is no error. Ask tells whether accounting was heard.
//
// An array of which squeue still knows a task is not looked up in accounting: name the tasks that
// are missing ("123_4") to have them looked up.
func (c *Commands) Jobs(ctx context.Context, q JobQuery) ([]Job, error) {
	a, err := c.Ask(ctx, q)
	return a.Jobs, err
}

// Ask is Jobs, with what could not be told. It asks squeue once, and sacct only for what squeue
// does not know. Where sacct fails, the answer holds what squeue told, beside the error.
func (c *Commands) Ask(ctx context.Context, q JobQuery) (JobsAnswer, error) {
	if len(q.IDs)+len(q.Names) == 0 {
		return JobsAnswer{}, nil
	}
	uid := strconv.Itoa(os.Getuid())
	queued, err := c.queued(ctx, q, uid)
	if err != nil {
		return JobsAnswer{}, err
	}
	answer := JobsAnswer{Jobs: q.pick(queued)}
	missing := q.missing(answer.Jobs)
	if q.Live || len(missing.IDs)+len(missing.Names) == 0 {
		return answer, nil
	}
	old, err := c.accounted(ctx, missing, uid)
	answer.Jobs = append(answer.Jobs, runaway(missing.pick(old))...)
	missing = q.missing(answer.Jobs)
	answer.Forgotten = append(missing.IDs, missing.Names...)
	if err != nil && c.noAccounting(err) {
		answer.Unaccounted, err = err.Error(), nil
	}
	return answer, err
}

// runaway marks what only accounting knows and holds for alive: a controller that was killed and
// came back without the job, or that could not tell accounting of its end. Slurm runs it no more.
func runaway(accounted []Job) []Job {
	for i, j := range accounted {
		if !j.Ended() {
			accounted[i].Runaway, accounted[i].Reason = true, "the controller no longer knows it"
		}
	}
	return accounted
}

// pick keeps the jobs that a query means.
func (q JobQuery) pick(jobs []Job) []Job {
	wanted := map[string]bool{}
	for _, id := range q.IDs {
		wanted[id] = true
	}
	names := map[string]bool{}
	for _, name := range q.Names {
		names[name] = true
	}
	return slices.DeleteFunc(jobs, func(j Job) bool { return !wanted[j.ID] && !wanted[j.ArrayID] && !names[j.Name] })
}

// missing is the query for what is not among these jobs.
func (q JobQuery) missing(jobs []Job) JobQuery {
	known, names := map[string]bool{}, map[string]bool{}
	for _, j := range jobs {
		known[j.ID], known[j.ArrayID], names[j.Name] = true, true, true
	}
	out := JobQuery{Since: q.Since}
	for _, id := range q.IDs {
		if !known[id] {
			out.IDs = append(out.IDs, id)
		}
	}
	for _, name := range q.Names {
		if !names[name] {
			out.Names = append(out.Names, name)
		}
	}
	return out
}

// jobRow is a job as squeue and sacct print it.
type jobRow struct {
	id, state, exit, partition, nodes, submit, start, end, reason, name string
}

// jobs reads a row: one job, or the tasks of an array that have not been told apart yet.
func (r jobRow) jobs() ([]Job, error) {
	j := Job{TaskID: -1, Name: r.name, Partition: r.partition}
	if !isNothing(r.nodes) {
		j.Nodes = r.nodes
	}
	if !isNothing(r.reason) {
		j.Reason = r.reason
	}
	j.State, _, _ = strings.Cut(r.state, " ") // "CANCELLED by 2001"
	err := r.times(&j)
	if err == nil {
		j.ExitCode, j.Signal, err = parseExit(r.exit)
	}
	if err == nil && !isState(j.State) {
		err = fmt.Errorf("want a state like RUNNING, got %q", r.state)
	}
	var all []Job
	if err == nil {
		all, err = j.withID(r.id)
	}
	if err != nil {
		return nil, fmt.Errorf("job %q: %w", r.id, err)
	}
	return all, nil
}

// times reads the times. What squeue prints as the end of a job that has not ended is a guess.
func (r jobRow) times(j *Job) error {
	var errs [3]error
	var end time.Time
	j.Submit, errs[0] = parseTime(r.submit)
	j.Start, errs[1] = parseTime(r.start)
	end, errs[2] = parseTime(r.end)
	if j.Ended() {
		j.End = end
	}
	return cmp.Or(errs[0], errs[1], errs[2])
}

func isState(s string) bool {
	return s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
}

// withID fills in the id: "123", "123_4", "123_[5-40%3]" for tasks that are still one record.
// sacct 20.11 cuts a long list: those tasks stay one job, with the id of the array.
func (j Job) withID(id string) ([]Job, error) {
	array, task, isTask := strings.Cut(id, "_")
	base, _, _ := strings.Cut(array, "+") // "123+1": a part of a heterogeneous job
	if _, err := parseCount(base); err != nil || base == "" {
		return nil, fmt.Errorf("want a job id, got %q", id)
	}
	j.ID, j.ArrayID = id, array
	if !isTask {
		return []Job{j}, nil
	}
	if strings.HasPrefix(task, "[") && (!strings.HasSuffix(task, "]") || strings.Contains(task, "...")) {
		j.ID = array
		return []Job{j}, nil
	}
	indices, err := expandIndices(strings.TrimSuffix(strings.TrimPrefix(task, "["), "]"))
	if err != nil {
		return nil, err
	}
	all := make([]Job, len(indices))
	for i, n := range indices {
		all[i] = j
		all[i].TaskID, all[i].ID = n, array+"_"+strconv.Itoa(n)
	}
	return all, nil
}
