package trials

import "slices"

// Variant is another way to write the program, held against it on the same items.
type Variant struct {
	Name       string   `json:"name"`
	Speedup    *float64 `json:"speedup"` // the median of how many times as fast it was, item by item
	Low        *float64 `json:"low"`     // where that lies with a confidence of 95 %, as far as so many pairs can say
	High       *float64 `json:"high"`
	Pairs      int      `json:"pairs"`
	SameOutput *bool    `json:"same_output"` // nil: nothing that it made can be compared
	Keep       bool     `json:"keep"`        // it is faster, and still right
	Verdict    string   `json:"verdict"`
}

// variantsOf pairs the runs of each variant with those of the program beside them.
func variantsOf(done []Measurement) []Variant {
	type turn struct{ place, round int }
	own := map[turn]Measurement{}
	most := 0
	for _, m := range done {
		if m.Phase == Compare && m.Variant == 0 && m.ended() {
			own[turn{m.Place, m.Round}] = m
		}
		most = max(most, m.Variant)
	}
	all := make([]Variant, most)
	ratios, failed := make([][]float64, most), make([]bool, most)
	for _, m := range done {
		if m.Phase != Compare || m.Variant == 0 {
			continue
		}
		k := m.Variant - 1
		failed[k] = failed[k] || m.State != Done && m.State != Cut
		if beside, some := own[turn{m.Place, m.Round}]; some && m.State == Done && m.Round > 0 && m.Elapsed > 0 {
			ratios[k] = append(ratios[k], beside.Elapsed/m.Elapsed)
		}
	}
	for k := range all {
		all[k].judge(ratios[k], sameAs(done, k+1), failed[k])
	}
	return all
}

// thing is an output of an item, by the item's place in the sample.
type thing struct {
	place int
	name  string
}

// sameAs says whether a variant made what the program made; nil where nothing can be compared, because neither made files, and the
// program does not print the same every time.
func sameAs(done []Measurement, variant int) *bool {
	made := map[thing][]string{}
	for _, m := range done {
		if m.Variant == 0 && m.State == Done {
			for _, o := range m.Outputs {
				if t := (thing{m.Place, o.Name}); !slices.Contains(made[t], o.Hash) && !o.Close {
					made[t] = append(made[t], o.Hash)
				}
			}
		}
	}
	var same *bool
	for _, m := range done {
		if m.Variant != variant || m.State != Done {
			continue
		}
		for _, o := range m.Outputs {
			own := made[thing{m.Place, o.Name}]
			if len(own) == 0 || o.Name == Printed && len(own) > 1 {
				continue
			}
			same = ptr((same == nil || *same) && (o.Close || slices.Contains(own, o.Hash)))
		}
	}
	return same
}

// judge makes the verdict: keep it only if it is faster and still right.
func (v *Variant) judge(ratios []float64, same *bool, failed bool) {
	v.Pairs, v.SameOutput = len(ratios), same
	if len(ratios) > 0 {
		low, high := MedianInterval(ratios)
		v.Speedup, v.Low, v.High = ptr(Median(ratios)), &low, &high
	}
	switch {
	case failed:
		v.Verdict = "it fails: do not keep it"
	case same != nil && !*same:
		v.Verdict = "its output differs: it is not right, do not keep it"
	case len(ratios) == 0:
		v.Verdict = "it did not come to an end within the budget"
	case len(ratios) < leastKnown:
		v.Verdict = "too few runs to tell: allow a longer budget in [trial]"
	case *v.High < 1:
		v.Verdict = "slower: do not keep it"
	case *v.Low <= 1:
		v.Verdict = "not known to be faster: do not keep it for its speed"
	case same == nil:
		v.Verdict = "faster, but nothing says that it is right: name what it makes in [each] outputs"
	default:
		v.Keep, v.Verdict = true, "faster and still right: keep it"
	}
}
