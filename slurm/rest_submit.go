package slurm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// maxScript is Slurm's own default bound (max_script_size).
const maxScript = 4 << 20

// Submit hands a script over once. The error is
//   - a *RefusedError where the answer is a clear no, or nothing was sent: nothing was submitted;
//   - an *AbsentError where nobody was reached;
//   - an *UnknownError for all else: a time-out, a lost answer, success without an id.
//
// An answer that names a job is a submission, whatever else it says: slurmrestd answers HTTP 500 to
// an unknown flag, and submits.
func (r *REST) Submit(ctx context.Context, s Submission) (string, error) {
	server, err := r.server(ctx)
	if err != nil {
		return "", err
	}
	k := restCall{method: http.MethodPost, path: r.slurm(server.version, "job/submit"), stay: submitStay}
	if k.body, err = request(s, server.version); err != nil {
		return "", &RefusedError{r.line(k), "nothing was sent: " + err.Error()}
	}
	reply, err := r.do(ctx, k)
	if id := reply.answer.jobID; id.set && id.n > 0 {
		return fmt.Sprint(id.n), nil
	}
	return "", r.submitFailure(k, reply, err)
}

func (r *REST) submitFailure(k restCall, y restReply, err error) error {
	var gone *lostError
	switch {
	case errors.As(err, &gone) && gone.unsent:
		return &AbsentError{r.line(k), gone.Error()}
	case errors.As(err, &gone):
		return &UnknownError{r.line(k), gone.Error()}
	case err != nil: // about the token: nothing was sent
		return err
	case y.unauthorised():
		return r.failure(k, y)
	case y.refuses():
		return &RefusedError{r.line(k), y.words()}
	case unheard.MatchString(y.words()):
		return &AbsentError{r.line(k), y.words()}
	case y.err != nil:
		return &UnknownError{r.line(k), fmt.Sprintf("HTTP %d: %v", y.status, y.err)}
	}
	return &UnknownError{r.line(k), "no job id: " + y.words()}
}

// refuses says whether an answer without a job id is a clear no: slurmrestd could not read the request,
// or slurmctld gave one of its own errors about jobs (slurm_errno.h, 2000 to 2999).
func (y restReply) refuses() bool {
	if silent(y.words()) {
		return false
	}
	for _, e := range y.answer.errors {
		if n := e.number(); n >= 2000 && n < 3000 {
			return true
		}
	}
	switch y.status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// request writes the body of a submission.
func request(s Submission, v restVersion) ([]byte, error) {
	dir, err := filepath.Abs(s.Dir)
	if err != nil {
		return nil, err
	}
	path := s.Script
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	script, err := os.ReadFile(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the script: %w", err)
	case len(s.Args) > 0:
		return nil, errors.New("slurmrestd hands a script no arguments")
	case len(script) > maxScript:
		return nil, fmt.Errorf("the script %s is longer than %d MiB", path, maxScript>>20)
	case !utf8.Valid(script) || !utf8.ValidString(dir) || strings.ContainsRune(string(script), 0):
		return nil, fmt.Errorf("the script %s, or its folder's name, is not UTF-8, which slurmrestd wants", path)
	}
	directives, err := readDirectives(string(script))
	if err != nil {
		return nil, err
	}
	job, err := describe(directives, v)
	if err != nil {
		return nil, err
	}
	job["current_working_directory"], job["environment"] = dir, environment(v, umask())
	if _, named := job["name"]; !named {
		job["name"] = filepath.Base(path)
	}
	return json.Marshal(map[string]any{"script": string(script), "job": job})
}

// umask is this process's, which sbatch hands over too. To ask the kernel for it is to change it.
func umask() string {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, "Umask:"); ok {
			return strings.TrimSpace(text)
		}
	}
	return "0022"
}
