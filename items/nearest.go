package items

import (
	"fmt"
	"strings"
)

// didYouMean is "; did you mean …?" with the nearest of the known names, or the list of them.
func didYouMean(name string, known []string) string {
	best, distance := "", max(2, len(name)/2)+1
	for _, k := range known {
		d := editDistance(name, k)
		if strings.EqualFold(name, k) {
			d = 0
		}
		another := d >= len([]rune(name)) && len(known) > 1 // every letter would change
		if d < distance && !another {
			best, distance = k, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("; did you mean %q?", best)
	case len(known) == 0:
		return "; this job has no columns: give it items, [sweep] or [zip]"
	case len(known) > 8:
		return fmt.Sprintf("; there are %s … (%d columns)", listed(known[:8]), len(known))
	}
	return "; there are " + listed(known)
}

func listed(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(quoted, ", ")
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		before := row[0]
		row[0] = i + 1
		for j := range y {
			change := before
			if x[i] != y[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}
