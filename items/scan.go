package items

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads the JSON of one line without building anything. A million result lines are
// read with it while somebody looks at a progress bar, and encoding/json takes five times as
// long. Every method says false where the text is not JSON; the place no longer matters then.
type scanner struct {
	b []byte
	i int
}

func (s *scanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\r', '\n':
			s.i++
		default:
			return
		}
	}
}

// take passes over c, if it comes next.
func (s *scanner) take(c byte) bool {
	s.space()
	if s.i < len(s.b) && s.b[s.i] == c {
		s.i++
		return true
	}
	return false
}

// end says whether nothing but space is left.
func (s *scanner) end() bool {
	s.space()
	return s.i == len(s.b)
}

// object reads { … } and calls member at each value, which must read it. The key is valid
// until then only.
func (s *scanner) object(member func(key []byte) bool) bool {
	if !s.take('{') {
		return false
	}
	if s.take('}') {
		return true
	}
	for {
		key, ok := s.text()
		if !ok || !s.take(':') || !member(key) {
			return false
		}
		if s.take('}') {
			return true
		}
		if !s.take(',') {
			return false
		}
	}
}

// array reads [ … ] and calls element at each value, which must read it.
func (s *scanner) array(element func() bool) bool {
	if !s.take('[') {
		return false
	}
	if s.take(']') {
		return true
	}
	for {
		if !element() {
			return false
		}
		if s.take(']') {
			return true
		}
		if !s.take(',') {
			return false
		}
	}
}

// text reads a string. What it returns may share memory with the line.
func (s *scanner) text() ([]byte, bool) {
	if !s.take('"') {
		return nil, false
	}
	start, escaped := s.i, false
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c == '"':
			raw := s.b[start:s.i]
			s.i++
			if escaped {
				return unquote(raw)
			}
			return raw, true
		case c == '\\':
			escaped = true
			s.i += 2
		case c < ' ':
			return nil, false
		default:
			s.i++
		}
	}
	return nil, false
}

// word reads a number, true, false or null as it stands.
func (s *scanner) word() []byte {
	s.space()
	start := s.i
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c == '.', c == '-', c == '+', c == 'E':
			s.i++
		default:
			return s.b[start:s.i]
		}
	}
	return s.b[start:s.i]
}

// scalar reads a string, a number or a truth value.
func (s *scanner) scalar() (Value, bool) {
	s.space()
	if s.i < len(s.b) && s.b[s.i] == '"' {
		text, ok := s.text()
		return Value{Text: string(text), Kind: Text}, ok
	}
	word := s.word()
	switch string(word) {
	case "true":
		return Value{Text: "true", Kind: Bool}, true
	case "false":
		return Value{Text: "false", Kind: Bool}, true
	}
	kind, ok := jsonNumber(word)
	return Value{Text: string(word), Kind: kind}, ok
}

// skip passes over any value. The depth is bounded, so that a hostile line cannot fill the stack.
func (s *scanner) skip(depth int) bool {
	s.space()
	if s.i == len(s.b) || depth > 100 {
		return false
	}
	switch s.b[s.i] {
	case '"':
		_, ok := s.text()
		return ok
	case '{':
		return s.object(func([]byte) bool { return s.skip(depth + 1) })
	case '[':
		return s.array(func() bool { return s.skip(depth + 1) })
	}
	word := s.word()
	switch string(word) {
	case "true", "false", "null":
		return true
	}
	_, ok := jsonNumber(word)
	return ok
}

// jsonNumber says whether b is a number by JSON's grammar: Int without a point or exponent,
// else Float.
func jsonNumber(b []byte) (Kind, bool) {
	b = bytes.TrimPrefix(b, []byte("-"))
	whole := digits(b)
	if whole == 0 || whole > 1 && b[0] == '0' {
		return Text, false
	}
	b, kind := b[whole:], Int
	if len(b) > 0 && b[0] == '.' {
		n := digits(b[1:])
		if n == 0 {
			return Text, false
		}
		b, kind = b[1+n:], Float
	}
	if len(b) > 0 && (b[0] == 'e' || b[0] == 'E') {
		b, kind = b[1:], Float
		if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		n := digits(b)
		if n == 0 {
			return Text, false
		}
		b = b[n:]
	}
	return kind, len(b) == 0
}

func digits(b []byte) int {
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	return n
}

const hexDigits = "0123456789abcdef"

// appendString writes a JSON string. A byte that is no UTF-8 (a file name in Latin-1) becomes
// a lone surrogate \udc80…\udcff, which is how Python keeps such bytes, so it arrives as it was.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		case c < utf8.RuneSelf:
			dst = append(dst, c)
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(dst, '\\', 'u', 'd', 'c', hexDigits[c>>4], hexDigits[c&15])
			} else {
				dst = append(dst, s[i:i+size]...)
			}
			i += size
			continue
		}
		i++
	}
	return append(dst, '"')
}

// unquote resolves the escapes between the quotes of a JSON string.
func unquote(raw []byte) ([]byte, bool) {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++
		if i == len(raw) {
			return nil, false
		}
		if raw[i] == 'u' {
			var used int
			if out, used = unquoteRune(out, raw[i+1:]); used == 0 {
				return nil, false
			}
			i += used
			continue
		}
		at := bytes.IndexByte([]byte(`"\/bfnrt`), raw[i])
		if at < 0 {
			return nil, false
		}
		out = append(out, "\"\\/\b\f\n\r\t"[at])
	}
	return out, true
}

// unquoteRune reads what follows \u: four digits, or a surrogate pair. It returns how many
// bytes it took, 0 for an error.
func unquoteRune(out, raw []byte) ([]byte, int) {
	r, ok := hex4(raw)
	if !ok {
		return out, 0
	}
	if r >= 0xdc80 && r <= 0xdcff { // a byte that was no UTF-8: see appendString
		return append(out, byte(r)), 4
	}
	if utf16.IsSurrogate(r) && len(raw) >= 10 && raw[4] == '\\' && raw[5] == 'u' {
		low, _ := hex4(raw[6:])
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return utf8.AppendRune(out, pair), 10
		}
	}
	return utf8.AppendRune(out, r), 4
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[:4]), 16, 32)
	return rune(n), err == nil
}
