package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hpcsub/slurm"
)

// UnclearError says that Slurm did not say whether it took a job. Nothing is submitted again
// before the job's name has been looked up, so repeating the command is safe.
type UnclearError struct {
	Run   string
	Name  string
	Cause error
}

func (e *UnclearError) Error() string {
	return fmt.Sprintf("%v: whether Slurm took job %s is not known yet", e.Cause, e.Name)
}

func (e *UnclearError) Unwrap() error { return e.Cause }

// lookups are the pauses before each look for a job whose submission got no clear answer: a
// request that waits in a busy controller may be carried out after we stopped waiting.
var lookups = []time.Duration{0, 2 * time.Second, 5 * time.Second}

// Submit hands each of the attempt's submissions to the cluster once, and takes up where an
// interrupted call of it ended. Between two submissions it obeys ctx, and ends where the attempt
// was stopped; one that is under way is always finished, since breaking it off would leave it unknown.
func (r *Run) Submit(ctx context.Context, client slurm.Client, a *Attempt) error {
	known, err := a.sent()
	if err != nil {
		return err
	}
	for k, s := range known {
		if s.held() {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if a.stopped() != "" { // cancelled meanwhile: its workers would start nothing
			return nil
		}
		if err := a.submitOne(context.WithoutCancel(ctx), client, k, s); err != nil {
			return r.submitFailed(ctx, client, a, k, err)
		}
	}
	return nil
}

// Complete takes up a submission that was interrupted, on whichever attempt it was.
func (r *Run) Complete(ctx context.Context, client slurm.Client) error {
	release, err := lock(Root(r.Work.Dir))
	if err != nil {
		return err
	}
	defer release()
	attempts, err := r.Attempts()
	if err != nil {
		return err
	}
	for _, a := range attempts {
		if a.stopped() != "" {
			continue
		}
		if err := r.Submit(ctx, client, a); err != nil {
			return err
		}
	}
	addToIndex(r)
	return nil
}

// submitFailed words the error. Where Slurm refused a later piece of a split array, the pieces
// that it took are cancelled: half a run is nobody's wish.
func (r *Run) submitFailed(ctx context.Context, client slurm.Client, a *Attempt, k int, err error) error {
	var no *slurm.RefusedError
	if errors.As(err, &no) && k > 0 {
		if e := a.cancelJobs(context.WithoutCancel(ctx), client); e != nil {
			return fmt.Errorf("%w; cancelling the %d pieces that it had taken: %v", err, k, e)
		}
		return fmt.Errorf("%w; the %d pieces that it had taken were cancelled", err, k)
	}
	var unclear *UnclearError
	if errors.As(err, &unclear) {
		unclear.Run = r.ID
	}
	return err
}

func (a *Attempt) submitOne(ctx context.Context, client slurm.Client, k int, s sent) error {
	if s.last == submitting || s.last == unknown {
		// Should it turn up later than it is looked for, it has to be known that there are two.
		if err := a.log(event{Submission: k, Outcome: unknown, Words: "looked for by its name"}); err != nil {
			return err
		}
		if there, err := a.lookUp(ctx, client, k); there || err != nil {
			return err
		}
	}
	err := a.callSbatch(ctx, client, k)
	var maybe *slurm.UnknownError
	if !errors.As(err, &maybe) {
		return err
	}
	there, lookErr := a.lookUp(ctx, client, k)
	if there || lookErr != nil {
		return lookErr
	}
	// Slurm answers again and does not have it. Should it turn up after all, the fence lets
	// only one of the two run each part.
	return a.callSbatch(ctx, client, k)
}

func (a *Attempt) callSbatch(ctx context.Context, client slurm.Client, k int) error {
	if err := a.log(event{Submission: k, Outcome: submitting}); err != nil {
		return err
	}
	id, err := client.Submit(ctx, slurm.Submission{Script: a.dir.Script(k), Dir: string(a.dir)})
	if err == nil {
		return a.log(event{Submission: k, Outcome: submitted, JobID: id})
	}
	outcome := unknown
	var no *slurm.RefusedError
	var none *slurm.AbsentError
	switch {
	case errors.As(err, &no):
		outcome = refused
	case errors.As(err, &none):
		outcome = absent
	}
	if e := a.log(event{Submission: k, Outcome: outcome, Words: err.Error()}); e != nil {
		return errors.Join(err, e)
	}
	return err
}

// lookUp looks for submission k by its name. It says true when Slurm has it, and false only
// when Slurm answered, more than once, that it does not.
func (a *Attempt) lookUp(ctx context.Context, client slurm.Client, k int) (bool, error) {
	name := a.Submissions[k].Name
	for _, pause := range lookups {
		time.Sleep(pause)
		jobs, err := client.Jobs(ctx, slurm.JobQuery{Names: []string{name}, Since: a.Created})
		if err != nil {
			return false, &UnclearError{Name: name, Cause: err}
		}
		jobs = slices.DeleteFunc(jobs, func(j slurm.Job) bool { return j.Runaway })
		if len(jobs) > 0 {
			return true, a.log(event{Submission: k, Outcome: found, JobID: jobs[0].ArrayID})
		}
	}
	return false, a.log(event{Submission: k, Outcome: absent})
}

// JobIDs are all ids that Slurm gave to this attempt.
func (a *Attempt) JobIDs() ([]string, error) {
	known, err := a.sent()
	var ids []string
	for _, s := range known {
		ids = append(ids, s.jobIDs...)
	}
	return ids, err
}

// cancelJobs ends all Slurm jobs of the attempt, those too that only their name reveals.
func (a *Attempt) cancelJobs(ctx context.Context, client slurm.Client) error {
	jobs, err := slurmJobs(ctx, client, a)
	if err != nil {
		return err
	}
	var ids []string
	seen := map[string]bool{}
	for _, j := range jobs {
		if !j.Ended() && !seen[j.ArrayID] {
			seen[j.ArrayID] = true
			ids = append(ids, j.ArrayID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return client.Cancel(ctx, ids)
}

// slurmJobs asks for the attempts' Slurm jobs in one call: by id, and by name where an answer
// was unclear.
func slurmJobs(ctx context.Context, client slurm.Client, attempts ...*Attempt) ([]slurm.Job, error) {
	q, err := queryOf(attempts...)
	if err != nil {
		return nil, err
	}
	return q.ask(ctx, client)
}

// query is a question for the Slurm jobs of attempts, and the names that these have.
type query struct {
	slurm.JobQuery
	ours map[string]bool
}

func queryOf(attempts ...*Attempt) (query, error) {
	q := query{ours: map[string]bool{}}
	for _, a := range attempts {
		known, err := a.sent()
		if err != nil {
			return query{}, err
		}
		if q.Since.IsZero() || a.Created.Before(q.Since) {
			q.Since = a.Created
		}
		for k, s := range known {
			name := a.Submissions[k].Name
			q.ours[name] = true
			q.IDs = append(q.IDs, s.jobIDs...)
			if s.unclear || s.last == submitting || s.last == unknown {
				q.Names = append(q.Names, name)
			}
		}
	}
	return q, nil
}

// ask leaves out jobs of other names: an id that was given out twice is not ours.
func (q query) ask(ctx context.Context, client slurm.Client) ([]slurm.Job, error) {
	if len(q.IDs)+len(q.Names) == 0 {
		return nil, nil
	}
	jobs, err := client.Jobs(ctx, q.JobQuery)
	return slices.DeleteFunc(jobs, func(j slurm.Job) bool { return !q.ours[j.Name] }), err
}
