package items

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// glob lists the files that match, as a shell does: names that begin with a dot are for
// patterns that begin with one.
func glob(dir, pattern string) (list, error) {
	if err := checkGlob(pattern); err != nil {
		return nil, err
	}
	full := pattern
	if !filepath.IsAbs(pattern) {
		full = escapeGlob(dir) + "/" + pattern
	}
	found, err := filepath.Glob(full)
	if err != nil {
		return nil, fmt.Errorf("glob %q: %w", pattern, err)
	}
	var names []string
	for _, path := range found {
		name := path
		if !filepath.IsAbs(pattern) {
			if name, err = filepath.Rel(dir, path); err != nil {
				return nil, fmt.Errorf("glob %q: %w", pattern, err)
			}
		}
		if !hidden(pattern, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("glob %q matches no file in %s%s", pattern, dir, bracesHint(pattern))
	}
	slices.Sort(names)
	values := make(list, len(names))
	for i, name := range names {
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
	if _, err := filepath.Match(pattern, ""); errors.Is(err, filepath.ErrBadPattern) {
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

// hidden says whether a wildcard found a name that begins with a dot. It compares from the
// end, since cleaning may have shortened the beginning.
func hidden(pattern, name string) bool {
	patterns, names := strings.Split(pattern, "/"), strings.Split(name, "/")
	for i := 1; i <= min(len(patterns), len(names)); i++ {
		p, n := patterns[len(patterns)-i], names[len(names)-i]
		if strings.HasPrefix(n, ".") && p != "" && strings.ContainsRune("*?[", rune(p[0])) {
			return true
		}
	}
	return false
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}
