package items

import (
	"crypto/sha256"
	"encoding"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"hash"
	"strconv"
)

// idLength is how many characters an item's id has: 80 bits, so that a million items share
// none by chance.
const idLength = 16

var idLetters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// hasher makes ids: base32 of SHA-256 over the argument list, each argument preceded by its
// length in decimal and a colon. What comes before the first placeholder is hashed once.
type hasher struct {
	key   string
	args  []text
	hash  hash.Hash
	begun []byte // state after the arguments that are the same for every item

	room, framed []byte
}

func newHasher(t *Template) *hasher {
	h := &hasher{key: t.key, args: t.args, hash: sha256.New()}
	for len(h.args) > 0 && h.args[0].constant() {
		h.hash.Write(appendArgument(nil, []byte(h.args[0][0].literal)))
		h.args = h.args[1:]
	}
	h.begun, _ = h.hash.(encoding.BinaryMarshaler).MarshalBinary() // sha256's returns no error
	return h
}

func appendArgument(dst, arg []byte) []byte {
	dst = append(strconv.AppendInt(dst, int64(len(arg)), 10), ':')
	return append(dst, arg...)
}

// sum is the hash of what runs for an item.
func (h *hasher) sum(it *Item) (key, error) {
	_ = h.hash.(encoding.BinaryUnmarshaler).UnmarshalBinary(h.begun) // our own state: no error
	for _, t := range h.args {
		h.room = t.append(h.room[:0], it)
		if err := checkArgument(h.room); err != nil {
			return key{}, &KeyError{Key: h.key, Err: fmt.Errorf("item %d: %w", it.Index, err)}
		}
		h.framed = appendArgument(h.framed[:0], h.room)
		h.hash.Write(h.framed)
	}
	var sum [sha256.Size]byte
	h.hash.Sum(sum[:0])
	return key{binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])}, nil
}

// id is the first 80 bits of a hash; the nth identical item has "#n" behind them.
func (k key) id(nth int) string {
	var sum, text = [16]byte{}, [idLength]byte{}
	binary.BigEndian.PutUint64(sum[:8], k.hi)
	binary.BigEndian.PutUint64(sum[8:], k.lo)
	idLetters.Encode(text[:], sum[:10])
	if nth == 1 {
		return string(text[:])
	}
	return string(text[:]) + "#" + strconv.Itoa(nth)
}
