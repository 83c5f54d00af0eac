package items

import (
	"errors"
	"io/fs"
	"maps"
	"math"
	"os"
	"testing"
)

// TestChunks: the chunks of a queue are all of its items, in order, ever smaller, and not many however long the list is.
func TestChunks(t *testing.T) {
	for _, tt := range []struct{ items, parts int }{{1, 2}, {10, 1}, {100, 80}, {640, 8}, {20_000, 2}, {1_000_000, 4}, {0, 3}} {
		a := AttemptDir(t.TempDir())
		if err := WriteQueue(a, countTo(tt.items), tt.parts); err != nil {
			t.Fatal(err)
		}
		c, err := OpenChunks(a)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		next, last := 0, math.MaxInt
		for n := range c.Len() {
			k, err := c.At(n)
			if err != nil || k.First != next || k.Count < 1 || k.Count > last {
				t.Fatalf("%+v: chunk %d is %v (%v), after one of %d up to %d", tt, n, k, err, last, next)
			}
			if most := 1 + tt.items/(16*tt.parts); k.Count > most { // were the first items of a sweep the longest, one part would have them all
				t.Fatalf("%+v: chunk %d is %v, want at most %d items", tt, n, k, most)
			}
			next, last = next+k.Count, k.Count
		}
		if next != tt.items || tt.items > tt.parts && last != 1 {
			t.Errorf("%+v: the chunks hold %d items, the last one %d", tt, next, last)
		}
		if most := 16 * tt.parts * int(2+math.Log(1+float64(tt.items)/float64(tt.parts))); c.Len() > most {
			t.Errorf("%+v: %d chunks, want at most %d", tt, c.Len(), most)
		}
		p, err := OpenPart(a, tt.parts-1)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		for place := range p.Len() {
			if got, err := p.Index(place); got != place || err != nil {
				t.Fatalf("%+v: place %d is item %d, %v", tt, place, got, err)
			}
		}
		if p.Len() != tt.items {
			t.Errorf("%+v: a part may take %d items, want all", tt, p.Len())
		}
	}
	if _, err := OpenChunks(AttemptDir(t.TempDir())); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no queue: got %v", err)
	}
}

// TestOffers: what is given back is nobody's until it is taken again, and no more its first taker's.
func TestOffers(t *testing.T) {
	a := AttemptDir(t.TempDir())
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(a.Make())
	must(WriteQueue(a, countTo(35), 1)) // chunks of 3, 2, 2, and so on
	c, err := OpenChunks(a)
	must(err)
	defer c.Close()
	wants := func(want bool) {
		t.Helper()
		if got, err := c.Exhausted(); got != want || err != nil {
			t.Errorf("exhausted: got %v, %v, want %v", got, err, want)
		}
	}
	wants(false)
	for n := range c.Len() {
		k, err := c.At(n)
		must(err)
		must(os.Symlink("job", c.Claim(k)))
	}
	must(os.Symlink("job", a.Claim(0)))
	wants(true)
	passOn := func(k Chunk, to string) {
		t.Helper()
		must(c.Offer(k))
		wants(false)
		got, err := c.Offered()
		if len(got) != 1 || got[0] != k || err != nil {
			t.Fatalf("offered: got %v, %v, want %v", got, err, k)
		}
		must(os.Symlink(to, c.Claim(k)))
		wants(true)
	}
	passOn(Chunk{First: 0, Count: 3}.Piece(1, 2), "other")
	passOn(Chunk{First: 34, Count: 1}.Piece(34, 1), "other") // all of it, before it was begun
	passOn(Chunk{First: 34, Count: 1, Turn: 1}.Piece(34, 1), "third")
	claims := map[Chunk]string{}
	known := func(k Chunk) bool { return k.First > 3 && k.First < 34 }
	must(c.Claims(known, func(k Chunk, target string) { claims[k] = target }))
	want := map[Chunk]string{{0, 1, 0}: "job", {1, 2, 0}: "other", {3, 2, 0}: "job", {34, 1, 2}: "third"}
	if !maps.Equal(claims, want) {
		t.Errorf("claims: got %v, want %v", claims, want)
	}
}
