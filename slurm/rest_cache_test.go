package slurm

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// replay serves what a slurmrestd of Slurm 26.05 said, and nothing else.
func replay(t *testing.T) (url string, requests func() []string) {
	t.Helper()
	var mutex sync.Mutex
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		mutex.Lock()
		asked = append(asked, q.URL.RequestURI())
		mutex.Unlock()
		parts := strings.Split(strings.Trim(q.URL.Path, "/"), "/")
		name := parts[1] + "_" + parts[2]
		if parts[0] == "slurmdb" {
			name = parts[1] + "_db_" + parts[2]
		}
		text, err := os.ReadFile("testdata/26.05/rest/" + name + ".json")
		if err != nil {
			http.NotFound(w, q)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(text)
	}))
	t.Cleanup(s.Close)
	return s.URL, func() []string {
		mutex.Lock()
		defer mutex.Unlock()
		all := asked
		asked = nil
		return all
	}
}

// What changes slowly is asked for once an hour; nodes and partitions each time; with Fresh all of it.
func TestRESTKeepsWhatChangesSlowly(t *testing.T) {
	url, requests := replay(t)
	dir := t.TempDir()
	look := func(opt InspectOptions) (*Cluster, []string) {
		t.Helper()
		opt.CacheDir = dir
		c, err := newREST(t, RESTOptions{Address: url, User: "alice"}).Inspect(t.Context(), opt)
		if err != nil {
			t.Fatal(err)
		}
		c.Taken = time.Time{}
		return c, requests()
	}
	first, cold := look(InspectOptions{})
	second, again := look(InspectOptions{})
	slow := func(request string) bool {
		return strings.Contains(request, "slurmdb") || strings.Contains(request, "/conf")
	}
	if warm := slices.DeleteFunc(slices.Clone(cold), slow); len(cold) < len(warm)+3 || !slices.Equal(again, warm) {
		t.Errorf("asked first for %q\nand then for %q, want %q", cold, again, warm)
	}
	if first.Cached || !second.Cached {
		t.Errorf("cached: first %v, then %v, want false, then true", first.Cached, second.Cached)
	}
	second.Cached = false
	if !reflect.DeepEqual(first, second) {
		t.Errorf("from the cache\n%+v\nwant\n%+v", second, first)
	}
	if _, fresh := look(InspectOptions{Fresh: true}); !slices.Equal(fresh, cold) {
		t.Errorf("fresh: asked for %q, want %q", fresh, cold)
	}
	// a copy that is damaged, and one that is too old, are asked for again
	files, _ := filepath.Glob(dir + "/*")
	if len(files) < 3 {
		t.Fatalf("kept %q", files)
	}
	for _, f := range files {
		if err := os.WriteFile(f, []byte(`{"command":"x","asked":"2020-01-01T00:00:00Z","text":"45"}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if third, old := look(InspectOptions{}); !slices.Equal(old, cold) || !reflect.DeepEqual(third, first) {
		t.Errorf("asked for %q, want %q", old, cold)
	}
	for _, f := range files {
		text, _ := os.ReadFile(f)
		if strings.Contains(string(text), secret) {
			t.Errorf("%s holds the token", f)
		}
		if err := os.WriteFile(f, text[:len(text)/2], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if fourth, _ := look(InspectOptions{}); !reflect.DeepEqual(fourth, first) {
		t.Errorf("after damage: %+v", fourth)
	}
}

// A version that is gone is no error: the others are asked for.
func TestRESTVersionThatIsGone(t *testing.T) {
	s, r := startREST(t, nil)
	r.first = 41
	if found, err := r.server(t.Context()); err != nil || found.version != 42 {
		t.Errorf("got %+v, %v after %q", found, err, s.requests)
	}
}
