package slurm

import (
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An https server whose certificate nobody knows gets no token; with its certificate named, it does.
func TestRESTOverTLS(t *testing.T) {
	var tokens []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		tokens = append(tokens, q.Header.Get("X-SLURM-USER-TOKEN"))
		w.Header().Set("Content-Type", "application/json")
		if !strings.Contains(q.URL.Path, "/v0.0.42/") {
			w.WriteHeader(404)
			return
		}
		io.WriteString(w, `{"pings":[{"pinged":"UP"}],"meta":{"slurm":{"release":"24.11.5","cluster":"lab"}},"errors":[]}`)
	}))
	server.Config.ErrorLog = nil
	t.Cleanup(server.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o644); err != nil {
		t.Fatal(err)
	}

	h := newREST(t, RESTOptions{Address: server.URL}).Ping(t.Context())
	var absent *AbsentError
	if !errors.As(h.Err, &absent) || !strings.Contains(h.Err.Error(), "certificate") || len(tokens) > 0 {
		t.Errorf("an unknown certificate: got %v, and sent %d tokens", h.Err, len(tokens))
	}
	if h := newREST(t, RESTOptions{Address: server.URL, CAFile: ca}).Ping(t.Context()); h.Err != nil || h.Words != "version v0.0.42 of its API, Slurm 24.11.5" {
		t.Errorf("a known certificate: got %+v", h)
	}
	if len(tokens) == 0 || tokens[len(tokens)-1] != secret {
		t.Errorf("the token was not sent")
	}
	for name, want := range map[string]string{ca + ".missing": "no such file", os.Args[0]: "there is none in"} {
		if _, err := NewREST(RESTOptions{Address: server.URL, CAFile: name}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
}
