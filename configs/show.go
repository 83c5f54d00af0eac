package configs

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"hpcsub/items"
)

// numeral returns a finite number as text, and whether the value is one.
func numeral(value any) (string, bool) {
	switch v := value.(type) {
	case int64:
		return items.IntValue(v).Text, true
	case float64:
		return items.FloatValue(v).Text, !math.IsNaN(v) && !math.IsInf(v, 0)
	}
	return "", false
}

// maxQuoted is how many bytes of a wrong value a message repeats.
const maxQuoted = 80

// show prints a value for a message, on one line.
func show(value any) string {
	switch v := value.(type) {
	case string:
		if len(v) > maxQuoted {
			return fmt.Sprintf("%q…", strings.ToValidUTF8(v[:maxQuoted], ""))
		}
		return strconv.Quote(v)
	case int64, int, bool:
		return fmt.Sprint(v)
	case float64:
		return items.FloatValue(v).Text
	case time.Time:
		return "a date or a time of day"
	case []any:
		return "a list"
	}
	return "a table"
}
