package items

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestPythonFloat(t *testing.T) {
	// what Python 3 prints for repr(x)
	tests := []struct {
		f    float64
		want string
	}{
		{0, "0.0"}, {math.Copysign(0, -1), "-0.0"}, {3, "3.0"}, {-2.5, "-2.5"}, {0.1, "0.1"}, {0.30000000000000004, "0.30000000000000004"},
		{0.0001, "0.0001"}, {0.00001, "1e-05"}, {0.000123, "0.000123"}, {0.0000123, "1.23e-05"},
		{1e15, "1000000000000000.0"}, {1e16, "1e+16"}, {123456789012345680, "1.2345678901234568e+17"}, {9007199254740993, "9007199254740992.0"},
		{1e22, "1e+22"}, {1e100, "1e+100"}, {1.5e-10, "1.5e-10"}, {5e-324, "5e-324"}, {math.MaxFloat64, "1.7976931348623157e+308"},
		{math.NaN(), "nan"}, {math.Inf(1), "inf"}, {math.Inf(-1), "-inf"},
	}
	for _, tt := range tests {
		if got := pythonFloat(tt.f); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}

func TestParseValue(t *testing.T) {
	tests := []struct {
		name, text, typ string
		want            Value
		err             string
	}{
		{"text stays", " 007 ", "text", TextValue(" 007 "), ""},
		{"no type is text", "1", "", TextValue("1"), ""},
		{"int", "42", "int", Value{"42", Int}, ""},
		{"negative int", "-42", "int", Value{"-42", Int}, ""},
		{"spaces around an int", " 42 ", "int", Value{"42", Int}, ""},
		{"zeros before an int", "007", "int", Value{"7", Int}, ""},
		{"plus before an int", "+7", "int", Value{"7", Int}, ""},
		{"int of any length", "123456789012345678901234567890", "int", Value{"123456789012345678901234567890", Int}, ""},
		{"float keeps its spelling", "0.10", "float", Value{"0.10", Float}, ""},
		{"float with an exponent", "1E5", "float", Value{"1E5", Float}, ""},
		{"whole float", "3", "float", Value{"3.0", Float}, ""},
		{"float without a zero", ".5", "float", Value{"0.5", Float}, ""},
		{"float with a bare point", "5.", "float", Value{"5.0", Float}, ""},
		{"float with zeros before", "007.5", "float", Value{"7.5", Float}, ""},
		{"not a number", "NaN", "float", Value{"nan", Text}, ""},
		{"infinity", "-inf", "float", Value{"-inf", Text}, ""},
		{"bool", "true", "bool", Value{"true", Bool}, ""},
		{"bool as Python writes it", "False", "bool", Value{"false", Bool}, ""},
		{"no int", "4.5", "int", Value{}, `"4.5" is no int`},
		{"no digits", "ten", "int", Value{}, `"ten" is no int`},
		{"int of very many digits", "+" + strings.Repeat("9", 1<<21), "int", Value{strings.Repeat("9", 1<<21), Int}, ""},
		{"minus and zeros before an int", "-007", "int", Value{"-7", Int}, ""},
		{"only zeros", "000", "int", Value{"0", Int}, ""},
		{"only a sign", "-", "int", Value{}, `"-" is no int`},
		{"sign inside", "1-7", "int", Value{}, `"1-7" is no int`},
		{"two signs", "+-7", "int", Value{}, `"+-7" is no int`},
		{"empty int", "", "int", Value{}, `"" is no int`},
		{"empty float", "", "float", Value{}, `"" is no float`},
		{"hexadecimal", "0x10", "float", Value{}, `"0x10" is no float`},
		{"underscores", "1_000", "float", Value{}, `"1_000" is no float`},
		{"too large", "1e999", "float", Value{}, `"1e999" is no float`},
		{"no bool", "1", "bool", Value{}, `"1" is no bool: write true or false`},
		{"no type", "1", "number", Value{}, `want "text", "int", "float" or "bool", got "number"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseValue(tt.text, tt.typ)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("got %v, want %q in it", err, tt.err)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Errorf("got %+v, %v, want %+v", got, err, tt.want)
			}
		})
	}
}

func TestValueJSON(t *testing.T) {
	tests := []struct {
		value Value
		want  string
	}{
		{IntValue(-3), "-3"}, {FloatValue(3), "3.0"}, {Value{"0.10", Float}, "0.10"}, {FloatValue(1e-5), "1e-05"}, {FloatValue(1e16), "1e+16"},
		{BoolValue(true), "true"}, {BoolValue(false), "false"}, {FloatValue(math.NaN()), `"nan"`}, {FloatValue(math.Inf(1)), `"inf"`},
		{TextValue(""), `""`}, {TextValue("3"), `"3"`}, {TextValue("true"), `"true"`}, {TextValue("a\"b\\c\n\t\x01é"), `"a\"b\\c\n\u0009\u0001é"`},
		{TextValue("\xff<&>"), `"\udcff<&>"`}, {TextValue("\u2028"), "\"\u2028\""},
	}
	for _, tt := range tests {
		b, err := tt.value.MarshalJSON()
		if err != nil || string(b) != tt.want {
			t.Errorf("%+v: got %s, %v, want %s", tt.value, b, err, tt.want)
		}
		var back Value
		if err := json.Unmarshal(b, &back); err != nil || back != tt.value {
			t.Errorf("%s: got %+v, %v, want %+v", b, back, err, tt.value)
		}
	}
}

func TestValueJSONWithinOtherJSON(t *testing.T) {
	want := Column{Name: "x", Values: []Value{TextValue("a<b>&\xfe\u2028"), FloatValue(0.1), IntValue(7), BoolValue(true)}}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Column
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	for i, v := range got.Values {
		if v != want.Values[i] {
			t.Errorf("got %+v, want %+v", v, want.Values[i])
		}
	}
}

func TestValueJSONEscapes(t *testing.T) {
	tests := []struct{ json, want string }{
		{`"\/\b\f\n\r\t\"\\"`, "/\b\f\n\r\t\"\\"}, {`"\u00e9\u00E9"`, "éé"}, {`"\ud83e\uddc0"`, "🧀"}, {`"\ud83e"`, "\ufffd"}, {`"\ud83ex"`, "\ufffdx"}, {`"\udcff"`, "\xff"},
	}
	for _, tt := range tests {
		var v Value
		if err := json.Unmarshal([]byte(tt.json), &v); err != nil || v.Text != tt.want {
			t.Errorf("%s: got %q, %v, want %q", tt.json, v.Text, err, tt.want)
		}
	}
	for _, bad := range []string{`"\x"`, `"\u12"`, `"\u12g4"`, "\"\n\"", `null`, `[1]`, `{}`, `"open`, `"\`, `01`, `1.`, `.5`, `1e`, `+1`, `-`, `tru`, ``, `nan`} {
		var v Value
		if err := v.UnmarshalJSON([]byte(bad)); err == nil {
			t.Errorf("%s: got %+v, want an error", bad, v)
		}
	}
}

// FuzzValue holds the reading of values against encoding/json, and what is written against
// what is read back.
func FuzzValue(f *testing.F) {
	for _, s := range []string{`"a"`, `1`, `-0.5e+3`, `true`, `null`, `"\ud83e\uddc0"`, `"\udcff"`, "\"\xff\"", `"\u0000"`} {
		f.Add(s, "int")
	}
	f.Add("0012", "int")
	f.Add("-.5", "float")
	f.Add("+"+strings.Repeat("9", 1<<14), "int") // many digits took seconds, by way of a big.Int
	f.Fuzz(func(t *testing.T, text, typ string) {
		if v, err := ParseValue(text, typ); err == nil {
			roundTrip(t, v)
		}
		roundTrip(t, TextValue(text))
		var v Value
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			return
		}
		roundTrip(t, v)
		var std any
		if err := json.Unmarshal([]byte(text), &std); err != nil {
			t.Fatalf("%q: accepted, and encoding/json says %v", text, err)
		}
		if s, ok := std.(string); ok && !strings.Contains(s, "\ufffd") && s != v.Text {
			t.Errorf("%q: got %q, encoding/json reads %q", text, v.Text, s)
		}
	})
}

func roundTrip(t *testing.T, v Value) {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("%+v: %v", v, err)
	}
	var back Value
	if err := json.Unmarshal(b, &back); err != nil || back != v {
		t.Errorf("%+v became %s and %+v, %v", v, b, back, err)
	}
}
