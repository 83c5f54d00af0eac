package items

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// glob lists the files that match, as a shell does: spelled as the pattern is, and names that
// begin with a dot only where the pattern does. (filepath.Glob does neither, and needs a
// folder without wildcards in its name.)
func glob(dir, pattern string) (list, error) {
	if err := checkGlob(pattern); err != nil {
		return nil, err
	}
	found, err := globBelow(dir, "", strings.Split(pattern, "/"))
	if err != nil {
		return nil, fmt.Errorf("glob %q: %w", pattern, err)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("glob %q matches no file in %s%s", pattern, dir, bracesHint(pattern))
	}
	slices.Sort(found)
	values := make(list, len(found))
	for i, name := range found {
		values[i] = TextValue(name)
	}
	return values, nil
}

func checkGlob(pattern string) error {
	switch {
	case strings.Contains(pattern, "\x00"):
		return errNUL(pattern)
	case strings.HasPrefix(pattern, "~"):
		return fmt.Errorf("glob %q: ~ is not expanded; write the folder in full", pattern)
	case slices.Contains(strings.Split(pattern, "/"), "**"):
		return fmt.Errorf("glob %q: ** is not known; list the files with find into a text file and name that with items = …", pattern)
	}
	if _, err := filepath.Match(pattern, ""); err != nil {
		return fmt.Errorf("glob %q: %w", pattern, err)
	}
	return nil
}

func bracesHint(pattern string) string {
	if strings.Contains(pattern, "{") {
		return "; { } mean nothing in a glob: write one column for each kind of file, or a text file of names"
	}
	return ""
}

// globBelow matches the parts of a pattern, one folder after the other, below what is found so far.
func globBelow(dir, before string, parts []string) ([]string, error) {
	names, err := globNames(dir, before, parts[0])
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range names {
		path := before + name
		if len(parts) == 1 {
			if _, err := os.Lstat(inFolder(dir, path)); err == nil {
				found = append(found, path)
			}
			continue
		}
		below, err := globBelow(dir, path+"/", parts[1:])
		if err != nil {
			return nil, err
		}
		found = append(found, below...)
	}
	return found, nil
}

// globNames is what one part of a pattern stands for: itself, or the names that it matches.
func globNames(dir, before, part string) ([]string, error) {
	if !strings.ContainsAny(part, `*?[\`) {
		return []string{part}, nil
	}
	entries, err := os.ReadDir(inFolder(dir, before))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		match, _ := filepath.Match(part, e.Name()) // the pattern was checked
		if match && (e.Name()[0] != '.' || part[0] == '.') {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// inFolder is a path as the job sees it, which runs in dir. It cleans nothing: a ".." behind a
// link is for the kernel to follow.
func inFolder(dir, path string) string {
	if strings.HasPrefix(path, "/") {
		return path
	}
	return dir + "/" + path
}
