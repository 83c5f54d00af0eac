package configs

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

var (
	sizeForm = regexp.MustCompile(`(?i)^(\d+(?:\.\d+)?)([KMGTP])(?:i?B)?$`)
	sizeLike = regexp.MustCompile(`(?i)^(\d+(?:\.\d+)?)\s*([KMGTP])\w*$`)
)

// maxMiB is a pebibyte: more than any node has, and far from overflow.
const maxMiB = 1 << 30

// ParseMiB reads a size such as "512MiB", "2G" or "1.5GiB" into MiB, rounded up. Units are powers of
// 1024 with or without iB, as Slurm's are; a number alone is refused.
func ParseMiB(text string) (int, error) {
	m := sizeForm.FindStringSubmatch(text)
	if m == nil {
		return 0, &mismatch{want: "a size", got: text, mend: "write " + sizeMend(text)}
	}
	count, err := strconv.ParseFloat(m[1], 64)
	power := strings.Index("KMGTP", strings.ToUpper(m[2])) - 1
	mib := count * math.Pow(1024, float64(power))
	if err != nil || mib <= 0 || mib > maxMiB {
		return 0, &mismatch{want: "a size of more than nothing and at most 1024TiB", got: text}
	}
	return int(math.Ceil(mib - 1e-9)), nil
}

// sizeMend says how to write what was probably meant.
func sizeMend(text string) string {
	text = strings.TrimSpace(text)
	if bareNumber.MatchString(text) {
		return fmt.Sprintf(`"%[1]sMiB" or "%[1]sGiB"`, text)
	}
	if m := sizeLike.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf(`"%s%siB"`, m[1], strings.ToUpper(m[2]))
	}
	return `"512MiB" or "2GiB"`
}
