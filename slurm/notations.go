package slurm

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Unlimited is a time without a limit.
const Unlimited = time.Duration(math.MaxInt64)

// maxSeconds bounds what is read as a time: Slurm counts minutes in 32 bits, some 8,000 years.
const maxSeconds = math.MaxUint32 * 60.0

// ParseDuration reads a time as Slurm writes it (sbatch(1), --time): "30" minutes, "30:00"
// minutes and seconds, "1:30:00", "1-12", "1-12:00", "1-12:00:00", "UNLIMITED". Fractions of a
// second, as sacct prints them, are kept. More than a time.Duration holds (292 years) is Unlimited.
func ParseDuration(s string) (time.Duration, error) {
	if isUnlimited(s) {
		return Unlimited, nil
	}
	dayText, clock, hasDays := strings.Cut(s, "-")
	if !hasDays {
		dayText, clock = "0", s
	}
	days, err := strconv.ParseUint(dayText, 10, 32)
	parts := strings.Split(clock, ":")
	if err != nil || len(parts) > 3 {
		return 0, fmt.Errorf("want a time like 1-12:00:00, got %q", s)
	}
	units := []float64{60, 1}
	if hasDays || len(parts) == 3 {
		units = []float64{3600, 60, 1}
	}
	seconds := float64(days) * 24 * 3600
	for i, p := range parts {
		n, err := parseClock(p)
		if err != nil {
			return 0, fmt.Errorf("want a time like 1-12:00:00, got %q", s)
		}
		seconds += n * units[i]
	}
	switch {
	case seconds > maxSeconds:
		return 0, fmt.Errorf("want a time like 1-12:00:00, got %q", s)
	case seconds >= Unlimited.Seconds():
		return Unlimited, nil
	}
	return time.Duration(math.Round(seconds * float64(time.Second))), nil
}

// parseClock reads one part of a clock, "07" or "07.250".
func parseClock(s string) (float64, error) {
	whole, fraction, hasFraction := strings.Cut(s, ".")
	n, err := strconv.ParseUint(whole, 10, 32)
	if err != nil || !hasFraction {
		return float64(n), err
	}
	f, err := strconv.ParseUint(fraction, 10, 64)
	return float64(n) + float64(f)/math.Pow10(len(fraction)), err
}

// FormatDuration writes a time limit for --time, in whole seconds: "1-12:00:00", "00:30:00".
func FormatDuration(d time.Duration) string {
	if d == Unlimited {
		return "UNLIMITED"
	}
	s := int64(d.Round(time.Second) / time.Second)
	clock := fmt.Sprintf("%02d:%02d:%02d", s/3600%24, s/60%60, s%60)
	if s < 24*3600 {
		return clock
	}
	return strconv.FormatInt(s/(24*3600), 10) + "-" + clock
}

func isUnlimited(s string) bool {
	switch strings.ToUpper(s) {
	case "UNLIMITED", "INFINITE":
		return true
	}
	return false
}

// isNothing says whether a value is one of Slurm's ways to print none.
func isNothing(s string) bool {
	switch s {
	case "", "(null)", "(null type)", "N/A", "n/a", "None", "NONE", "none", "None assigned", "Unknown", "NOT_SET":
		return true
	}
	return false
}

// parseTimeLimit reads a limit in seconds; nil where there is none.
func parseTimeLimit(s string) (*int, error) {
	if isNothing(s) {
		return nil, nil
	}
	d, err := ParseDuration(s)
	if err != nil || d == Unlimited {
		return nil, err
	}
	seconds := int(d / time.Second)
	return &seconds, nil
}

// ParseMemoryMiB reads an amount of memory in MiB: "4000M", "62.50G", "1T", "512K" (rounded up),
// "4000" as Slurm means it, which is MiB. Old versions add n or c, for per node or per CPU.
func ParseMemoryMiB(s string) (int, error) {
	number := strings.TrimRight(s, "nc")
	factor := 1.0
	if n := len(number); n > 0 {
		if i := strings.IndexByte("KMGTP", number[n-1]&^0x20); i >= 0 {
			factor, number = math.Pow(1024, float64(i-1)), number[:n-1]
		}
	}
	f, err := strconv.ParseFloat(number, 64)
	if mib := math.Ceil(f * factor); err == nil && mib >= 0 && mib < 1<<50 && !strings.ContainsAny(number, "xXeEpP_") {
		return int(mib), nil
	}
	return 0, fmt.Errorf("want memory like 4000M or 62.50G, got %q", s)
}

// parseMemoryLimit reads a limit in MiB; nil where there is none. Slurm prints 0 for a default
// that nobody set.
func parseMemoryLimit(s string) (*int, error) {
	if isNothing(s) || isUnlimited(s) {
		return nil, nil
	}
	mib, err := ParseMemoryMiB(s)
	if err != nil || mib == 0 {
		return nil, err
	}
	return &mib, nil
}

// parseCountLimit reads a limit on a count; nil where there is none.
func parseCountLimit(s string) (*int, error) {
	if isNothing(s) || isUnlimited(s) || s == "N" {
		return nil, nil
	}
	n, err := parseCount(s)
	if err != nil {
		return nil, err
	}
	return &n, nil
}

func parseCount(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 62)
	if err != nil {
		return 0, fmt.Errorf("want a count, got %q", s)
	}
	return int(n), nil
}

// parseTime reads a moment: Unix seconds, as our SLURM_TIME_FORMAT makes it, or the local time
// that commands print which do not know that variable. The zero time where there is none.
func parseTime(s string) (time.Time, error) {
	if isNothing(s) || s == "0" {
		return time.Time{}, nil
	}
	if seconds, err := strconv.ParseInt(s, 10, 40); err == nil && seconds > 0 {
		return time.Unix(seconds, 0), nil
	}
	t, err := time.ParseInLocation("2006-01-02T15:04:05", s, time.Local)
	if err != nil {
		return time.Time{}, fmt.Errorf("want a time, got %q", s)
	}
	return t, nil
}

// neverRan is what squeue before 24.11 prints for a task that was ended while its batch script was on its way.
const neverRan = "-1"

// parseExit reads "3:0", exit code and signal. squeue before 24.11 prints what wait(2) returned.
func parseExit(s string) (code, signal int, err error) {
	if isNothing(s) || s == neverRan {
		return 0, 0, nil
	}
	left, right, split := strings.Cut(s, ":")
	if code, err = parseCount(left); err == nil && split {
		signal, err = parseCount(right)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("want an exit code like 3:0, got %q", s)
	}
	if !split {
		return code >> 8 & 0xff, code & 0x7f, nil
	}
	return code, signal, nil
}

// splitList splits a comma-separated list; ALL and none are the empty one.
func splitList(s string) []string {
	if isNothing(s) || s == "ALL" {
		return []string{}
	}
	return strings.Split(s, ",")
}
