package runs

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hpcsub/items"
)

// named puts a run of that id beside dir/NAME.toml.
func named(t *testing.T, dir, id, job string, age time.Duration) *Run {
	t.Helper()
	folder := items.RunDir(filepath.Join(Root(dir), id))
	if err := os.MkdirAll(string(folder), 0o700); err != nil {
		t.Fatal(err)
	}
	r := &Run{ID: id, Job: filepath.Join(dir, job), Created: time.Now().Add(-age), dir: folder}
	if err := writeJSON(folder.File(), r); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.Job, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFind(t *testing.T) {
	here, there := t.TempDir(), t.TempDir()
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Chdir(here)
	for _, r := range []*Run{
		named(t, here, "fit-aaaaaa", "fit.toml", 3*time.Hour),
		named(t, here, "fit-abcdef", "fit.toml", time.Hour),
		named(t, here, "map-bbbbbb", "map.toml", 2*time.Hour),
		named(t, there, "far-cccccc", "job.toml", 0),
		named(t, there, "far-gone00", "job.toml", 0),
	} {
		addToIndex(r)
	}
	os.RemoveAll(filepath.Join(Root(there), "far-gone00"))
	os.MkdirAll(filepath.Join(Root(here), ".new-123"), 0o700)
	os.MkdirAll(filepath.Join(Root(here), "bin"), 0o700)
	os.WriteFile("none.toml", nil, 0o600)

	tests := []struct {
		name, arg, want string
		like            int // so many runs that begin with arg
	}{
		{"nothing said: the newest here", "", "fit-abcdef", 0},
		{"an id", "fit-aaaaaa", "fit-aaaaaa", 0},
		{"a beginning of one", "m", "map-bbbbbb", 0},
		{"of several", "fit-a", "", 2},
		{"a job.toml: its newest run", "fit.toml", "fit-abcdef", 0},
		{"another job.toml", "./map.toml", "map-bbbbbb", 0},
		{"a job.toml without a run", "none.toml", "", 0},
		{"of another folder, by the index", "far-c", "far-cccccc", 0},
		{"of another folder, by its path", there, "far-cccccc", 0},
		{"a run's folder", filepath.Join(Root(there), "far-cccccc"), "far-cccccc", 0},
		{"nothing of the kind", "fourier", "", 0},
		{"a folder that is no run", "bin", "", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := Find(test.arg)
			if test.want != "" {
				if err != nil || r.ID != test.want {
					t.Fatalf("got %+v, %v, want %s", r, err, test.want)
				}
				return
			}
			var none *NotFoundError
			if !errors.As(err, &none) || len(none.Like) != test.like {
				t.Errorf("got %+v, %v, want a NotFoundError with %d", r, err, test.like)
			}
		})
	}
	if _, err := Find("far-gone"); err == nil {
		t.Error("a run that was deleted was found")
	}
	if got := len(Everywhere()); got != 4 {
		t.Errorf("everywhere: got %d runs, want 4", got)
	}
	if r := Newest(filepath.Join(here, "none.toml")); r != nil {
		t.Errorf("newest of none.toml: got %s", r.ID)
	}
}

func TestFindWithoutRuns(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	var none *NotFoundError
	if _, err := Find(""); !errors.As(err, &none) {
		t.Errorf("got %v, want a NotFoundError", err)
	}
}
