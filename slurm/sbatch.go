package slurm

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// submitStay is how long sbatch may go on after a Ctrl-C. It takes some 10 ms; ended half-way it
// would leave unknown whether there is a job.
const submitStay = 3 * time.Second

// Submit runs sbatch once. What it is asked for stands in the script, so that what ran is what
// is written. The error is
//   - a *RefusedError where Slurm, or sbatch itself, clearly said no: nothing was submitted;
//   - an *AbsentError where nobody was reached: no sbatch, or no connection;
//   - an *UnknownError for all else: a time-out, a lost reply, a signal, success without an id.
//     LAB: sbatch may say "Socket timed out" and the job runs.
func (c *Commands) Submit(ctx context.Context, s Submission) (string, error) {
	argv := append([]string{"sbatch", "--parsable", s.Script}, s.Args...)
	r, err := c.run(ctx, call{argv: argv, dir: s.Dir, stay: submitStay})
	if err != nil {
		return "", err
	}
	if id := jobID(string(r.stdout)); id != "" {
		return id, nil // whatever else went wrong after that
	}
	return "", r.submitFailure(argv)
}

func (r reply) submitFailure(argv []string) error {
	command := commandLine(argv)
	switch {
	case r.stopped != nil || r.code < 0:
		return &UnknownError{command, r.words()}
	case r.code == 0:
		return &UnknownError{command, strings.TrimSpace(fmt.Sprintf("no job id in %q %s", head(r.stdout), r.stderr))}
	case refused(r.stderr):
		return &RefusedError{command, r.words()}
	case unheard.MatchString(r.stderr):
		return &AbsentError{command, r.words()}
	}
	return &UnknownError{command, r.words()}
}

var parsable = regexp.MustCompile(`^([0-9]+)(?:;[^ ;]+)?$`)

// jobID reads "123" or "123;cluster", in the one line that is one; "" where none is, or where several are and
// nothing tells which. A line without its end may be a part of an id.
func jobID(text string) string {
	id := ""
	for line := range strings.Lines(text) {
		m := parsable.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		if id != "" || !strings.HasSuffix(line, "\n") {
			return ""
		}
		id = m[1]
	}
	return id
}

// StartTime runs sbatch --test-only, which submits nothing. A refusal is a *RefusedError, whoever words it: Slurm, a plugin of the
// controller's, or a wrapper that stands in sbatch's place. An sbatch that a signal ended is an *UnknownError.
func (c *Commands) StartTime(ctx context.Context, s Submission) (time.Time, error) {
	argv := append([]string{"sbatch", "--test-only", s.Script}, s.Args...)
	r, err := c.run(ctx, call{argv: argv, dir: s.Dir})
	if err != nil {
		return time.Time{}, err
	}
	if r.code == 0 && r.stopped == nil {
		t, err := parseTestOnly(r.stderr)
		return t, complaint(argv, err)
	}
	if r.code < 0 && r.stopped == nil {
		return time.Time{}, &UnknownError{commandLine(argv), r.words()}
	}
	return time.Time{}, r.failure(ctx, argv)
}

var testOnly = regexp.MustCompile(`Job \d+ to start at (\S+)(?: a)? using \d+ processors`)

// parseTestOnly reads "sbatch: Job 34 to start at 1795384053 using 4 processors on nodes c3 …".
func parseTestOnly(text string) (time.Time, error) {
	m := testOnly.FindStringSubmatch(text)
	if m == nil {
		return time.Time{}, fmt.Errorf("want \"Job 34 to start at …\", got %q", head([]byte(text)))
	}
	return parseTime(m[1])
}
