package worker

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"hpcsub/items"
	"hpcsub/trials"
)

// Two ways to run the same items are compared one after the other: what was there before waits while both run, and what each
// of them makes is moved into its own folder.

// SetOutputsAside moves away what the items of an attempt are about to make. RestoreOutputs puts it back.
func SetOutputsAside(dir items.AttemptDir) error {
	if err := os.WriteFile(dir.Aside(), nil, 0o600); err != nil {
		return fmt.Errorf("setting earlier outputs aside: %w", err)
	}
	return eachOutput(dir, func(work *items.Work, _ task, _, path string) error {
		err := os.Rename(path, asideName(path, work.Token))
		if err != nil && !absent(err) {
			return fmt.Errorf("setting an earlier output aside: %w", err)
		}
		return nil
	})
}

// TakeOutputs moves what the items of an attempt made into its folder, and puts back what was there before.
func TakeOutputs(dir items.AttemptDir) error {
	err := eachOutput(dir, func(work *items.Work, t task, name, path string) error {
		if err := move(path, madeBy(dir, t, name)); err != nil && !absent(err) {
			return fmt.Errorf("moving an output into the trial's folder: %w", err)
		}
		return putBack(path, work.Token)
	})
	if err != nil {
		return err
	}
	return os.Remove(dir.Aside())
}

// PutOutputsBack puts back what an attempt set aside whose hpcsub was killed, where nothing stands in its place: that may be newer. It
// returns the earlier outputs that still wait.
func PutOutputsBack(dir items.AttemptDir) (waiting []string, err error) {
	err = eachOutput(dir, func(work *items.Work, _ task, _, path string) error {
		before := asideName(path, work.Token)
		if _, err := os.Lstat(before); err != nil {
			return nil
		}
		if _, err := os.Lstat(path); err == nil {
			waiting = append(waiting, before)
			return nil
		}
		return os.Rename(before, path)
	})
	if err != nil {
		return waiting, fmt.Errorf("putting earlier outputs back: %w", err)
	}
	if len(waiting) > 0 {
		return waiting, nil
	}
	return nil, os.Remove(dir.Aside())
}

// SameOutputs says whether two attempts, whose outputs were taken, made the same files of the same items, but for numbers that differ by
// no more than the tolerance; nil where neither made any. differs is the first file that is not the same.
func SameOutputs(a, b items.AttemptDir, tolerance float64) (same *bool, differs string, err error) {
	yes, no := true, false
	err = eachOutput(a, func(_ *items.Work, t task, name, _ string) error {
		alike, some, err := sameFiles(madeBy(a, t, name), madeBy(b, t, name), tolerance)
		switch {
		case err != nil || !some || differs != "":
		case alike:
			same = &yes
		default:
			same, differs = &no, name
		}
		return err
	})
	return same, differs, err
}

// sameFiles compares two files; some is false where neither is a file.
func sameFiles(a, b string, tolerance float64) (same, some bool, err error) {
	if !isFile(a) || !isFile(b) {
		return false, isFile(a) || isFile(b), nil
	}
	hashA, errA := hashOf(a)
	hashB, errB := hashOf(b)
	if err := errors.Join(errA, errB); err != nil {
		return false, true, fmt.Errorf("comparing outputs: %w", err)
	}
	info, err := os.Stat(a)
	if hashA == hashB || tolerance == 0 || err != nil || info.Size() > longestCompared {
		return hashA == hashB, true, err
	}
	textA, errA := os.ReadFile(a)
	textB, errB := os.ReadFile(b)
	return trials.SameText(textA, textB, tolerance), true, errors.Join(errA, errB)
}

// madeBy is where an output of an attempt's item is kept.
func madeBy(dir items.AttemptDir, t task, name string) string {
	return filepath.Join(dir.Made(t.index), insideOf(name))
}

func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// eachOutput goes over the outputs that the items of an attempt make, with their paths.
func eachOutput(dir items.AttemptDir, visit func(work *items.Work, t task, name, path string) error) error {
	work, err := items.ReadWork(dir)
	if err != nil || len(work.Spec.Outputs) == 0 {
		return err
	}
	q, err := openQueue(dir, work, nil, Options{Together: true})
	if err != nil {
		return err
	}
	defer q.close()
	o := outputs{dir: work.Spec.Dir}
	for place := range q.part.Len() {
		task, err := q.at(place)
		if err != nil {
			return err
		}
		for _, name := range task.outputs {
			if err := visit(work, task, name, o.path(name)); err != nil {
				return err
			}
		}
	}
	return nil
}
