package worker

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"hpcsub/items"
	"hpcsub/trials"
)

// aside keeps the outputs that were there before a trial's item, so that the item makes its own, and puts them back.
type aside struct {
	names []string // as the item's outputs have them
	paths []string
	token string
}

// asideName is where an output waits that was there before, in its own folder: a rename there is possible on any file system.
func asideName(path, token string) string { return path + ".before-trial-" + token }

// setAside moves away what an item is about to make.
func (t *trial) setAside(names []string) (aside, error) {
	a := aside{names: names, token: t.work.Token}
	for _, name := range names {
		path := t.outputs.path(name)
		a.paths = append(a.paths, path)
		err := os.Rename(path, asideName(path, a.token))
		if err != nil && !absent(err) {
			return a, fmt.Errorf("setting an earlier output aside: %w", err)
		}
	}
	return a, nil
}

// collect moves what an item made into a folder, but for what an earlier run of the same item has made alike, and puts
// back what was there before.
func (t *trial) collect(a aside, folder string) ([]trials.Output, error) {
	var made []trials.Output
	for i, path := range a.paths {
		o := trials.Output{Name: a.names[i]}
		info, err := os.Lstat(path)
		if err != nil {
			continue
		}
		o.Size = info.Size()
		if o.Hash, err = hashOf(path); err != nil {
			return made, fmt.Errorf("reading an output of the trial: %w", err)
		}
		if t.kept(o) && !info.IsDir() {
			err = os.Remove(path)
		} else {
			err = move(path, filepath.Join(folder, insideOf(o.Name)))
		}
		if err != nil {
			return made, fmt.Errorf("moving an output into the trial's folder: %w", err)
		}
		made = append(made, o)
	}
	return made, a.restore()
}

func (a aside) restore() error {
	for _, path := range a.paths {
		if err := putBack(path, a.token); err != nil {
			return err
		}
	}
	return nil
}

// putBack brings back what was there before, in place of what an item may have begun to make since.
func putBack(path, token string) error {
	before := asideName(path, token)
	err := os.Rename(before, path)
	if errors.Is(err, fs.ErrExist) || isThere(before) && errors.Is(err, syscall.ENOTDIR) { // folders give way to nothing, and nothing to them
		if err = os.RemoveAll(path); err == nil {
			err = os.Rename(before, path)
		}
	}
	if err != nil && !absent(err) {
		return fmt.Errorf("putting an earlier output back: %w", err)
	}
	return nil
}

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// RestoreOutputs puts back what the trial in an attempt's folder set aside and, being killed, did not put back itself.
// What its item was making is lost: it may be half.
func RestoreOutputs(dir items.AttemptDir) error {
	return eachOutput(dir, func(work *items.Work, _ task, _, path string) error { return putBack(path, work.Token) })
}

// insideOf makes a path below a folder of any name.
func insideOf(name string) string {
	return strings.TrimPrefix(filepath.Clean("/"+strings.ReplaceAll(name, "../", "__/")), "/")
}

// kept says whether an earlier run made the same, which is kept with it.
func (t *trial) kept(o trials.Output) bool {
	_, some := t.before(o)
	return some && o.Hash != ""
}

// hashOf is the SHA-256 of a file; of what is no file it is "".
func hashOf(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return "", nil
	}
	return items.HashFile(path)
}

// move renames, or copies where the folder is on another file system.
func move(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	err := os.Rename(from, to)
	if !errors.Is(err, syscall.EXDEV) {
		return err
	}
	if isFolder(from) {
		err = os.CopyFS(to, os.DirFS(from))
	} else {
		err = copyFile(from, to)
	}
	if err != nil {
		return err
	}
	return os.RemoveAll(from)
}

// isFolder says whether there is a folder, and not a link to one.
func isFolder(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir()
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
