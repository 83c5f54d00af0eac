package main

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
)

// seconds words a number of seconds in at most two units, as a person would: "0.42 s",
// "1 min 5 s", "2 h 10 min", "3 d 4 h".
func seconds(s float64) string {
	switch {
	case s < 0:
		return "-" + seconds(-s)
	case s < 0.0995:
		return fmt.Sprintf("%.0f ms", s*1000)
	case s < 9.95:
		return fmt.Sprintf("%.1f s", s)
	case s < 59.5:
		return fmt.Sprintf("%.0f s", s)
	}
	units := []struct {
		name   string
		length int
	}{{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}}
	whole := roundTo(s)
	for i, u := range units[:3] {
		if whole < u.length {
			continue
		}
		next := units[i+1]
		text := fmt.Sprintf("%d %s", whole/u.length, u.name)
		if rest := whole % u.length / next.length; rest > 0 {
			text += fmt.Sprintf(" %d %s", rest, next.name)
		}
		return text
	}
	return fmt.Sprintf("%d s", whole)
}

// roundTo is a number of seconds, rounded to the smaller of the two units that are shown.
func roundTo(s float64) int {
	unit := 1.0
	switch {
	case s >= 86400-30:
		unit = 3600
	case s >= 3600-0.5:
		unit = 60
	}
	return int(math.Round(s/unit) * unit)
}

// compact is seconds for a narrow column: "0.4s", "42s", "1m05s", "2h10m", "3d04h".
func compact(s float64) string {
	whole := roundTo(s)
	switch {
	case s < 9.95:
		return fmt.Sprintf("%.1fs", s)
	case whole < 60:
		return fmt.Sprintf("%ds", whole)
	case whole < 3600:
		return fmt.Sprintf("%dm%02ds", whole/60, whole%60)
	case whole < 86400:
		return fmt.Sprintf("%dh%02dm", whole/3600, whole%3600/60)
	}
	return fmt.Sprintf("%dd%02dh", whole/86400, whole%86400/3600)
}

// memory words MiB.
func memory(mib float64) string {
	switch {
	case mib >= 999.5*1024*1024:
		return thousands(int(mib/1024/1024+0.5)) + " TiB"
	case mib >= 999.5*1024:
		return fmt.Sprintf("%.3g TiB", mib/1024/1024)
	case mib >= 1024:
		return fmt.Sprintf("%.3g GiB", mib/1024)
	}
	return fmt.Sprintf("%.3g MiB", mib)
}

// count puts a comma between thousands and an s behind all but one: "1 item", "12,000 items".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(n) + " " + noun + "s"
}

func thousands(n int) string {
	text := fmt.Sprint(n)
	var parts []string
	for len(text) > 3 {
		parts = append([]string{text[len(text)-3:]}, parts...)
		text = text[:len(text)-3]
	}
	return strings.Join(append([]string{text}, parts...), ",")
}

func percent(f float64) string { return fmt.Sprintf("%.0f %%", f*100) }

// hours words CPU-hours with three digits.
func hours(h float64) string {
	switch {
	case h == 0:
		return "0"
	case h < 0.01:
		return fmt.Sprintf("%.2g", h)
	case h < 10:
		return fmt.Sprintf("%.2f", h)
	case h < 1000:
		return fmt.Sprintf("%.1f", h)
	}
	return thousands(int(h + 0.5))
}

// clock words a moment: the time alone when it is today.
func clock(t, now time.Time) string {
	if t.Year() == now.Year() && t.YearDay() == now.YearDay() {
		return t.Format("15:04:05")
	}
	return t.Format("2006-01-02 15:04")
}

// wrap breaks text at spaces into lines of at most width cells, each begun with indent.
func wrap(text, indent string, width int) string {
	var b strings.Builder
	line := indent
	for _, word := range strings.Fields(text) {
		if cells(line)+1+cells(word) > width && line != indent {
			b.WriteString(line + "\n")
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	return b.String() + line + "\n"
}

// visibleRune keeps a value from moving the cursor, changing colours or turning the text around.
func visibleRune(r rune) rune {
	switch {
	case r == '\n':
		return '⏎'
	case r == '\t':
		return ' '
	case r == '\r':
		return -1
	case !unicode.IsGraphic(r):
		return '·'
	}
	return r
}

// one shows a value in a table or message on one line, shortened to so many cells.
func one(s string, width int) string {
	s = strings.Map(visibleRune, s)
	if cells(s) > width {
		return clip(s, width-1) + "…"
	}
	return s
}
