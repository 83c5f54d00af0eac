package runs

import (
	"context"
	"strings"
	"time"

	"hpcsub/items"
	"hpcsub/slurm"
)

// The states of a run.
const (
	Submitting = "submitting" // not all of it is known to be with Slurm
	Pending    = "pending"
	Running    = "running"
	Done       = "done"
	Failed     = "failed"     // ended, and some items failed
	Incomplete = "incomplete" // ended, nothing failed, but some items never ran or were lost
	Cancelled  = "cancelled"
)

// Grace is how long after its Slurm job a writer's last records may still be on the way
// through a network file system: lost is not late.
const Grace = 15 * time.Second

// Status is what became of a run so far (the contract of `hpcsub status --json`).
type Status struct {
	Run      string      `json:"run"`
	State    string      `json:"state"`
	Items    Counts      `json:"items"`
	Attempts []JobStatus `json:"attempts"`
	Stopped  string      `json:"stopped,omitempty"`   // why no more items are started
	BadNodes []string    `json:"bad_nodes,omitempty"` // nodes that failed many items at once
	Settled  bool        `json:"settled"`             // nothing will change any more without a retry
	Silent   string      `json:"silent,omitempty"`    // Slurm did not answer: what stands here is from the records
	LeftOver []string    `json:"left_over,omitempty"` // Slurm jobs that are held as running though their work is done

	GPUs items.GPUUse `json:"-"` // what the items had of GPUs and did with them
}

// Counts tells items by what became of them; Failed holds all that ended and are not done.
type Counts struct {
	Total   int `json:"total"`
	Done    int `json:"done"`
	Failed  int `json:"failed"`
	Running int `json:"running"`
	Pending int `json:"pending"`
}

// Unfinished says whether something may still run or be submitted.
func (s Status) Unfinished() bool { return !s.Settled }

// view is one look at a run: its records, and Slurm's word where it was asked.
type view struct {
	run      *Run
	attempts []*Attempt
	records  *items.Collection
	active   []*Attempt  // those that a retry has not taken the place of
	jobs     []slurm.Job // of the active attempts; nil when Slurm was not asked
	asked    bool
	err      error // why Slurm gave no answer
}

// look reads the records, and asks Slurm only where they leave something open.
func (r *Run) look(ctx context.Context, client slurm.Client) (*view, error) {
	v := &view{run: r}
	var err error
	if v.attempts, err = r.Attempts(); err != nil {
		return nil, err
	}
	for _, a := range v.attempts {
		if !a.continued() {
			v.active = append(v.active, a)
		}
	}
	if err := v.read(); err != nil {
		return nil, err
	}
	if client != nil && !v.recordsSettle() {
		if err := v.ask(ctx, client); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// read reads what was recorded since the last look.
func (v *view) read() error {
	dirs := make([]items.AttemptDir, len(v.attempts))
	for i, a := range v.attempts {
		dirs[i] = a.dir
	}
	if v.records != nil {
		return v.records.Update(dirs...)
	}
	var err error
	v.records, err = items.Collect(v.run.Items, dirs...)
	return err
}

// ask asks Slurm for the jobs, and then reads the records once more: an answer may take its time, and what a job
// recorded meanwhile must not count as never written because the job is over.
func (v *view) ask(ctx context.Context, client slurm.Client) error {
	v.jobs, v.err = slurmJobs(ctx, client, v.active...)
	v.asked = v.err == nil
	return v.read()
}

// recordsSettle says whether the records alone tell that the run has ended: every item is
// done, or every part's writer has written its end record. A worker that was told to end may
// have a second life: only Slurm knows whether its job was requeued.
func (v *view) recordsSettle() bool {
	t := v.records.Tally()
	return t.Done == t.Total || v.allWritersEnded() && (t.Cancelled+t.Pending == 0 || v.stopped() != "")
}

func (v *view) allWritersEnded() bool {
	early := false
	for _, a := range v.active {
		ended := v.records.WritersEnded(a.N)
		if ended < a.Layout.Parts && (ended < v.records.Started(a.N) || !a.queueOver()) {
			return false
		}
		early = early || ended < a.Layout.Parts
	}
	return !early || v.allToldOf()
}

// allToldOf says that the active attempts have told of every item. Which parts of a shared queue have begun is not known for sure: a network
// file system may list a writer's records long after it shows what that has taken.
func (v *view) allToldOf() bool { return v.records.Tally().Pending+v.toRunAgain() == 0 }

// queueOver says that the parts of an attempt share a queue in which nothing is left: those that have not begun will find none.
func (a *Attempt) queueOver() bool {
	if a.Layout.Queue == nil {
		return false
	}
	queue, err := items.OpenChunks(a.dir)
	if err != nil {
		return false
	}
	defer queue.Close()
	over, err := queue.Exhausted()
	return over && err == nil
}

// neverBegan says that a job was ended before it had a node: it wrote nothing that could still be on its way.
func neverBegan(j slurm.Job) bool { return j.Nodes == "" && j.State == "CANCELLED" }

// jobsOver says whether Slurm has no job of the active attempts left, and since when. What waits for an attempt that was stopped would start nothing.
func (v *view) jobsOver() (bool, time.Time) {
	if !v.asked {
		return false, time.Time{}
	}
	stopped := v.stoppedNames()
	var end time.Time
	for _, j := range v.jobs {
		waits := j.State == "PENDING" && stopped[j.Name]
		if !j.Ended() && !waits {
			return false, time.Time{}
		}
		if waits && j.Restarts == 0 || neverBegan(j) {
			continue
		}
		if waits || j.Runaway || j.End.IsZero() { // nobody knows when it ended: the last record is as good as its end
			j.End = unixTime(v.records.Tally().Last)
		}
		if j.End.After(end) {
			end = j.End
		}
	}
	return true, end
}

// stoppedNames are the Slurm jobs' of active attempts that take no more items.
func (v *view) stoppedNames() map[string]bool {
	names := map[string]bool{}
	for _, a := range v.active {
		if a.stopped() == "" {
			continue
		}
		for _, s := range a.Submissions {
			names[s.Name] = true
		}
	}
	return names
}

func unixTime(s float64) time.Time { return time.UnixMicro(int64(s * 1e6)) }

// settled says whether nothing will change any more without a retry.
func (v *view) settled(now time.Time) bool {
	if v.recordsSettle() {
		return true
	}
	if !v.allHeld() {
		return false
	}
	over, end := v.jobsOver()
	return over && (v.allWritersEnded() || now.Sub(end) > Grace)
}

// allHeld says whether Slurm is known to have taken every submission of the active attempts. Of a
// stopped one nothing more is handed over, and what may turn up late takes no item.
func (v *view) allHeld() bool {
	for _, a := range v.active {
		if a.stopped() != "" {
			continue
		}
		known, err := a.sent()
		if err != nil {
			return false
		}
		for _, s := range known {
			if !s.held() {
				return false
			}
		}
	}
	return true
}

// stopped is why an active attempt takes no more items.
func (v *view) stopped() string {
	for _, a := range v.active {
		if why := a.stopped(); why != "" {
			return why
		}
	}
	return ""
}

// begun says whether any item of an active attempt was started.
func (v *view) begun() bool {
	for _, a := range v.active {
		if v.records.Started(a.N) > 0 {
			return true
		}
	}
	return false
}

// status words what the view shows.
func (v *view) status(now time.Time) Status {
	s := Status{Run: v.run.ID, Settled: v.settled(now), Stopped: v.stopped(), BadNodes: v.badNodes(), GPUs: v.records.GPUs()}
	v.markLost(now)
	t := v.records.Tally()
	s.Items = Counts{Total: t.Total, Done: t.Done, Failed: t.Total - t.Done - t.Running - t.Pending, Running: t.Running, Pending: t.Pending}
	if !s.Settled {
		again := v.toRunAgain()
		s.Items.Failed -= again
		s.Items.Pending += again
	}
	s.Attempts, s.Silent, s.LeftOver = v.jobStatuses(), v.silent(), v.leftOver(now)
	s.State = v.state(s)
	return s
}

// toRunAgain counts the items that wait again: those that an earlier attempt did not do and of
// which the attempt that has taken its place says nothing yet, and those that ended with the first
// life of a job that is requeued.
func (v *view) toRunAgain() int {
	requeued := v.records.Tally().Cancelled > 0 && v.stopped() == ""
	if len(v.active) == len(v.attempts) && !requeued {
		return 0
	}
	active := map[int]bool{}
	for _, a := range v.active {
		active[a.N] = true
	}
	n := 0
	for i := range v.run.Items {
		state := v.records.State(i)
		switch state {
		case items.Done, items.Running, items.Pending:
			continue
		}
		if w, known := v.records.Writer(i); known && (!active[w.Attempt] || requeued && state == items.Cancelled) {
			n++
		}
	}
	return n
}

// silent is why Slurm gave no answer.
func (v *view) silent() string {
	if v.err == nil {
		return ""
	}
	return v.err.Error()
}

func (v *view) state(s Status) string {
	switch {
	case s.Items.Done == s.Items.Total:
		return Done
	case strings.HasPrefix(s.Stopped, cancelledBy) && (s.Settled || v.unasked() && s.Items.Running == 0):
		return Cancelled
	case s.Settled && s.Items.Failed > 0:
		return Failed
	case s.Settled:
		return Incomplete
	case !v.allHeld():
		return Submitting
	case s.Items.Running > 0 || v.begun() || v.anyJob("RUNNING"):
		return Running
	}
	return Pending
}

// unasked says that this is a look at the records alone.
func (v *view) unasked() bool { return !v.asked && v.err == nil }

func (v *view) anyJob(state string) bool {
	for _, j := range v.jobs {
		if j.State == state {
			return true
		}
	}
	return false
}

// jobStatuses tells each submission's state: of an array the one that matters most.
func (v *view) jobStatuses() []JobStatus {
	var all []JobStatus
	for _, a := range v.attempts {
		ids, _ := a.JobIDs()
		for _, id := range ids {
			s := JobStatus{Attempt: a.N, JobID: id, Over: a.continued()}
			for _, j := range v.jobs {
				if j.ArrayID == id && weight(j.State) > weight(s.State) {
					s.State, s.Reason = j.State, j.Reason
				}
			}
			all = append(all, s)
		}
	}
	return all
}

// weight orders Slurm's states: of a whole array the heaviest is shown.
func weight(state string) int {
	switch state {
	case "":
		return 0
	case "COMPLETED":
		return 1
	case "RUNNING":
		return 4
	case "PENDING":
		return 3
	}
	return 2
}

// Status looks at a run once. With a nil client Slurm is not asked.
func (r *Run) Status(ctx context.Context, client slurm.Client) (Status, error) {
	v, err := r.look(ctx, client)
	if err != nil {
		return Status{}, err
	}
	return v.status(time.Now()), nil
}
