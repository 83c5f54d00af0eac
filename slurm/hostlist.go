package slurm

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxHosts bounds an expansion: text that asks for more is not a node list.
const maxHosts = 1 << 20

// ExpandHosts returns the names that a node list stands for: "c[1-2,04-06],gpu1",
// "n[1-2]x[3-4]". Numbers are padded as the first of their range is.
func ExpandHosts(list string) ([]string, error) {
	var names []string
	err := eachHost(list, func(name []byte) error {
		if names = append(names, string(name)); len(names) > maxHosts {
			return fmt.Errorf("more than %d nodes", maxHosts)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return names, nil
}

// eachHost calls each for every name of a node list; the bytes are good until it returns. The
// plans of a thousand jobs on as many nodes are a million names, of which few are new.
func eachHost(list string, each func(name []byte) error) error {
	if isNothing(list) {
		return nil
	}
	buffer := make([]byte, 0, 64)
	for _, item := range splitOutside(list, '[', ']') {
		if err := expandHost(buffer, item, each); err != nil {
			return fmt.Errorf("node list %q: %w", head([]byte(list)), err)
		}
	}
	return nil
}

// expandHost writes the first bracket of an item out, each of its numbers followed by the rest.
func expandHost(name []byte, item string, each func(name []byte) error) error {
	plain, after, isRange := strings.Cut(item, "[")
	if strings.TrimFunc(plain, isName) != "" || len(name)+len(item) == 0 {
		return fmt.Errorf("want names like c[1-4], got %q", head([]byte(item)))
	}
	if name = append(name, plain...); !isRange {
		return each(name)
	}
	ranges, rest, closed := strings.Cut(after, "]")
	if !closed {
		return fmt.Errorf("want names like c[1-4], got %q", head([]byte(item)))
	}
	for _, r := range strings.Split(ranges, ",") {
		low, high, hasHigh := strings.Cut(r, "-")
		first, err := strconv.ParseUint(low, 10, 40)
		last := first
		if err == nil && hasHigh {
			last, err = strconv.ParseUint(high, 10, 40)
		}
		if err != nil || last < first || last-first >= maxHosts {
			return fmt.Errorf("want a range like 1-4, got %q", head([]byte(r)))
		}
		for n := first; n <= last; n++ {
			if err := expandHost(appendPadded(name, n, len(low)), rest, each); err != nil {
				return err
			}
		}
	}
	return nil
}

// isName says whether a rune may stand in the name of a host or of a resource.
func isName(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-.+@", r)
}

// appendPadded appends a number with zeros before it up to a width.
func appendPadded(b []byte, n uint64, width int) []byte {
	var digits [20]byte
	text := strconv.AppendUint(digits[:0], n, 10)
	for range width - len(text) {
		b = append(b, '0')
	}
	return append(b, text...)
}

// splitOutside splits at commas that stand outside of brackets.
func splitOutside(s string, open, shut rune) []string {
	depth, from := 0, 0
	var items []string
	for i, r := range s {
		switch {
		case r == open:
			depth++
		case r == shut:
			depth--
		case r == ',' && depth == 0:
			items, from = append(items, s[from:i]), i+1
		}
	}
	return append(items, s[from:])
}

// numbered is a name that ends in digits. Width is that of padded digits, else 0, so that n1 and
// n01 stay apart.
type numbered struct {
	prefix string
	width  int
	number int
}

func splitNumber(name string) (numbered, bool) {
	prefix := strings.TrimRight(name, "0123456789")
	digits := name[len(prefix):]
	n, err := strconv.ParseUint(digits, 10, 40)
	if err != nil {
		return numbered{}, false
	}
	h := numbered{prefix: prefix, number: int(n)}
	if digits[0] == '0' {
		h.width = len(digits)
	}
	return h, true
}

func compareNumbered(a, b numbered) int {
	return cmp.Or(cmp.Compare(a.prefix, b.prefix), cmp.Compare(a.width, b.width), cmp.Compare(a.number, b.number))
}

// CompressHosts writes node names as a node list, sorted, ranges of their last number in brackets.
func CompressHosts(names []string) string {
	var hosts []numbered
	var lists []string
	for _, name := range names {
		if h, ok := splitNumber(name); ok {
			hosts = append(hosts, h)
		} else {
			lists = append(lists, name)
		}
	}
	slices.SortFunc(hosts, compareNumbered)
	hosts = slices.Compact(hosts)
	for i := 0; i < len(hosts); {
		end := i + 1
		for end < len(hosts) && hosts[end].prefix == hosts[i].prefix && hosts[end].width == hosts[i].width {
			end++
		}
		lists, i = append(lists, bracket(hosts[i:end])), end
	}
	slices.Sort(lists)
	return strings.Join(slices.Compact(lists), ",")
}

// bracket writes names of one prefix and width, which are sorted and differ.
func bracket(hosts []numbered) string {
	var ranges []string
	for i := 0; i < len(hosts); {
		end := i
		for end+1 < len(hosts) && hosts[end+1].number == hosts[end].number+1 {
			end++
		}
		text := fmt.Sprintf("%0*d", hosts[i].width, hosts[i].number)
		if end > i {
			text += fmt.Sprintf("-%0*d", hosts[i].width, hosts[end].number)
		}
		ranges, i = append(ranges, text), end+1
	}
	if len(hosts) == 1 {
		return hosts[0].prefix + ranges[0]
	}
	return hosts[0].prefix + "[" + strings.Join(ranges, ",") + "]"
}

// expandIndices returns the indices of an array as Slurm prints them: "0-20:4", "1,3-5%2".
func expandIndices(s string) ([]int, error) {
	spec, _, _ := strings.Cut(s, "%")
	var indices []int
	for _, r := range strings.Split(spec, ",") {
		r, stepText, hasStep := strings.Cut(r, ":")
		low, high, isRange := strings.Cut(r, "-")
		first, err := parseCount(low)
		last, step := first, 1
		if err == nil && isRange {
			last, err = parseCount(high)
		}
		if err == nil && hasStep {
			step, err = parseCount(stepText)
		}
		if err != nil || last < first || step < 1 || (last-first)/step >= maxHosts || len(indices) > maxHosts {
			return nil, fmt.Errorf("want indices like 0-20:4, got %q", head([]byte(s)))
		}
		for n := first; n <= last; n += step {
			indices = append(indices, n)
		}
	}
	return indices, nil
}
