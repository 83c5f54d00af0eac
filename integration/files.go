//go:build integration

package integration

import (
	"cmp"
	"regexp"
	"testing"
)

// A File is one to be put on the login node.
type File struct {
	Path    string // absolute; what stands under /home or /small is on all hosts
	Content string
	Mode    string // "644" if empty
	Owner   string // "alice" if empty
}

// Put writes a file, and its folder where there is none.
func (l *Lab) Put(t testing.TB, file File) {
	t.Helper()
	owner := cmp.Or(file.Owner, "alice")
	l.Must(t, Command{
		User:  owner,
		Env:   []string{"FILE=" + file.Path, "MODE=" + cmp.Or(file.Mode, "644")},
		Stdin: file.Content,
		Line:  `mkdir -p "$(dirname "$FILE")" && cat >"$FILE" && chmod "$MODE" "$FILE"`,
	})
}

// Get returns the content of a file on the login node.
func (l *Lab) Get(t testing.TB, path string) string {
	t.Helper()
	result := l.Run(t, Command{User: "root", Env: []string{"FILE=" + path}, Line: `cat "$FILE"`})
	if result.Code != 0 {
		t.Fatal(result.Stderr)
	}
	return result.Stdout
}

// Install puts the program at binary, a path on this machine, on the login node as /usr/local/bin/hpcsub. The
// compute nodes do not have it. Only the first call does so: it may be running by then.
func (l *Lab) Install(t testing.TB, binary string) {
	t.Helper()
	l.install.Do(func() {
		l.docker(t, "cp", binary, l.container("login")+":/usr/local/bin/hpcsub")
		l.Must(t, Command{User: "root", Line: "chown root:root /usr/local/bin/hpcsub && chmod 755 /usr/local/bin/hpcsub"})
	})
}

var unsafe = regexp.MustCompile(`[^A-Za-z0-9]+`)

// Folder makes a new folder of alice's on the shared file system, and removes it when the test has passed.
func (l *Lab) Folder(t testing.TB) string {
	t.Helper()
	folder := l.Must(t, Command{Line: "mktemp -d ~/" + unsafe.ReplaceAllString(t.Name(), "-") + "-XXXXXX"})
	t.Cleanup(func() {
		if !t.Failed() {
			l.Run(t, Command{User: "root", Line: "rm -rf " + folder})
		}
	})
	return folder
}
