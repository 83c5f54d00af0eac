package runs

import "encoding/json"

// JobStatus is the state of one submission.
type JobStatus struct {
	Attempt int
	JobID   string
	State   string // Slurm's; "" when Slurm was not asked, or does not know the job (any more)
	Reason  string // "" when there is none
	Over    bool   // a later attempt has taken its place
}

// MarshalJSON writes the documented keys, with null for what is not known.
func (s JobStatus) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Attempt int     `json:"attempt"`
		JobID   string  `json:"job_id"`
		State   *string `json:"state"`
		Reason  *string `json:"reason"`
		Over    bool    `json:"continued,omitempty"`
	}{s.Attempt, s.JobID, known(s.State), known(s.Reason), s.Over})
}

func known(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
