package local

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hpcsub/slurm"
)

// maxArraySize caps the index of an array task, as Slurm's setting of that name does.
const maxArraySize = 100_001

// parseIndices reads the value of --array, "0-99%5", "1,3,7" or "0-20:4": the indices in order, each
// once, and the throttle (0 = none). The kernel's CPU lists ("0-3,8") are a part of this notation.
func parseIndices(text string) (tasks []int, throttle int, err error) {
	bad := fmt.Errorf("invalid job array specification: want indices up to %d as in 0-99%%5 or 1,3,7, got %q", maxArraySize-1, text)
	list, limit, throttled := strings.Cut(text, "%")
	if throttled {
		if throttle, err = strconv.Atoi(limit); err != nil || throttle < 0 {
			return nil, 0, bad
		}
	}
	for part := range strings.SplitSeq(list, ",") {
		first, last, step, ok := parseSpan(part)
		if !ok {
			return nil, 0, bad
		}
		for i := first; i <= last; i += step {
			tasks = append(tasks, i)
		}
		if len(tasks) > 2*maxArraySize { // spans may overlap; memory may not grow without bound
			slices.Sort(tasks)
			tasks = slices.Compact(tasks)
		}
	}
	slices.Sort(tasks)
	return slices.Compact(tasks), throttle, nil
}

// parseSpan reads "7", "0-9" or "0-20:4".
func parseSpan(text string) (first, last, step int, ok bool) {
	span, by, stepped := strings.Cut(text, ":")
	from, to, isRange := strings.Cut(span, "-")
	if !isRange {
		to = from
	}
	first, ok1 := parseIndex(from)
	last, ok2 := parseIndex(to)
	step, ok3 := 1, true
	if stepped {
		step, ok3 = parseIndex(by)
	}
	return first, last, step, ok1 && ok2 && ok3 && first <= last && step > 0 && (isRange || !stepped)
}

func parseIndex(text string) (int, bool) {
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err == nil && n < maxArraySize
}

// parseTimeLimit reads --time; 0 stands for no limit. Unlike Slurm's, the limit is kept to the second.
func parseTimeLimit(text string) (time.Duration, error) {
	d, err := slurm.ParseDuration(text)
	if d == slurm.Unlimited || text == "-1" {
		return 0, nil
	}
	if err != nil || d < 0 {
		return 0, fmt.Errorf("invalid --time specification: want minutes, M:S, H:M:S or D-H:M:S, got %q", text)
	}
	return d, nil
}
