package items

import (
	"slices"
	"strings"
	"testing"
)

func idsOf(t *testing.T, spec Spec) (ids []string) {
	t.Helper()
	spec.Dir = t.TempDir()
	list, err := Open(spec)
	if err != nil {
		t.Fatal(err)
	}
	for it, err := range list.All() {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, it.ID)
	}
	return ids
}

// TestIDsOfCalls: what is called with what, whatever the order of the columns; 1 is not "1".
func TestIDsOfCalls(t *testing.T) {
	column := func(name string, values ...Value) Column { return Column{Name: name, Values: values} }
	call := func(function string, columns ...Column) Spec { return Spec{Function: function, Sweep: columns} }
	one, text := IntValue(1), TextValue("1")
	base := idsOf(t, call("m:f", column("a", one), column("b", text)))[0]
	if got := idsOf(t, call("m:f", column("b", text), column("a", one)))[0]; got != base {
		t.Errorf("columns in another order: %s, want %s", got, base)
	}
	for name, spec := range map[string]Spec{
		"another function": call("m:g", column("a", one), column("b", text)),
		"another kind":     call("m:f", column("a", text), column("b", text)),
		"another name":     call("m:f", column("a", one), column("c", text)),
		"values swapped":   call("m:f", column("a", text), column("b", one)),
		"fewer columns":    call("m:f", column("a", one)),
		"a command":        {Command: []string{"function", "m:f", "a", "1", "b", `"1"`}},
	} {
		if got := idsOf(t, spec)[0]; (got == base) != (name == "a command") { // a program called "function": nobody's
			t.Errorf("%s: %s, and %s before", name, got, base)
		}
	}
	if got := idsOf(t, Spec{Function: "m:f", Repeat: 3}); !slices.Equal(got, []string{got[0], got[0] + "#2", got[0] + "#3"}) {
		t.Errorf("identical calls: %v", got)
	}
}

func TestCallsAsTextAndAsJSON(t *testing.T) {
	c := Call{"lab.primes:is_prime", []string{"n", "x", "on", "s"},
		[]Value{IntValue(3), FloatValue(0.30), BoolValue(true), TextValue("a \"b\"\n")}}
	if got, want := c.String(), `lab.primes.is_prime(n=3, x=0.3, on=True, s="a \"b\"\n")`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := string(c.Arguments()), `{"n":3,"x":0.3,"on":true,"s":"a \"b\"\n"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFunctionsThatCannotBe(t *testing.T) {
	for function, want := range map[string]string{
		"f": `want "module:name"`, "m:f.g": `want "module:name"`, "m.py:f": `write the module, "m:f"`,
		"m:f()": `want "module:name"`, "m:class": "a word of Python's own", "a b:c": `want "module:name"`, "1m:f": `want "module:name"`,
	} {
		if _, err := Open(Spec{Dir: t.TempDir(), Function: function}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q in it", function, err, want)
		}
	}
	for _, column := range []string{"my n", "2n", "for", "a-b"} {
		spec := Spec{Dir: t.TempDir(), Function: "m:f", Sweep: []Column{{Name: column, Values: []Value{IntValue(1)}}}}
		if _, err := Open(spec); err == nil || !strings.Contains(err.Error(), "cannot be a keyword argument") {
			t.Errorf("column %q: got %v", column, err)
		}
	}
}
