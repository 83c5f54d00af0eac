package slurm

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// maxAnswer bounds what is read of one answer: ten times what ten thousand nodes are.
const maxAnswer = 256 << 20

// restCall is one request.
type restCall struct {
	method string // "" = GET
	path   string // "/slurm/v0.0.42/nodes"
	body   []byte
	stay   time.Duration // how long it may go on after its caller has given up
	key    string        // of the list in the answer; "" = any answer will do
	each   func(*json.Decoder) error
	copy   io.Writer // of the answer's text; nil = nobody wants it
}

func (k restCall) String() string { return cmp.Or(k.method, http.MethodGet) + " " + k.path }

// restReply is what slurmrestd answered.
type restReply struct {
	status int
	answer restAnswer
	plain  string // the words of an answer that is no JSON
	err    error  // why the answer could not be read
}

// lostError is a request that has no answer.
type lostError struct {
	err    error
	unsent bool // nothing can have arrived
}

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

// do makes a request, once. The error is a *lostError where no answer came, or is about the token.
func (r *REST) do(ctx context.Context, k restCall) (restReply, error) {
	token, err := r.token(ctx)
	if err != nil {
		return restReply{}, err
	}
	who := r.user(ctx)
	ctx, cancel := r.local.deadline(ctx, k.stay)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, k.method, r.base+k.path, bytes.NewReader(k.body))
	if err != nil {
		return restReply{}, &lostError{err, true}
	}
	request.Header.Set("Accept", "application/json")
	if k.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		request.Header.Set("X-SLURM-USER-NAME", who)
		request.Header.Set("X-SLURM-USER-TOKEN", token)
	}
	defer r.traced(k, time.Now())
	response, err := r.http.Do(request)
	if err != nil {
		return restReply{}, lost(ctx, err, token)
	}
	defer response.Body.Close()
	reply := readReply(response, k, r.most)
	if ctx.Err() != nil && reply.err != nil {
		return restReply{}, lost(ctx, reply.err, token)
	}
	reply.clean(token)
	return reply, nil
}

// lost says why no answer came. The cause of a cancelled request is the time-out, or the caller's.
func lost(ctx context.Context, err error, token string) *lostError {
	var dial *net.OpError
	unsent := errors.As(err, &dial) && dial.Op == "dial"
	if cause := context.Cause(ctx); cause != nil {
		return &lostError{cause, unsent}
	}
	var u interface{ Unwrap() error }
	if errors.As(err, &u) && u.Unwrap() != nil {
		err = u.Unwrap() // *url.Error repeats the address
	}
	return &lostError{errors.New(without(token, err.Error())), unsent}
}

// readReply takes in an answer, as far as its bound.
func readReply(response *http.Response, k restCall, most int64) restReply {
	reply := restReply{status: response.StatusCode}
	body := &limited{r: response.Body, left: most, most: most}
	if k.copy != nil {
		body.r = io.TeeReader(response.Body, k.copy)
	}
	if !strings.Contains(response.Header.Get("Content-Type"), "json") {
		const words = 500
		text, err := io.ReadAll(io.LimitReader(body, words))
		reply.plain, reply.err = strings.TrimSpace(string(text)), err
		return reply
	}
	reply.answer, reply.err = readAnswer(body, k.key, k.each)
	return reply
}

// limited is an io.LimitedReader that says so when there is more.
type limited struct {
	r          io.Reader
	left, most int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("it is longer than %d MiB", l.most>>20)
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// clean takes the token out of whatever was answered.
func (y *restReply) clean(token string) {
	y.plain = without(token, y.plain)
	for i := range y.answer.errors {
		e := &y.answer.errors[i]
		e.Text, e.Description = restText(without(token, string(e.Text))), restText(without(token, string(e.Description)))
	}
	if y.err != nil && token != "" && strings.Contains(y.err.Error(), token) {
		y.err = errors.New(without(token, y.err.Error()))
	}
}

// words are what was answered, if it was no success.
func (y restReply) words() string {
	switch {
	case len(y.answer.errors) > 0:
		return y.answer.words()
	case y.plain != "":
		return fmt.Sprintf("HTTP %d: %s", y.status, y.plain)
	case y.status >= 300 && y.status < 400:
		return fmt.Sprintf("HTTP %d: a redirect, which is not followed: name the address that it leads to", y.status)
	}
	return fmt.Sprintf("HTTP %d %s", y.status, http.StatusText(y.status))
}

// Slurm's own numbers (slurm_errno.h).
const (
	errAuthentication = 1007 // SLURM_PROTOCOL_AUTHENTICATION_ERROR
	errNoJob          = 2017 // ESLURM_INVALID_JOB_ID
	errNothingFound   = 9003 // ESLURM_REST_EMPTY_RESULT
)

// unauthorised says whether the token was not taken.
func (y restReply) unauthorised() bool {
	return y.status == http.StatusUnauthorized || y.status == http.StatusForbidden || y.answer.has(errAuthentication)
}

// get asks for what changes nothing.
func (r *REST) get(ctx context.Context, k restCall) (restReply, error) {
	reply, err := r.do(ctx, k)
	if err != nil {
		return reply, r.unheard(ctx, k, err)
	}
	return reply, r.failure(k, reply)
}

// unheard is the error of a request that had no answer.
func (r *REST) unheard(caller context.Context, k restCall, err error) error {
	var gone *lostError
	switch {
	case !errors.As(err, &gone):
		return err
	case caller.Err() != nil:
		return fmt.Errorf("%s: %w", r.line(k), err)
	}
	return &AbsentError{r.line(k), gone.Error()}
}

// line shows a request with its server.
func (r *REST) line(k restCall) string { return "slurmrestd at " + r.opt.Address + ": " + k.String() }

// failure says why an answer is none; nil if it is one.
func (r *REST) failure(k restCall, y restReply) error {
	switch {
	case y.unauthorised():
		return &RefusedError{r.line(k), y.words() + ": the token was not taken; is it yours, and this user's?"}
	case len(y.answer.errors) > 0 && silent(y.words()):
		return &AbsentError{r.line(k), y.words()}
	case len(y.answer.errors) > 0 || y.status >= 300 || y.plain != "":
		return &RefusedError{r.line(k), y.words()}
	case y.err != nil:
		return fmt.Errorf("reading the answer of %s: %w", r.line(k), y.err)
	}
	return nil
}

func (r *REST) traced(k restCall, start time.Time) {
	if r.opt.Trace == nil {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.opt.Trace(k.String(), time.Since(start))
}
