package items

import (
	"strings"
	"testing"
)

func texts(s series) string {
	var all []string
	for i := range s.len() {
		all = append(all, s.at(i).Text)
	}
	return strings.Join(all, " ")
}

func TestRange(t *testing.T) {
	tests := []struct {
		name string
		r    Range
		want string
		kind Kind
	}{
		{"ints", Range{From: "1", To: "5", Step: "1"}, "1 2 3 4 5", Int},
		{"no step between ints", Range{From: "1", To: "3"}, "1 2 3", Int},
		{"downwards", Range{From: "5", To: "-1", Step: "-2"}, "5 3 1 -1", Int},
		{"one value", Range{From: "7", To: "7", Step: "1"}, "7", Int},
		{"stops short", Range{From: "1", To: "10", Step: "4"}, "1 5 9", Int},
		{"underscores as in TOML", Range{From: "1_000", To: "+2_000", Step: "500"}, "1000 1500 2000", Int},
		{"beyond int64", Range{From: "9223372036854775807", To: "9223372036854775809"}, "9223372036854775807 9223372036854775808 9223372036854775809", Int},
		{"a decimal step is decimal", Range{From: "0", To: "0.5", Step: "0.1"}, "0.0 0.1 0.2 0.3 0.4 0.5", Float},
		{"downwards in decimals", Range{From: "0.3", To: "0", Step: "-0.1"}, "0.3 0.2 0.1 0.0", Float},
		{"more places in from", Range{From: "0.25", To: "1", Step: "0.5"}, "0.25 0.75", Float},
		{"a float of whole numbers", Range{From: "1.0", To: "3", Step: "1"}, "1.0 2.0 3.0", Float},
		{"exponents", Range{From: "1e-5", To: "3E-5", Step: "1e-5"}, "1e-05 2e-05 3e-05", Float},
		{"large exponents", Range{From: "1e16", To: "3e16", Step: "1e16"}, "1e+16 2e+16 3e+16", Float},
		{"count", Range{From: "0", To: "1", Count: 5}, "0.0 0.25 0.5 0.75 1.0", Float},
		{"count in tenths", Range{From: "0.0", To: "1.0", Count: 11}, "0.0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1.0", Float},
		{"count in thirds", Range{From: "0", To: "1", Count: 4, Scale: "linear"}, "0.0 0.3333333333333333 0.6666666666666666 1.0", Float},
		{"count of ints", Range{From: "0", To: "100", Count: 5}, "0 25 50 75 100", Int},
		{"count downwards", Range{From: "1", To: "0", Count: 3}, "1.0 0.5 0.0", Float},
		{"count of the same", Range{From: "2", To: "2", Count: 2}, "2 2", Int},
		{"log", Range{From: "1e-4", To: "1e-1", Count: 4, Scale: "log"}, "0.0001 0.001 0.01 0.1", Float},
		{"log of ints", Range{From: "1", To: "1000000", Count: 7, Scale: "log"}, "1.0 10.0 100.0 1000.0 10000.0 100000.0 1000000.0", Float},
		{"log downwards", Range{From: "8", To: "1", Count: 4, Scale: "log"}, "8.0 4.0 2.0 1.0", Float},
		{"log over most floats", Range{From: "1e-300", To: "1e300", Count: 5, Scale: "log"}, "1e-300 1e-150 1.0 1e+150 1e+300", Float},
		{"log with a root", Range{From: "1", To: "2", Count: 3, Scale: "log"}, "1.0 1.4142135623730951 2.0", Float},
		{"log of the same", Range{From: "2.5", To: "2.5", Count: 3, Scale: "log"}, "2.5 2.5 2.5", Float},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _, err := tt.r.expand()
			if err != nil {
				t.Fatal(err)
			}
			if got := texts(s); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if got := s.at(0).Kind; got != tt.kind {
				t.Errorf("kind: got %d, want %d", got, tt.kind)
			}
		})
	}
}

func TestRangeWarnsWhereItStopsShort(t *testing.T) {
	_, warning, err := Range{From: "0", To: "1", Step: "0.3"}.expand()
	if want := "ends at 0.9: to = 1 is not a whole number of steps away"; err != nil || warning != want {
		t.Errorf("got %q, %v, want %q", warning, err, want)
	}
}

func TestRangeErrors(t *testing.T) {
	tests := []struct {
		name string
		r    Range
		want string
	}{
		{"from", Range{From: "one", To: "5"}, `from: want a number, got "one"`},
		{"to", Range{From: "1", To: ""}, `to: want a number, got ""`},
		{"infinite", Range{From: "1", To: "inf", Step: "1"}, `to: want a number, got "inf"`},
		{"step", Range{From: "1", To: "5", Step: "x"}, `step: want a number, got "x"`},
		{"no step", Range{From: "1", To: "5", Step: "0.0"}, "want a number other than 0"},
		{"wrong way", Range{From: "5", To: "1"}, "the step goes the wrong way; turn its sign"},
		{"floats without a step", Range{From: "0.5", To: "1"}, "say step = … or count = …"},
		{"step and count", Range{From: "0", To: "1", Step: "0.1", Count: 5}, "keep one of them"},
		{"count of one", Range{From: "0", To: "1", Count: 1}, "want 2 or more, got 1; one value is a list: [0]"},
		{"negative count", Range{From: "0", To: "1", Count: -1}, "want 2 or more"},
		{"scale", Range{From: "0", To: "1", Count: 3, Scale: "exp"}, `want "linear" or "log", got "exp"`},
		{"log of a step", Range{From: "1", To: "8", Step: "1", Scale: "log"}, "wants count"},
		{"log of nothing", Range{From: "0", To: "1", Count: 3, Scale: "log"}, "above 0"},
		{"too many", Range{From: "0", To: "1", Step: "1e-300"}, "more than 999999999 values"},
		{"too many of a count", Range{From: "0", To: "1", Count: 1 << 40}, "at most 10000000"},
		{"exponent", Range{From: "0", To: "1e999999999999"}, "out of range"},
		{"no float", Range{From: "0", To: "1e310", Step: "1e300"}, "beyond what a float holds"},
		{"digits", Range{From: "0", To: strings.Repeat("9", 500)}, "more than 400 digits"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if s, _, err := tt.r.expand(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v, want %q in the error", s, err, tt.want)
			}
		})
	}
}

// FuzzRange checks that a range ends, keeps to its bounds and begins where it says.
func FuzzRange(f *testing.F) {
	f.Add("0", "1", "0.1", 0, "")
	f.Add("1e-4", "1e-1", "", 4, "log")
	f.Add("-5", "5", "", 3, "linear")
	f.Fuzz(func(t *testing.T, from, to, step string, count int, scale string) {
		if count > 1000 {
			return
		}
		s, _, err := Range{From: from, To: to, Step: step, Count: count, Scale: scale}.expand()
		if err != nil {
			return
		}
		first, last := s.at(0), s.at(s.len()-1)
		a, errA := parseDecimal(from)
		b, errB := parseDecimal(to)
		if errA != nil || errB != nil {
			t.Fatalf("from %q to %q: %v %v", from, to, errA, errB)
		}
		got, err := parseDecimal(first.Text)
		if err != nil || got.float() != a.float() {
			t.Errorf("from %q: begins with %q", from, first.Text)
		}
		got, err = parseDecimal(last.Text)
		if err != nil || (a.float() <= b.float()) != (got.float() <= b.float()) && got.float() != b.float() {
			t.Errorf("from %q to %q: ends with %q", from, to, last.Text)
		}
	})
}
