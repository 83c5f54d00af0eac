package items

import "math/bits"

// key is a 128-bit hash.
type key struct{ hi, lo uint64 }

// counter counts how often each key came, in 24 bytes a key: a Go map would take a hundred. It
// is in 256 pieces that grow one by one, so that growing never needs twice the memory.
type counter struct {
	shards [256]shard
}

type shard struct {
	entries []entry
	used    int
}

type entry struct {
	key   key
	first uint32 // the index at which it came first
	count uint32 // 0 is an empty place
}

// add counts a key and returns the index at which it came first and how often it came by now.
func (c *counter) add(k key, index int) (first, count int) {
	s := &c.shards[k.hi>>56]
	if s.used*5 >= len(s.entries)*4 {
		s.grow()
	}
	e := s.find(k)
	if e.count == 0 {
		*e = entry{key: k, first: uint32(index)}
		s.used++
	}
	e.count++
	return int(e.first), int(e.count)
}

// find returns the place of a key, or the empty one where it belongs.
func (s *shard) find(k key) *entry {
	at, _ := bits.Mul64(k.lo, uint64(len(s.entries)))
	for s.entries[at].count != 0 && s.entries[at].key != k {
		if at++; at == uint64(len(s.entries)) {
			at = 0
		}
	}
	return &s.entries[at]
}

func (s *shard) grow() {
	old := s.entries
	s.entries = make([]entry, len(old)*3/2+16)
	for _, e := range old {
		if e.count != 0 {
			*s.find(e.key) = e
		}
	}
}
