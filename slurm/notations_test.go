package slurm

import (
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	tests := []struct {
		input string
		want  time.Duration
	}{
		{"30", 30 * time.Minute},
		{"30:00", 30 * time.Minute},
		{"00:05:00", 5 * time.Minute},
		{"1:30:00", 90 * time.Minute},
		{"1-12", 36 * time.Hour},
		{"1-12:30", 36*time.Hour + 30*time.Minute},
		{"1-12:00:00", 36 * time.Hour},
		{"2-00:00:01", 48*time.Hour + time.Second},
		{"00:00.563", 563 * time.Millisecond},
		{"UNLIMITED", Unlimited},
		{"INFINITE", Unlimited},
		{"0", 0},
		{"36500-00:00:00", 36500 * 24 * time.Hour},
		{"365000-00:00:00", Unlimited},
		{"777777770", Unlimited},
	}
	for _, tt := range tests {
		if got, err := ParseDuration(tt.input); err != nil || got != tt.want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", tt.input, got, err, tt.want)
		}
	}
}

func TestParseDurationRefuses(t *testing.T) {
	for _, input := range []string{"", "INVALID", "1:2:3:4", "-5", "1-", "-", "1-2-3", "10m", "99999999-00:00:00", "1::2", "Partition_Limit"} {
		if got, err := ParseDuration(input); err == nil {
			t.Errorf("ParseDuration(%q) = %v, want an error", input, got)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	tests := []struct {
		input time.Duration
		want  string
	}{
		{0, "00:00:00"},
		{90 * time.Second, "00:01:30"},
		{23*time.Hour + 59*time.Minute + 59*time.Second, "23:59:59"},
		{36 * time.Hour, "1-12:00:00"},
		{Unlimited, "UNLIMITED"},
	}
	for _, tt := range tests {
		got := FormatDuration(tt.input)
		back, err := ParseDuration(got)
		if got != tt.want || err != nil || back != tt.input {
			t.Errorf("FormatDuration(%v) = %q (read back as %v, %v), want %q", tt.input, got, back, err, tt.want)
		}
	}
}

func TestParseMemoryMiB(t *testing.T) {
	tests := []struct {
		input string
		want  int
	}{
		{"4000M", 4000}, {"62.50G", 64000}, {"1T", 1 << 20}, {"16000", 16000}, {"125G", 128000},
		{"512K", 1}, {"1025K", 2}, {"0", 0}, {"1000Mc", 1000}, {"4Gn", 4096}, {"1.5g", 1536},
	}
	for _, tt := range tests {
		if got, err := ParseMemoryMiB(tt.input); err != nil || got != tt.want {
			t.Errorf("ParseMemoryMiB(%q) = %d, %v; want %d", tt.input, got, err, tt.want)
		}
	}
	for _, input := range []string{"", "M", "-1", "lots", "NaN", "Inf", "1e9", "0x10", "999999999999999999T", "4 G"} {
		if got, err := ParseMemoryMiB(input); err == nil {
			t.Errorf("ParseMemoryMiB(%q) = %d, want an error", input, got)
		}
	}
}

func TestLimitsThatAreNone(t *testing.T) {
	for _, input := range []string{"UNLIMITED", "INFINITE", "NONE", "(null)", "", "N/A"} {
		seconds, err1 := parseTimeLimit(input)
		mib, err2 := parseMemoryLimit(input)
		count, err3 := parseCountLimit(input)
		if seconds != nil || mib != nil || count != nil || err1 != nil || err2 != nil || err3 != nil {
			t.Errorf("%q: got %v %v %v, %v %v %v; want no limit", input, seconds, mib, count, err1, err2, err3)
		}
	}
	if mib, err := parseMemoryLimit("0"); mib != nil || err != nil {
		t.Errorf("a memory limit of 0: got %v, %v; Slurm means that nobody set it", mib, err)
	}
}

func TestParseTime(t *testing.T) {
	tests := []struct {
		input string
		want  time.Time
	}{
		{"1795384053", time.Unix(1795384053, 0)},
		{"2026-11-22T10:17:18", time.Date(2026, 11, 22, 10, 17, 18, 0, time.Local)},
		{"N/A", time.Time{}}, {"Unknown", time.Time{}}, {"None", time.Time{}}, {"0", time.Time{}},
	}
	for _, tt := range tests {
		if got, err := parseTime(tt.input); err != nil || !got.Equal(tt.want) {
			t.Errorf("parseTime(%q) = %v, %v; want %v", tt.input, got, err, tt.want)
		}
	}
	for _, input := range []string{"tomorrow", "-5", "12:00:00", "99999999999999999"} {
		if got, err := parseTime(input); err == nil {
			t.Errorf("parseTime(%q) = %v, want an error", input, got)
		}
	}
}

func TestParseExit(t *testing.T) {
	tests := []struct {
		input        string
		code, signal int
	}{
		{"0:0", 0, 0}, {"3:0", 3, 0}, {"0:9", 0, 9}, {"0:53", 0, 53}, {"0:125", 0, 125},
		{"768", 3, 0}, {"9", 0, 9}, {"35072", 137, 0}, {"53", 0, 53}, // as wait(2) returns it
		{"", 0, 0}, {"-1", 0, 0},
	}
	for _, tt := range tests {
		if code, signal, err := parseExit(tt.input); err != nil || code != tt.code || signal != tt.signal {
			t.Errorf("parseExit(%q) = %d, %d, %v; want %d, %d", tt.input, code, signal, err, tt.code, tt.signal)
		}
	}
	if _, _, err := parseExit("3:x"); err == nil {
		t.Error(`parseExit("3:x"): want an error`)
	}
}

func TestParseVersion(t *testing.T) {
	tests := []struct {
		input string
		want  string
		exact bool // steps may ask for --exact
		below bool // accounts below one that is let in are let in
	}{
		{"slurm 20.02.7", "20.02.7", false, false},
		{"slurm-wlm 20.11.4", "20.11.4", true, false},
		{"slurm 22.05.8", "22.05.8", true, false},
		{"23.11.1-1", "23.11.1", true, true},
		{"24.11.5", "24.11.5", true, true},
		{"slurm-wlm 26.05.5", "26.05.5", true, true},
		{"24.05.0-0rc1", "24.05.0", true, true},
		{"25.05", "25.05.0", true, true},
	}
	for _, tt := range tests {
		v, err := ParseVersion(tt.input)
		if err != nil || v.String() != tt.want || v.SrunHasExact() != tt.exact || v.AllowsAccountsBelow() != tt.below {
			t.Errorf("ParseVersion(%q) = %v (exact %v, accounts below %v), %v; want %+v", tt.input, v, v.SrunHasExact(), v.AllowsAccountsBelow(), err, tt)
		}
	}
	for _, input := range []string{"", "slurm", "2.11", "banner"} {
		if v, err := ParseVersion(input); err == nil {
			t.Errorf("ParseVersion(%q) = %v, want an error", input, v)
		}
	}
	if none := (Version{}); none.String() != "" || !none.SrunHasExact() {
		t.Error("a version that is not known has no number, and counts as the newest")
	}
}
