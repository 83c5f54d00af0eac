package trials

import "slices"

// Crowding is what items do to each other that run side by side: they share the node's memory, its caches and its clock.
type Crowding struct {
	Beside int     `json:"beside"` // items at once
	Factor float64 `json:"factor"` // how many times as long one takes as it takes alone: the median of those that ran alone, too
}

// crowd is which items run side by side: those that are known first, and as many as there is memory for, by the greatest peak so far and
// a quarter more. They are different ones, as in a run, so that no two write the same file. Once is enough, and without one that ran
// alone it says nothing.
func (r Rules) crowd(done []Measurement, t tally) (places []int) {
	most, peak := r.Beside, 0.0
	if len(t.byPlace) == 0 || slices.ContainsFunc(done, func(m Measurement) bool { return m.Phase == Crowd }) {
		return nil
	}
	for _, m := range done {
		if m.MaxRSSTree != nil {
			peak = max(peak, *m.MaxRSSTree)
		}
	}
	if r.RoomMiB > 0 && peak > 0 {
		most = min(most, int(float64(r.RoomMiB)/(1.25*peak)))
	}
	for place := 0; place < r.Available && len(places) < most; place++ {
		if !t.bad[place] {
			places = append(places, place)
		}
	}
	return places
}

// crowdingOf compares items among others with the same items alone; nil where that was not measured, or one of them failed.
func crowdingOf(done []Measurement, alone map[int][]float64) *Crowding {
	var ratios []float64
	beside := 0
	for _, m := range done {
		if m.Phase != Crowd {
			continue
		}
		if m.State != Done {
			return nil
		}
		beside++
		if all := alone[m.Place]; len(all) > 0 {
			ratios = append(ratios, m.Elapsed/max(Median(all), 1e-9))
		}
	}
	if beside < 2 || len(ratios) == 0 {
		return nil
	}
	return &Crowding{beside, Median(ratios)}
}

// Foreseen is the crowding that a prediction may count on. Where the trial waited for CPUs that others used, what it measured tells
// of them, and nil is returned; and no item makes others wait longer than it takes itself.
func (r Report) Foreseen() *Crowding {
	if r.Crowding == nil || r.Waited {
		return nil
	}
	return &Crowding{r.Crowding.Beside, min(r.Crowding.Factor, float64(r.Crowding.Beside))}
}
