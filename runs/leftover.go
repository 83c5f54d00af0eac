package runs

import (
	"context"
	"os"
	"slices"
	"strings"
	"time"

	"hpcsub/configs"
	"hpcsub/items"
	"hpcsub/slurm"
)

// leftAfter is how long after its workers' last word a job that Slurm still shows as running counts as left over. Clocks
// differ by less than five minutes, or munge would let no job run, and the end of a script takes seconds.
const leftAfter = 10 * time.Minute

// unlimited stands in for the time limit of a job that has none.
const unlimited = 24 * time.Hour

// LeftOver asks Slurm's queue for jobs of a run that has ended by its records: the ids of those that Slurm still holds
// as running. It asks nobody soon after the end, nor once the time limit must have ended them.
func (r *Run) LeftOver(ctx context.Context, client slurm.Client) ([]string, error) {
	v, err := r.look(ctx, nil)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if since := now.Sub(unixTime(v.records.Tally().Last)); since < leftAfter || since > leftAfter+v.longestLimit() {
		return nil, nil
	}
	q, err := queryOf(v.attempts...)
	if err != nil {
		return nil, err
	}
	q.Live = true
	v.jobs, err = q.ask(ctx, client)
	return v.leftOver(now), err
}

func (v *view) longestLimit() time.Duration {
	most := time.Duration(0)
	for _, a := range v.attempts {
		limit := time.Duration(a.Request.TimeLimitS) * time.Second
		if limit == 0 {
			limit = unlimited
		}
		most = max(most, limit)
	}
	return most
}

// leftOver are the ids of jobs that Slurm shows as running although this very life of theirs, by its workers' end
// records, has long done all that it had to do. Slurm (24.11) can miss the end of a job that it started on a
// node in the second in which that came back, and holds its CPUs until the time limit.
func (v *view) leftOver(now time.Time) []string {
	var ids []string
	for _, a := range v.attempts {
		var here []string
		for _, s := range a.Submissions {
			for _, j := range v.jobs {
				if j.Name == s.Name && j.State == "RUNNING" && v.workEnded(a, s, j, now) {
					here = append(here, j.ID)
				}
			}
		}
		if len(here) > 0 && a.endsWithWorker() {
			ids = append(ids, here...)
		}
	}
	return ids
}

// endsWithWorker says that a script of the attempt is over when its worker is: of a site's templates, all but two may go
// on after it.
func (a *Attempt) endsWithWorker() bool {
	in, err := a.Planned()
	return err == nil && !slices.ContainsFunc(in.Site.Templates, func(t configs.Template) bool {
		return !strings.HasSuffix(t.Name, "setup") && !strings.HasSuffix(t.Name, "directives")
	})
}

// workEnded says whether each part of a job, or of one task of an array, has the end record of the life that Slurm
// shows, and has had it for long. A later life would write records of its own.
func (v *view) workEnded(a *Attempt, s Submission, j slurm.Job, now time.Time) bool {
	first, count := s.FirstPart, s.Parts
	if a.Request.ArrayTasks > 0 {
		if j.TaskID < 0 || j.TaskID >= s.Parts {
			return false
		}
		first, count = s.FirstPart+j.TaskID, 1
	}
	for part := first; part < first+count; part++ {
		file, err := os.Stat(a.dir.Results(part, j.Restarts))
		if err != nil || now.Sub(file.ModTime()) < leftAfter || !v.records.Ended(items.Writer{Attempt: a.N, Part: part, Restart: j.Restarts}) {
			return false
		}
	}
	return true
}
