package runs

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
)

// commitOf returns the commit that is checked out in dir or a folder above it, or "". It reads
// git's files, since this package starts no programs.
func commitOf(dir string) string {
	for {
		if git := gitFolder(dir); git != "" {
			return headOf(git)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// gitFolder is dir/.git, or where a worktree's .git file points.
func gitFolder(dir string) string {
	path := filepath.Join(dir, ".git")
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	if info.IsDir() {
		return path
	}
	text, _ := os.ReadFile(path)
	target, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir: ")
	if !ok {
		return ""
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(dir, target)
	}
	return target
}

func headOf(git string) string {
	text, err := os.ReadFile(filepath.Join(git, "HEAD"))
	if err != nil {
		return ""
	}
	head := strings.TrimSpace(string(text))
	ref, symbolic := strings.CutPrefix(head, "ref: ")
	if !symbolic {
		return head
	}
	// A worktree keeps its HEAD apart; its branches are in the common folder.
	folders := []string{git}
	if common, err := os.ReadFile(filepath.Join(git, "commondir")); err == nil {
		folders = append(folders, filepath.Join(git, strings.TrimSpace(string(common))))
	}
	for _, folder := range folders {
		if id, err := os.ReadFile(filepath.Join(folder, ref)); err == nil {
			return strings.TrimSpace(string(id))
		}
		if id := packedRef(filepath.Join(folder, "packed-refs"), ref); id != "" {
			return id
		}
	}
	return ""
}

func packedRef(path, ref string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if id, name, ok := strings.Cut(s.Text(), " "); ok && name == ref {
			return id
		}
	}
	return ""
}
