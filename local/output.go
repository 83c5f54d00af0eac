package local

import (
	"path/filepath"
	"strconv"
	"strings"
)

// names are what a pattern of --output may stand for.
type names struct {
	id   int // of the job or the whole array
	raw  int // SLURM_JOB_ID: of the task
	task int // -1 without an array
	job  string
	user string
	host string
	dir  string // relative names start here
}

// noTask is what Slurm prints for %a where there is no array (NO_VAL).
const noTask = "4294967294"

// expand is the file that a pattern names (sbatch(1), "filename pattern"). A backslash in it turns
// all replacement off.
func (n names) expand(pattern string) string {
	path := strings.ReplaceAll(pattern, `\`, "")
	if path == pattern {
		path = n.replace(pattern)
	}
	return n.absolute(path)
}

func (n names) absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(n.dir, path)
}

func (n names) replace(pattern string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '%' {
			b.WriteByte(pattern[i])
			continue
		}
		end := i + 1
		for end < len(pattern) && end < i+3 && pattern[end] >= '0' && pattern[end] <= '9' {
			end++
		}
		value, ok := "", false
		if end < len(pattern) {
			value, ok = n.value(pattern[end], pattern[i+1:end])
		}
		if !ok {
			b.WriteByte('%')
			continue
		}
		b.WriteString(value)
		i = end
	}
	return b.String()
}

// value is what %LETTER stands for; a width pads numbers with zeros.
func (n names) value(letter byte, width string) (string, bool) {
	pad := func(text string) (string, bool) {
		w, _ := strconv.Atoi(width)
		return strings.Repeat("0", max(0, w-len(text))) + text, true
	}
	switch letter {
	case '%':
		return "%", width == ""
	case 'A':
		return pad(strconv.Itoa(n.id))
	case 'a':
		if n.task < 0 {
			return noTask, true
		}
		return pad(strconv.Itoa(n.task))
	case 'j', 'J':
		return pad(strconv.Itoa(n.raw))
	case 'n', 't':
		return pad("0")
	case 'N':
		return n.host, true
	case 'u':
		return n.user, true
	case 'x':
		return n.job, true
	}
	return "", false
}

// files are the paths of the task's standard output and standard error.
func (r *request) files(n names) (out, err string) {
	pattern := r.Output
	if pattern == "" {
		pattern = "slurm-%j.out"
		if n.task >= 0 {
			pattern = "slurm-%A_%a.out"
		}
	}
	out = n.expand(pattern)
	if r.Error == "" {
		return out, out
	}
	return out, n.expand(r.Error)
}
