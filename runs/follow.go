package runs

import (
	"context"
	"errors"
	"os"
	"strconv"
	"time"

	"hpcsub/slurm"
)

// The pace of following a run: its records are read often, Slurm is asked seldom and ever
// less often, since the controller is everybody's.
const (
	readPause    = time.Second
	firstAsk     = 2 * time.Second
	longestAsk   = 60 * time.Second
	askGrowth    = 1.4
	readingShare = 10 // reading the records may take one part in so many of the time
)

// Follow watches a run until it has ended or ctx is over, and calls show after each look.
// It resubmits, at most twice, what Slurm has forgotten before any of it began.
func (r *Run) Follow(ctx context.Context, client slurm.Client, show func(Status)) (Status, error) {
	v, err := r.look(ctx, client)
	if err != nil {
		return Status{}, err
	}
	asked, pause, repeats, ended := time.Now(), firstAsk, 0, v.allWritersEnded()
	for {
		if v.superseded() { // by a retry from elsewhere, which is what is to be followed now
			if v, err = r.look(ctx, client); err != nil {
				return Status{}, err
			}
			asked, pause, ended = time.Now(), firstAsk, v.allWritersEnded()
		}
		s := v.status(time.Now())
		show(s)
		if s.Settled {
			if len(v.forgotten()) == 0 || repeats == mostRepeats {
				v.endIdle(ctx, client)
				return s, nil
			}
			repeats++
			if err := v.submitForgotten(ctx, client); err != nil {
				return s, err
			}
			v.asked = false
		}
		began := time.Now()
		if err := v.read(); err != nil {
			return s, err
		}
		if before := ended; v.allWritersEnded() != before {
			ended, pause = !before, 0 // is the run over, or a job requeued? Slurm is asked at once
		}
		if time.Since(asked) >= pause && !v.recordsSettle() {
			if err := v.ask(ctx, client); err != nil {
				return s, err
			}
			asked, pause = time.Now(), min(longestAsk, max(firstAsk, time.Duration(float64(pause)*askGrowth)))
		}
		if err := sleep(ctx, max(readPause, readingShare*time.Since(began))); err != nil {
			return s, err
		}
	}
}

// endIdle cancels what waits in Slurm to take items from a queue that is empty, or for an attempt that was stopped: it would start, find
// nothing and end. Where that does not work it does just this, so that no error is worth a word.
func (v *view) endIdle(ctx context.Context, client slurm.Client) {
	over := v.stoppedNames()
	for _, a := range v.active {
		if v.records.Started(a.N) == a.Layout.Parts || !a.queueOver() {
			continue
		}
		for _, s := range a.Submissions {
			over[s.Name] = true
		}
	}
	if len(over) == 0 || v.ask(ctx, client) != nil {
		return
	}
	var ids []string
	for _, j := range v.jobs {
		if over[j.Name] && j.State == "PENDING" {
			ids = append(ids, j.ID)
		}
	}
	if len(ids) > 0 {
		client.Cancel(ctx, ids)
	}
}

// superseded says whether a retry has taken the place of an attempt since the view was made.
func (v *view) superseded() bool {
	for _, a := range v.active {
		if a.continued() {
			return true
		}
	}
	return false
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// mostRepeats is how often what Slurm forgets is submitted again.
const mostRepeats = 2

// forgotten returns the submissions of which Slurm, though it answers, knows no job, and of
// whose parts none was ever claimed: a controller that was killed soon after it took the job.
func (v *view) forgotten() map[*Attempt][]int {
	lost := map[*Attempt][]int{}
	if !v.asked || v.stopped() != "" {
		return lost
	}
	known := map[string]bool{}
	for _, j := range v.jobs {
		known[j.Name] = known[j.Name] || !j.Runaway
	}
	for _, a := range v.active {
		for k, s := range a.Submissions {
			if !known[s.Name] && !a.claimed(s) {
				lost[a] = append(lost[a], k)
			}
		}
	}
	return lost
}

// claimed says whether any part of the submission was claimed by a job.
func (a *Attempt) claimed(s Submission) bool {
	entries, err := os.ReadDir(a.dir.ClaimsDir())
	if err != nil {
		return true // not known: then it is not safe to say no
	}
	for _, e := range entries {
		if part, err := strconv.Atoi(e.Name()); err == nil && part >= s.FirstPart && part < s.FirstPart+s.Parts {
			return true
		}
	}
	return false
}

// submitForgotten hands these submissions to Slurm once more. The fence makes this safe should
// the forgotten jobs appear after all. Of several that follow the run, one does it: the others
// find the lock, or, when they ask once more, the job.
func (v *view) submitForgotten(ctx context.Context, client slurm.Client) error {
	release, err := lock(Root(v.run.Work.Dir))
	var busy *LockedError
	if errors.As(err, &busy) {
		return nil
	}
	if err != nil {
		return err
	}
	defer release()
	if err := v.ask(ctx, client); err != nil {
		return err
	}
	for a, submissions := range v.forgotten() {
		for _, k := range submissions {
			if err := a.log(event{Submission: k, Outcome: unknown, Words: "Slurm no longer knows the job, and it never began"}); err != nil {
				return err
			}
		}
		if err := v.run.Submit(ctx, client, a); err != nil {
			return err
		}
	}
	return nil
}
