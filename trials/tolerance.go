package trials

import (
	"bytes"
	"math"
	"strconv"
)

// SameText says whether two texts are the same but for numbers that differ by no more than tolerance, relative to the larger
// of both. Space between words counts as space, however much.
func SameText(a, b []byte, tolerance float64) bool {
	if bytes.Equal(a, b) {
		return true
	}
	for {
		x, restA := nextToken(a)
		y, restB := nextToken(b)
		if len(x) == 0 || len(y) == 0 {
			return len(x) == len(y)
		}
		if !bytes.Equal(x, y) && !closeNumbers(x, y, tolerance) {
			return false
		}
		a, b = restA, restB
	}
}

// nextToken is the next number, word or mark; none at the end.
func nextToken(text []byte) (token, rest []byte) {
	text = bytes.TrimLeft(text, " \t\r\n")
	n := 0
	for n < len(text) && !bytes.ContainsRune([]byte(" \t\r\n,;:()[]{}\"'="), rune(text[n])) {
		n++
	}
	if n == 0 && len(text) > 0 {
		n = 1
	}
	return text[:n], text[n:]
}

func closeNumbers(x, y []byte, tolerance float64) bool {
	a, errA := strconv.ParseFloat(string(x), 64)
	b, errB := strconv.ParseFloat(string(y), 64)
	return errA == nil && errB == nil && math.Abs(a-b) <= tolerance*math.Max(math.Abs(a), math.Abs(b))
}
