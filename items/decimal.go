package items

import (
	"fmt"
	"math"
	"math/big"
	"strings"
)

// decimal is n / 10^scale, exactly as it was written.
type decimal struct {
	n     *big.Int
	scale int
	whole bool // written without a point or an exponent
}

// maxDigits bounds what a range may be written with: no float64 has more than 309 before the point.
const maxDigits = 400

func parseDecimal(text string) (decimal, error) {
	word := strings.TrimPrefix(strings.ReplaceAll(text, "_", ""), "+")
	kind, ok := jsonNumber([]byte(word))
	if !ok {
		return decimal{}, fmt.Errorf("want a number, got %q", text)
	}
	mantissa, exponentText, _ := strings.Cut(strings.ToLower(word), "e")
	exponent := 0
	if exponentText != "" {
		if _, err := fmt.Sscanf(exponentText, "%d", &exponent); err != nil || exponent < -maxDigits || exponent > maxDigits {
			return decimal{}, fmt.Errorf("the exponent of %q is out of range", text)
		}
	}
	before, after, _ := strings.Cut(mantissa, ".")
	if len(before)+len(after) > maxDigits {
		return decimal{}, fmt.Errorf("%s has more than %d digits", clip(text), maxDigits)
	}
	n, _ := new(big.Int).SetString(before+after, 10)
	d := decimal{n: n, scale: len(after) - exponent, whole: kind == Int}
	if d.scale < 0 {
		d = d.rescaled(0)
	}
	if !d.whole && math.IsInf(d.float(), 0) {
		return decimal{}, fmt.Errorf("%s is beyond what a float holds", clip(text))
	}
	return d, nil
}

// rescaled is the same number with more places.
func (d decimal) rescaled(scale int) decimal {
	d.n = new(big.Int).Mul(d.n, powerOfTen(scale-d.scale))
	d.scale = scale
	return d
}

func powerOfTen(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

func (d decimal) rat() *big.Rat { return new(big.Rat).SetFrac(d.n, powerOfTen(d.scale)) }

func (d decimal) float() float64 {
	f, _ := d.rat().Float64()
	return f
}
