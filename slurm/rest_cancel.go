package slurm

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Cancel ends one job after the other; an array is one. An id that has ended, or that Slurm has
// forgotten, is no error.
func (r *REST) Cancel(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	server, err := r.server(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if server.version.cancelsArrays() {
			err = r.cancel(ctx, server.version, id)
		} else {
			err = r.cancelTasks(ctx, server.version, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *REST) cancel(ctx context.Context, v restVersion, id string) error {
	k := restCall{method: http.MethodDelete, path: r.slurm(v, "job/"+escape(id))}
	reply, err := r.do(ctx, k)
	if err != nil {
		return r.unheard(ctx, k, err)
	}
	if err := r.failure(k, reply); err != nil && !reply.jobIsOver() {
		return err
	}
	return nil
}

// cancelTasks cancels an array by the numbers of its tasks: v0.0.36 takes the array's for that of one
// task. What waits as one record goes first; what was started meanwhile, in another round.
func (r *REST) cancelTasks(ctx context.Context, v restVersion, id string) error {
	array, task, isTask := strings.Cut(id, "_")
	if _, err := parseCount(array); err != nil {
		return fmt.Errorf("want a job id, got %q", id)
	}
	for range 3 {
		raw, err := r.queuedRecords(ctx, v, array)
		if err != nil {
			return err
		}
		left := 0
		slices.SortStableFunc(raw, func(a, b restJob) int { return cmp.Compare(len(b.Tasks), len(a.Tasks)) })
		for _, j := range raw {
			state := Job{State: j.State.jobState()}
			if state.Ended() || state.State == "COMPLETING" || isTask && fmt.Sprint(j.TaskID.n) != task {
				continue
			}
			left++
			if err := r.cancel(ctx, v, fmt.Sprint(j.ID.n)); err != nil {
				return err
			}
		}
		if left == 0 {
			return nil
		}
	}
	return nil
}

// errJobOver is ESLURM_ALREADY_DONE.
const errJobOver = 2021

func (y restReply) jobIsOver() bool {
	return y.answer.has(errNoJob) || y.answer.has(errJobOver) || len(y.answer.errors) > 0 && onlyOver(y.answer.words())
}
