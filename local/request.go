package local

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hpcsub/slurm"
)

// request is what the #SBATCH lines ask for. The zero value of a field means "not given".
type request struct {
	Name        string        `json:"name"`
	Array       string        `json:"array,omitempty"`
	Output      string        `json:"output,omitempty"` // patterns of file names
	Error       string        `json:"error,omitempty"`
	Comment     string        `json:"comment,omitempty"`
	Chdir       string        `json:"chdir,omitempty"`
	Append      bool          `json:"append,omitempty"`
	Exclusive   bool          `json:"exclusive,omitempty"`
	TimeLimit   time.Duration `json:"time_limit_ns,omitempty"` // 0 = none
	Tasks       int           `json:"tasks,omitempty"`
	CPUsPerTask int           `json:"cpus_per_task,omitempty"`
	MemoryMiB   int           `json:"memory_mib,omitempty"` // of the node
	AllMemory   bool          `json:"all_memory,omitempty"` // --mem=0
	GPUs        int           `json:"gpus,omitempty"`
	GPUType     string        `json:"gpu_type,omitempty"` // "" = any
}

// options are those that have an effect here: what they read into the request. All others (of
// partitions, accounts, mail, licences …) are ignored: this cluster has no such thing.
var options = map[string]func(*request, string) error{
	"job-name":      func(r *request, v string) error { r.Name = v; return nil },
	"output":        func(r *request, v string) error { r.Output = v; return nil },
	"error":         func(r *request, v string) error { r.Error = v; return nil },
	"comment":       func(r *request, v string) error { r.Comment = v; return nil },
	"chdir":         func(r *request, v string) error { r.Chdir = v; return nil },
	"open-mode":     setOpenMode,
	"exclusive":     func(r *request, v string) error { r.Exclusive = v == ""; return nil },
	"array":         setArray,
	"nodes":         setNodes,
	"ntasks":        func(r *request, v string) (err error) { r.Tasks, err = parsePositive("ntasks", v); return },
	"cpus-per-task": func(r *request, v string) (err error) { r.CPUsPerTask, err = parsePositive("cpus-per-task", v); return },
	"time":          func(r *request, v string) (err error) { r.TimeLimit, err = parseTimeLimit(v); return },
	"mem":           setMemory,
	"gres":          setGRES,
	"gpus":          setGPUs, // of the job, which has one node
	"gpus-per-node": setGPUs,
}

// letters are the short forms of options.
var letters = map[string]string{
	"J": "job-name", "o": "output", "e": "error", "D": "chdir", "a": "array",
	"N": "nodes", "n": "ntasks", "c": "cpus-per-task", "t": "time", "G": "gpus",
}

// parseRequest reads the words of the #SBATCH lines; of an option given twice the last counts.
func parseRequest(words []string) (request, error) {
	var r request
	for len(words) > 0 {
		name, value, given, ok := splitOption(words[0])
		words = words[1:]
		set := options[name]
		if !ok || set == nil {
			continue // words that no option takes are ignored with the options that they belong to
		}
		if !given && name != "exclusive" {
			if len(words) == 0 {
				return r, fmt.Errorf("option --%s requires an argument", name)
			}
			value, words = words[0], words[1:]
		}
		if err := set(&r, value); err != nil {
			return r, err
		}
	}
	return r, nil
}

// splitOption reads "--name=value", "--name", "-xvalue" or "-x".
func splitOption(word string) (name, value string, given, ok bool) {
	if long, is := strings.CutPrefix(word, "--"); is {
		name, value, given = strings.Cut(long, "=")
		return name, value, given, true
	}
	if len(word) < 2 || word[0] != '-' {
		return "", "", false, false
	}
	return letters[word[1:2]], word[2:], len(word) > 2, true
}

func setOpenMode(r *request, value string) error {
	switch value {
	case "append", "a":
		r.Append = true
	case "truncate", "t":
		r.Append = false
	default:
		return fmt.Errorf("invalid --open-mode specification %q: want append or truncate", value)
	}
	return nil
}

func setArray(r *request, value string) error {
	r.Array = value
	_, _, err := parseIndices(value)
	return err
}

// setNodes reads "1" or "1-4", where the first number is the least that will do.
func setNodes(r *request, value string) error {
	least, _, _ := strings.Cut(value, "-")
	n, err := parsePositive("nodes", least)
	if err == nil && n > 1 {
		err = fmt.Errorf("the cluster local is one node, %d were asked for (--nodes=%s)", n, value)
	}
	return err
}

func setMemory(r *request, value string) (err error) {
	if r.MemoryMiB, err = slurm.ParseMemoryMiB(value); err != nil {
		return fmt.Errorf("invalid --mem specification: %w", err)
	}
	r.AllMemory = r.MemoryMiB == 0
	return nil
}

func parsePositive(option, value string) (int, error) {
	n, err := strconv.ParseUint(value, 10, 20)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("invalid --%s specification %q: want a number from 1", option, value)
	}
	return int(n), nil
}

// tasks are the indices of the array tasks, or the one index -1 of a job without an array.
func (r *request) tasks() (tasks []int, throttle int) {
	if r.Array == "" {
		return []int{-1}, 0
	}
	tasks, throttle, err := parseIndices(r.Array)
	if err != nil {
		return nil, 0 // was checked when it was read
	}
	return slices.Clip(tasks), throttle
}

// need is what one array task holds while it runs. More than there is becomes all there is, so
// that one task always may run.
func (r *request) need(total share) share {
	n := share{cpus: min(max(1, r.Tasks)*max(1, r.CPUsPerTask), total.cpus), memoryMiB: min(r.MemoryMiB, total.memoryMiB)}
	if r.Exclusive {
		n.cpus = total.cpus
	}
	if r.AllMemory {
		n.memoryMiB = total.memoryMiB
	}
	return n
}
