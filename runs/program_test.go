package runs

import (
	"os"
	"path/filepath"
	"testing"
)

func TestInstallProgram(t *testing.T) {
	root := t.TempDir()
	program := filepath.Join(t.TempDir(), "hpcsub")
	os.WriteFile(program, []byte("one"), 0o755)
	first, err := installProgram(root, Program{program, "1.0"})
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(first); string(text) != "one" {
		t.Errorf("got %q in the copy, want %q", text, "one")
	}
	if info, _ := os.Stat(first); info.Mode().Perm() != 0o700 {
		t.Errorf("got mode %v, want 0700", info.Mode().Perm())
	}
	t.Run("a new program stands beside the old", func(t *testing.T) {
		os.WriteFile(program, []byte("two"), 0o755)
		second, err := installProgram(root, Program{program, "1.0"})
		if err != nil || second == first {
			t.Fatalf("got %q, %v; want another path than %q", second, err, first)
		}
		if text, _ := os.ReadFile(first); string(text) != "one" {
			t.Errorf("the old copy is %q now", text)
		}
	})
	t.Run("a copy that a full disk has cut is made again", func(t *testing.T) {
		os.WriteFile(program, []byte("one"), 0o755)
		os.WriteFile(first, []byte("o"), 0o700)
		again, err := installProgram(root, Program{program, "1.0"})
		if err != nil || again != first {
			t.Fatalf("got %q, %v; want %q", again, err, first)
		}
		if text, _ := os.ReadFile(first); string(text) != "one" {
			t.Errorf("got %q in the copy, want %q", text, "one")
		}
	})
}
