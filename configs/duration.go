package configs

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	unitDuration = regexp.MustCompile(`^(\d+(\.\d+)?h)?(\d+(\.\d+)?m)?(\d+(\.\d+)?s)?(\d+(\.\d+)?ms)?$`)
	dayDuration  = regexp.MustCompile(`^(\d{1,3})-(\d{1,2}):(\d\d):(\d\d)$`)
	clockLike    = regexp.MustCompile(`^(\d{1,3}):(\d\d)(?::(\d\d))?$`)
	wordDuration = regexp.MustCompile(`(?i)^(?:(\d+)\s*(?:d|days?))?\s*(?:(\d+)\s*(?:h|hrs?|hours?))?\s*(?:(\d+)\s*(?:m|mins?|minutes?))?\s*(?:(\d+)\s*(?:s|secs?|seconds?))?$`)
	bareNumber   = regexp.MustCompile(`^\d+(\.\d+)?$`)
)

// maxDuration is longer than any cluster's limit, and keeps sums far from overflow.
const maxDuration = 366 * 24 * time.Hour

// ParseDuration reads "42s", "10m", "2h30m" or "1-12:00:00" (days-hours:minutes:seconds).
// A number alone is refused, and so is "10:00", which Slurm reads as minutes and most people as hours.
func ParseDuration(text string) (time.Duration, error) {
	d, ok := readDuration(text)
	if !ok {
		return 0, &mismatch{want: "a duration", got: text, mend: "write " + durationLike(text)}
	}
	if d <= 0 || d > maxDuration {
		return 0, &mismatch{want: "a duration of more than nothing and at most a year", got: text}
	}
	return d, nil
}

func readDuration(text string) (time.Duration, bool) {
	if m := dayDuration.FindStringSubmatch(text); m != nil {
		days, hours, minutes, seconds := atoi(m[1]), atoi(m[2]), atoi(m[3]), atoi(m[4])
		total := ((days*24+hours)*60+minutes)*60 + seconds
		return time.Duration(total) * time.Second, hours < 24 && minutes < 60 && seconds < 60
	}
	if text == "" || !unitDuration.MatchString(text) {
		return 0, false
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return maxDuration + 1, true // the form is right: only an overflow is left
	}
	return d, true
}

// A mend that is copied must be taken, and mean what was meant: so "10:00" is offered both of its
// meanings, and never one.

// durationLike says how to write what was probably meant.
func durationLike(text string) string {
	text = strings.TrimSpace(text)
	if bareNumber.MatchString(text) {
		return fmt.Sprintf(`"%[1]ss", "%[1]sm" or "%[1]sh"`, text)
	}
	if m := clockLike.FindStringSubmatch(text); m != nil && m[3] == "" {
		return fmt.Sprintf("%q or %q", span(atoi(m[1])*60+atoi(m[2])), span(atoi(m[1])*3600+atoi(m[2])*60))
	} else if m != nil {
		return strconv.Quote(span(atoi(m[1])*3600 + atoi(m[2])*60 + atoi(m[3])))
	}
	if m := wordDuration.FindStringSubmatch(text); m != nil && text != "" {
		return strconv.Quote(span(((atoi(m[1])*24+atoi(m[2]))*60+atoi(m[3]))*60 + atoi(m[4])))
	}
	return `"42s", "10m", "2h30m" or "1-12:00:00"`
}

// span writes seconds in the shortest form that ParseDuration reads.
func span(seconds int) string {
	hours, minutes, seconds := seconds/3600, seconds/60%60, seconds%60
	if hours >= 24 {
		return fmt.Sprintf("%d-%02d:%02d:%02d", hours/24, hours%24, minutes, seconds)
	}
	var b strings.Builder
	for i, count := range []int{hours, minutes, seconds} {
		if count > 0 {
			fmt.Fprintf(&b, "%d%c", count, "hms"[i])
		}
	}
	return b.String()
}

// atoi reads digits that a pattern has found; "" is 0.
func atoi(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
