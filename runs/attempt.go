package runs

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"hpcsub/items"
	"hpcsub/strategies"
)

// Attempt is one submission of (the rest of) a run: attempt.json, the intent, which is
// complete on disk before Slurm hears of it.
type Attempt struct {
	N           int                `json:"attempt"`
	Token       string             `json:"token"` // random: tells this attempt's Slurm jobs from any other
	Created     time.Time          `json:"created"`
	Strategy    string             `json:"strategy"`
	Request     strategies.Request `json:"request"`
	Layout      strategies.Layout  `json:"layout"`
	Items       int                `json:"items"`
	Exclude     []string           `json:"exclude,omitempty"` // nodes that earlier attempts named bad
	Submissions []Submission       `json:"submissions"`

	dir items.AttemptDir
}

// Submission is one sbatch call of an attempt. Several are needed where an array is longer
// than the site's MaxArraySize.
type Submission struct {
	Name      string `json:"name"`   // of the Slurm job: <run>.<attempt>-<token>.<k>
	Script    string `json:"script"` // file in the attempt's folder
	FirstPart int    `json:"first_part"`
	Parts     int    `json:"parts"`
}

// Dir is the attempt's folder.
func (a *Attempt) Dir() items.AttemptDir { return a.dir }

// ScriptPath is the script of the attempt's first submission.
func (a *Attempt) ScriptPath() string {
	return a.dir.Script(0)
}

func openAttempt(dir items.AttemptDir) (*Attempt, error) {
	path := dir.Intent()
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the attempt: %w", err)
	}
	a := &Attempt{dir: dir}
	if err := json.Unmarshal(text, a); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return a, nil
}

// jobName names submission k so that it can be found again by name alone.
func jobName(run string, attempt int, token string, k int) string {
	return fmt.Sprintf("%s.%d-%s.%d", run, attempt, token, k)
}
