package main

import (
	"strings"
	"testing"
	"time"
)

func TestSeconds(t *testing.T) {
	tests := map[float64]string{0: "0 ms", 0.0421: "42 ms", 0.42: "0.4 s", 9.94: "9.9 s", 9.96: "10 s", 42: "42 s", 59.6: "1 min", 65: "1 min 5 s",
		3600: "1 h", 3661: "1 h 1 min", 86399: "1 d", 86400: "1 d", 3599.7: "1 h", 7199: "2 h", 86400 + 3599: "1 d 1 h", 4*86400 + 7*3600: "4 d 7 h", -3: "-3.0 s"}
	for s, want := range tests {
		if got := seconds(s); got != want {
			t.Errorf("%v: got %q, want %q", s, got, want)
		}
	}
}

func TestCompact(t *testing.T) {
	tests := map[float64]string{0.42: "0.4s", 9.96: "10s", 59.7: "1m00s", 3599.7: "1h00m", 7199: "2h00m", 5*86400 + 19*3600 + 1800: "5d20h"}
	for s, want := range tests {
		if got := compact(s); got != want {
			t.Errorf("%v: got %q, want %q", s, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	tests := map[int]string{0: "0 items", 1: "1 item", 999: "999 items", 1000: "1,000 items", 1234567: "1,234,567 items"}
	for n, want := range tests {
		if got := count(n, "item"); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func TestMemory(t *testing.T) {
	for mib, want := range map[float64]string{0.5: "0.5 MiB", 7.67: "7.67 MiB", 1024: "1 GiB", 1536: "1.5 GiB", 3 << 20: "3 TiB"} {
		if got := memory(mib); got != want {
			t.Errorf("%v: got %q, want %q", mib, got, want)
		}
	}
}

func TestHours(t *testing.T) {
	for h, want := range map[float64]string{0: "0", 0.0017: "0.0017", 0.13: "0.13", 278.1: "278.1", 12345.6: "12,346"} {
		if got := hours(h); got != want {
			t.Errorf("%v: got %q, want %q", h, got, want)
		}
	}
}

func TestOne(t *testing.T) {
	if got := one("a\nb\tc\r", 10); got != "a⏎b c" {
		t.Errorf("got %q", got)
	}
	if got := one("\x1b[2Jred \u202e日本", 40); got != "·[2Jred ·日本" {
		t.Errorf("got %q: a value must not reach the terminal's controls", got)
	}
	if got := one("αβγδε", 4); got != "αβγ…" {
		t.Errorf("got %q", got)
	}
}

func TestWrap(t *testing.T) {
	got := wrap("one two three four", "  ", 10)
	if want := "  one two\n  three\n  four\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := wrap("a-word-longer-than-the-line", "", 10); strings.Count(got, "\n") != 1 {
		t.Errorf("got %q, want one line", got)
	}
}

func TestClock(t *testing.T) {
	now := time.Date(2026, 3, 4, 15, 0, 0, 0, time.UTC)
	if got := clock(now.Add(-time.Hour), now); got != "14:00:00" {
		t.Errorf("today: got %q", got)
	}
	if got := clock(now.AddDate(-1, 0, 0), now); got != "2025-03-04 15:00" {
		t.Errorf("a year ago: got %q", got)
	}
}

func TestTable(t *testing.T) {
	table := table{head: []string{"name", "n"}}
	table.add("α", "5")
	table.add("long name", "100")
	want := "name         n\nα            5\nlong name  100\n"
	if got := table.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
