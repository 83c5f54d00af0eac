package runs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// The outcomes of handing a submission to Slurm. A submission whose last word is submitting
// or unknown may or may not have been taken: its name is looked up before anything else.
const (
	submitting = "submitting" // written before sbatch is started
	submitted  = "submitted"  // Slurm answered with a job id
	found      = "found"      // looked up by name after an unclear answer
	refused    = "refused"    // Slurm said no: nothing was taken
	unknown    = "unknown"    // no clear answer
	absent     = "absent"     // looked up and not there, or no controller to take it
)

// event is one line of submissions.jsonl.
type event struct {
	Submission int       `json:"submission"`
	Outcome    string    `json:"outcome"`
	JobID      string    `json:"job_id,omitempty"`
	Time       time.Time `json:"time"`
	Words      string    `json:"words,omitempty"` // Slurm's, where it did not simply say yes
}

// log appends an event and syncs it: the next step may be the one that is interrupted.
func (a *Attempt) log(e event) error {
	f, err := os.OpenFile(a.dir.Submissions(), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("recording the submission: %w", err)
	}
	defer f.Close()
	e.Time = time.Now()
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if info, err := f.Stat(); err == nil && info.Size() > 0 {
		line = append([]byte("\n"), line...) // also ends a line that a full disk has torn
	}
	if _, err := f.Write(line); err != nil {
		return fmt.Errorf("recording the submission: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("recording the submission: %w", err)
	}
	return nil
}

// sent is what is known of one submission.
type sent struct {
	last      string   // the last outcome, "" when it was never tried
	jobIDs    []string // every id that Slurm gave it; more than one after a repeat
	unclear   bool     // some answer was unclear: jobs are looked for by name, not by id alone
	submitted time.Time
}

// held says whether Slurm has this submission, as far as is known.
func (s sent) held() bool { return s.last == submitted || s.last == found }

// sent returns what is known of each submission, in order.
func (a *Attempt) sent() ([]sent, error) {
	all := make([]sent, len(a.Submissions))
	text, err := os.ReadFile(a.dir.Submissions())
	if os.IsNotExist(err) {
		return all, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading what was submitted: %w", err)
	}
	for line := range bytes.Lines(text) { // of any length: Slurm's words stand in them
		var e event
		if json.Unmarshal(line, &e) != nil || e.Submission < 0 || e.Submission >= len(all) {
			continue // a torn line: the step that it announced was not taken
		}
		all[e.Submission].add(e)
	}
	return all, nil
}

func (s *sent) add(e event) {
	// Announced twice without an answer between: the first client was killed on the way.
	if e.Outcome == unknown || e.Outcome == submitting && s.last == submitting {
		s.unclear = true
	}
	s.last = e.Outcome
	if e.JobID != "" {
		s.jobIDs = append(s.jobIDs, e.JobID)
	}
	if e.Outcome == submitting {
		s.submitted = e.Time
	}
}
