package main

import (
	"unicode"

	"golang.org/x/text/width"
)

// cells is how many columns of a terminal a text takes: two for each wide character of Chinese, Japanese and Korean
// and for pictures, none for what combines with the character before it.
func cells(s string) (n int) {
	for _, r := range s {
		n += cellsOf(r)
	}
	return n
}

func cellsOf(r rune) int {
	switch {
	case r < 0x300: // Latin, where nearly everything is: no table needs to be asked
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf), r >= 0x1160 && r <= 0x11ff: // these vowels and finals stand within a syllable of Korean
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// clip is the beginning of a text that fits into so many cells, with what combines with its last character.
func clip(s string, room int) string {
	for i, r := range s {
		if room -= cellsOf(r); room < 0 {
			return s[:i]
		}
	}
	return s
}
