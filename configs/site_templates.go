package configs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Template is a file of a site's folder templates: text that stands in scripts in place of hpcsub's own.
type Template struct {
	Name string `json:"name"` // of the file, without .tmpl: "setup", "packed.launch"
	Text string `json:"text"`
}

// The most that a site's templates may be.
const (
	maxTemplate  = 64 << 10
	maxTemplates = 64
)

// TemplatesDir is the folder of the templates that belong to a site.toml.
func TemplatesDir(site string) string { return filepath.Join(filepath.Dir(site), "templates") }

// readTemplates reads the folder templates beside a site.toml, which may be missing. What is not *.tmpl is passed over.
func readTemplates(site string) ([]Template, error) {
	full, err := filepath.EvalSymlinks(site)
	if err != nil {
		return nil, err
	}
	dir := TemplatesDir(full)
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = fmt.Errorf("looking for templates in it: %w", cause.Err)
	} else {
		err = trusted(dir)
	}
	if err != nil {
		return nil, Errors{&Problem{File: dir, Text: err.Error()}}
	}
	var all []Template
	var problems Errors
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), ".tmpl")
		if !ok || strings.HasPrefix(name, ".") { // an editor's own, while somebody writes one
			continue
		}
		path := filepath.Join(dir, f.Name())
		text, err := readTemplate(path)
		if len(all) == maxTemplates {
			err = fmt.Errorf("there are more than %d templates: take some out", maxTemplates)
		}
		if err != nil {
			problems = append(problems, &Problem{File: path, Text: err.Error()})
			continue
		}
		all = append(all, Template{name, text})
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return all, nil
}

func readTemplate(path string) (string, error) {
	info, err := os.Stat(path)
	var cause *fs.PathError
	switch {
	case errors.As(err, &cause):
		return "", fmt.Errorf("reading it: %w", cause.Err)
	case !info.Mode().IsRegular():
		return "", errors.New("is no file")
	case info.Size() > maxTemplate:
		return "", fmt.Errorf("is longer than %d KiB", maxTemplate>>10)
	}
	text, err := readTrusted(path)
	return string(text), err
}
