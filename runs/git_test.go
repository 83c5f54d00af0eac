package runs

import (
	"os"
	"path/filepath"
	"testing"
)

const commit = "472205dbd6b4a9e1c9f0c1f7e1b0f4a3d2c1b0a9"

func TestCommitOf(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"no version control", nil, ""},
		{"a branch", map[string]string{".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": commit + "\n"}, commit},
		{"a packed branch", map[string]string{".git/HEAD": "ref: refs/heads/main\n", ".git/packed-refs": "# pack-refs\n" + commit + " refs/heads/main\n"}, commit},
		{"no branch", map[string]string{".git/HEAD": commit + "\n"}, commit},
		{"no commit yet", map[string]string{".git/HEAD": "ref: refs/heads/main\n"}, ""},
		{"a worktree", map[string]string{
			".git": "gitdir: common/.git/worktrees/w\n", "common/.git/worktrees/w/HEAD": "ref: refs/heads/w\n",
			"common/.git/worktrees/w/commondir": "../..\n", "common/.git/refs/heads/w": commit + "\n"}, commit},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			below := filepath.Join(dir, "a", "b")
			os.MkdirAll(below, 0o755)
			for name, text := range test.files {
				os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755)
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got := commitOf(below); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
