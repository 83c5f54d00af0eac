package runs

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"hpcsub/items"
)

// installProgram puts a copy of the running program into root/bin and returns its path. The
// nodes see the folder of runs, but perhaps not where the program is installed; and a run
// keeps the program that it was made with when that one is replaced.
func installProgram(root string, program Program) (string, error) {
	sum, err := items.HashFile(program.Path)
	if err != nil {
		return "", fmt.Errorf("reading the program: %w", err)
	}
	folder := filepath.Join(root, "bin")
	path := filepath.Join(folder, "hpcsub-"+program.Version+"-"+sum[:12])
	// An existing copy is checked, not trusted: a full disk may have cut an earlier one.
	if have, err := items.HashFile(path); err == nil && have == sum {
		return path, nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	if err := copyProgram(program.Path, path); err != nil {
		return "", fmt.Errorf("copying the program for the nodes: %w", err)
	}
	return path, nil
}

// copyProgram writes the copy beside its place and renames it, complete or not at all.
func copyProgram(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	tmp, err := os.CreateTemp(filepath.Dir(to), ".copy-")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = io.Copy(tmp, src)
	if e := tmp.Sync(); err == nil {
		err = e
	}
	if e := tmp.Chmod(0o700); err == nil {
		err = e
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), to)
}
