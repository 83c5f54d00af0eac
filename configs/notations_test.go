package configs

import (
	"strings"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"42s": 42 * time.Second, "10m": 10 * time.Minute, "2h30m": 150 * time.Minute, "1h0m5s": time.Hour + 5*time.Second,
		"1-12:00:00": 36 * time.Hour, "0-00:00:01": time.Second, "90m": 90 * time.Minute, "0.5s": 500 * time.Millisecond,
		"1.5h": 90 * time.Minute, "250ms": 250 * time.Millisecond, "1s500ms": 1500 * time.Millisecond, "366-00:00:00": maxDuration,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestParseDurationRefuses(t *testing.T) {
	for text, mend := range map[string]string{
		"":            `write "42s", "10m", "2h30m" or "1-12:00:00"`,
		"42":          `write "42s", "42m" or "42h"`,
		"10:00":       `write "10m" or "10h"`,
		"10:30":       `write "10m30s" or "10h30m"`,
		"1:30:00":     `write "1h30m"`,
		"30:00:00":    `write "1-06:00:00"`,
		"2d":          `write "2-00:00:00"`,
		"1d12h":       `write "1-12:00:00"`,
		"10 min":      `write "10m"`,
		"1H":          `write "1h"`,
		"2h 30m":      `write "2h30m"`,
		" 5m":         `write "5m"`,
		"-5m":         "1-12:00:00",
		"30m2h":       "1-12:00:00",
		"1-24:00:00":  "1-12:00:00",
		"1-12:60:00":  "1-12:00:00",
		"1-12":        "1-12:00:00",
		"1e3s":        "1-12:00:00",
		"5µs":         "1-12:00:00",
		"0s":          "more than nothing",
		"0-00:00:00":  "more than nothing",
		"367-0:00:00": "at most a year",
		"99999999h":   "at most a year",
		"UNLIMITED":   "1-12:00:00",
	} {
		got, err := ParseDuration(text)
		if err == nil || !strings.Contains(err.Error(), mend) {
			t.Errorf("%q: got %v, %v; want an error with %s", text, got, err, mend)
		}
	}
}

// What a message tells one to write must be taken, in exactly that meaning.
func TestSpanReadsBack(t *testing.T) {
	for _, seconds := range []int{1, 59, 60, 61, 3600, 3661, 86399, 86400, 90061, 366 * 86400} {
		got, err := ParseDuration(span(seconds))
		if err != nil || got != time.Duration(seconds)*time.Second {
			t.Errorf("%d s is written %q and read as %v, %v", seconds, span(seconds), got, err)
		}
	}
}

func TestParseMiB(t *testing.T) {
	for text, want := range map[string]int{
		"512MiB": 512, "512M": 512, "512MB": 512, "2G": 2048, "2GiB": 2048, "1.5G": 1536, "1TiB": 1 << 20, "1025K": 2, "1K": 1,
		"0.1G": 103, "2g": 2048, "2gib": 2048, "1024TiB": 1 << 30, "1P": 1 << 30,
	} {
		if got, err := ParseMiB(text); err != nil || got != want {
			t.Errorf("%q: got %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestParseMiBRefuses(t *testing.T) {
	for text, mend := range map[string]string{
		"": `"512MiB" or "2GiB"`, "512": `write "512MiB" or "512GiB"`, "2 GB": `write "2GiB"`, "2 gigabytes": `write "2GiB"`, "-1G": `"512MiB" or "2GiB"`,
		"1e3M": `"512MiB" or "2GiB"`, "0M": "more than nothing", "2P": "at most 1024TiB", "G": `"512MiB"`, "1,5G": `"512MiB"`,
		strings.Repeat("9", 400) + "G": "at most 1024TiB",
	} {
		got, err := ParseMiB(text)
		if err == nil || !strings.Contains(err.Error(), mend) {
			t.Errorf("%q: got %d, %v; want an error with %s", text, got, err, mend)
		}
	}
}

func TestQuoteText(t *testing.T) {
	for text, want := range map[string]string{
		"a": `"a"`, `say "hi"`: `'say "hi"'`, `it's "so"`: `"it's \"so\""`, "a\nb\t": `"a\nb\t"`, `C:\x`: `'C:\x'`, "\x01\x7f": `"\u0001\u007F"`, "é": `"é"`, "": `""`,
	} {
		if got := quoteText(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}
