package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestReplaceFile: a site's configuration may be a link into a repository, and readable by a group alone. Both stay as they are.
func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real.toml"), filepath.Join(dir, "site.toml")
	if err := os.WriteFile(real, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real.toml", link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{link, filepath.Join(dir, "new.toml")} {
		if err := replaceFile(path, []byte("new")); err != nil {
			t.Fatal(err)
		}
	}
	if to, err := os.Readlink(link); to != "real.toml" {
		t.Errorf("the link leads to %q: %v", to, err)
	}
	for path, mode := range map[string]os.FileMode{real: 0o640, filepath.Join(dir, "new.toml"): 0o644} {
		text, err := os.ReadFile(path)
		if err != nil || string(text) != "new" {
			t.Errorf("%s holds %q: %v", path, text, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: got %v, want mode %v: %v", path, info.Mode().Perm(), mode, err)
		}
	}
}
