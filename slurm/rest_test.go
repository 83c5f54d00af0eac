package slurm

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// secret is a token that is good until 2038.
var secret = jwt(2147483000)

func jwt(exp int64) string {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return part(`{"alg":"HS256"}`) + "." + part(fmt.Sprintf(`{"exp":%d,"sun":"alice"}`, exp)) + "." + part("s3cr3t-signature")
}

// restd stands for what goes wrong on the way: what slurmrestd itself says was recorded.
type restd struct {
	*httptest.Server
	mutex    sync.Mutex
	requests []string
}

// startREST serves version 42, and what the handler makes of all but the ping.
func startREST(t *testing.T, handle http.HandlerFunc) (*restd, *REST) {
	t.Helper()
	s := &restd{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		s.mutex.Lock()
		s.requests = append(s.requests, q.Method+" "+q.URL.RequestURI())
		s.mutex.Unlock()
		w.Header().Set("Content-Type", "application/json")
		switch {
		case !strings.Contains(q.URL.Path, "/v0.0.42/"):
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(404)
		case strings.HasSuffix(q.URL.Path, "/ping"):
			io.WriteString(w, `{"pings":[{"pinged":"UP"}],"meta":{"slurm":{"release":"24.11.5","cluster":"lab"}},"errors":[]}`)
		default:
			handle(w, q)
		}
	}))
	t.Cleanup(s.Close)
	return s, newREST(t, RESTOptions{Address: s.URL})
}

func newREST(t *testing.T, opt RESTOptions) *REST {
	t.Helper()
	if opt.Environment == nil {
		opt.Environment = []string{"SLURM_JWT=" + secret, "PATH=" + t.TempDir()}
	}
	if opt.Timeout == 0 {
		opt.Timeout = 5 * time.Second
	}
	r, err := NewREST(opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func TestRESTAddresses(t *testing.T) {
	for address, ok := range map[string]bool{
		"http://ctl:6820": true, "https://rest.example.org/slurm-api/": true, "unix:/run/slurmrestd.sock": true, "unix:///run/s": true,
		"": false, "ctl:6820": false, "unix:s": false, "ftp://ctl": false, "http://": false, "http://u:p@ctl": false, "http://ctl?x=1": false, "http://ctl:%": false,
	} {
		if _, err := NewREST(RESTOptions{Address: address}); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestRESTNegotiatesTheNewestVersion(t *testing.T) {
	s, r := startREST(t, nil)
	for range 2 {
		found, err := r.server(t.Context())
		if err != nil || found.version != 42 || found.release != "24.11.5" {
			t.Fatal(found, err)
		}
	}
	if got := strings.Join(s.requests, "\n"); len(s.requests) != 4 || !strings.HasPrefix(got, "GET /slurm/v0.0.45/ping\n") {
		t.Errorf("asked\n%s", got)
	}
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	_, err := newREST(t, RESTOptions{Address: other.URL}).Inspect(t.Context(), InspectOptions{})
	var absent *AbsentError
	if !errors.As(err, &absent) || !strings.Contains(err.Error(), "none of the versions from v0.0.36 to v0.0.45") {
		t.Errorf("got %v", err)
	}
}

// submission is a script to be submitted.
func submission(t *testing.T, script string) Submission {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script.sh")
	if err := os.WriteFile(path, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	return Submission{Script: path, Dir: filepath.Dir(path)}
}

// Whether there is a job decides what happens next, so each answer means exactly one of three things.
func TestRESTSubmitAnswers(t *testing.T) {
	tests := []struct {
		name   string
		handle http.HandlerFunc
		id     string
		want   any // the type of the error
	}{
		{"taken", answer(200, `{"job_id":7,"errors":[],"warnings":[]}`), "7", nil},
		{"an error that names a job", answer(500, `{"job_id":26,"errors":[{"description":"Unknown flag","error_number":9207}]}`), "26", nil},
		{"held", answer(200, `{"job_id":10,"errors":[{"error_code":2042,"error":"Job is in held state"}]}`), "10", nil},
		{"a bad account", answer(500, `{"errors":[{"description":"Batch job submission failed","error_number":2045,"error":"Invalid account"}]}`), "", &RefusedError{}},
		{"a request that cannot be read", answer(400, `{"errors":[{"error":"Unknown key \"x\"","error_code":3}]}`), "", &RefusedError{}},
		{"a token that is not taken", answer(511, `{"errors":[{"error_number":1007,"error":"Protocol authentication error"}]}`), "", &RefusedError{}},
		{"no token at all", answer(401, `Authentication failure`), "", &RefusedError{}},
		{"the controller's answer is lost", answer(500, `{"errors":[{"error_number":5004,"error":"Socket timed out on send/recv operation"}]}`), "", &UnknownError{}},
		{"the controller cannot be reached", answer(500, `{"errors":[{"error":"Unable to contact slurm controller (connect failure)"}]}`), "", &AbsentError{}},
		{"success without an id", answer(200, `{"errors":[]}`), "", &UnknownError{}},
		{"an id of 0", answer(200, `{"job_id":0,"errors":[]}`), "", &UnknownError{}},
		{"cut off", answer(200, `{"job_id":`), "", &UnknownError{}},
		{"an id before the cut", answer(200, `{"job_id":12,"errors":[`), "12", nil},
		{"not JSON", answer(200, `<html>`), "", &UnknownError{}},
		{"a gateway's time-out", answer(504, `gateway`), "", &UnknownError{}},
		{"the connection breaks", func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, "", &UnknownError{}},
		{"no answer in time", hang, "", &UnknownError{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, r := startREST(t, tt.handle)
			r.opt.Timeout, r.local.opt.Timeout = time.Second, time.Second
			id, err := r.Submit(t.Context(), submission(t, "#!/bin/sh\n#SBATCH --time=10\ntrue\n"))
			if id != tt.id || fmt.Sprintf("%T", err) != fmt.Sprintf("%T", tt.want) {
				t.Errorf("got %q, %T %v; want %q, %T", id, err, err, tt.id, tt.want)
			}
			if n := strings.Count(strings.Join(s.requests, "\n"), "POST"); n != 1 {
				t.Errorf("submitted %d times", n)
			}
		})
	}
}

// A Ctrl-C does not cut a submission in two.
func TestRESTSubmitOutlivesItsCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, r := startREST(t, func(w http.ResponseWriter, q *http.Request) {
		cancel()
		time.Sleep(200 * time.Millisecond)
		io.WriteString(w, `{"job_id":5,"errors":[]}`)
	})
	if id, err := r.Submit(ctx, submission(t, "#!/bin/sh\n")); id != "5" || err != nil {
		t.Errorf("got %q, %v", id, err)
	}
}

func TestRESTServerIsDown(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	r := newREST(t, RESTOptions{Address: "http://" + listener.Addr().String()})
	r.found = &restServer{version: 42}
	var absent *AbsentError
	if _, err := r.Submit(t.Context(), submission(t, "#!/bin/sh\n")); !errors.As(err, &absent) {
		t.Errorf("Submit: got %T %v", err, err)
	}
	if _, err := r.Inspect(t.Context(), InspectOptions{}); !errors.As(err, &absent) {
		t.Errorf("Inspect: got %T %v", err, err)
	}
	if err := r.Cancel(t.Context(), []string{"5"}); !errors.As(err, &absent) {
		t.Errorf("Cancel: got %T %v", err, err)
	}
}

func TestRESTAnswersThatAreNone(t *testing.T) {
	many := `{"nodes":[` + strings.Repeat(" ", 1<<20)
	for name, handle := range map[string]http.HandlerFunc{
		"cut off":  answer(200, `{"nodes":[{"name":"n1"`),
		"a list":   answer(200, `[]`),
		"no nodes": answer(200, `{"errors":[]}`),
		"a banner": answer(200, "Welcome!\n{\"nodes\":[]}"),
		"an empty": answer(200, ``),
		"a redirect": func(w http.ResponseWriter, q *http.Request) {
			http.Redirect(w, q, "http://127.0.0.1:1/", http.StatusFound)
		},
		"a slow one":  hang,
		"a huge one":  func(w http.ResponseWriter, _ *http.Request) { endless(w, many) },
		"Slurm's no":  answer(500, `{"errors":[{"error":"Unspecified error","errno":-1}],"nodes":[]}`),
		"a half node": answer(200, `{"nodes":[{"name":"n1","state":["IDLE"],"cpus":4}],"errors":[]}`),
		"a bad count": answer(200, `{"nodes":[{"name":"n1","state":["IDLE"],"cpus":-4,"effective_cpus":4,"sockets":1,"cores":4,"threads":1,"real_memory":9,"alloc_memory":0,"alloc_cpus":0}],"errors":[]}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, r := startREST(t, handle)
			r.most = 4 << 20
			if name == "a slow one" {
				r.local.opt.Timeout = 300 * time.Millisecond
			}
			if c, err := r.Inspect(t.Context(), InspectOptions{}); err == nil || !strings.Contains(err.Error(), "GET /slurm/v0.0.42/nodes") {
				t.Errorf("got %+v, %v; want an error that names the request", c, err)
			}
		})
	}
}

// hang reads the request, without which a server does not see that its client is gone.
func hang(_ http.ResponseWriter, q *http.Request) {
	io.Copy(io.Discard, q.Body)
	<-q.Context().Done()
}

func endless(w io.Writer, text string) {
	for {
		if _, err := io.WriteString(w, text); err != nil {
			return
		}
		text = strings.Repeat(" ", 1<<20)
	}
}

// The token stands in no error, whatever the server makes of it, and goes to no other host.
func TestRESTTokenIsNeverShown(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		t.Errorf("another host was asked, with %v", q.Header)
	}))
	defer elsewhere.Close()
	echo := func(status int, form string) http.HandlerFunc {
		return func(w http.ResponseWriter, q *http.Request) {
			w.WriteHeader(status)
			fmt.Fprintf(w, form, q.Header.Get("X-SLURM-USER-TOKEN"))
		}
	}
	for _, handle := range []http.HandlerFunc{
		echo(500, `{"errors":[{"error":"bad token %s","description":"%[1]s"}]}`), echo(401, `{"errors":"%s"}`), echo(500, `%s`),
		echo(200, `{"nodes":"%s"}`), echo(200, `{"nodes":[{"name":"%s"}]}`), echo(200, `{"%s":`),
		func(w http.ResponseWriter, q *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			echo(403, "no: %s")(w, q)
		},
		func(w http.ResponseWriter, q *http.Request) {
			http.Redirect(w, q, elsewhere.URL+"/"+q.Header.Get("X-SLURM-USER-TOKEN"), http.StatusTemporaryRedirect)
		},
	} {
		var traced strings.Builder
		_, r := startREST(t, handle)
		r.opt.Trace = func(request string, _ time.Duration) { traced.WriteString(request) }
		_, err := r.Inspect(t.Context(), InspectOptions{})
		_, again := r.Submit(t.Context(), submission(t, "#!/bin/sh\n"))
		_, third := r.Jobs(t.Context(), JobQuery{IDs: []string{"5"}})
		for _, e := range []error{err, again, third} {
			if e == nil || strings.Contains(e.Error(), secret) || strings.Contains(fmt.Sprintf("%+v %#v", e, e), secret) {
				t.Errorf("got %v", e)
			}
		}
		if traced.Len() == 0 || strings.Contains(traced.String(), secret) {
			t.Errorf("traced %q", traced.String())
		}
	}
}

func TestRESTTokenSources(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		os.Chmod(path, mode)
		return path
	}
	made := newFakes(t).add("scontrol", `echo "$0 $*" >>`+filepath.Join(dir, "calls")+`; echo SLURM_JWT=`+secret)
	none := "PATH=" + t.TempDir()
	tests := []struct {
		name string
		opt  RESTOptions
		want string // in the error; "" = the token is found
	}{
		{"the environment", RESTOptions{Environment: []string{"SLURM_JWT=" + secret, none}}, ""},
		{"the environment comes first", RESTOptions{Environment: []string{"SLURM_JWT=" + secret, none}, TokenFile: "/nonexistent"}, ""},
		{"a file", RESTOptions{Environment: []string{none}, TokenFile: write("good", secret+"\n", 0o600)}, ""},
		{"a file as scontrol prints it", RESTOptions{Environment: []string{none, "SLURM_JWT=daemon"}, TokenFile: write("full", "SLURM_JWT="+secret+"\n", 0o400)}, ""},
		{"scontrol", RESTOptions{Environment: []string{"PATH=" + made.dir}}, ""},
		{"nothing", RESTOptions{Environment: []string{none}}, "no SLURM_JWT"},
		{"a file for all to read", RESTOptions{Environment: []string{none}, TokenFile: write("open", secret, 0o644)}, "chmod 600"},
		{"no file", RESTOptions{Environment: []string{none}, TokenFile: dir + "/none"}, "no such file"},
		{"a folder", RESTOptions{Environment: []string{none}, TokenFile: dir}, "no token"},
		{"an empty file", RESTOptions{Environment: []string{none}, TokenFile: write("empty", "", 0o600)}, "does not look like"},
		{"a header in it", RESTOptions{Environment: []string{"SLURM_JWT=abc\r\nX-Evil: 1", none}}, "does not look like"},
		{"expired", RESTOptions{Environment: []string{"SLURM_JWT=" + jwt(1695388000), none}}, "it expired on 2023-09-22"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.opt.Address = "http://ctl"
			got, err := newREST(t, tt.opt).token(t.Context())
			if tt.want == "" && (err != nil || got != secret) || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), "c2VjcmV0") || strings.Contains(err.Error(), "abc")) {
				t.Errorf("a token is shown: %v", err)
			}
		})
	}
	if calls, _ := os.ReadFile(filepath.Join(dir, "calls")); strings.Contains(string(calls), secret) || !strings.Contains(string(calls), "token lifespan=1800") {
		t.Errorf("scontrol was called: %s", calls)
	}
}

func TestRESTOverAUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if q.Header.Get("X-SLURM-USER-TOKEN") != "" {
			t.Error("a token was sent that nobody gave")
		}
		io.WriteString(w, `{"pings":[{"responding":true}],"errors":[]}`)
	})}
	go server.Serve(listener)
	defer server.Close()
	r := newREST(t, RESTOptions{Address: "unix:" + path, Environment: []string{"PATH=" + t.TempDir()}})
	if found, err := r.server(t.Context()); err != nil || found.version != 45 {
		t.Errorf("got %+v, %v", found, err)
	}
}

// "Unknown job" in v0.0.36 may mean that the controller is down, or that the token is bad.
func TestRESTOldUnknownJob(t *testing.T) {
	up := true
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.Contains(q.URL.Path, "/slurmdb/"):
			answer(200, `{"errors":[{"error_number":9003,"error":"Nothing found with query"}],"jobs":[]}`)(w, q)
		case strings.HasSuffix(q.URL.Path, "/v0.0.36/ping") && up:
			answer(200, `{"pings":[{"ping":"UP"}],"errors":[]}`)(w, q)
		case strings.HasSuffix(q.URL.Path, "/v0.0.36/ping"):
			answer(500, `{"errors":[{"error":"_op_handler_ping: slurmctld config is unable to load: Unknown error 5005","errno":5005}]}`)(w, q)
		default:
			answer(500, `{"errors":[{"error":"_handle_job_get: unknown job 5","error_code":0}],"jobs":[]}`)(w, q)
		}
	}))
	defer s.Close()
	r := newREST(t, RESTOptions{Address: s.URL})
	r.found = &restServer{version: 36}
	if jobs, err := r.Jobs(t.Context(), JobQuery{IDs: []string{"5"}}); err != nil || len(jobs) != 0 {
		t.Errorf("got %+v, %v", jobs, err)
	}
	up = false
	if jobs, err := r.Jobs(t.Context(), JobQuery{IDs: []string{"5"}}); err == nil {
		t.Errorf("got %+v, want an error: nobody said that there is no job", jobs)
	}
}

// A name is looked up in accounting, and the jobs that have it where they are known best.
func TestRESTJobsByName(t *testing.T) {
	s, r := startREST(t, func(w http.ResponseWriter, q *http.Request) {
		switch {
		case strings.HasPrefix(q.URL.Path, "/slurmdb/v0.0.42/jobs"):
			answer(200, `{"jobs":[{"job_id":9,"array":{"job_id":7,"task_id":{"set":true,"number":1},"task":""},"name":"a b","state":{"current":["PENDING"]},"time":{},"exit_code":{}},
				{"job_id":8,"array":{"job_id":0},"name":"other","state":{"current":["PENDING"]},"time":{},"exit_code":{}}],"errors":[]}`)(w, q)
		case strings.HasSuffix(q.URL.Path, "/job/7"):
			answer(200, `{"jobs":[{"job_id":7,"array_job_id":{"set":true,"number":7},"array_task_id":{"set":false},"array_task_string":"2-3","name":"a b","job_state":["PENDING"],"state_reason":"None"},
				{"job_id":9,"array_job_id":{"set":true,"number":7},"array_task_id":{"set":true,"number":1},"name":"a b","job_state":["RUNNING","COMPLETING"]}],"errors":[]}`)(w, q)
		default:
			answer(404, `{"jobs":[],"errors":[{"error_number":2017,"error":"Invalid job id specified"}]}`)(w, q)
		}
	})
	jobs, err := r.Jobs(t.Context(), JobQuery{Names: []string{"a b"}, Since: time.Unix(1795390000, 0)})
	var got []string
	for _, j := range jobs {
		got = append(got, j.ID+" "+j.State)
	}
	if err != nil || strings.Join(got, ", ") != "7_2 PENDING, 7_3 PENDING, 7_1 COMPLETING" {
		t.Errorf("got %q, %v", got, err)
	}
	if asked := strings.Join(s.requests, "\n"); !strings.Contains(asked, "jobs?start_time=1795386400&job_name=a%20b") || strings.Contains(asked, "/slurm/v0.0.42/jobs") {
		t.Errorf("asked\n%s", asked)
	}
}

func TestRESTCancel(t *testing.T) {
	s, r := startREST(t, func(w http.ResponseWriter, q *http.Request) {
		switch {
		case strings.HasSuffix(q.URL.Path, "/job/1"):
			answer(200, `{"errors":[]}`)(w, q)
		case strings.HasSuffix(q.URL.Path, "/job/2"):
			answer(500, `{"errors":[{"error_number":2021,"error":"Job/step already completing or completed"}]}`)(w, q)
		default:
			answer(500, `{"errors":[{"error_number":2002,"error":"Access/permission denied"}]}`)(w, q)
		}
	})
	if err := r.Cancel(t.Context(), []string{"1", "2"}); err != nil {
		t.Error(err)
	}
	if err := r.Cancel(t.Context(), []string{"1", "3", "1"}); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("got %v", err)
	}
	if n := strings.Count(strings.Join(s.requests, "\n"), "DELETE"); n != 4 {
		t.Errorf("got %d requests, want 4: none after an error", n)
	}
}

// To v0.0.36 the number of an array is that of one task: each is cancelled by its own.
func TestRESTOldCancelOfAnArray(t *testing.T) {
	gone := map[string]bool{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if q.Method == http.MethodDelete {
			gone[filepath.Base(q.URL.Path)] = true
			answer(200, `{"errors":[]}`)(w, q)
			return
		}
		var jobs []string
		for id, rest := range map[string]string{"7": `"array_task_id":null,"array_task_string":"2-9"`, "8": `"array_task_id":0`, "9": `"array_task_id":1`} {
			if state := map[bool]string{true: "CANCELLED", false: "RUNNING"}[gone[id]]; id != "9" || gone["8"] { // 9 starts meanwhile
				jobs = append(jobs, fmt.Sprintf(`{"job_id":%s,"array_job_id":7,%s,"name":"a","job_state":"%s"}`, id, rest, state))
			}
		}
		answer(200, `{"jobs":[`+strings.Join(jobs, ",")+`],"errors":[]}`)(w, q)
	}))
	defer s.Close()
	r := newREST(t, RESTOptions{Address: s.URL})
	r.found = &restServer{version: 36}
	if err := r.Cancel(t.Context(), []string{"7"}); err != nil || len(gone) != 3 {
		t.Errorf("got %v, %v; want all three gone", gone, err)
	}
}

// The commands are asked where slurmrestd cannot be; both errors are the first one's.
func TestInspectEither(t *testing.T) {
	down := newREST(t, RESTOptions{Address: "http://127.0.0.1:1"})
	works := newFakes(t).replay("24.11").client()
	client, cluster, err := InspectEither(t.Context(), down, works, InspectOptions{})
	if err != nil || client != Client(works) || cluster.Client != "commands" || !strings.Contains(cluster.Unknown[0], "127.0.0.1:1") {
		t.Errorf("got %T, %+v, %v", client, cluster, err)
	}
	neither := NewCommands(CommandsOptions{Environment: []string{"PATH=" + t.TempDir()}})
	if _, _, err := InspectEither(t.Context(), down, neither, InspectOptions{}); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if client, _, err := InspectEither(ctx, down, works, InspectOptions{}); client == Client(works) || !errors.Is(err, context.Canceled) {
		t.Errorf("after Ctrl-C: got %T, %v", client, err)
	}
}

func TestRESTNumbers(t *testing.T) {
	for text, want := range map[string]restNumber{
		`5`: {n: 5, set: true}, `5.0`: {n: 5, set: true}, `"5"`: {n: 5, set: true}, `null`: {}, `""`: {}, `"N/A"`: {},
		`"INFINITE"`: {infinite: true}, `4294967295`: {infinite: true}, `4294967294`: {}, `18446744073709551615`: {infinite: true}, `-1`: {infinite: true}, `-2`: {},
		`{"set":true,"infinite":false,"number":5}`: {n: 5, set: true}, `{"set":false,"infinite":false,"number":0}`: {},
		`{"set":false,"infinite":true,"number":0}`: {infinite: true}, `true`: {n: 1, set: true}, `false`: {set: true},
		`-9223372036854774808`: {n: -9223372036854774808, set: true},
	} {
		var got restNumber
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{`"five"`, `5.5`, `[5]`, `{}`, `{"number":5}`, `{"set":true}`, `{"set":true,"number":"x"}`} {
		var got restNumber
		if err := json.Unmarshal([]byte(text), &got); err == nil {
			t.Errorf("%s: got %+v, want an error", text, got)
		}
	}
}
