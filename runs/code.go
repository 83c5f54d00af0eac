package runs

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"hpcsub/configs"
	"hpcsub/items"
)

// What is taken of a program: files larger than this are told apart by size and time, and no more modules than that.
const (
	longestCode = 64 << 20
	mostModules = 500
)

// codeOf are the files that a job's program consists of, as far as can be told without running it, each with its hash: files
// that its command names, and the Python modules beside them, which they may import.
func codeOf(job *configs.Job) map[string]string {
	code := map[string]string{}
	words := job.Work.Command
	if job.Work.Shell != "" {
		words = strings.Fields(job.Work.Shell)
	}
	python := job.Work.Function != ""
	for _, word := range words {
		if strings.ContainsAny(word, "{}") {
			continue
		}
		path := word
		if !filepath.IsAbs(path) {
			path = filepath.Join(job.Dir, path)
		}
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			code[word] = fingerprint(path, info)
		}
		python = python || strings.HasSuffix(word, ".py")
	}
	if !python {
		return code
	}
	modules, _ := filepath.Glob(filepath.Join(job.Dir, "*.py"))
	for i, path := range modules {
		if info, err := os.Stat(path); err == nil && i < mostModules {
			code[filepath.Base(path)] = fingerprint(path, info)
		}
	}
	return code
}

// fingerprint tells one state of a file from another.
func fingerprint(path string, info os.FileInfo) string {
	if info.Size() <= longestCode {
		if sum, err := items.HashFile(path); err == nil {
			return sum[:16]
		}
	}
	return info.ModTime().UTC().Format("20060102T150405.000000000")
}

func sameEnvironment(a, b configs.Environment) bool {
	x, _ := json.Marshal(a) // plain texts: there is always JSON of it
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

// readJSON reads a file that may not be there; then v stays as it is.
func readJSON(path string, v any) {
	if text, err := os.ReadFile(path); err == nil {
		json.Unmarshal(text, v)
	}
}
