package strategies

import (
	"fmt"
	"math"
	"strconv"
)

// InWords is a time in the words of an explanation: "10 ms", "1.5 s", "42 s", "9 min 20 s", "2 h 5 min", "3 d 4 h".
func InWords(seconds float64) string {
	switch s := int(math.Round(seconds)); {
	case seconds < 0.995:
		return fmt.Sprintf("%.0f ms", seconds*1000)
	case seconds < 9.95 && seconds != math.Trunc(seconds):
		return strconv.FormatFloat(seconds, 'f', 1, 64) + " s"
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return two(s/60, "min", s%60, "s")
	case s < 24*3600:
		return two(s/3600, "h", s%3600/60, "min")
	default:
		return two(s/86400, "d", s%86400/3600, "h")
	}
}

// roughly is an estimate in words: nobody believes the seconds of an hour.
func roughly(seconds float64) string {
	switch {
	case seconds >= 86400:
		seconds = math.Round(seconds/3600) * 3600
	case seconds >= 600:
		seconds = math.Round(seconds/60) * 60
	}
	return InWords(seconds)
}

func two(a int, unit string, b int, smaller string) string {
	if b == 0 {
		return fmt.Sprintf("%d %s", a, unit)
	}
	return fmt.Sprintf("%d %s %d %s", a, unit, b, smaller)
}

// counted is "1 item" or "1,000 items".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return thousands(n) + " " + what + "s"
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func mib(n int) string {
	if n >= 10*1024 {
		return strconv.FormatFloat(float64(n)/1024, 'f', 1, 64) + " GiB"
	}
	return strconv.Itoa(n) + " MiB"
}

// figure is a number with about two significant digits: CPU-hours.
func figure(v float64) string {
	switch {
	case v < 0.01:
		return "less than 0.01"
	case v < 1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return thousands(int(math.Round(v)))
}
