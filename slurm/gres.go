package slurm

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// parseGRES reads a node's generic resources: "gpu:a100:4(S:0-1),shard:8", "gpu:a100:2(IDX:0-1)",
// "shard:a100:3(1/4,2/4)", "bandwidth:lustre:no_consume:4G".
func parseGRES(s string) ([]GRES, error) {
	if isNothing(s) {
		return nil, nil
	}
	var all []GRES
	for _, item := range splitOutside(s, '(', ')') {
		g, err := parseOneGRES(item)
		if err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	return all, nil
}

func parseOneGRES(item string) (GRES, error) {
	// A type that nobody gave is printed as (null).
	plain, notes, _ := strings.Cut(strings.Replace(item, ":(null)", "", 1), "(")
	parts := strings.Split(strings.ReplaceAll(plain, ":no_consume", ""), ":")
	g := GRES{Name: parts[0], Count: 1, Sockets: []int{}}
	last := len(parts) - 1
	n, err := parseScaled(parts[last])
	switch {
	case g.Name == "" || strings.TrimFunc(plain, func(r rune) bool { return r == ':' || isName(r) }) != "":
		err = fmt.Errorf("no name")
	case last == 0:
		err = nil
	case last == 1 && err == nil:
		g.Count = n
	case last == 1:
		g.Type, err = parts[1], nil
	case last == 2 && err == nil:
		g.Type, g.Count = parts[1], n
	default:
		err = fmt.Errorf("no count")
	}
	if sockets, ok := strings.CutPrefix(notes, "S:"); ok && err == nil {
		g.Sockets, err = expandIndices(strings.TrimSuffix(sockets, ")"))
	}
	if err != nil {
		return g, fmt.Errorf("want resources like gpu:a100:4, got %q", item)
	}
	g.Part = partOf(g)
	return g, nil
}

// migProfile is how NVIDIA writes the size of a MIG instance: compute slices and memory,
// "1g.5gb", "2g.10gb", "1g.10gb+me"; sites put the model before it.
var migProfile = regexp.MustCompile(`(?i)(?:^|[^0-9])[1-9]g\.\d+gb(?:$|[^0-9a-z])`)

// partOf says of which part of a GPU a resource is.
func partOf(g GRES) string {
	switch {
	case g.Name == "shard", g.Name == "mps":
		return g.Name
	case g.Name == "gpu" && migProfile.MatchString(g.Type):
		return "mig"
	}
	return ""
}

// addUse notes how much of each resource is taken. Use that names no type counts for the one
// type that there is. Use of what is not there is an error: one of both was misread.
func addUse(have, used []GRES) error {
	for _, u := range used {
		i := slices.IndexFunc(have, func(h GRES) bool {
			return h.Name == u.Name && (h.Type == u.Type || u.Type == "" && onlyOne(have, u.Name))
		})
		switch {
		case i >= 0:
			have[i].Used += u.Count
		case u.Count > 0:
			return fmt.Errorf("%d of %s %s are in use, and it has none", u.Count, u.Name, u.Type)
		}
	}
	return nil
}

func onlyOne(have []GRES, name string) bool {
	n := 0
	for _, h := range have {
		if h.Name == name {
			n++
		}
	}
	return n == 1
}
