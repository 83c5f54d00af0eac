package items

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// series is the values of one column, computed when they are asked for: a range of a million
// numbers costs no memory.
type series interface {
	len() int
	at(i int) Value
}

type list []Value

func (l list) len() int       { return len(l) }
func (l list) at(i int) Value { return l[i] }

type floats []float64

func (f floats) len() int       { return len(f) }
func (f floats) at(i int) Value { return FloatValue(f[i]) }

// steps counts in decimal, as one does by hand, so that 0.1 three times is 0.3.
type steps struct {
	from, step *big.Int // of units of 10^-scale
	scale      int
	n          int
	whole      bool // the numbers are ints
}

func (s steps) len() int { return s.n }

func (s steps) at(i int) Value {
	n := new(big.Int).Mul(s.step, big.NewInt(int64(i)))
	n.Add(n, s.from)
	if s.whole {
		return Value{Text: n.String(), Kind: Int}
	}
	return FloatValue(decimalFloat(n, s.scale))
}

// decimalFloat is the float64 next to n / 10^scale. strconv does that exactly, and much
// faster than big.Rat.
func decimalFloat(n *big.Int, scale int) float64 {
	var room [64]byte
	text := n.Append(room[:0], 10)
	text = append(text, 'e', '-')
	f, _ := strconv.ParseFloat(string(strconv.AppendInt(text, int64(scale), 10)), 64)
	return f
}

// maxItems is how many items fit the nine digits of an order file.
const maxItems = 999_999_999

// expand computes a range. The warning is "" or says that the range stops short of its end.
func (r Range) expand() (s series, warning string, err error) {
	from, err := parseDecimal(r.From)
	if err != nil {
		return nil, "", fmt.Errorf("from: %w", err)
	}
	to, err := parseDecimal(r.To)
	if err != nil {
		return nil, "", fmt.Errorf("to: %w", err)
	}
	switch {
	case r.Step != "" && r.Count != 0:
		return nil, "", fmt.Errorf("has step and count; keep one of them")
	case r.Scale != "" && r.Scale != "linear" && r.Scale != "log":
		return nil, "", fmt.Errorf("scale: want \"linear\" or \"log\", got %q", r.Scale)
	case r.Count != 0:
		s, err = r.counted(from, to)
		return s, "", err
	case r.Scale == "log":
		return nil, "", fmt.Errorf("scale = \"log\" wants count, the number of values")
	}
	return r.stepped(from, to)
}

func (r Range) stepped(from, to decimal) (series, string, error) {
	if r.Step == "" && !(from.whole && to.whole) {
		return nil, "", fmt.Errorf("from %s to %s: say step = … or count = …", r.From, r.To)
	}
	text := r.Step
	if text == "" {
		text = "1"
	}
	step, err := parseDecimal(text)
	if err != nil {
		return nil, "", fmt.Errorf("step: %w", err)
	}
	if step.n.Sign() == 0 {
		return nil, "", fmt.Errorf("step: want a number other than 0")
	}
	scale := max(from.scale, to.scale, step.scale)
	whole := from.whole && to.whole && step.whole
	from, to, step = from.rescaled(scale), to.rescaled(scale), step.rescaled(scale)
	way := new(big.Int).Sub(to.n, from.n)
	if way.Sign()*step.n.Sign() < 0 {
		return nil, "", fmt.Errorf("from %s to %s with step = %s: the step goes the wrong way; turn its sign", r.From, r.To, text)
	}
	n, rest := new(big.Int).QuoRem(way, step.n, new(big.Int))
	if n.Cmp(big.NewInt(maxItems)) >= 0 {
		return nil, "", fmt.Errorf("from %s to %s with step = %s: more than %d values", r.From, r.To, text, maxItems)
	}
	s := steps{from: from.n, step: step.n, scale: scale, n: int(n.Int64()) + 1, whole: whole}
	if rest.Sign() != 0 {
		return s, fmt.Sprintf("ends at %s: to = %s is not a whole number of steps away", s.at(s.n-1).Text, r.To), nil
	}
	return s, "", nil
}

func (r Range) counted(from, to decimal) (series, error) {
	switch {
	case r.Count < 2:
		return nil, fmt.Errorf("count: want 2 or more, got %d; one value is a list: [%s]", r.Count, r.From)
	case r.Count > 10_000_000:
		return nil, fmt.Errorf("count: want at most 10000000, got %d", r.Count)
	case math.IsInf(from.float(), 0) || math.IsInf(to.float(), 0):
		return nil, fmt.Errorf("from %s to %s: beyond what a float holds", clip(r.From), clip(r.To))
	case r.Scale == "log":
		return logarithmic(from, to, r.Count)
	}
	scale := max(from.scale, to.scale)
	whole := from.whole && to.whole
	from, to = from.rescaled(scale), to.rescaled(scale)
	way, parts := new(big.Int).Sub(to.n, from.n), big.NewInt(int64(r.Count-1))
	step, rest := new(big.Int).QuoRem(way, parts, new(big.Int))
	if rest.Sign() == 0 {
		return steps{from: from.n, step: step, scale: scale, n: r.Count, whole: whole}, nil
	}
	return linear(from, to, r.Count), nil
}

// linear divides a way that is no whole number of decimal steps: thirds, say.
func linear(from, to decimal, count int) floats {
	first := from.rat()
	step := new(big.Rat).Sub(to.rat(), first)
	step.Quo(step, big.NewRat(int64(count-1), 1))
	values := make(floats, count)
	for i := range values {
		at := new(big.Rat).Mul(step, big.NewRat(int64(i), 1))
		values[i], _ = at.Add(at, first).Float64()
	}
	return values
}

// logarithmic multiplies by the same factor each time. It counts with 300 bits, so that from
// 1e-4 to 1e-1 in four gives 0.001 and not 0.0010000000000000002.
func logarithmic(from, to decimal, count int) (floats, error) {
	if from.n.Sign() <= 0 || to.n.Sign() <= 0 {
		return nil, fmt.Errorf("scale = \"log\" wants from and to above 0")
	}
	ratio := new(big.Rat).Quo(to.rat(), from.rat())
	factor := root(precise().SetRat(ratio), count-1)
	at := precise().SetRat(from.rat())
	values := make(floats, count)
	for i := range values {
		values[i], _ = at.Float64()
		at.Mul(at, factor)
	}
	values[count-1] = to.float()
	return values, nil
}

func precise() *big.Float { return new(big.Float).SetPrec(300) }

// root is the n-th root of a positive number, by Newton's method from a float64's guess: each
// round doubles the digits that are right.
func root(x *big.Float, n int) *big.Float {
	mantissa := new(big.Float)
	exponent := x.MantExp(mantissa)
	m, _ := mantissa.Float64()
	guess := math.Exp((math.Log(m) + float64(exponent)*math.Ln2) / float64(n))
	r, count := precise().SetFloat64(guess), precise().SetInt64(int64(n))
	for range 6 {
		below := power(r, n-1)
		step := precise().Mul(below, r)
		step.Sub(step, x)
		step.Quo(step, below.Mul(below, count))
		r.Sub(r, step)
	}
	return r
}

func power(x *big.Float, n int) *big.Float {
	result, square := precise().SetInt64(1), precise().Set(x)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			result.Mul(result, square)
		}
		square.Mul(square, square)
	}
	return result
}
