package main

import (
	"strings"
	"testing"
)

func TestCells(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "abc": 3, "Größe": 5, "5.1–9.2 µs": 10, "日本語": 6, "ﾃｽﾄ": 3, "ＡＢ": 4, "한국": 4, "\u1112\u1161\u11ab": 2, // a syllable in its parts
		"e\u0301te\u0301": 3, "Ангстрём": 8, "🧬 x": 4, "…⏎·": 3,
	} {
		if got := cells(text); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

func TestOneCountsCells(t *testing.T) {
	for _, test := range []struct {
		text string
		room int
		want string
	}{
		{"日本語", 6, "日本語"},
		{"日本語", 5, "日本…"},
		{"日本語", 4, "日…"}, // half of a character cannot be shown
		{"e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
	} {
		if got := one(test.text, test.room); got != test.want {
			t.Errorf("%q in %d cells: got %q, want %q", test.text, test.room, got, test.want)
		}
	}
}

// The second column begins at the same cell in every line, whatever stands in the first.
func TestTableOfWideCharacters(t *testing.T) {
	table := table{head: []string{"名前", "state"}, left: []int{0, 1}}
	for _, name := range []string{"résumé", "re\u0301sume\u0301", "試料一号", "한국어", "x"} {
		table.add(name, "done")
	}
	for i, line := range strings.Split(strings.TrimSpace(table.String()), "\n") {
		before, _, _ := strings.Cut(strings.Replace(line, "state", "done", 1), "done")
		if got := cells(before); got != 10 {
			t.Errorf("line %d: the second column begins at cell %d, want 10: %q", i, got, line)
		}
	}
}

func TestWrapCountsCells(t *testing.T) {
	if got, want := wrap("日本 日本 日本", "", 9), "日本 日本\n日本\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
