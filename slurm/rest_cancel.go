package slurm

import (
	"context"
	"net/http"
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
		k := restCall{method: http.MethodDelete, path: r.slurm(server.version, "job/"+escape(id))}
		reply, err := r.do(ctx, k)
		if err != nil {
			return r.unheard(ctx, k, err)
		}
		if err := r.failure(k, reply); err != nil && !reply.jobIsOver() {
			return err
		}
	}
	return nil
}

// errJobOver is ESLURM_ALREADY_DONE.
const errJobOver = 2021

func (y restReply) jobIsOver() bool {
	return y.answer.has(errNoJob) || y.answer.has(errJobOver) || len(y.answer.errors) > 0 && onlyOver(y.answer.words())
}
