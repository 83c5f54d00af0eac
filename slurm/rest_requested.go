package slurm

import (
	"context"
	"fmt"
	"strings"
)

// Requested asks how Slurm understood a job that was submitted just now.
func (r *REST) Requested(ctx context.Context, jobID string) (Requested, error) {
	server, err := r.server(ctx)
	if err != nil {
		return Requested{}, err
	}
	if _, err := parseCount(jobID); err != nil {
		return Requested{}, fmt.Errorf("want a job id, got %q", jobID)
	}
	var raw []restJob
	k := restCall{path: r.slurm(server.version, "job/"+jobID), key: "jobs", each: collect(&raw)}
	if _, err = r.get(ctx, k); err != nil {
		return Requested{}, err
	}
	if len(raw) == 0 {
		return Requested{}, fmt.Errorf("reading the answer of %s: no job in it", r.line(k))
	}
	return raw[0].requested()
}

// requested is what a record says of the request. All tasks of an array were asked for alike.
func (raw restJob) requested() (Requested, error) {
	q := Requested{ID: fmt.Sprint(raw.ID.n), Name: raw.Name, State: raw.State.jobState(), Reason: string(raw.Reason),
		Account: string(raw.Account), Partition: string(raw.Partition), QOS: string(raw.QOS), TimeLimitS: raw.TimeLimit.times(60),
		GRES:     strings.NewReplacer("gres/", "", "gres:", "").Replace(string(raw.TRESPerNode)),
		Features: string(raw.Features), Reservation: string(raw.Reservation), ArrayTasks: string(raw.Tasks), Requeue: raw.Requeue}
	if raw.ArrayID.n > 0 {
		q.ID = fmt.Sprint(raw.ArrayID.n)
	}
	for to, from := range map[*int]restNumber{
		&q.Nodes: raw.NodeCount, &q.CPUs: raw.CPUs, &q.Tasks: raw.TaskCount, &q.CPUsPerTask: raw.CPUsPerTask,
		&q.MemoryPerNodeMiB: raw.MemPerNode, &q.MemoryPerCPUMiB: raw.MemPerCPU, &q.Restarts: raw.Restarts,
	} {
		if n := from.limit(); n != nil {
			*to = *n
		}
	}
	if q.Partition == "" || !raw.NodeCount.set || !raw.CPUs.set {
		return Requested{}, fmt.Errorf("a part of job %s is missing", q.ID)
	}
	return q, nil
}
