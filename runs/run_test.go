package runs

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
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

// TestEverywhereKeepsWhatIsNotMounted: the index forgets a run that was deleted, and not those of a file system that is not
// mounted just now, which it did for good.
func TestEverywhereKeepsWhatIsNotMounted(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	scratch := filepath.Join(t.TempDir(), "scratch")
	if err := os.Mkdir(scratch, 0o700); err != nil {
		t.Fatal(err)
	}
	kept, deleted := named(t, scratch, "fit-aaaaaa", "fit.toml", 0), named(t, scratch, "fit-bbbbbb", "fit.toml", 0)
	addToIndex(kept)
	addToIndex(deleted)
	if err := os.RemoveAll(string(deleted.dir)); err != nil {
		t.Fatal(err)
	}
	expect := func(when string, want ...string) {
		t.Helper()
		got := []string{}
		for _, r := range Everywhere() {
			got = append(got, r.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", when, got, want)
		}
	}
	expect("mounted", kept.ID)
	if _, err := os.Lstat(filepath.Join(indexFolder(), deleted.ID)); err == nil {
		t.Error("the index still has the run that was deleted")
	}
	if err := os.Rename(scratch, scratch+".away"); err != nil {
		t.Fatal(err)
	}
	expect("not mounted")
	if err := os.Rename(scratch+".away", scratch); err != nil {
		t.Fatal(err)
	}
	expect("mounted again", kept.ID)
}

// TestNewestByAnotherName: in a folder that is reached through a link the runs were not found, and a second run was submitted beside
// the first.
func TestNewestByAnotherName(t *testing.T) {
	dir := t.TempDir()
	r := named(t, dir, "fit-aaaaaa", "fit.toml", 0)
	link := filepath.Join(t.TempDir(), "scratch")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if got := Newest(filepath.Join(link, "fit.toml")); got == nil || got.ID != r.ID {
		t.Errorf("through a link: got %+v, want %s", got, r.ID)
	}
	if got := Newest(filepath.Join(link, "other.toml")); got != nil {
		t.Errorf("of another job: got %s", got.ID)
	}
	copied := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if got := Newest(filepath.Join(copied, "fit.toml")); got != nil {
		t.Errorf("in a copy of the folder: got %s", got.ID)
	}
}
