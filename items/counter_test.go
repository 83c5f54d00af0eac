package items

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestCounter(t *testing.T) {
	type seen struct{ first, count int }
	r := rand.New(rand.NewPCG(3, 4))
	c, want := new(counter), map[key]seen{}
	for i := range 300_000 {
		k := key{r.Uint64N(600) << 56, r.Uint64N(400)} // many the same, in crowded places
		switch i % 3 {
		case 1:
			k = key{r.Uint64(), r.Uint64()}
		case 2:
			k = key{math.MaxUint64, math.MaxUint64 - r.Uint64N(5000)}
		}
		w, have := want[k]
		if !have {
			w.first = i
		}
		w.count++
		want[k] = w
		if first, count := c.add(k, i); first != w.first || count != w.count {
			t.Fatalf("key %v: got first %d, count %d, want %+v", k, first, count, w)
		}
	}
}

func TestIDLettersAreSafeInFileNames(t *testing.T) {
	for _, k := range []key{{}, {math.MaxUint64, math.MaxUint64}, {0x0123456789abcdef, 0xfedcba9876543210}} {
		id := k.id(1)
		for _, c := range id {
			if (c < 'a' || c > 'z') && (c < '2' || c > '7') {
				t.Errorf("%q holds %q", id, c)
			}
		}
		if got := k.id(12); len(id) != idLength || got != id+"#12" {
			t.Errorf("got %q and %q", id, got)
		}
	}
}
