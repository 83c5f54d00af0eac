package configs

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// gpuType is a type as gres.conf names it, a MIG profile such as "a100_1g.10gb+me" among them.
var gpuType = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+-]*$`)

// gpusInto reads each.gpus: a number, a type, or a type and a number, "a100:2".
func gpusInto(each *Each) valueReader {
	return func(n *node) error {
		text, ok := n.value.(string)
		if !ok {
			return countInto(&each.GPUs, 0)(n)
		}
		kind, count, counted := strings.Cut(text, ":")
		switch {
		case isDigits(text):
			return &mismatch{want: `a number, or a type and a number such as "a100:1"`, got: text, mend: "leave out the quotes: gpus = " + text}
		case kind == "gpu" && counted:
			return fmt.Errorf("%s: that they are GPUs is said already: write gpus = %s", show(text), gpusLike(count))
		case !gpuType.MatchString(kind):
			return fmt.Errorf(`want a number of GPUs, or a type and a number such as "a100:1", got %s`, show(text))
		}
		each.GPUType, each.GPUs = kind, 1
		if !counted {
			return nil
		}
		number, err := strconv.ParseUint(count, 10, 20)
		if err != nil || number == 0 {
			return fmt.Errorf(`want a number of 1 or more after the type, as in "%s:1", got %s`, kind, show(text))
		}
		each.GPUs = int(number)
		return nil
	}
}

// gpusLike is what follows "gpu:" in Slurm's own notation, as a value of each.gpus.
func gpusLike(text string) string {
	if isDigits(text) {
		return text
	}
	return show(text)
}

// gpusFit holds the GPUs of an item against the limits of the run.
func (r *reader) gpusFit() {
	each, limits := r.job.Each, r.job.Limits
	if limits.GPUs > 0 && each.GPUs > limits.GPUs {
		r.add(r.root.find("each", "gpus"), fmt.Errorf("one item needs %d GPUs, and %s allows %d: raise limits.gpus, or lower this",
			each.GPUs, r.written("limits", "gpus"), limits.GPUs))
	}
	if hours := each.Time.Hours() * float64(each.GPUs); limits.GPUHours > 0 && hours > limits.GPUHours {
		r.add(r.root.find("limits", "gpu_hours"), fmt.Errorf("one item needs %.3g GPU-hours (each.time × each.gpus): allow more, or take the limit out", hours))
	}
}
