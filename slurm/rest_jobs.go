package slurm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Jobs asks for one job after the other, by id; of an array that is one request. What slurmctld
// has forgotten, and what is known by its name alone, accounting tells. Where there is none, jobs
// by id are left out, and jobs by name are an error: nobody could say that there are none.
func (r *REST) Jobs(ctx context.Context, q JobQuery) ([]Job, error) {
	if len(q.IDs)+len(q.Names) == 0 {
		return nil, nil
	}
	server, err := r.server(ctx)
	if err != nil {
		return nil, err
	}
	look := restLook{rest: r, version: server.version, live: q.Live, asked: map[string]bool{}}
	for _, id := range q.IDs {
		if err := look.byID(ctx, arrayOf(id)); err != nil {
			return nil, err
		}
	}
	if q.Live {
		return q.pick(look.jobs), nil
	}
	for _, name := range q.Names {
		if err := look.byName(ctx, name, q); err != nil {
			return q.pick(look.jobs), err
		}
	}
	err = look.forgotten(ctx, q.missing(look.jobs).IDs)
	return q.pick(look.jobs), err
}

// forgotten asks accounting for tasks of arrays of which slurmctld still knows others.
func (l *restLook) forgotten(ctx context.Context, ids []string) error {
	asked := map[string]bool{}
	for _, id := range ids {
		array := arrayOf(id)
		if array == id || asked[array] {
			continue
		}
		asked[array] = true
		jobs, err := l.rest.accountedJobs(ctx, l.version, "job/"+array)
		if err != nil && !missingPart(err) {
			return err
		}
		for _, j := range runaway(jobs) {
			if slices.Contains(ids, j.ID) {
				l.jobs = append(l.jobs, j)
			}
		}
	}
	return nil
}

// arrayOf is the id of the array that a task belongs to.
func arrayOf(id string) string {
	array, _, _ := strings.Cut(id, "_")
	return array
}

// restLook is a look-up of several jobs.
type restLook struct {
	rest    *REST
	version restVersion
	live    bool            // accounting is not asked
	asked   map[string]bool // ids
	jobs    []Job
}

// byID asks slurmctld, and accounting for what it has forgotten.
func (l *restLook) byID(ctx context.Context, id string) error {
	if l.asked[id] {
		return nil
	}
	l.asked[id] = true
	if _, err := parseCount(id); err != nil {
		return fmt.Errorf("want a job id, got %q", id)
	}
	jobs, err := l.rest.queuedJobs(ctx, l.version, id)
	if err != nil {
		return err
	}
	if len(jobs) == 0 && !l.live {
		jobs, err = l.rest.accountedJobs(ctx, l.version, "job/"+id)
		jobs = runaway(jobs)
		if missingPart(err) {
			err = nil
		}
	}
	l.jobs = append(l.jobs, jobs...)
	return err
}

// byName asks accounting for the ids, and then for those.
func (l *restLook) byName(ctx context.Context, name string, q JobQuery) error {
	query := "jobs?start_time=" + l.version.since(q)
	if l.version.filtersNames() {
		query += "&job_name=" + escape(name)
	}
	found, err := l.rest.accountedJobs(ctx, l.version, query)
	if err != nil {
		return err
	}
	ids := map[string]bool{}
	for _, j := range found {
		if j.Name == name {
			ids[j.ArrayID] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if err := l.byID(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// since is the time from which on accounting is asked, less an hour: clocks may differ.
func (v restVersion) since(q JobQuery) string {
	seconds := int64(1)
	if !q.Since.IsZero() {
		seconds = max(1, q.Since.Unix()-3600)
	}
	if v.parsed() {
		return strconv.FormatInt(seconds, 10)
	}
	return "uts" + strconv.FormatInt(max(24*3600, seconds), 10)
}

// queuedJobs asks slurmctld for a job and, if it is one, all tasks of the array.
func (r *REST) queuedJobs(ctx context.Context, v restVersion, id string) ([]Job, error) {
	raw, err := r.queuedRecords(ctx, v, id)
	if err != nil {
		return nil, err
	}
	jobs, err := restJobs(raw)
	if err != nil {
		return nil, fmt.Errorf("reading what slurmrestd at %s says of job %s: %w", r.opt.Address, id, err)
	}
	return jobs, nil
}

// queuedRecords are slurmctld's; none where it knows no such job.
func (r *REST) queuedRecords(ctx context.Context, v restVersion, id string) ([]restJob, error) {
	var raw []restJob
	reply, err := r.get(ctx, restCall{path: r.slurm(v, "job/"+id), key: "jobs", each: collect(&raw)})
	if reply.answer.has(errNoJob) {
		return nil, nil
	}
	if !v.tellsAbsence() && unknownJob.MatchString(reply.words()) {
		// It says so too when the controller is down, and of a bad token.
		_, err := r.ping(ctx, v)
		return nil, err
	}
	return raw, err
}

var unknownJob = regexp.MustCompile(`unknown job \d+$`)

// restJob is a job as slurmctld has it, in all versions.
type restJob struct {
	ID          restNumber `json:"job_id"`
	ArrayID     restNumber `json:"array_job_id"`
	TaskID      restNumber `json:"array_task_id"`
	Tasks       restText   `json:"array_task_string"` // those that are still one record: "6-40%3"
	Name        string     `json:"name"`
	State       restWords  `json:"job_state"`
	Reason      restText   `json:"state_reason"`
	Partition   restText   `json:"partition"`
	Nodes       restText   `json:"nodes"`
	Exit        restExit   `json:"exit_code"`
	Restarts    restNumber `json:"restart_cnt"`
	Submit      restNumber `json:"submit_time"`
	Start       restNumber `json:"start_time"`
	End         restNumber `json:"end_time"`
	Account     restText   `json:"account"`
	QOS         restText   `json:"qos"`
	TimeLimit   restNumber `json:"time_limit"` // minutes
	NodeCount   restNumber `json:"node_count"`
	CPUs        restNumber `json:"cpus"`
	TaskCount   restNumber `json:"tasks"`
	CPUsPerTask restNumber `json:"cpus_per_task"`
	MemPerNode  restNumber `json:"memory_per_node"`
	MemPerCPU   restNumber `json:"memory_per_cpu"`
	TRESPerNode restText   `json:"tres_per_node"`
	Features    restText   `json:"features"`
	Reservation restText   `json:"resv_name"`
	Requeue     bool       `json:"requeue"`
}

// readRESTJobs reads the answer of /job/ID.
func readRESTJobs(r io.Reader) ([]Job, restAnswer, error) {
	var raw []restJob
	a, err := readAnswer(r, "jobs", collect(&raw))
	if err != nil {
		return nil, a, err
	}
	jobs, err := restJobs(raw)
	return jobs, a, err
}

func restJobs(raw []restJob) ([]Job, error) {
	var jobs []Job
	for _, j := range raw {
		more, err := j.jobs()
		if err != nil {
			return nil, fmt.Errorf("job %d: %w", j.ID.n, err)
		}
		jobs = append(jobs, more...)
	}
	return jobs, nil
}

// jobs reads a record: one job, or the tasks of an array that have not been told apart yet.
func (raw restJob) jobs() ([]Job, error) {
	j := Job{TaskID: -1, Name: raw.Name, Partition: string(raw.Partition), Nodes: string(raw.Nodes), Reason: string(raw.Reason),
		State: raw.State.jobState(), ExitCode: raw.Exit.code, Signal: raw.Exit.signal,
		Submit: raw.Submit.moment(), Start: raw.Start.moment()}
	if j.Ended() {
		j.End = raw.End.moment()
	}
	if n := raw.Restarts.limit(); n != nil {
		j.Restarts = *n
	}
	if !isState(j.State) || !raw.ID.set || raw.ID.n <= 0 {
		return nil, errors.New("a part of it is missing")
	}
	return j.withID(arrayID(raw.ID, raw.ArrayID, raw.TaskID, string(raw.Tasks)))
}

// arrayID writes the id as squeue does: "123", "123_4", "123_[6-40%3]".
func arrayID(id, array, task restNumber, tasks string) string {
	switch base := strconv.FormatInt(array.n, 10); {
	case array.n <= 0:
		return strconv.FormatInt(id.n, 10)
	case task.set:
		return base + "_" + strconv.FormatInt(task.n, 10)
	case tasks != "":
		return base + "_[" + tasks + "]"
	default:
		return base
	}
}

// overriding are the flags of a job's state that squeue shows in place of the state, in this
// order (job_state_string in slurm_protocol_defs.c).
var overriding = []string{"COMPLETING", "STAGE_OUT", "CONFIGURING", "RESIZING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD",
	"SPECIAL_EXIT", "STOPPED", "REVOKED", "RESV_DEL_HOLD", "SIGNALING"}

func (w restWords) jobState() string {
	for _, flag := range overriding {
		if w.has(flag) {
			return flag
		}
	}
	if len(w) == 0 {
		return ""
	}
	return strings.ToUpper(w[0])
}

// restExit is what wait(2) returned, or an object with the two parts of it.
type restExit struct{ code, signal int }

func (e *restExit) UnmarshalJSON(text []byte) error {
	*e = restExit{}
	var status restNumber
	if err := status.UnmarshalJSON(text); err == nil {
		if status.set && int32(status.n) != -1 { // see neverRan
			e.code, e.signal = int(status.n>>8&0xff), int(status.n&0x7f)
		}
		return nil
	}
	var o struct {
		Code   restNumber      `json:"return_code"`
		Signal json.RawMessage `json:"signal"`
	}
	if err := json.Unmarshal(text, &o); err != nil {
		return err
	}
	var s struct {
		ID  restNumber `json:"id"`
		Old restNumber `json:"signal_id"`
	}
	if len(o.Signal) > 0 {
		if err := json.Unmarshal(o.Signal, &s); err != nil {
			return err
		}
	}
	e.code, e.signal = int(o.Code.n&0xff), int((s.ID.n|s.Old.n)&0x7f)
	return nil
}
