package items

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// WriteFile makes a file that is complete and on the disk, or absent: it is filled under
// another name, synced and renamed. An error names the file.
func WriteFile(path string, fill func(w io.Writer) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing %s: %w", path, cause(err))
		}
	}()
	f, err := os.CreateTemp(filepath.Dir(path), ".new-"+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is nothing of that name
	if err := fillFile(f, fill); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func fillFile(f *os.File, fill func(w io.Writer) error) error {
	w := bufio.NewWriterSize(f, 256<<10)
	err := fill(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDir makes a rename last. File systems that cannot do it do not need it.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) {
		return err
	}
	return nil
}

// cause takes away the temporary name, which means nothing to anybody.
func cause(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) && strings.Contains(at.Path, ".new-") {
		return at.Err
	}
	return err
}

// WriteStop tells an attempt's workers to take no more items, and why. The first reason stands.
func WriteStop(dir AttemptDir, reason string) error {
	if _, err := os.Lstat(dir.Stop()); err == nil {
		return nil
	}
	return WriteFile(dir.Stop(), func(w io.Writer) error {
		_, err := io.WriteString(w, reason+"\n")
		return err
	})
}
