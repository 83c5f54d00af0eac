package worker

import (
	"os"
	"path/filepath"
	"testing"
)

// TestPutBack: what was there before comes back, whatever a killed item has begun to make of that name; a folder did not.
func TestPutBack(t *testing.T) {
	t.Parallel()
	const none, file, folder = "nothing", "a file", "a folder"
	lay := func(path, kind, text string) {
		switch kind {
		case file:
			must(t, os.WriteFile(path, []byte(text), 0o600))
		case folder:
			must(t, os.Mkdir(path, 0o700))
			must(t, os.WriteFile(filepath.Join(path, text), nil, 0o600))
		}
	}
	seen := func(path string) string {
		if text, err := os.ReadFile(path); err == nil {
			return file + " " + string(text)
		}
		entries, err := os.ReadDir(path)
		if err != nil || len(entries) != 1 {
			return none
		}
		return folder + " " + entries[0].Name()
	}
	for _, before := range []string{none, file, folder} {
		for _, made := range []string{none, file, folder} {
			path := filepath.Join(t.TempDir(), "out")
			lay(asideName(path, "token"), before, "earlier")
			lay(path, made, "made")
			must(t, putBack(path, "token"))
			want := before + " earlier"
			if before == none {
				want = made + " made"
			}
			if got := seen(path); got != want && want != none+" made" {
				t.Errorf("%s before, then %s: got %s, want %s", before, made, got, want)
			}
			if isThere(asideName(path, "token")) {
				t.Errorf("%s before, then %s: it still waits", before, made)
			}
		}
	}
}

// TestMoveOfAFolder: outputs may be folders, and what a trial made may be kept on another file system.
func TestMoveOfAFolder(t *testing.T) {
	t.Parallel()
	elsewhere, err := os.MkdirTemp("/dev/shm", "hpcsub-test-")
	must(t, err)
	defer os.RemoveAll(elsewhere)
	from, to := filepath.Join(elsewhere, "out"), filepath.Join(t.TempDir(), "1", "out")
	must(t, os.MkdirAll(filepath.Join(from, "deep"), 0o700))
	must(t, os.WriteFile(filepath.Join(from, "deep", "a.txt"), []byte("made"), 0o600))
	must(t, os.Symlink("deep/a.txt", filepath.Join(from, "link")))
	must(t, move(from, to))
	for _, name := range []string{"deep/a.txt", "link"} {
		if text, err := os.ReadFile(filepath.Join(to, name)); string(text) != "made" {
			t.Errorf("%s: got %q, %v", name, text, err)
		}
	}
	if isThere(from) {
		t.Error("it is still where it was made")
	}
}
