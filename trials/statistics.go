package trials

import (
	"math"
	"slices"
)

// Median of the figures; NaN of none.
func Median(figures []float64) float64 {
	if len(figures) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(figures))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// Mean of the figures; NaN of none.
func Mean(figures []float64) float64 {
	sum := 0.0
	for _, f := range figures {
		sum += f
	}
	return sum / float64(len(figures))
}

// Variation is the coefficient of variation, standard deviation over mean; 0 of fewer than two figures.
func Variation(figures []float64) float64 {
	mean, squares := Mean(figures), 0.0
	if len(figures) < 2 || mean <= 0 {
		return 0
	}
	for _, f := range figures {
		squares += (f - mean) * (f - mean)
	}
	return math.Sqrt(squares/float64(len(figures)-1)) / mean
}

// MedianInterval is where the median of all lies with a confidence of 95 %, whatever the distribution: between two
// of the sorted figures, by the binomial distribution of how many lie below the median. Fewer than six
// figures cannot say it; of them it is the least and the greatest, which hold it with 1 - 2^(1-n).
func MedianInterval(figures []float64) (low, high float64) {
	n := len(figures)
	if n == 0 {
		return math.NaN(), math.NaN()
	}
	s := slices.Sorted(slices.Values(figures))
	outside, rank := 0.0, 0 // how likely it is that the median lies below s[rank]
	for term := math.Exp2(-float64(n)); rank < n/2; rank++ {
		if outside+term > 0.025 {
			break
		}
		outside += term
		term *= float64(n-rank) / float64(rank+1)
	}
	rank = max(0, rank-1)
	return s[rank], s[n-1-rank]
}

// deviation is the median absolute deviation from the median, as the standard deviation of a normal distribution.
func deviation(figures []float64) float64 {
	middle := Median(figures)
	off := make([]float64, len(figures))
	for i, f := range figures {
		off[i] = math.Abs(f - middle)
	}
	return 1.4826 * Median(off)
}

// Outliers counts the figures further than 3.5 deviations above the median (Iglewicz and Hoaglin 1993), and at least a tenth above
// it: of figures that are nearly all the same, the least difference would be one.
func Outliers(figures []float64) int {
	if len(figures) < 5 {
		return 0
	}
	middle, spread, n := Median(figures), deviation(figures), 0
	for _, f := range figures {
		if f-middle > 3.5*spread && f > 1.1*middle {
			n++
		}
	}
	return n
}

// Drift is by what part of the median the figures grew from first to last, by the median of all slopes (Theil and Sen); 0 where
// that may be chance: Kendall's test on order finds it at the level of 1 %, for which it needs some ten figures.
func Drift(times, figures []float64) float64 {
	n := len(figures)
	if n < 6 {
		return 0
	}
	var slopes []float64
	score := 0
	for i := range figures {
		for k := i + 1; k < n; k++ {
			if times[k] == times[i] {
				continue
			}
			slopes = append(slopes, (figures[k]-figures[i])/(times[k]-times[i]))
			switch {
			case figures[k] > figures[i]:
				score++
			case figures[k] < figures[i]:
				score--
			}
		}
	}
	variance := float64(n*(n-1)*(2*n+5)) / 18
	if math.Abs(float64(score)) < 2.576*math.Sqrt(variance)+1 || len(slopes) == 0 {
		return 0
	}
	return Median(slopes) * (slices.Max(times) - slices.Min(times)) / Median(figures)
}
