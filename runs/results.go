package runs

import (
	"context"
	"iter"
	"time"

	"hpcsub/items"
	"hpcsub/slurm"
)

// Results is what became of every item of a run at one moment.
type Results struct {
	run  *Run
	view *view
}

// Results reads the records. Slurm is asked, with a client that is not nil, only where items
// have begun and not ended: their jobs may be over.
func (r *Run) Results(ctx context.Context, client slurm.Client) (*Results, error) {
	v, err := r.look(ctx, client)
	if err != nil {
		return nil, err
	}
	v.markLost(time.Now())
	return &Results{r, v}, nil
}

// All goes over the items in the order of the list.
func (x *Results) All() iter.Seq2[items.Result, error] {
	return x.view.records.Results(x.run.dir, x.run.Columns)
}

// Tally counts the items and sums what they used.
func (x *Results) Tally() items.Tally { return x.view.records.Tally() }

// GPUs says what the items had of GPUs and did with them.
func (x *Results) GPUs() items.GPUUse { return x.view.records.GPUs() }

// Silent is why Slurm did not answer, so that only the records speak; "" where it did or was not asked.
func (x *Results) Silent() string { return x.view.silent() }

// Item is one item of the list, from 0.
func (x *Results) Item(i int) (items.Result, error) {
	list, err := items.OpenFrozen(x.run.dir)
	if err != nil {
		return items.Result{}, err
	}
	defer list.Close()
	item, err := list.Item(i)
	if err != nil {
		return items.Result{}, err
	}
	rec, err := x.view.records.Record(i)
	if err != nil {
		return items.Result{}, err
	}
	rec.ID, rec.Index = item.ID, i
	writer, _ := x.view.records.Writer(i)
	return items.Result{Record: rec, Columns: x.run.Columns, Values: item.Values, Writer: writer}, nil
}

// markLost says of which items that began no end will come: their attempt was continued by
// another, the run has ended, or their part's Slurm job is over for longer than the grace.
func (v *view) markLost(now time.Time) {
	settled := v.settled(now)
	active := map[int]*Attempt{}
	for _, a := range v.active {
		active[a.N] = a
	}
	v.records.MarkOver(func(w items.Writer) items.State {
		a := active[w.Attempt]
		if a == nil {
			return items.Lost
		}
		jobs := v.jobsOf(a, w.Part)
		if !settled && !over(jobs, now) {
			return ""
		}
		return fate(jobs)
	})
}

// jobsOf are the Slurm jobs of a part, as far as Slurm was asked and knows them.
func (v *view) jobsOf(a *Attempt, part int) (found []slurm.Job) {
	for _, s := range a.Submissions {
		if part < s.FirstPart || part >= s.FirstPart+s.Parts {
			continue
		}
		for _, j := range v.jobs {
			if j.Name == s.Name && (j.TaskID < 0 || a.Request.ArrayTasks == 0 || j.TaskID == part-s.FirstPart) {
				found = append(found, j)
			}
		}
	}
	return found
}

// over says whether all of a part's jobs, of which there is one at least, ended longer ago than the grace.
func over(jobs []slurm.Job, now time.Time) bool {
	for _, j := range jobs {
		if !j.Ended() || j.End.IsZero() || now.Sub(j.End) <= Grace {
			return false
		}
	}
	return len(jobs) > 0
}

// fate is what became of items whose worker ended without a word with these jobs. Slurm may end the worker together
// with an item that took too much memory.
func fate(jobs []slurm.Job) items.State {
	for _, j := range jobs {
		switch j.State {
		case "OUT_OF_MEMORY":
			return items.OutOfMemory
		case "TIMEOUT":
			return items.Timeout
		}
	}
	return items.Lost
}
