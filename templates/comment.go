package templates

import "strings"

// width is where comments are wrapped.
const width = 100

// comment writes text as lines of comment, so that nothing in it can be anything else: neither a
// command, nor a line that sbatch reads.
func comment(text string) string {
	var lines []string
	line := ""
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || isControl(r) }) {
		if line != "" && len(line)+len(word) >= width-3 {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	lines = append(lines, line)
	for i, l := range lines {
		if strings.HasPrefix(l, "shellcheck") { // it reads such a comment as an order
			l = "(" + l + ")"
		}
		lines[i] = strings.TrimRight("# "+l, " ")
	}
	return strings.Join(lines, "\n")
}
