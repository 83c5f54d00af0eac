package trials

import "math"

// Order is which items of a list are sampled, in which order, at most so many: each beginning of it is spread
// evenly over the list. It steps through the list by the golden ratio (a low-discrepancy sequence), and off each step by up to a
// 40th of the list, so that no period of a sweep is met again and again, as by every tenth item.
func Order(items, most int) []int {
	step := (math.Sqrt(5) - 1) / 2
	most = min(items, most)
	taken := make(map[int]bool, most)
	order := make([]int, 0, max(0, most))
	for at := 0.5; len(order) < most; at += step {
		off := math.Mod(float64(len(order))*math.Sqrt2, 1) - 0.5
		i := int((at-math.Floor(at))*float64(items)+off*float64(items)/20+float64(items)) % items
		for taken[i] { // a short list: the next one that is left
			i = (i + 1) % items
		}
		taken[i] = true
		order = append(order, i)
	}
	return order
}
