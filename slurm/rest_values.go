package slurm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// restNumber is a number in any of the forms that the versions have: 5, 5.0, "5", null,
// "INFINITE", {"set": true, "infinite": false, "number": 5}.
type restNumber struct {
	n             int64
	set, infinite bool
}

func (v *restNumber) UnmarshalJSON(text []byte) error {
	*v = restNumber{}
	text = bytes.TrimSpace(text)
	switch {
	case bytes.HasPrefix(text, []byte("{")):
		var o struct {
			Set      *bool       `json:"set"`
			Infinite bool        `json:"infinite"`
			Number   json.Number `json:"number"`
		}
		if err := json.Unmarshal(text, &o); err != nil || o.Set == nil && !o.Infinite {
			return fmt.Errorf("want a number, got %s", head(text))
		}
		if v.infinite = o.Infinite; v.infinite || !*o.Set {
			return nil
		}
		return v.parse(o.Number.String())
	case bytes.HasPrefix(text, []byte(`"`)):
		var s string
		if err := json.Unmarshal(text, &s); err != nil {
			return err
		}
		if v.infinite = isUnlimited(s); v.infinite || isNothing(s) {
			return nil
		}
		return v.parse(s)
	case string(text) == "null":
		return nil
	case string(text) == "true": // is_default is 0 and 1, or false and true
		v.set, v.n = true, 1
		return nil
	case string(text) == "false":
		v.set = true
		return nil
	}
	return v.parse(string(text))
}

// parse reads a number. What Slurm writes in C for "infinite" and "none" (slurm.h, INFINITE64,
// NO_VAL64 and the same in 32 bits) is neither a number nor an error.
func (v *restNumber) parse(s string) error {
	if n, err := strconv.ParseUint(s, 10, 64); err == nil && n >= math.MaxUint64-1 {
		v.infinite = n == math.MaxUint64
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.Abs(f) > 1<<53 || f != math.Trunc(f) {
			return fmt.Errorf("want a number, got %q", head([]byte(s)))
		}
		n = int64(f)
	}
	switch n {
	case math.MaxUint32, -1:
		v.infinite = true
	case math.MaxUint32 - 1, -2:
	default:
		v.n, v.set = n, true
	}
	return nil
}

// maxRestCount keeps sums and products of counts in an int.
const maxRestCount = 1 << 50

// count is the number where it has to be one: 0 where none is given.
func (v restNumber) count() (int, error) {
	if v.n < 0 || v.n > maxRestCount || v.infinite {
		return 0, fmt.Errorf("want a count, got %d", v.n)
	}
	return int(v.n), nil
}

// limit is nil where there is none.
func (v restNumber) limit() *int {
	if !v.set || v.n < 0 || v.n > maxRestCount {
		return nil
	}
	n := int(v.n)
	return &n
}

// positive is limit, where 0 means that none was set.
func (v restNumber) positive() *int {
	if v.n == 0 {
		return nil
	}
	return v.limit()
}

// times is a limit in another unit.
func (v restNumber) times(factor int) *int {
	n := v.limit()
	if n != nil {
		*n *= factor
	}
	return n
}

// moment is a time in Unix seconds; zero where none is given.
func (v restNumber) moment() time.Time {
	if !v.set || v.n <= 0 || v.n > 1<<40 {
		return time.Time{}
	}
	return time.Unix(v.n, 0)
}

// restWords is a list of words, or one text with commas between them; null is none.
type restWords []string

func (w *restWords) UnmarshalJSON(text []byte) error {
	*w = nil
	text = bytes.TrimSpace(text)
	if bytes.HasPrefix(text, []byte("[")) {
		return json.Unmarshal(text, (*[]string)(w))
	}
	var s *string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	if s != nil && !isNothing(*s) {
		*w = strings.Split(*s, ",")
	}
	return nil
}

// list is never nil; ALL is nobody left out.
func (w restWords) list() []string {
	if len(w) == 0 || len(w) == 1 && (w[0] == "ALL" || isNothing(w[0])) {
		return []string{}
	}
	return w
}

func (w restWords) has(word string) bool {
	for _, x := range w {
		if strings.EqualFold(x, word) {
			return true
		}
	}
	return false
}

// restText is a text that may be null, or a number, where there is none.
type restText string

func (t *restText) UnmarshalJSON(text []byte) error {
	*t = ""
	if text = bytes.TrimSpace(text); !bytes.HasPrefix(text, []byte(`"`)) {
		if bytes.HasPrefix(text, []byte("{")) || bytes.HasPrefix(text, []byte("[")) {
			return fmt.Errorf("want a text, got %s", head(text))
		}
		return nil
	}
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	if !isNothing(s) {
		*t = restText(s)
	}
	return nil
}
