package items

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// TextValue is a value that is no number.
func TextValue(s string) Value { return Value{Text: s, Kind: Text} }

// IntValue is a whole number.
func IntValue(n int64) Value { return Value{Text: strconv.FormatInt(n, 10), Kind: Int} }

// FloatValue is a number as Python prints it. JSON has no NaN and no infinity: those are text
// from the start, so that a list means the same before and after it is frozen.
func FloatValue(f float64) Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Value{Text: pythonFloat(f), Kind: Text}
	}
	return Value{Text: pythonFloat(f), Kind: Float}
}

// BoolValue is true or false, spelled as in TOML and JSON.
func BoolValue(b bool) Value { return Value{Text: strconv.FormatBool(b), Kind: Bool} }

// ParseValue reads text from a file as a type of [types]: "text", "int", "float" or "bool". A
// number keeps its spelling where JSON has the same one (0.10, 1E5); else it is written as
// Python prints it (007 is 7, .5 is 0.5, a float 3 is 3.0).
func ParseValue(text, typ string) (Value, error) {
	word := strings.TrimSpace(text)
	switch typ {
	case "text", "":
		return TextValue(text), nil
	case "int":
		return parseInt(word)
	case "float":
		return parseFloat(word)
	case "bool":
		switch strings.ToLower(word) {
		case "true", "false":
			return Value{Text: strings.ToLower(word), Kind: Bool}, nil
		}
		return Value{}, fmt.Errorf("%q is no bool: write true or false", text)
	}
	return Value{}, fmt.Errorf("want \"text\", \"int\", \"float\" or \"bool\", got %q", typ)
}

func parseInt(word string) (Value, error) {
	if kind, ok := jsonNumber([]byte(word)); ok && kind == Int {
		return Value{Text: word, Kind: Int}, nil
	}
	// Not by way of a number: converting a million digits there and back takes seconds.
	digits := strings.TrimLeft(word, "+-")
	if len(word)-len(digits) > 1 || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return Value{}, fmt.Errorf("%s is no int: write digits, or make the column a float or text", clip(word))
	}
	digits = strings.TrimLeft(digits, "0")
	switch {
	case digits == "":
		digits = "0"
	case word[0] == '-':
		digits = "-" + digits
	}
	return Value{Text: digits, Kind: Int}, nil
}

func parseFloat(word string) (Value, error) {
	f, err := strconv.ParseFloat(word, 64)
	if err != nil || strings.ContainsAny(word, "xXpP_") {
		return Value{}, fmt.Errorf("%q is no float: write it as 0.1 or 1e-05, or make the column text", word)
	}
	if kind, ok := jsonNumber([]byte(word)); ok && kind == Float {
		return Value{Text: word, Kind: Float}, nil
	}
	return FloatValue(f), nil
}

// pythonFloat is Python's repr: the shortest digits that read back as the same number, an
// exponent below 1e-4 and from 1e16 on, and always a point or an exponent.
func pythonFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	s := strconv.FormatFloat(f, 'e', -1, 64)
	exponent, _ := strconv.Atoi(s[strings.IndexByte(s, 'e')+1:])
	if f != 0 && (exponent < -4 || exponent >= 16) {
		return s
	}
	s = strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// MarshalJSON writes numbers and truth values exactly as they are spelled, and whatever JSON
// cannot hold that way as a string.
func (v Value) MarshalJSON() ([]byte, error) { return v.appendJSON(nil), nil }

func (v Value) appendJSON(dst []byte) []byte {
	if v.plainJSON() {
		return append(dst, v.Text...)
	}
	return appendString(dst, v.Text)
}

func (v Value) plainJSON() bool {
	switch v.Kind {
	case Int, Float:
		kind, ok := jsonNumber([]byte(v.Text))
		return ok && kind == v.Kind
	case Bool:
		return v.Text == "true" || v.Text == "false"
	}
	return false
}

// UnmarshalJSON reads a string, a number or a truth value and keeps the spelling.
func (v *Value) UnmarshalJSON(b []byte) error {
	s := scanner{b: b}
	got, ok := s.scalar()
	if !ok {
		return fmt.Errorf("want a string, a number, true or false, got %s", clip(string(b)))
	}
	*v = got
	return nil
}

// clip quotes text for an error and cuts what is too long to read.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return strconv.Quote(s)
	}
	return fmt.Sprintf("%q… (%d bytes)", s[:most], len(s))
}
