package configs

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Value is a key that has one, for `hpcsub site show`.
type Value struct {
	Key    string `json:"key"`
	Value  any    `json:"value"`
	Text   string `json:"-"` // as TOML has it
	Origin Origin `json:"origin"`
	Locked bool   `json:"locked"`
}

// Values are all keys of site.toml that have a value, in the order of the documentation; with a job those that it has
// in common with site.toml are the job's.
func (s *Site) Values(job *Job) []Value {
	var all []Value
	var shared []key
	if job != nil {
		shared = (&reader{job: job}).shared()
	}
	for _, k := range s.keys() {
		from, said := s.origins[k.path]
		if i := slices.IndexFunc(shared, func(j key) bool { return j.path == k.path }); i >= 0 {
			k = shared[i]
			if o, ok := job.origins[k.path]; ok {
				from, said = o, true
			} else if isSet(k.slot) {
				from, said = Origin{Layer: "shell"}, true // the environment that is active there
			}
		}
		if v, has := builtIn[k.path]; has && !said {
			all = append(all, Value{Key: k.path, Value: v, Text: valueText(v), Origin: Origin{Layer: LayerBuiltIn}, Locked: s.lockedBy(k.path) != ""})
		}
		if said {
			v := k.slot.get()
			all = append(all, Value{Key: k.path, Value: plainValue(v), Text: valueText(v), Origin: from, Locked: s.lockedBy(k.path) != ""})
		}
	}
	return all
}

// builtIn are the values that hold where nobody says any, of the keys that have one.
var builtIn = map[string]any{"client": "commands", "timeout": "30s", "plan.minimize": "makespan", "limits.failures": DefaultFailures}

// plainValue is a value as JSON has it: times in the notation of the file.
func plainValue(v any) any {
	switch v := v.(type) {
	case time.Duration:
		return durationText(v)
	case []Variable:
		all := map[string]string{}
		for _, x := range v {
			all[x.Name] = x.Value
		}
		return all
	}
	return v
}

// valueText is a value as TOML has it.
func valueText(v any) string {
	switch v := v.(type) {
	case string:
		return quoteText(v)
	case []string:
		return quoteList(v)
	case time.Duration:
		return quoteText(durationText(v))
	case *int:
		if v == nil {
			return "none"
		}
		return strconv.Itoa(*v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case [3]float64:
		return fmt.Sprintf("[%g, %g, %g]", v[0], v[1], v[2])
	case []Variable:
		var parts []string
		for _, x := range v {
			parts = append(parts, x.Name+" = "+quoteText(x.Value))
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	case map[string]PartitionRule:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, fmt.Sprintf("%s = { purpose = %s, named_only = %t }", quoteKey(name), quoteText(v[name].Purpose), v[name].NamedOnly))
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	}
	return fmt.Sprint(v)
}

// durationText writes a duration as the files have it, without parts of nothing.
func durationText(d time.Duration) string {
	text := d.String()
	if rest, ok := strings.CutSuffix(text, "m0s"); ok {
		text = rest + "m"
	}
	if rest, ok := strings.CutSuffix(text, "h0m"); ok {
		text = rest + "h"
	}
	return text
}
