package slurm

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// parseTRES reads counted resources, "cpu=4,mem=62.50G,gres/gpu:a100=2"; memory in MiB. What is
// counted in neither (energy, fs/disk, vmem) is left out: nothing here decides by it.
func parseTRES(s string) (map[string]int, error) {
	if isNothing(s) {
		return nil, nil
	}
	tres := map[string]int{}
	for _, item := range strings.Split(s, ",") {
		name, text, ok := strings.Cut(item, "=")
		if !ok || !isTRES(name) {
			return nil, fmt.Errorf("want resources like cpu=4,mem=8G, got %q", s)
		}
		if !counts(name) {
			continue
		}
		n, err := parseTRESCount(name, text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		tres[name] = n
	}
	return tres, nil
}

// parseWeights reads TRESBillingWeights, "CPU=1.0,Mem=0.25G,GRES/gpu:a100=9": what one counts, of memory a MiB unless a
// unit is named.
func parseWeights(s string) (map[string]float64, error) {
	if isNothing(s) {
		return nil, nil
	}
	weights := map[string]float64{}
	for _, item := range strings.Split(s, ",") {
		name, text, ok := strings.Cut(item, "=")
		kind, of, typed := strings.Cut(name, ":")
		if name = strings.ToLower(kind); typed {
			name += ":" + of
		}
		per := 1.0
		if n := len(text); n > 1 {
			if unit := strings.IndexByte("KMGTP", text[n-1]&^0x20); unit >= 0 {
				if name == "mem" {
					unit -= 2 // it is counted in M
				}
				per, text = math.Pow(1024, float64(unit+1)), text[:n-1]
			}
		}
		weight, err := strconv.ParseFloat(text, 64)
		if !ok || !isTRES(name) || err != nil || math.IsNaN(weight) || math.IsInf(weight, 0) {
			return nil, fmt.Errorf("want weights like CPU=1.0,Mem=0.25G, got %q", s)
		}
		weights[name] = weight / per
	}
	return weights, nil
}

// isTRES says whether it can be the name of a resource: "fs/disk", "gres/gpu:a100", "license/abaqus@flex".
func isTRES(name string) bool {
	first := name != "" && name[0] >= 'a' && name[0] <= 'z'
	return first && strings.IndexFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == '#' }) < 0
}

func counts(name string) bool {
	switch name {
	case "cpu", "mem", "node", "billing":
		return true
	}
	return strings.HasPrefix(name, "gres/") || strings.HasPrefix(name, "license/")
}

func parseTRESCount(name, text string) (int, error) {
	if name == "mem" {
		return ParseMemoryMiB(text)
	}
	return parseScaled(text)
}

// parseScaled reads a count that Slurm may print with a unit of 1024: "4", "10K".
func parseScaled(s string) (int, error) {
	factor := 1
	if n := len(s); n > 1 {
		if i := strings.IndexByte("KMGT", s[n-1]); i >= 0 {
			factor, s = 1<<(10*(i+1)), s[:n-1]
		}
	}
	n, err := strconv.ParseUint(s, 10, 40)
	if err != nil || n > 1<<62/uint64(factor) {
		return 0, fmt.Errorf("want a count, got %q", s)
	}
	return int(n) * factor, nil
}

// parseTRESUse reads limits with their use as the controller prints them, "cpu=16(12),mem=N(0)",
// memory in MiB. Both maps hold only what is limited.
func parseTRESUse(s string) (limit, use map[string]int, err error) {
	if isNothing(s) {
		return nil, nil, nil
	}
	for _, item := range strings.Split(s, ",") {
		name, text, ok := strings.Cut(item, "=")
		if !ok || !isTRES(name) {
			return nil, nil, fmt.Errorf("want limits like cpu=16(12), got %q", head([]byte(s)))
		}
		most, used, err := parseUse(text)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		if most == nil || !counts(name) {
			continue
		}
		if limit == nil {
			limit, use = map[string]int{}, map[string]int{}
		}
		limit[name], use[name] = *most, used
	}
	return limit, use, nil
}

// parseWallUse reads "60(0.35)", minutes, into seconds: a limit, nil for N, and its use where there is a limit.
func parseWallUse(s string) (limit *int, use int, err error) {
	whole, fraction, _ := strings.Cut(s, ".")
	if fraction != "" {
		if digits, closed := strings.CutSuffix(fraction, ")"); !closed || strings.Trim(digits, "0123456789") != "" {
			return nil, 0, fmt.Errorf("want minutes like 60(0.35), got %q", s)
		}
		whole += ")"
	}
	minutes, used, err := parseUse(whole)
	if err != nil || minutes == nil {
		return nil, 0, err
	}
	seconds := *minutes * 60
	return &seconds, used * 60, nil
}

// parseUse reads "5(7)": a limit, nil for N or nothing, and its use, 0 where none is printed.
func parseUse(s string) (limit *int, use int, err error) {
	most, used, hasUse := strings.Cut(s, "(")
	if limit, err = parseCountLimit(most); err != nil {
		return nil, 0, fmt.Errorf("want a limit like 5(7), got %q", s)
	}
	if !hasUse {
		return limit, 0, nil
	}
	used, closed := strings.CutSuffix(used, ")")
	if use, err = parseCount(used); err != nil || !closed {
		return nil, 0, fmt.Errorf("want a limit like 5(7), got %q", s)
	}
	return limit, use, nil
}
