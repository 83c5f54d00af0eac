package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestFit(t *testing.T) {
	half := tally{Total: 54, Done: 27}
	tests := []struct {
		name  string
		text  string
		width int
		want  string
	}{
		{"room for all of it", "27 of 54 items done", 79, "[##########----------] 27 of 54 items done"},
		{"a shorter bar", "27 of 54 items done", 30, "[####----] 27 of 54 items done"},
		{"no bar", "27 of 54 items done", 26, "27 of 54 items done"},
		{"not even the words", "27 of 54 items done", 10, "27 of 54 …"},
		{"not a line of its own", "waits: a\nb", 12, "waits: a⏎b"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := fit(test.text, half, test.width)
			if got != test.want || utf8.RuneCountInString(got) > test.width {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// Where there is no terminal, a log stays short: a line when it begins, one now and then, one at the end.
func TestProgressWithoutTerminal(t *testing.T) {
	var b bytes.Buffer
	p := newProgress(&b)
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range 101 {
		p.show(tally{Total: 100, Done: i, Running: min(2, 100-i)}, start.Add(time.Duration(i)*time.Second))
	}
	p.end()
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	want := []string{
		"hpcsub: 0 of 100 items done, 2 running",
		"hpcsub: 30 of 100 items done, 2 running, 1.0/s, about 1 min 10 s left",
		"hpcsub: 60 of 100 items done, 2 running, 1.0/s, about 40 s left",
		"hpcsub: 90 of 100 items done, 2 running, 1.0/s, about 10 s left",
		"hpcsub: 100 of 100 items done, 1.0/s",
	}
	for i := range max(len(lines), len(want)) {
		if i >= len(lines) || i >= len(want) || lines[i] != want[i] {
			t.Fatalf("got %q, want %q", lines, want)
		}
	}
}

func TestPerTime(t *testing.T) {
	for rate, want := range map[float64]string{1234.6: "1235/s", 5.04: "5.0/s", 1: "1.0/s", 0.5: "30/min", 0.05: "3.0/min", 0.001: "3.6/h"} {
		if got := perTime(rate); got != want {
			t.Errorf("%v: got %q, want %q", rate, got, want)
		}
	}
}
