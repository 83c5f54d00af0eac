package main

import (
	"encoding/json"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// keys is the command "keys PATH…" of the scripts: the JSON that the last command printed (the
// first value of it) must have each of these keys. "nodes[].gres[].name" wants lists of which some
// element has the rest; the value itself may be null.
func keys(ts *testscript.TestScript, neg bool, args []string) {
	var value any
	ts.Check(json.NewDecoder(strings.NewReader(ts.ReadFile("stdout"))).Decode(&value))
	for _, path := range args {
		if hasKey(value, strings.Split(path, ".")) == neg {
			ts.Fatalf("key %s: got %v, want %v", path, neg, !neg)
		}
	}
}

func hasKey(value any, path []string) bool {
	if len(path) == 0 {
		return true
	}
	name, isList := strings.CutSuffix(path[0], "[]")
	object, _ := value.(map[string]any)
	inner, there := object[name]
	if !there || !isList {
		return there && hasKey(inner, path[1:])
	}
	list, ok := inner.([]any)
	for _, element := range list {
		if hasKey(element, path[1:]) {
			return true
		}
	}
	return ok && len(path) == 1
}
