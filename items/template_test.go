package items

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestInvocation(t *testing.T) {
	spec := Spec{Command: []string{"python", "f.py", "{image}", "--b={beta}"}, Outputs: []string{"out/{image.stem}.pdf", "log"}}
	tmpl, err := NewTemplate(spec, []string{"image", "beta"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := tmpl.Invocation(Item{Values: []Value{TextValue("in/a b.jpg"), FloatValue(0.1)}})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"python", "f.py", "in/a b.jpg", "--b=0.1"}; !slices.Equal(got.Argv, want) {
		t.Errorf("argv: got %q, want %q", got.Argv, want)
	}
	if want := []string{"out/a b.pdf", "log"}; !slices.Equal(got.Outputs, want) {
		t.Errorf("outputs: got %q, want %q", got.Outputs, want)
	}
}

func TestValuesAreOneArgumentEach(t *testing.T) {
	tmpl, err := NewTemplate(Spec{Command: []string{"printf", `%s\0`, "{x}", "-{x}"}}, []string{"x"})
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range hostile {
		if len(value) == maxArgument {
			value = value[1:] // the dash before it takes a byte
		}
		inv, err := tmpl.Invocation(Item{Values: []Value{TextValue(value)}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := exec.Command(inv.Argv[0], inv.Argv[1:]...).Output()
		if want := value + "\x00-" + value + "\x00"; err != nil || string(got) != want {
			t.Errorf("got %.80q, %v, want %.80q", got, err, want)
		}
	}
}

func TestInvocationPrintsForBash(t *testing.T) {
	for _, value := range hostile {
		line := Invocation{Argv: []string{"printf", `%s\0`, value}}.String()
		cmd := exec.Command("bash")
		cmd.Stdin = strings.NewReader(line) // too long for an argument
		got, err := cmd.Output()
		if want := value + "\x00"; len(value) < 20000 && (err != nil || string(got) != want) {
			t.Errorf("%.80s: got %.80q, %v, want %.80q", line, got, err, want)
		}
	}
}

func TestTemplateErrors(t *testing.T) {
	tests := []struct {
		name string
		spec Spec
		key  string
		want string
	}{
		{"no command", Spec{}, "command", "there is no command"},
		{"two commands", Spec{Command: []string{"a"}, Shell: "a"}, "command", "both an argument list and a shell line"},
		{"unknown in the command", Spec{Command: []string{"a", "{y}"}}, "command", `{y} is no column; did you mean "x"?`},
		{"unknown in the outputs", Spec{Command: []string{"a"}, Outputs: []string{"{y}"}}, "each.outputs", "{y} is no column"},
		{"unknown in the script", Spec{Shell: "a {y}"}, "command", "{y} is no column"},
		{"a NUL", Spec{Command: []string{"a", "b\x00c"}}, "command", `"b\x00c" holds a NUL byte`},
		{"a script that is too long", Spec{Shell: "echo " + strings.Repeat("x", maxArgument)}, "command", "longer than the 131071 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := NewTemplate(tt.spec, []string{"x"})
			wantKeyError(t, err, tt.key, tt.want)
		})
	}
}

func wantKeyError(t *testing.T, err error, key, want string) {
	t.Helper()
	var at *KeyError
	if !errors.As(err, &at) || at.Key != key || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want key %s and %q in the error", err, key, want)
	}
}

func TestInvocationErrors(t *testing.T) {
	tmpl, err := NewTemplate(Spec{Command: []string{"a", "{x}"}, Outputs: []string{"{y}"}}, []string{"x", "y"})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		values []Value
		want   string
	}{
		{"too few values", []Value{TextValue("a")}, `item 3 has 1 values for 2 columns ["x" "y"]`},
		{"a NUL", []Value{TextValue("a\x00"), TextValue("b")}, `command: item 3: "a\x00" holds a NUL byte, which no argument can`},
		{"too long", []Value{TextValue(strings.Repeat("x", maxArgument+1)), TextValue("b")}, "put it in a file and pass the file's name"},
		{"a NUL in an output", []Value{TextValue("a"), TextValue("\x00")}, `each.outputs: item 3: "\x00" holds a NUL byte`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tmpl.Invocation(Item{Index: 3, Values: tt.values})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
}
